//! A thread that syncs segments while the committer's transaction is being made.

use super::fault::closed;
use super::segment::Segments;
use crate::StorageError;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// See the module's head. Its thread ends with it.
#[derive(Debug)]
pub(super) struct Syncer {
    segments: Arc<Segments>,
    orders: Sender<()>,
    outcomes: Receiver<Result<(), StorageError>>,
    /// Orders whose outcomes were not asked for yet.
    waiting: usize,
}

impl Syncer {
    /// Starts the thread.
    pub(super) fn start(segments: Arc<Segments>) -> std::io::Result<Self> {
        let (orders, received) = channel();
        let (tell, outcomes) = channel();
        let synced = Arc::clone(&segments);
        std::thread::Builder::new().name("storage-sync".to_owned()).spawn(move || {
            while let Ok(()) = received.recv() {
                if tell.send(synced.sync()).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { segments, orders, outcomes, waiting: 0 })
    }

    /// Begins to make durable what was written before this call.
    pub(super) fn begin(&mut self) {
        if self.segments.is_dirty() && self.orders.send(()).is_ok() {
            self.waiting += 1;
        }
    }

    /// Waits until everything is durable that was begun. An error is that of any of them.
    pub(super) fn finish(&mut self) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        for _ in 0..std::mem::take(&mut self.waiting) {
            outcome = outcome.and(self.outcomes.recv().map_err(|_| closed()).flatten());
        }
        outcome
    }
}
