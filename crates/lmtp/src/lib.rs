//! LMTP (RFC 2033) from the server's side: mail comes in, one answer per recipient.
//!
//! [`serve`] is one connection's dialogue, greeting to goodbye, over the pipes of `carrier`. It knows
//! no socket or task; the time is handed in. Its peer is a mail transfer agent that we trust to have
//! accepted the mail; there is no login, no session, and no `logout_user` ends it.
//!
//! Offered: PIPELINING (RFC 2920), ENHANCEDSTATUSCODES (RFC 2034, RFC 3463), 8BITMIME (RFC 6152),
//! SIZE (RFC 1870). Not offered: SMTPUTF8, CHUNKING, DSN, STARTTLS, AUTH; passing mail on.
//!
//! What is promised: a recipient answered with 250 has the message on disk. A message is kept as it
//! came, byte for byte behind the two header fields we put before it, NUL and bare CR or LF included.

mod data;
mod dialogue;
mod error;
mod recipient;
mod reply;
mod transaction;
#[cfg(test)]
mod transcripts;
mod wire;

pub use dialogue::{Answered, Context, Limits, serve};
