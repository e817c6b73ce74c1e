//! What tests share: transcripts and how to act them out, and services to test with. Used by tests alone.

pub mod script;
pub mod services;
