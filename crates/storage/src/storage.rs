//! The boundary: [`Storage`], and which engine is behind it. Its operations are in `directory` (who exists), `mail`
//! (what is kept) and `deleted` (what can be brought back); each engine has one of the same name for each.

use crate::embedded::Embedded;
use crate::postgresql::Postgresql;
use crate::{EngineOptions, OpenError, Options, StorageError, Verification};
use std::path::Path;
use std::sync::Arc;

/// Everything that is kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    pub(crate) engine: Engine,
}

/// What keeps it.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    /// This process, in files.
    Embedded(Arc<Embedded>),
    /// A PostgreSQL server.
    Postgresql(Postgresql),
}

/// Has the engine carry out an operation. PostgreSQL's futures are boxed: they are large, and would make every
/// session's larger.
macro_rules! ask {
    ($storage:expr, $operation:ident($($argument:expr),*)) => {
        match &$storage.engine {
            Engine::Embedded(engine) => engine.$operation($($argument),*).await,
            Engine::Postgresql(engine) => Box::pin(engine.$operation($($argument),*)).await,
        }
    };
}
pub(crate) use ask;

impl Storage {
    /// Opens or makes a store, checking that it is whole and of a known version.
    pub async fn open(options: Options) -> Result<Storage, OpenError> {
        let engine = match &options.engine {
            EngineOptions::Embedded => Engine::Embedded(Arc::new(Embedded::open(options).await?)),
            EngineOptions::Postgresql(database) => {
                Engine::Postgresql(Box::pin(Postgresql::open(&options, database)).await?)
            }
        };
        Ok(Storage { engine })
    }

    /// Checks everything that is kept: recounts counters and references, reads every blob. Takes as long as
    /// reading all of it; other operations go on meanwhile.
    pub async fn verify(&self) -> Result<Verification, StorageError> {
        ask!(self, verify())
    }

    /// Whether there is a store in `data_dir`; if so, it is whole, of a known version, and not in
    /// use. Changes nothing. Blocks on the disk.
    pub fn check(data_dir: &Path) -> Result<bool, OpenError> {
        Embedded::check(data_dir)
    }

    /// [`Storage::verify`] of a store that nobody has open; none: there is no store. `progress` is told now and
    /// then how many bytes of messages were read, and of how many. Changes nothing. Blocks on the disk.
    pub fn verify_closed(
        data_dir: &Path,
        progress: impl FnMut(u64, u64),
    ) -> Result<Option<Verification>, OpenError> {
        Embedded::verify_closed(data_dir, progress)
    }

    /// Finishes what is queued, then refuses everything with `Unavailable`.
    pub async fn close(&self) {
        ask!(self, close());
    }
}
