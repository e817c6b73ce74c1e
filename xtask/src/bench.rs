//! `cargo xtask bench`: figures, each beside a limit measured in the same run. Never fails for timing.

mod fleet;
mod floor;
mod logout;
mod site;

use crate::Outcome;
use clap::Subcommand;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// From the request to the answer, and to the last closed socket.
    Logout,
}

/// Runs a benchmark.
pub(crate) fn run(bench: &Bench) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    match bench {
        Bench::Logout => runtime.block_on(logout::run()),
    }
}
