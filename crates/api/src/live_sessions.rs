//! How the API sees and ends sessions: whoever knows them does it.

use cluster::SessionKey;
use sessions::{NodeReport, SessionRecord};
use std::pin::Pin;
use std::time::Instant;
use storage::Raised;
use terms::{AccountId, AuditId, EndReason};

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The live sessions on every node.
pub trait LiveSessions: Send + Sync {
    /// Ends every session of `raised.account` whose login the raised epoch made void. The epoch is on
    /// disk already. Answers when they are over, or at the deadline.
    fn end<'a>(
        &'a self,
        raised: &'a Raised,
        reason: EndReason,
        audit: &'a AuditId,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<(), NotConfirmed>>;

    /// Ends these sessions and no others; no login is made void. Answers for every node, also one that
    /// has none of them, when they are over or at the deadline: then some are still open.
    fn end_these<'a>(
        &'a self,
        these: &'a [SessionRecord],
        reason: EndReason,
        audit: &'a AuditId,
        deadline: Instant,
    ) -> BoxFuture<'a, Vec<NodeReport>>;

    /// The sessions of these accounts, in this order, each account's oldest first.
    fn of_accounts<'a>(&'a self, accounts: &'a [AccountId]) -> BoxFuture<'a, Vec<SessionRecord>>;

    /// The session of this name.
    fn find(&self, key: SessionKey) -> BoxFuture<'_, Option<SessionRecord>>;
}

/// Sessions could not be confirmed to be over by the deadline. The order stands, and asking again is
/// safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotConfirmed;
