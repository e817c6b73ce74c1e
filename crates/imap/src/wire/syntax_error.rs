//! What is wrong with a command, and where.

use std::fmt;

/// A command that does not follow the grammar. Displays as `Expected a space at position 17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, in words for the client. Never holds anything that the client sent.
    pub problem: &'static str,
    /// Where: the first byte of the command is 1, and every byte sent counts, with two for a line
    /// end after the announcement of a literal.
    pub position: usize,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at position {}", self.problem, self.position)
    }
}

impl std::error::Error for SyntaxError {}
