//! The boundary: [`Storage`]. Its operations are in `directory` (who exists) and `mail` (what is kept).

use crate::{OpenError, StorageError, Verification, embedded::Embedded};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that is kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    pub(crate) engine: Arc<Embedded>,
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything durable lives; made if absent.
    pub data_dir: PathBuf,
    /// Connections for reading, each with its own thread.
    pub readers: usize,
}

impl Storage {
    /// Opens or makes a store, checking that it is whole and of a known version.
    pub async fn open(options: Options) -> Result<Storage, OpenError> {
        let engine = Embedded::open(options).await?;
        Ok(Storage { engine: Arc::new(engine) })
    }

    /// Checks everything that is kept: recounts counters and references, reads every blob. Takes as long as
    /// reading all of it; other operations go on meanwhile.
    pub async fn verify(&self) -> Result<Verification, StorageError> {
        self.engine.verify().await
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
        self.engine.close().await;
    }
}
