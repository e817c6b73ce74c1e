//! A release server with its own folder and ports, and accounts made over its API.

use crate::Outcome;
use crate::command::{cargo, run};
use crate::root;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Everybody's password.
pub(super) const PASSWORD: &str = "pencil75";
/// The administrator who asks.
pub(super) const ADMIN: &str = "ops@bench.adm";

/// A running server.
pub(super) struct Site {
    process: Child,
    _folder: TempDir,
    pub(super) imap: u16,
    api: u16,
}

impl Site {
    /// Builds, configures, bootstraps and starts a server.
    pub(super) fn start() -> Result<Self, String> {
        run(&mut cargo(&["build", "--quiet", "--release", "--package", "server"]))?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let config = folder.path().join("posthouse.toml");
        let text = format!(
            "data_dir = {:?}\n[listen]\nimap = [\"127.0.0.1:0\"]\napi = [\"127.0.0.1:0\"]\n\
             [limits]\nsessions_per_account = 20000\nsessions_per_account_and_address = 20000\n\
             connections = 50000\nconnections_per_address = 50000\ntrusted_networks = [\"127.0.0.0/8\"]\n",
            folder.path().join("data")
        );
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        bootstrap(&config)?;
        let mut process = Command::new(program())
            .args(["serve", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("the server cannot be started: {error}"))?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        let port = |name: &str| {
            line.split_whitespace()
                .find_map(|word| word.strip_prefix(name)?.rsplit(':').next()?.parse().ok())
                .ok_or_else(|| format!("no port for {name} in {line:?}"))
        };
        let (imap, api) = (port("imap=")?, port("api=")?);
        Ok(Self { process, _folder: folder, imap, api })
    }

    /// The server's process.
    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Makes a domain with accounts `user0` to `user{count-1}`.
    pub(super) async fn settle(&self, domain: &str, count: usize) -> Outcome {
        let weak = r#""attributes":{"password_strength":"weak"}"#;
        self.call("change_domain", &format!(r#""domain":"{domain}",{weak}"#)).await?;
        for user in 0..count {
            let fields =
                format!(r#""user":"user{user}@{domain}","attributes":{{"password":"{PASSWORD}"}}"#);
            self.call("change_user", &fields).await?;
        }
        Ok(())
    }

    /// Calls an API method as the administrator; its success, or what it said.
    pub(super) async fn call(&self, method: &str, fields: &str) -> Outcome {
        let body =
            format!(r#"{{"credentials":{{"user":"{ADMIN}","password":"{PASSWORD}"}},{fields}}}"#);
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

fn program() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), PathBuf::from);
    target.join("release/posthouse")
}

fn bootstrap(config: &PathBuf) -> Outcome {
    let mut child = Command::new(program())
        .args(["bootstrap", "--company", "bench", "--admin", ADMIN, "--config"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("bootstrap cannot be run: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(format!("{PASSWORD}\n").as_bytes()).map_err(|error| error.to_string())?;
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("bootstrap ended with {status}")),
        Err(error) => Err(error.to_string()),
    }
}
