//! A server with its own folder and ports, and accounts made over its API. For measuring and for soaking.

use crate::command::{cargo, run};
use crate::{Outcome, root};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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
        let program = build_server(build)?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let text = format!("data_dir = {:?}\n{SETTINGS}", folder.path().join("data"));
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
        let (process, line) = serve(&self.program, self.folder.path())?;
        (self.process, self.ports, self.api) =
            (process, Ports::announced(&line)?, port(&line, "api=")?);
        Ok(())
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
        let weak = r#""attributes":{"password_strength":"weak"}"#;
        self.call("change_domain", &format!(r#""domain":"{DOMAIN}",{weak}"#)).await?;
        for user in first..first + count {
            self.set_password(user, PASSWORD).await?;
        }
        Ok(())
    }

    /// Gives an account a password, or makes it with that.
    pub(crate) async fn set_password(&self, user: usize, password: &str) -> Outcome {
        let name = user_name(user);
        let fields = format!(r#""user":"{name}","attributes":{{"password":"{password}"}}"#);
        self.call("change_user", &fields).await
    }

    /// Ends all sessions of an account.
    pub(crate) async fn log_out(&self, user: usize) -> Outcome {
        self.call("logout_user", &format!(r#""user":"{}""#, user_name(user))).await
    }

    /// Calls an API method as the administrator; its success, or what it said.
    async fn call(&self, method: &str, fields: &str) -> Outcome {
        let body = format!(
            r#"{{"credentials":{{"user":"{ADMIN}","password":"{ADMIN_PASSWORD}"}},{fields}}}"#
        );
        let request = format!(
            "POST /api/{method} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.exchange(&request).await.map_err(|error| format!("{method}: {error}"))?;
        if answer.contains("\"success\":true") {
            Ok(())
        } else {
            Err(format!("{method}: {answer}"))
        }
    }

    async fn exchange(&self, request: &str) -> std::io::Result<String> {
        let mut tcp = TcpStream::connect(("127.0.0.1", self.api)).await?;
        tcp.set_nodelay(true)?;
        tcp.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await?;
        Ok(answer)
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

fn serve(program: &Path, folder: &Path) -> Result<(Child, String), String> {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log"));
    let log = log.map_err(|error| format!("no file for the log: {error}"))?;
    let mut process = Command::new(program)
        .args(["serve", "--config"])
        .arg(config(folder))
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("the server cannot be started: {error}"))?;
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
