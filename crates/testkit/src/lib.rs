//! What tests share: transcripts and how to act them out. Used by tests alone.

pub mod script;
