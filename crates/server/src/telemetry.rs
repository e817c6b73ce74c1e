//! The log: to stderr, for people on a terminal, for machines otherwise.
//!
//! Neither mail nor secrets are ever logged, at any level. `RUST_LOG` says what is; by default
//! everything from `info` up.

use crate::failure::Failure;
use std::io::{self, IsTerminal};
use std::panic;
use tracing_subscriber::EnvFilter;

/// What a log line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object.
    Json,
}

/// Starts logging; once per process.
///
/// # Errors
/// `RUST_LOG` cannot be understood.
pub fn start(format: Option<LogFormat>) -> Result<(), Failure> {
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Err(_) => EnvFilter::new("info"),
        Ok(directives) => EnvFilter::builder().parse(&directives).map_err(|error| {
            Failure::Configuration(format!(
                "environment variable RUST_LOG: is {directives:?}, but must be a level (error, warn, \
                 info, debug, trace) or a list such as \"info,imap=debug\": {error}"
            ))
        })?,
    };
    let terminal = io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json }) {
        LogFormat::Text => lines.compact().with_ansi(terminal).init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).init(),
    }
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        let words = info.payload_as_str().unwrap_or_default();
        tracing::error!(place, words, "a bug stopped one task; please report this line");
    }));
    Ok(())
}
