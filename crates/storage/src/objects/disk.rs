//! Threads that may block on the disk: so many at a time, and nobody waits for ever.

use super::{QUEUED, turn};
use crate::StorageError;
use std::io;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// See the module's head.
#[derive(Debug)]
pub(super) struct Disk {
    name: &'static str,
    turns: Arc<Semaphore>,
}

impl Disk {
    /// `threads` at a time. `name` is for messages.
    pub(super) fn new(name: &'static str, threads: usize) -> Self {
        Self { name, turns: Arc::new(Semaphore::new(threads)) }
    }

    /// Works on a thread of its own. Once begun it goes on if nobody waits for it any more, and keeps its turn:
    /// a disk that is stuck holds up a bounded number of threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StorageError> {
        let turn = turn(&self.turns, self.name).await?;
        let working = tokio::task::spawn_blocking(move || {
            let worked = work();
            drop(turn);
            worked
        });
        match tokio::time::timeout(QUEUED, working).await {
            Ok(Ok(worked)) => Ok(worked),
            Ok(Err(error)) => Err(StorageError::Unavailable(format!("{}: {error}", self.name))),
            Err(_) => Err(StorageError::Unavailable(format!("{} does not answer", self.name))),
        }
    }
}

/// An error of the operating system; `what` names the file or the act.
pub(super) fn fault(what: &str, error: &io::Error) -> StorageError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::Full,
        _ => StorageError::Unavailable(format!("{what}: {error}")),
    }
}
