//! How many sessions one account may have, and how many there are.

use crate::Session;
use std::collections::BTreeMap;
use std::net::IpAddr;
use terms::{AccountId, Protocol};

/// The limits, checked when a session registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Sessions of one account, over all protocols and addresses.
    pub per_account: usize,
    /// Sessions of one account from one address. Peers in trusted networks are exempt.
    pub per_account_and_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_account: 100, per_account_and_address: 50 }
    }
}

/// Why a session gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The account has as many sessions as it may have.
    #[error("the account has {0} sessions, no more are allowed")]
    Account(usize),
    /// The account has as many sessions from this address as it may have.
    #[error("the account has {0} sessions from this address, no more are allowed")]
    Address(usize),
    /// The server is about to stop.
    #[error("the server stops")]
    Shutdown,
}

/// How many sessions the table holds. Changes where a row comes or goes and nowhere else, so it is
/// right the moment a session has ended, however it ended. What has no sessions takes no room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Counts {
    protocols: BTreeMap<Protocol, usize>,
    accounts: BTreeMap<AccountId, usize>,
    addresses: BTreeMap<(AccountId, IpAddr), usize>,
}

impl Counts {
    /// Whether one more is allowed.
    pub(crate) fn admit(&self, limits: Limits, session: &Session) -> Result<(), Refusal> {
        let all = self.of_account(session.account);
        if all >= limits.per_account {
            return Err(Refusal::Account(all));
        }
        let here = self.addresses.get(&place(session)).copied().unwrap_or(0);
        if here >= limits.per_account_and_address && !session.trusted {
            return Err(Refusal::Address(here));
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, session: &Session) {
        *self.protocols.entry(session.protocol).or_default() += 1;
        *self.accounts.entry(session.account).or_default() += 1;
        *self.addresses.entry(place(session)).or_default() += 1;
    }

    pub(crate) fn subtract(&mut self, session: &Session) {
        subtract_one(&mut self.protocols, session.protocol);
        subtract_one(&mut self.accounts, session.account);
        subtract_one(&mut self.addresses, place(session));
    }

    pub(crate) fn of_account(&self, account: AccountId) -> usize {
        self.accounts.get(&account).copied().unwrap_or(0)
    }

    pub(crate) fn of_protocol(&self, protocol: Protocol) -> usize {
        self.protocols.get(&protocol).copied().unwrap_or(0)
    }
}

/// One IPv4 address is one place, in whichever form it arrives.
fn place(session: &Session) -> (AccountId, IpAddr) {
    (session.account, session.peer.ip().to_canonical())
}

fn subtract_one<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    use std::collections::btree_map::Entry;
    if let Entry::Occupied(mut count) = counts.entry(key) {
        match count.get().checked_sub(1) {
            None | Some(0) => drop(count.remove()),
            Some(left) => *count.get_mut() = left,
        }
    }
}
