//! Between a dialogue and its connection: bounded pipes of bytes in memory, and what a dialogue may
//! ask of the connection that carries it.
//!
//! A dialogue (`imap`, `pop3`, `lmtp`) is an `async fn` over [`Input`], [`Output`] and a [`Host`]. It
//! knows no socket, clock or task. The connection polls the dialogue and the socket side by side,
//! and ends a session by dropping the dialogue: whatever it was doing stops at its next wait.

mod host;
mod input;
mod output;
mod over;

pub use host::{Attempt, Host, LoginError, Security};
pub use input::{Feed, Gone, Input, Line, LineError, input};
pub use output::{Drain, Output, output};
pub use over::Over;
