//! How mail is kept.

use super::section::section;
use super::setting::{Raw, Refused, Setting, quoted, read_text};
use std::path::PathBuf;
use std::time::Duration;
use terms::Secret;

section! {
    /// How mail is kept.
    "storage" Storage {
        /// "embedded": in files under data_dir. "postgresql" is not available in this version.
        engine: Engine = Engine::Embedded,
        /// Where the database of engine "postgresql" is.
        url: Option<Secret> = None,
        /// A file that holds it instead.
        url_file: Option<PathBuf> = None,
        /// Threads that read from the embedded store. Further reads wait their turn.
        readers: u32 = 4,
        /// How long expunged messages, deleted folders and deleted accounts can be brought back. Until then
        /// they take room on disk, but count for no quota.
        retention: Duration = Duration::from_secs(30 * 24 * 60 * 60),
        /// How often what is older goes for ever, and files of which little lives are emptied.
        tidy_every: Duration = Duration::from_secs(10 * 60),
    }
}

/// Which engine keeps the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite and our own segments, in `data_dir`.
    Embedded,
    /// A PostgreSQL database. Known by name, not available yet.
    Postgresql,
}

impl Setting for Engine {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        read_text(raw, "must be \"embedded\"", |text| match text {
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
