//! What is wrong with a configuration, in one sentence that says where, what, and what is allowed.

use std::fmt;

/// A configuration that cannot be used. Its text is one sentence that names file (or environment
/// variable), key, line, value and what is allowed. Values of secrets are never shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct ConfigError {
    origin: Origin,
    problem: String,
}

impl ConfigError {
    pub(super) fn new(origin: Origin, problem: impl Into<String>) -> Self {
        Self { origin, problem: problem.into() }
    }
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The configuration file as a whole.
    File(String),
    /// A line of it, counted from 1.
    Line(String, usize),
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(file) => f.write_str(file),
            Origin::Line(file, line) => write!(f, "{file}, line {line}"),
            Origin::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}
