//! The project's own chores: `cargo xtask test` is the whole truth, the rest are its parts.

mod bench;
mod clients;
mod command;
mod crash;
mod services;
mod site;
mod soak;
mod test;
mod tidy;
mod trust;

use clap::{Parser, Subcommand};
use std::path::Path;
use std::process::ExitCode;

/// The project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything: check, tests, real clients, demo. Installs what it needs.
    Test,
    /// Format, lints, tidy, dependencies: without running anything of the product.
    Check,
    /// The house rules that no other tool knows.
    Tidy,
    /// Figures, each beside a limit measured in the same run.
    Bench(bench::Bench),
    /// Many clients at once, an operator who ends their sessions, and an oracle.
    Soak(soak::Options),
    /// PostgreSQL and an S3 server for tests, until interrupted; says how to reach them.
    Services(services::Options),
    /// Kills a server at work, again and again, and looks for what it had acknowledged.
    Crash(crash::Options),
    /// Real mail clients and API clients against a running demo server.
    Clients,
}

/// What a chore answers: nothing, or one sentence about what is wrong.
type Outcome = Result<(), String>;

/// The workspace's root.
fn root() -> &'static Path {
    // xtask/ lies directly below it.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test => test::everything(),
        Chore::Check => test::check(),
        Chore::Tidy => tidy::run(),
        Chore::Bench(bench) => bench::run(&bench),
        Chore::Soak(options) => soak::run(&options),
        Chore::Services(options) => services::run(&options),
        Chore::Crash(options) => crash::run(&options),
        Chore::Clients => clients::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            command::say(&format!("failed: {problem}"));
            ExitCode::FAILURE
        }
    }
}
