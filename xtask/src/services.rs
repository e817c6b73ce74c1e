//! The services that the engine "postgresql" rests on, for tests: a PostgreSQL and an S3 server on free
//! loopback ports, with their data in a folder that goes with them.
//!
//! A process of its own keeps them (`cargo xtask services`) and ends with whoever started it, so that
//! nothing stays behind however a test run comes to its end.

mod postgresql;
mod s3;

use crate::Outcome;
use crate::command::say;
use postgresql::Postgresql;
use s3::S3;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

/// Says to tests that what they need must be there, instead of being passed over.
const REQUIRED: &str = "POSTHOUSE_TEST_REQUIRED";

/// How often a service is tried on another port, should somebody take the free one in between.
const TRIES: usize = 5;

/// How long a service may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// `cargo xtask services`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Stop when standard input ends: whoever holds its other end is then gone.
    #[arg(long, hide = true)]
    guarded: bool,
}

/// A variable of the tests' environment, and its value.
type Variable = (String, String);

/// Starts them, says how they are reached, and stays until interrupted.
pub(crate) fn run(options: &Options) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(keep(options))
}

async fn keep(options: &Options) -> Outcome {
    let failed = |error: std::io::Error| format!("signals: {error}");
    // Before anything is started, so that an early signal does not leave something behind.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let postgresql = Postgresql::start()?;
    let s3 = S3::start()?;
    let mut lines = String::new();
    for (name, value) in postgresql.variables().into_iter().chain(s3.variables()) {
        lines.push_str(&format!("export {name}='{value}'\n"));
    }
    let mut out = std::io::stdout().lock();
    // An empty line ends the list for a program that reads it.
    writeln!(out, "{lines}").and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    drop(out);
    let mut input = tokio::io::stdin();
    let mut given = [0];
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = input.read(&mut given), if options.guarded => {}
    }
    drop((postgresql, s3));
    // The thread that reads standard input would keep the runtime, and so this process, from ending.
    std::process::exit(0)
}

/// Running services, stopped when dropped.
pub(crate) struct Services {
    keeper: Child,
    variables: Vec<Variable>,
}

impl Services {
    /// Starts them, kept by a child of this program.
    pub(crate) fn start() -> Result<Self, String> {
        let started = Instant::now();
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut keeper = Command::new(program)
            .args(["services", "--guarded"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the services cannot be started: {error}"))?;
        let mut variables = vec![(REQUIRED.to_owned(), "1".to_owned())];
        let said = keeper.stdout.take().map(BufReader::new);
        let mut is_ready = false;
        for line in said.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            if line.is_empty() {
                is_ready = true;
                break;
            }
            let variable = line.strip_prefix("export ").and_then(|line| line.split_once('='));
            let (name, value) = variable.ok_or_else(|| format!("no variable: {line}"))?;
            variables.push((name.to_owned(), value.trim_matches('\'').to_owned()));
        }
        let services = Self { keeper, variables };
        if !is_ready {
            return Err("the services do not start".to_owned());
        }
        let names: Vec<&str> = services.variables.iter().map(|(name, _)| name.as_str()).collect();
        let millis = started.elapsed().as_millis();
        say(&format!("services run after {millis} ms: {}", names.join(", ")));
        Ok(services)
    }

    /// What tests find them by.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // The end of its input is what it waits for.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A process that listens on a port of 127.0.0.1, killed when dropped.
struct Listening {
    process: Child,
    port: u16,
}

impl Listening {
    /// Starts `command`, made for a port, and waits until `is_ready` finds that it serves there.
    fn start(
        name: &str,
        command: impl Fn(u16) -> Command,
        is_ready: impl Fn(u16) -> bool,
    ) -> Result<Self, String> {
        for _ in 0..TRIES {
            let port = free_port()?;
            let process = command(port)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|error| format!("{name} cannot be started: {error}"))?;
            let mut listening = Self { process, port };
            let started = Instant::now();
            while matches!(listening.process.try_wait(), Ok(None)) {
                if is_ready(port) {
                    return Ok(listening);
                }
                if started.elapsed() > PATIENCE {
                    let seconds = PATIENCE.as_secs();
                    return Err(format!("{name} does not serve after {seconds} s"));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            // Somebody took the port in between.
        }
        Err(format!("{name} does not start"))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

/// A secret for one run.
fn random_word() -> Result<String, String> {
    std::fs::read_to_string("/proc/sys/kernel/random/uuid")
        .map(|word| word.trim().replace('-', ""))
        .map_err(|error| format!("no random word: {error}"))
}
