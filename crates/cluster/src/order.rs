//! What a node is ordered to do, and what it answers.

use crate::{Filter, Node, Traits};
use terms::{AccountId, AuditId, Credential, EndReason, Epoch};

/// The name of one order; unique over all nodes, so that an answer is never taken for the answer to
/// another order. A restarted node begins a new incarnation and so never repeats one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId {
    /// Who gives the order.
    pub issuer: Node,
    /// Its n-th order in this incarnation.
    pub number: u64,
}

/// "End all sessions of this account that were logged in below this epoch and are meant by this
/// filter." May arrive late, twice or never: what it covers depends on epochs, not on arrival.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// Its name.
    pub id: OrderId,
    /// Whose sessions. (A filter may reach those that he has at other accounts as their administrator.)
    pub account: AccountId,
    /// Only logins below this epoch. It is on disk already, so every login checked from now on
    /// carries at least this one and is out of reach, however late the order arrives.
    pub below: Epoch,
    /// Which of them.
    pub filter: Filter,
    /// What the clients are told.
    pub reason: EndReason,
    /// Under which name the log has it.
    pub audit: AuditId,
}

impl Order {
    /// Whether the order is about a session of `account`, logged in at `epoch`.
    ///
    /// A session on behalf of `account` carries its administrator's epoch besides: an order about the
    /// administrator is compared with that one.
    pub fn covers(&self, account: AccountId, epoch: Epoch, session: &Traits<'_>) -> bool {
        let own = account == self.account && epoch < self.below && self.filter.matches(session);
        own || match session.credential {
            Credential::OnBehalf { administrator, epoch } => {
                administrator == self.account
                    && epoch < self.below
                    && self.filter.matches_on_behalf(session)
            }
            Credential::Password | Credential::AppPassword(_) | Credential::Token(_) => false,
        }
    }
}

/// What a node answers to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Acknowledgement {
    /// To which order.
    pub order: OrderId,
    /// Who answers.
    pub node: Node,
    /// How many sessions the order covered here.
    pub found: usize,
    /// How many of them are over. The order is carried out when that is all of them.
    pub ended: usize,
}

impl Acknowledgement {
    /// Whether nothing that the order covered is left.
    pub fn is_final(&self) -> bool {
        self.ended == self.found
    }
}
