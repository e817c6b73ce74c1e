//! An S3 server of our own: `s3s-fs`, which keeps a bucket as a folder of files.
//!
//! Chosen over `moto` from PyPI because it does what a real one does that matters to us: it checks
//! signatures, so that wrong credentials are refused, and it is this workspace's own cargo that builds it,
//! once, in about two minutes of processor time. What it does not do: it takes objects for buckets that
//! are not there (listing tells), and nothing is fsynced, which is not what tests ask of it.

use super::{Listening, Variable, random_word};
use crate::command::cargo_install;
use std::net::TcpStream;
use std::process::Command;
use tempfile::TempDir;

/// The crate on crates.io and its version.
const CRATE: &str = "s3s-fs";
const VERSION: &str = "0.14.1";

/// The bucket that is there.
const BUCKET: &str = "posthouse";

/// Who may use it.
const ACCESS_KEY_ID: &str = "posthouse";

/// A running server.
pub(super) struct S3 {
    listening: Listening,
    secret: String,
    /// Dropped last.
    _folder: TempDir,
}

impl S3 {
    /// Builds it if it is missing, and serves an empty bucket.
    pub(super) fn start() -> Result<Self, String> {
        let program = cargo_install(CRATE, VERSION, &["--features", "binary"])?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        std::fs::create_dir(folder.path().join(BUCKET)).map_err(|error| error.to_string())?;
        let secret = random_word()?;
        let command = |port: u16| {
            let mut server = Command::new(&program);
            server
                .args(["--host", "127.0.0.1", "--port", &port.to_string()])
                .args(["--access-key", ACCESS_KEY_ID, "--secret-key", &secret])
                .arg(folder.path());
            server
        };
        let is_ready = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
        let listening = Listening::start("the S3 server", command, is_ready)?;
        Ok(Self { listening, secret, _folder: folder })
    }

    /// The bucket, as the path of the server's address, and credentials for it.
    pub(super) fn variables(&self) -> Vec<Variable> {
        let url = format!("http://127.0.0.1:{}/{BUCKET}", self.listening.port);
        [
            ("POSTHOUSE_TEST_S3", url.as_str()),
            ("POSTHOUSE_TEST_S3_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("POSTHOUSE_TEST_S3_SECRET_ACCESS_KEY", &self.secret),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}
