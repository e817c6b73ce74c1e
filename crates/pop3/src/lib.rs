//! POP3 (RFC 1939) from the server's side: bytes in, replies out.
//!
//! [`serve`] is one connection's dialogue, greeting to goodbye, over the pipes of `carrier`. It knows
//! no socket, clock or task, and no other session: it is *told* of its end, by being dropped.
//! The files are cut where RFC 1939 cuts: `authorization`, `transaction` and `update` are its three
//! states, each consumed by its transition to the next.
//!
//! Beyond RFC 1939: CAPA and response codes (RFC 2449, RFC 3206), STLS (RFC 2595), AUTH PLAIN
//! (RFC 5034, RFC 4616). Not offered: APOP (needs passwords kept readable), UTF8 and LANG (RFC 6856).
//!
//! Three choices where the standard leaves room:
//! - **Sizes** (STAT, LIST) are the stored octets, the same number as IMAP's RFC822.SIZE. RETR and
//!   TOP send lines ended by CRLF as RFC 1939 §3 demands, so a stored message with bare LFs, or
//!   without an end to its last line, takes a few octets more on the wire than was announced. The
//!   exact size would take a pass over every message at login.
//! - **`\Seen`** is set on messages that were retrieved whole, once, at QUIT. A session that ends
//!   without QUIT changes nothing at all.
//! - **`\Deleted`** messages that IMAP has not expunged are part of the maildrop like any other.

mod authorization;
mod capability;
mod dialogue;
mod error;
mod maildrop;
mod multiline;
mod plain;
mod read_ahead;
mod reply;
mod transaction;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "here the test is the shell")]
mod transcripts;
mod update;
mod wire;

pub use dialogue::{Context, Limits, serve};
pub use reply::farewell;
