//! A thread that copies what was committed from the log to the database, so that commits need not.
//!
//! Beside a busy writer it never reaches the log's end, and a log that is not copied to its end is never begun
//! anew. So the committer copies the little that is left, when the log has become long.

use super::recovery;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

/// Operations after which there is something to copy.
const OPERATIONS: usize = 300;
/// Pages in the log at which it should be begun anew.
const LONG_LOG: i64 = 4000;
/// How long after a few operations they are copied.
const PATIENCE: Duration = Duration::from_secs(2);

/// See the module's head. The thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct Checkpointer {
    orders: SyncSender<()>,
    done: usize,
    /// The log is long, and most of it is copied.
    nearly: Arc<AtomicBool>,
}

impl Checkpointer {
    /// Starts the thread.
    pub(super) fn start(path: PathBuf) -> std::io::Result<Self> {
        let (orders, received) = sync_channel(1);
        let nearly = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&nearly);
        std::thread::Builder::new()
            .name("storage-checkpoint".to_owned())
            .spawn(move || serve(&path, &received, &tell))?;
        Ok(Self { orders, done: 0, nearly })
    }

    /// Counts what was committed. `conn` is the committer's, outside a transaction.
    pub(super) fn committed(&mut self, operations: usize, conn: &Connection) {
        self.done += operations;
        if self.done >= OPERATIONS {
            self.order();
        }
        if self.nearly.swap(false, Ordering::AcqRel) {
            note(checkpoint(conn));
        }
    }

    /// Nothing is to be done for a while.
    pub(super) fn idle(&mut self) {
        if self.done > 0 {
            self.order();
        }
    }

    fn order(&mut self) {
        // One that is full has an order already.
        if self.orders.try_send(()).is_ok() {
            self.done = 0;
        }
    }
}

fn serve(path: &std::path::Path, orders: &Receiver<()>, nearly: &AtomicBool) {
    let mut conn: Option<Connection> = None;
    while let Ok(()) = orders.recv() {
        let outcome = match &conn {
            Some(conn) => Ok(conn),
            None => recovery::connect_checkpointer(path).map(|new| &*conn.insert(new)),
        };
        match outcome.and_then(checkpoint) {
            Ok(pages) => nearly.store(pages >= LONG_LOG, Ordering::Release),
            failed => {
                note(failed);
                conn = None;
                // Whatever it is, it is not better at once.
                std::thread::sleep(PATIENCE);
                if orders.try_recv() == Err(TryRecvError::Disconnected) {
                    break;
                }
            }
        }
    }
}

/// Copies what can be copied without waiting for anybody; answers how many pages the log has.
fn checkpoint(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
}

fn note(outcome: rusqlite::Result<i64>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "the log could not be copied to the database; it grows");
    }
}
