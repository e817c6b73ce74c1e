//! IMAP4rev1 (RFC 3501) and extensions, from the server's side: bytes in, replies out.
//!
//! [`serve`] is one connection's dialogue, greeting to goodbye, over the pipes of `carrier`. It knows
//! no socket, clock or task, and no other session: it is *told* of changes and of its end.

pub mod wire;
