//! The administration API: JSON in, JSON out, as OpenSRS's mail API ("OMA") has it. What clients of
//! that service expect to the letter is in `reply.rs`, `error.rs` and `request.rs`; what each method
//! does, in the file of its name under `method/`; which there are, in `router.rs`.
//!
//! There is no HTTP server in here: [`Api::receive`] takes a path, [`Received::answer`] the body, and
//! answers status and body.
//! It opens no socket, reads no clock and knows no sessions but through [`LiveSessions`].

mod api;
mod audit;
mod call;
mod error;
mod live_sessions;
mod lookup;
mod method;
mod openapi;
mod outline;
mod pattern;
mod reply;
mod request;
mod router;
mod session_filter;
mod settle;

pub use api::{Answer, Api, Received};
pub use error::ErrorNumber;
pub use live_sessions::{BoxFuture, LiveSessions, NotConfirmed};
pub use router::METHODS;

#[cfg(test)]
mod tests;
