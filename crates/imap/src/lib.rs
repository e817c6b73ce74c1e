//! IMAP4rev1 (RFC 3501) and extensions, from the server's side: bytes in, replies out.
//!
//! [`serve`] is one connection's dialogue, greeting to goodbye, over the pipes of `carrier`. It knows
//! no socket, clock or task, and no other session: it is *told* of its end, by being dropped, and
//! hears of other sessions' doings only as changes of the folder it has open.
//!
//! `command.rs` is the table of commands; `command/` has a file for each. `view.rs` is the numbering
//! that a session has of its folder. What is said of errors stands in `error.rs`, what is advertised
//! in `capability.rs`.
//!
//! Rules that hold throughout:
//! 1. Each command changes storage by one operation, so a session cut at any point has done it whole
//!    or not at all. (FETCH, which may set `\Seen` on the way, does so slice by slice.)
//! 2. A login found void ends the dialogue at once, without a word: the connection says [`farewell`].
//! 3. Replies are said whole, or in parts whose last one ends at a seam, so that a BYE never falls
//!    into a literal.
//! 4. Nothing is held in proportion to a message's size, and of a folder only its UIDs.

mod batch;
mod capability;
mod command;
mod context;
mod dialogue;
mod error;
mod farewell;
mod reply;
mod selected;
mod state;
mod untagged;
mod view;
pub mod wire;

pub use context::{Context, Limits};
pub use dialogue::serve;
pub use farewell::farewell;
