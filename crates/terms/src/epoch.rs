//! What makes earlier logins void.

use crate::{Address, AppPasswordId, Protocol, TokenId};
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All of them.
    Everything,
    /// Those of one protocol: it was switched off for the account.
    Protocol(Protocol),
    /// Those made with this app password: it was removed.
    AppPassword(AppPasswordId),
    /// Those made with this token: it has expired.
    Token(TokenId),
    /// Those that named the account by this alias: it is no name of the account any more.
    Alias(Address),
    /// None of the account's own: those to other accounts that its owner made on their behalf, as their
    /// administrator.
    OnBehalf,
    /// Those that administrators made on the account's behalf.
    ByAdministrators,
}

impl Scope {
    /// Whether every login in `protocol` falls under this scope, whatever it was made with.
    pub fn covers_all(&self, protocol: Protocol) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Protocol(only) => *only == protocol,
            Scope::AppPassword(_)
            | Scope::Token(_)
            | Scope::Alias(_)
            | Scope::OnBehalf
            | Scope::ByAdministrators => false,
        }
    }
}
