//! A server with its own folder and ports, and accounts made over its API. For measuring, soaking and killing.

mod administration;

pub(crate) use administration::Administration;

use crate::command::{cargo, run};
use crate::{Outcome, root};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "pencil75";
/// The administrator who asks.
const ADMIN: &str = "ops@bench.adm";
/// Strong, as bootstrap asks for.
const ADMIN_PASSWORD: &str = "Pencil-75-bench";
/// Where the accounts are.
pub(crate) const DOMAIN: &str = "bench.example";

/// Who is believed to be a webmail or a test driver: `127.0.0.1`. Clients that are to be treated as strangers
/// come from another loopback address.
const SETTINGS: &str = r#"
[listen]
imap = ["127.0.0.1:0"]
imaps = ["127.0.0.1:0"]
pop3 = ["127.0.0.1:0"]
pop3s = ["127.0.0.1:0"]
lmtp = ["127.0.0.1:0"]
api = ["127.0.0.1:0"]
[limits]
sessions_per_account = 20000
sessions_per_account_and_address = 20000
connections = 50000
connections_per_address = 50000
trusted_networks = ["127.0.0.1"]
"#;

/// Which build of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// As tests use it.
    Debug,
    /// As operators use it.
    Release,
}

/// Where a server listens on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) pop3: u16,
    pub(crate) lmtp: u16,
}

/// A running server.
pub(crate) struct Site {
    process: Child,
    program: PathBuf,
    folder: TempDir,
    pub(crate) ports: Ports,
    api: u16,
}

impl Site {
    /// Builds, configures, bootstraps and starts a server.
    pub(crate) fn start(build: Build) -> Result<Self, String> {
        Self::start_with(build, "")
    }

    /// The same with further sections of configuration.
    pub(crate) fn start_with(build: Build, sections: &str) -> Result<Self, String> {
        let program = build_server(build)?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let data_dir = folder.path().join("data");
        let text = format!("data_dir = {data_dir:?}\n{SETTINGS}{sections}");
        let config = config(folder.path());
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        bootstrap(&program, &config)?;
        let (process, line) = serve(&program, folder.path())?;
        let (ports, api) = (Ports::announced(&line)?, port(&line, "api=")?);
        Ok(Self { process, program, folder, ports, api })
    }

    /// Stops the server as an operator would, and starts it again on other ports.
    pub(crate) fn restart(&mut self) -> Outcome {
        if let Some(pid) = Pid::from_raw(self.process.id().cast_signed()) {
            kill_process(pid, Signal::TERM).map_err(|error| error.to_string())?;
        }
        self.process.wait().map_err(|error| error.to_string())?;
        self.start_again()
    }

    /// Starts it again after it ended, on other ports.
    pub(crate) fn start_again(&mut self) -> Outcome {
        let (process, line) = serve(&self.program, self.folder.path())?;
        (self.process, self.ports, self.api) =
            (process, Ports::announced(&line)?, port(&line, "api=")?);
        Ok(())
    }

    /// Kills the server (SIGKILL), which must not have ended by itself.
    pub(crate) fn kill(&mut self) -> Outcome {
        if let Some(status) = self.process.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("the server ended by itself: {status}"));
        }
        self.process.kill().map_err(|error| error.to_string())?;
        self.process.wait().map(drop).map_err(|error| error.to_string())
    }

    /// Starts the server and kills it a moment later, whether it is ready or not.
    pub(crate) fn start_and_kill(&mut self, life: Duration) -> Outcome {
        self.process = spawn(&self.program, self.folder.path())?;
        std::thread::sleep(life);
        self.kill()
    }

    /// Has everything checked that a server, which must not run, has kept.
    pub(crate) fn check_storage(&self) -> Outcome {
        let checked = Command::new(&self.program)
            .args(["check", "--storage", "--config"])
            .arg(config(self.folder.path()))
            .output()
            .map_err(|error| format!("check cannot be run: {error}"))?;
        if checked.status.success() {
            return Ok(());
        }
        let said = [checked.stdout, checked.stderr].concat();
        Err(format!("check --storage: {}", String::from_utf8_lossy(&said)))
    }

    /// Leaves the folder where it is when the server is dropped.
    pub(crate) fn keep(&mut self) -> &Path {
        self.folder.disable_cleanup(true);
        self.folder.path()
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What the server keeps.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the server logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Makes accounts `user{first}` to `user{first + count - 1}` with [`PASSWORD`].
    pub(crate) async fn settle(&self, first: usize, count: usize) -> Outcome {
        self.administration().settle(first, count).await
    }

    /// Gives an account a password, or makes it with that.
    pub(crate) async fn set_password(&self, user: usize, password: &str) -> Outcome {
        self.administration().set_password(user, password).await
    }

    /// Ends all sessions of an account.
    pub(crate) async fn log_out(&self, user: usize) -> Outcome {
        self.administration().log_out(user).await
    }

    /// The way to the administrator's API, until the next start.
    pub(crate) fn administration(&self) -> Administration {
        Administration::new(self.api)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Ports {
    /// Those that the line `ready imap=127.0.0.1:143 …` tells.
    pub(crate) fn announced(line: &str) -> Result<Self, String> {
        Ok(Self {
            imap: port(line, "imap=")?,
            imaps: port(line, "imaps=")?,
            pop3: port(line, "pop3=")?,
            lmtp: port(line, "lmtp=")?,
        })
    }
}

/// The address, and login name, of an account.
pub(crate) fn user_name(user: usize) -> String {
    format!("user{user}@{DOMAIN}")
}

/// The first line that a child says on its standard output.
pub(crate) fn first_line(child: &mut Child) -> Result<String, String> {
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    Ok(line)
}

fn port(line: &str, name: &str) -> Result<u16, String> {
    line.split_whitespace()
        .find_map(|word| word.strip_prefix(name)?.rsplit(':').next()?.parse().ok())
        .ok_or_else(|| format!("no port for {name} in {line:?}"))
}

/// Names a built server, to be used instead of building one: to compare builds, and to measure one while
/// the sources are being changed.
const PROGRAM: &str = "XTASK_SERVER";

fn build_server(build: Build) -> Result<PathBuf, String> {
    if let Some(program) = std::env::var_os(PROGRAM) {
        return Ok(program.into());
    }
    let (arguments, folder): (&[&str], _) = match build {
        Build::Debug => (&["build", "--quiet", "--package", "server"], "debug"),
        Build::Release => (&["build", "--quiet", "--release", "--package", "server"], "release"),
    };
    run(&mut cargo(arguments))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), PathBuf::from);
    Ok(target.join(folder).join("posthouse"))
}

fn config(folder: &Path) -> PathBuf {
    folder.join("posthouse.toml")
}

fn spawn(program: &Path, folder: &Path) -> Result<Child, String> {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log"));
    let log = log.map_err(|error| format!("no file for the log: {error}"))?;
    Command::new(program)
        .args(["serve", "--config"])
        .arg(config(folder))
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("the server cannot be started: {error}"))
}

fn serve(program: &Path, folder: &Path) -> Result<(Child, String), String> {
    let mut process = spawn(program, folder)?;
    let line = first_line(&mut process)?;
    if line.starts_with("ready") {
        return Ok((process, line));
    }
    let _ = process.kill();
    let _ = process.wait();
    Err(format!(
        "the server does not start: {}",
        std::fs::read_to_string(folder.join("log")).unwrap_or_default()
    ))
}

fn bootstrap(program: &Path, config: &Path) -> Outcome {
    let mut child = Command::new(program)
        .args(["bootstrap", "--company", "bench", "--admin", ADMIN, "--config"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("bootstrap cannot be run: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(format!("{ADMIN_PASSWORD}\n").as_bytes())
            .map_err(|error| error.to_string())?;
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("bootstrap ended with {status}")),
        Err(error) => Err(error.to_string()),
    }
}
