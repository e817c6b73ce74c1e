//! The dialogue against a real store: transcripts of `scripts/`, noise, and what a session costs.

mod cost;
mod noise;
mod stage;
mod transcripts;
