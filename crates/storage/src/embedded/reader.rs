//! Threads that serve what may run side by side: reads of the database, each in one transaction on its
//! thread's own connection, and work on message bytes.

use super::fault::closed;
use super::queue::Queue;
use super::segment::Segments;
use crate::StorageError;
use crate::known::Known;
use crate::logins::Logins;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Jobs that may wait for a thread.
const QUEUE_BOUND: usize = 4096;

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// Threads that each own an `S` and share a queue.
pub(super) struct Pool<S> {
    queue: Arc<Queue<Job<S>>>,
}

impl<S> std::fmt::Debug for Pool<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool")
    }
}

impl<S: Send + 'static> Pool<S> {
    /// Starts a thread for each of `states`. Each thread keeps a clone of `alive` until it ends.
    pub(super) fn start(
        name: &str,
        states: impl IntoIterator<Item = S>,
        alive: &Alive,
    ) -> std::io::Result<Self> {
        let pool = Self { queue: Arc::new(Queue::new(QUEUE_BOUND)) };
        for (number, mut state) in states.into_iter().enumerate() {
            let (queue, alive) = (Arc::clone(&pool.queue), alive.clone());
            std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                while let Some(job) = queue.pop() {
                    job(&mut state);
                }
                drop(state);
                drop(alive);
            })?;
        }
        Ok(pool)
    }

    /// Runs `job` on one of the threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut S) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (tell, told) = oneshot::channel();
        let job: Job<S> = Box::new(move |state| {
            let result = catch_unwind(AssertUnwindSafe(|| job(state)))
                .unwrap_or_else(|_| Err(StorageError::Unavailable("internal fault".to_owned())));
            // Whoever asked may have gone.
            let _ = tell.send(result);
        });
        self.queue.push(job).await.map_err(|_| closed())?;
        told.await.map_err(|_| closed())?
    }

    /// Takes no more jobs; threads end when those queued are done.
    pub(super) fn close(&self) {
        self.queue.close();
    }
}

impl<S> Drop for Pool<S> {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Held by every thread; the other end resolves when all have ended.
#[derive(Clone, Debug)]
pub(super) struct Alive {
    // Dropped in this order: whoever hears that all have ended finds the lock free.
    _lock: Arc<std::fs::File>,
    _held: tokio::sync::mpsc::Sender<std::convert::Infallible>,
}

impl Alive {
    /// A new one and its other end. `lock` is held as long as a thread lives.
    pub(super) fn new(
        lock: std::fs::File,
    ) -> (Self, tokio::sync::mpsc::Receiver<std::convert::Infallible>) {
        let (held, ended) = tokio::sync::mpsc::channel(1);
        (Self { _lock: Arc::new(lock), _held: held }, ended)
    }
}

/// What a read works with: a consistent picture of the database, and the segments.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Read-only.
    pub(crate) conn: Connection,
    /// The bytes of messages.
    pub(super) segments: Arc<Segments>,
    /// Logins not yet written.
    pub(super) logins: Arc<Logins>,
    /// What earlier reads found of folders.
    pub(super) known: Arc<Known>,
}

impl Reader {
    /// Runs `read` in one transaction: it sees one committed state.
    pub(super) fn picture<T>(
        &mut self,
        read: impl FnOnce(&Reader) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        if !self.conn.is_autocommit() {
            // An earlier read was left in a panic.
            self.conn.execute_batch("ROLLBACK")?;
        }
        self.conn.prepare_cached("BEGIN DEFERRED")?.execute([])?;
        let result = read(self);
        let ended = self.conn.prepare_cached("COMMIT")?.execute([]);
        let value = result?;
        ended?;
        Ok(value)
    }
}
