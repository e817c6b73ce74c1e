//! Whole requests and their answers.
