//! The rules of mail that every protocol shares: how a message comes in, and who may hold a maildrop.
//!
//! Knows no protocol and no connection. What is kept, and each whole operation on it, is `storage`'s;
//! what a message is, is `message`'s.

mod incoming;
mod maildrop;

pub use incoming::{Incoming, Received};
pub use maildrop::{MaildropLock, MaildropLocks};
