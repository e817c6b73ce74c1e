//! `posthouse`: reads the command line, does what it says, and turns failures into a sentence and
//! an exit code.

use clap::Parser;
use server::cli::{Cli, Command};
use server::config::Config;
use server::failure::Failure;
use server::{assemble, bootstrap, check, demo, operate, telemetry};
use std::future::Future;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Returns memory to the system after a storm of connections, which glibc's does not.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to be told if this fails.
            let _ = writeln!(std::io::stderr(), "posthouse: {failure}");
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => {
            let config = Config::load(&args.config)?;
            if args.print_config {
                return print(&config.to_toml());
            }
            telemetry::start(args.log_format)?;
            block_on(assemble::serve(config))
        }
        Command::Demo(args) => block_on(demo::run(args)),
        Command::Check(args) => block_on(check::run(&args)),
        Command::Bootstrap(args) => block_on(bootstrap::run(&args)),
        Command::Sessions(args) => block_on(operate::sessions(&args)),
        Command::Account(args) => block_on(operate::account(&args)),
        Command::Domain(args) => block_on(operate::domain(&args)),
    }
}

fn print(text: &str) -> Result<(), Failure> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::Other(format!("cannot write to standard output: {error}")))
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    // For all but mail, which has threads of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("administration")
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    let result = runtime.block_on(work);
    // What is left by now is not worth waiting for: a thread that waits for standard input, say.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}
