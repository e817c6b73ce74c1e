//! How mail is kept.

mod blobs;

pub use blobs::{Blobs, BucketUrl, ServerUrl, Word};

use super::error::ConfigError;
use super::section::section;
use super::setting::{Raw, Refused, Setting, quoted, read_text};
use super::source::Source;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use storage::{EngineOptions, Options, PostgresqlOptions};
use terms::Secret;

section! {
    /// How mail is kept.
    "storage" Storage {
        /// "embedded": by this program, in files under data_dir. "postgresql": in a PostgreSQL database, and
        /// the bytes of messages as [storage.blobs] says.
        engine: Engine = Engine::Embedded,
        /// Where the database of engine "postgresql" is, such as
        /// "postgresql://posthouse:password@db.example.net/posthouse?sslmode=require".
        url: Option<Secret> = None,
        /// A file that holds it instead.
        url_file: Option<PathBuf> = None,
        /// Connections to the database, at most 1000. Further operations wait their turn.
        connections: u32 = 16,
        /// Threads that read from the embedded store. Further reads wait their turn.
        readers: u32 = 4,
        /// How long expunged messages, deleted folders and deleted accounts can be brought back. Until then
        /// they take room on disk, but count for no quota.
        retention: Duration = Duration::from_secs(30 * 24 * 60 * 60),
        /// How often what is older goes for ever, and files of which little lives are emptied.
        tidy_every: Duration = Duration::from_secs(10 * 60),
    } with {
        /// Where engine "postgresql" keeps the bytes of messages.
        blobs: Blobs,
    }
}

/// Which engine keeps the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite and our own segments, in `data_dir`.
    Embedded,
    /// A PostgreSQL database.
    Postgresql,
}

impl Setting for Engine {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        read_text(raw, "must be \"embedded\" or \"postgresql\"", |text| match text {
            "embedded" => Some(Engine::Embedded),
            "postgresql" => Some(Engine::Postgresql),
            _ => None,
        })
    }

    fn print(&self) -> Option<String> {
        Some(quoted(match self {
            Engine::Embedded => "embedded",
            Engine::Postgresql => "postgresql",
        }))
    }
}

/// More would not make a database faster.
const MOST_CONNECTIONS: u32 = 1000;

/// Complains about the first rule between these settings that is broken.
pub(super) fn check(storage: &Storage, source: &Source) -> Result<(), ConfigError> {
    let refuse = |key: &str, why: &str| Err(source.refuse(key, why));
    match storage.engine {
        Engine::Embedded => {
            let why = "it belongs to the engine \"postgresql\", and storage.engine is \"embedded\"";
            if storage.url.is_some() {
                return refuse("storage.url", why);
            }
            if storage.url_file.is_some() {
                return refuse("storage.url_file", why);
            }
            if let Some(key) = storage.blobs.first_given() {
                let why = "the engine \"embedded\" keeps messages under data_dir: use \
                           storage.engine = \"postgresql\", or leave [storage.blobs] empty";
                return refuse(key, why);
            }
        }
        Engine::Postgresql => {
            if storage.url.is_none() && storage.url_file.is_none() {
                let why = "it needs storage.url or storage.url_file: where the database is";
                return refuse("storage.engine", why);
            }
            if storage.url.is_some() && storage.url_file.is_some() {
                return refuse("storage.url_file", "storage.url is given too: use one of the two");
            }
        }
    }
    if storage.connections > MOST_CONNECTIONS {
        return refuse("storage.connections", "must be at most 1000");
    }
    blobs::check(&storage.blobs, source)
}

impl Storage {
    /// What the store is opened with. Reads the files that hold secrets.
    ///
    /// # Errors
    /// One of them cannot be read, or is not text.
    pub fn options(&self, data_dir: &Path) -> Result<Options, SecretFileError> {
        let data_dir = data_dir.to_owned();
        let engine = match self.engine {
            Engine::Embedded => EngineOptions::Embedded,
            Engine::Postgresql => EngineOptions::Postgresql(PostgresqlOptions {
                url: one_of("storage.url_file", self.url.as_ref(), self.url_file.as_deref())?,
                connections: self.connections as usize,
            }),
        };
        Ok(Options { data_dir, readers: self.readers as usize, engine, blobs: self.blobs.place()? })
    }
}

/// A file that should hold a secret, and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {}, but {problem}", quoted(path))]
pub struct SecretFileError {
    key: &'static str,
    path: String,
    problem: String,
}

/// A secret that is given in the configuration, or in a file that it names.
fn one_of(
    key: &'static str,
    given: Option<&Secret>,
    file: Option<&Path>,
) -> Result<String, SecretFileError> {
    /// Longer than any secret.
    const LONGEST: u64 = 64 * 1024;
    let Some(path) = file else {
        return Ok(given.map(|secret| secret.reveal().to_owned()).unwrap_or_default());
    };
    let refuse =
        |problem: String| SecretFileError { key, path: path.display().to_string(), problem };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|error| refuse(format!("the file cannot be read: {error}")))?;
    match text.trim() {
        "" => Err(refuse("the file is empty".to_owned())),
        secret => Ok(secret.to_owned()),
    }
}
