//! `cargo xtask bench`: figures, each beside a limit measured in the same run. Never fails for timing.

mod client;
mod fleet;
mod floor;
mod letter;
mod load;
mod logout;
mod machine;
mod null;
mod process;
mod sessions;
mod storage;
mod table;

use crate::Outcome;
use crate::command::{self, cargo};
use crate::site::Build;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What can be measured, and how.
#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    subject: Subject,
    /// Measure the debug build. For trying the benchmark itself: its figures mean nothing.
    #[arg(long, global = true)]
    debug: bool,
}

#[derive(Subcommand)]
enum Subject {
    /// From the request to the answer, and to the last closed socket.
    Logout,
    /// Memory of a session, logins per second, and others' latency while clients come back in a storm.
    Sessions(sessions::Options),
    /// Delivering, appending, fetching, selecting and searching; how it grows; memory.
    Storage(storage::Options),
    /// Be the server that does nothing, beside which the others are measured.
    #[command(name = null::CHORE, hide = true)]
    Null { data_dir: PathBuf },
}

/// Runs a benchmark.
pub(crate) fn run(bench: &Bench) -> Outcome {
    let build = if bench.debug { Build::Debug } else { Build::Release };
    if build == Build::Release && cfg!(debug_assertions) {
        return run_optimized();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    match &bench.subject {
        Subject::Logout => runtime.block_on(logout::run(build)),
        Subject::Sessions(options) => runtime.block_on(sessions::run(build, options)),
        Subject::Storage(options) => runtime.block_on(storage::run(build, options)),
        Subject::Null { data_dir } => runtime.block_on(null::serve(data_dir)),
    }
}

/// The same again, but with fast clients: they share the processors with the server.
fn run_optimized() -> Outcome {
    let mut again = cargo(&["run", "--quiet", "--release", "--package", "xtask", "--"]);
    command::run(again.args(std::env::args_os().skip(1)))
}
