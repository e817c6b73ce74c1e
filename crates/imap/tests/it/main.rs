//! The dialogue against a real store: transcripts of `scripts/`, noise, several clients at once, and
//! what a session costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]
#![allow(clippy::disallowed_methods, reason = "here, the tests are the shell")]

mod cost;
mod cut;
mod noise;
mod several;
mod stage;
mod transcripts;
