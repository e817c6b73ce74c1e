//! How the API ends sessions: whoever knows them does it.

use std::pin::Pin;
use std::time::Instant;
use storage::Raised;
use terms::{AuditId, EndReason};

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Ends sessions on every node, and knows when that is true.
pub trait EndSessions: Send + Sync {
    /// Ends every session of `raised.account` whose login the raised epoch made void. The epoch is on
    /// disk already. Answers when they are over, or at the deadline.
    fn end<'a>(
        &'a self,
        raised: &'a Raised,
        reason: EndReason,
        audit: &'a AuditId,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<(), NotConfirmed>>;
}

/// Sessions could not be confirmed to be over by the deadline. The order stands, and asking again is
/// safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotConfirmed;
