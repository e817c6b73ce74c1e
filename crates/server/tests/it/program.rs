//! Starting the program, and talking to it.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

/// The program, with no variable of ours set that the test did not set.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_posthouse"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("POSTHOUSE_")) {
        command.env_remove(name);
    }
    command.env_remove("NOTIFY_SOCKET").env_remove("RUST_LOG").args(arguments);
    command
}

/// Runs it to its end with that input.
pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = program(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who does not read its input closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Exit code, stdout and stderr.
pub(crate) fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A server that runs; killed when dropped.
pub(crate) struct Running {
    child: Child,
    /// The line `ready`.
    pub(crate) ready: String,
    _stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Starts `serve` and waits for the line `ready`.
    pub(crate) fn start(config: &Path, adapt: impl FnOnce(&mut Command)) -> Self {
        let mut command = program(&["serve", "--config", config.to_str().unwrap()]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        adapt(&mut command);
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        stdout.read_line(&mut ready).unwrap();
        Self { child, ready: ready.trim_end().to_owned(), _stdout: stdout }
    }

    /// Where that listener is, by the line `ready`.
    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        let mut words = self.ready.split(' ');
        let found = words.find_map(|word| word.strip_prefix(listener)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {listener} in {:?}", self.ready)).parse().unwrap()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end; its exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request over HTTP; the whole answer.
pub(crate) fn http(address: SocketAddr, verb: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = body.len();
    let request = format!(
        "{verb} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
