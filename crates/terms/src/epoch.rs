//! What makes earlier logins void.

use crate::Protocol;
use std::fmt;

/// Per account, durable: a counter that only grows. A login carries the epoch its credentials were
/// checked against; raising the epoch for a [`Scope`] makes every earlier login in that scope void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of an account's logins an act makes void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of them.
    Everything,
    /// Those of one protocol: it was switched off for the account.
    Protocol(Protocol),
}

impl Scope {
    /// Whether a login in `protocol` falls under this scope.
    pub fn covers(self, protocol: Protocol) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Protocol(only) => only == protocol,
        }
    }
}
