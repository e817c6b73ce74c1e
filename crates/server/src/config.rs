//! The configuration: one TOML file, each key of which an environment variable can override.
//!
//! Each section is one file below, a table of keys with kinds, defaults and explanations. A value
//! that cannot be is refused with one sentence before anything is touched; nothing is guessed,
//! nothing unknown is passed over.

mod error;
mod hostname;
mod limits;
mod listen;
mod rules;
mod section;
mod setting;
mod source;
mod storage;

pub use error::ConfigError;
pub use hostname::Hostname;
pub use limits::Limits;
pub use listen::{Endpoint, Entrance, Listen};
pub use setting::Size;
pub use storage::{Blobs, BucketUrl, Engine, SecretFileError, ServerUrl, Storage, Word};

use error::Origin;
use section::{Section, section};
use source::Source;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

section! {
    /// The effective configuration of Posthouse.
    "" Config {
        /// Everything durable; made if absent.
        data_dir: PathBuf = PathBuf::from("/var/lib/posthouse"),
        /// The name in greetings and in the generated certificate. Unless given, the machine's.
        hostname: Hostname = Hostname::of_this_machine(),
        /// How long stopping may take. Then what is left is cut.
        shutdown_timeout: Duration = Duration::from_secs(10),
    } with {
        /// Where clients come in.
        listen: Listen,
        /// Who we are.
        tls: Tls,
        /// Logging in.
        auth: Auth,
        /// What is too much.
        limits: Limits,
        /// How mail is kept.
        storage: Storage,
    }
}

section! {
    /// Who we are. Without these a self-signed certificate is made in data_dir, which clients do
    /// not trust.
    "tls" Tls {
        /// The certificate and those that lead to its authority, in PEM.
        certificate: Option<PathBuf> = None,
        /// Its private key, in PEM.
        key: Option<PathBuf> = None,
    }
}

section! {
    /// Logging in.
    "auth" Auth {
        /// Whether repeated failures are slowed and then refused, per account and per network.
        throttle: bool = true,
        /// Whether credentials may be sent without TLS from this machine itself. From elsewhere
        /// they never may.
        plaintext_on_loopback: bool = true,
    }
}

impl Config {
    /// Reads the file and this process's environment.
    ///
    /// # Errors
    /// The file cannot be read, or what it or the environment says cannot be.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            ConfigError::new(Origin::File(file.clone()), format!("cannot be read: {error}"))
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            ConfigError::new(Origin::File(file.clone()), "not TOML: not UTF-8".to_owned())
        })?;
        Self::parse(&file, &text, std::env::vars_os())
    }

    /// Reads a configuration's text, with these variables laid over it. `file` is for messages.
    ///
    /// # Errors
    /// What is said there cannot be.
    pub fn parse(
        file: &str,
        text: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut source = Source::new(file, text, variables)?;
        let config = <Self as Section>::read(&mut source)?;
        source.section_unavailable("cluster", "one node runs alone")?;
        source.finish()?;
        rules::check(&config, &source)?;
        Ok(config)
    }

    /// The whole configuration with explanations as TOML, secrets masked. Reads back as the same.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        Section::print(self, &mut out);
        out
    }
}

#[cfg(test)]
mod tests;
