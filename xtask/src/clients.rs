//! Real clients against a running demo server: each script in `tests/clients/` gets a server of its
//! own on free ports, and must end with 0.

use crate::command::{self, cargo, install, say};
use crate::{Outcome, root};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Programs that the scripts use, and the Debian packages that bring them.
const NEEDED: [(&str, &str); 5] = [
    ("mbsync", "isync"),
    ("mutt", "mutt"),
    ("curl", "curl"),
    ("openssl", "openssl"),
    ("php", "php-cli"),
];

/// The longest time a script may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs every script.
pub(crate) fn run() -> Outcome {
    install(&NEEDED)?;
    build()?;
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(root().join("tests/clients"))
        .map_err(|error| format!("tests/clients cannot be read: {error}"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "py" || end == "sh"))
        .collect();
    scripts.sort();
    let mut failed = 0;
    for script in &scripts {
        let name = script.file_name().unwrap_or_default().to_string_lossy();
        let started = Instant::now();
        match play(script) {
            Ok(()) => {
                say(&format!("client {name}: passed in {} ms", started.elapsed().as_millis()))
            }
            Err(problem) => {
                failed += 1;
                say(&format!("client {name}: FAILED: {problem}"));
            }
        }
    }
    demo_once()?;
    say(&format!("{} passed, {failed} failed", scripts.len() - failed));
    if failed == 0 { Ok(()) } else { Err(format!("{failed} client scripts failed")) }
}

fn build() -> Outcome {
    command::run(&mut cargo(&["build", "--quiet", "--package", "server"]))
}

fn program() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), PathBuf::from);
    target.join("debug/posthouse")
}

/// A demo server on free ports, stopped when dropped.
struct Demo {
    process: Child,
    port_base: u16,
}

impl Demo {
    fn start() -> Result<Self, String> {
        for _ in 0..20 {
            let port_base = free_base()?;
            let mut process = Command::new(program())
                .args(["demo", "--port-base", &port_base.to_string()])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|error| format!("the demo cannot be started: {error}"))?;
            let lines = process.stdout.take().map(BufReader::new);
            let ready = lines
                .into_iter()
                .flat_map(BufRead::lines)
                .map_while(Result::ok)
                .any(|line| line.starts_with("ready"));
            if ready {
                return Ok(Self { process, port_base });
            }
            // Somebody took one of the ports in between.
            let _ = process.wait();
        }
        Err("the demo does not start".into())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A base N such that the ports that scripts use, N+24 to N+995, are likely free.
fn free_base() -> Result<u16, String> {
    let probe = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = probe.map_err(|error| format!("no free port: {error}"))?.port();
    Ok(port.clamp(11_000, 60_000))
}

fn play(script: &PathBuf) -> Outcome {
    let demo = Demo::start()?;
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let interpreter =
        if script.extension().is_some_and(|end| end == "py") { "python3" } else { "bash" };
    let mut child = Command::new(interpreter)
        .arg(script)
        .current_dir(scratch.path())
        .env("PORT_BASE", demo.port_base.to_string())
        .env("HOME", scratch.path())
        .spawn()
        .map_err(|error| format!("cannot be run: {error}"))?;
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("ended with {status}")),
            Err(error) => return Err(error.to_string()),
            Ok(None) if started.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("not done after {} s", PATIENCE.as_secs()));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn demo_once() -> Outcome {
    let port_base = free_base()?.to_string();
    command::run(Command::new(program()).args(["demo", "--once", "--port-base", &port_base]))
}
