//! What all dialogues share, and what is allowed to a client.

use crate::wire::reader::ReadLimits;
use storage::Storage;

/// What all dialogues share.
#[derive(Clone, Debug)]
pub struct Context {
    /// Everything that is kept.
    pub storage: Storage,
    /// Our name in the greeting.
    pub hostname: String,
    /// Our version, for clients that ask with ID.
    pub version: String,
    /// What is allowed.
    pub limits: Limits,
}

/// What is allowed to a client, and what happens beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message that is appended; larger ones are refused before they are sent.
    pub message_size: u64,
    /// Lines and literals of one command before login; beyond it the command is refused.
    pub before_login: ReadLimits,
    /// The same after login.
    pub after_login: ReadLimits,
    /// Commands in a row that make no sense; with the last of them the connection closes.
    pub bad_commands: u32,
    /// The same before login.
    pub bad_commands_before_login: u32,
    /// Logins that fail; with the last of them the connection closes.
    pub failed_logins: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_size: 50 * 1024 * 1024,
            before_login: ReadLimits::BEFORE_LOGIN,
            after_login: ReadLimits::AFTER_LOGIN,
            bad_commands: 20,
            bad_commands_before_login: 5,
            failed_logins: 5,
        }
    }
}
