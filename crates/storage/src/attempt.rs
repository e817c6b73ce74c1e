//! Attempts to log in, as an account's history tells them.

use std::net::IpAddr;
use terms::{AccountId, Protocol, UnixTime};

/// An attempt to log in for a session, that was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginAttempt {
    /// Into which account.
    pub account: AccountId,
    /// In which protocol.
    pub protocol: Protocol,
    /// From where.
    pub peer: IpAddr,
    /// Whose secret was presented: the account's address, or that of an administrator who acts on its
    /// behalf.
    pub actor: String,
    /// When.
    pub at: UnixTime,
    /// How it ended.
    pub result: AttemptResult,
}

/// How an attempt to log in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// The secret was right, and the account may log in so.
    Succeeded,
    /// Not so.
    Failed,
}

impl AttemptResult {
    /// The action's name in the history: `login` or `login_failed`.
    pub fn action(self) -> &'static str {
        match self {
            AttemptResult::Succeeded => "login",
            AttemptResult::Failed => "login_failed",
        }
    }
}
