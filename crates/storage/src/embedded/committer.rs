//! The one thread that writes.
//!
//! It takes what is queued, runs each operation in a savepoint of one transaction while the bytes of
//! messages become durable, waits for that, commits (one fsync for the whole group), wakes the subscribers of changed folders
//! in the order of commits, and only then answers. An operation that fails takes back its savepoint and
//! nothing else; unless SQLite gives up the whole transaction, as it does when the disk is full: then those
//! before it in the group are refused with it, and those after it get a new transaction.

use super::checkpointer::Checkpointer;
use super::complaint::Complaints;
use super::fault::closed;
use super::queue::{Queue, Taken};
use super::reader::Alive;
use super::segment::Segments;
use super::spare::Spare;
use super::syncer::Syncer;
use super::tuning::Tuning;
use super::{recovery, sql};
use crate::StorageError;
use crate::feed::Feed;
use crate::logins::Logins;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use terms::{FolderId, UnixTime};
use tokio::sync::oneshot;

/// Operations that may wait.
const QUEUE_BOUND: usize = 4096;
/// Operations in one transaction.
const GROUP_BOUND: usize = 256;
/// How long logins wait to be written when nothing else is.
const IDLE: Duration = Duration::from_secs(3);
/// Logins written with one group.
const LOGINS_PER_GROUP: usize = 1000;

/// Runs in the group's transaction, or is told why there is none; what it answers is called with the
/// outcome of the commit.
type Operation = Box<dyn FnOnce(Result<&mut Write<'_>, StorageError>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// The way to the writing thread.
pub(super) struct Committer {
    queue: Arc<Queue<Operation>>,
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Committer")
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// What a writing operation works with.
pub(crate) struct Write<'g> {
    /// In a transaction that the operation neither begins nor ends.
    pub(crate) conn: &'g Connection,
    /// The bytes of messages.
    pub(super) segments: &'g Segments,
    /// Whether there is room for more of them.
    pub(super) spare: &'g Spare,
    /// Logins not yet written.
    pub(super) logins: &'g Logins,
    /// Bounds.
    pub(super) tuning: Tuning,
    /// What time it is.
    pub(super) now: UnixTime,
    notes: &'g mut Notes,
}

/// What is to be done after the commit.
#[derive(Debug, Default)]
struct Notes {
    changed: Vec<FolderId>,
    freed: Vec<u32>,
    /// Logins may have become void.
    voids: bool,
    /// SQLite gave up the whole transaction, and why.
    lost: Option<StorageError>,
}

impl Write<'_> {
    /// Notes that a folder changed: its subscribers wake after the commit.
    pub(super) fn changed(&mut self, folder: FolderId) {
        if self.notes.changed.last() != Some(&folder) {
            self.notes.changed.push(folder);
        }
    }

    /// Notes that logins may become void by this.
    pub(super) fn may_void(&mut self) {
        self.notes.voids = true;
    }

    /// Notes that a segment has no live blobs left.
    pub(super) fn freed(&mut self, segment: u32) {
        self.notes.freed.push(segment);
    }

    /// Runs `part` whole or not at all.
    pub(super) fn whole<T>(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.conn.prepare_cached("SAVEPOINT part")?.execute([])?;
        let (changed, freed) = (self.notes.changed.len(), self.notes.freed.len());
        let result =
            catch_unwind(AssertUnwindSafe(|| part(self))).unwrap_or_else(|_| Err(internal()));
        let error = match result {
            Ok(value) => match self.conn.prepare_cached("RELEASE part")?.execute([]) {
                Ok(_) => return Ok(value),
                Err(error) => error.into(),
            },
            Err(error) => error,
        };
        self.notes.changed.truncate(changed);
        self.notes.freed.truncate(freed);
        let taken_back = !self.conn.is_autocommit()
            && self.conn.execute_batch("ROLLBACK TO part; RELEASE part").is_ok();
        if !taken_back {
            self.notes.lost = Some(error.clone());
        }
        Err(error)
    }
}

fn internal() -> StorageError {
    StorageError::Unavailable("internal fault".to_owned())
}

impl Committer {
    /// Starts the thread, which keeps `alive` until it ends.
    pub(super) fn start(writer: Writer, alive: &Alive) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(QUEUE_BOUND));
        let (operations, alive) = (Arc::clone(&queue), alive.clone());
        std::thread::Builder::new().name("storage-writer".to_owned()).spawn(move || {
            writer.serve(&operations);
            drop(alive);
        })?;
        Ok(Self { queue })
    }

    /// Has `operation` carried out, whole or not at all, and answers when it is durable.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Write<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (tell, told) = oneshot::channel();
        let operation: Operation = Box::new(move |write| {
            let result = write.and_then(|write| write.whole(operation));
            Box::new(move |committed| {
                // Whoever asked may have gone; what was done stays done.
                let _ = tell.send(result.and_then(|value| committed.map(|()| value)));
            })
        });
        self.queue.push(operation).await.map_err(|_| closed())?;
        told.await.map_err(|_| closed())?
    }

    /// Takes no more operations; the thread ends when those queued are done.
    pub(super) fn close(&self) {
        self.queue.close();
    }
}

/// The writing thread's own.
#[derive(Debug)]
pub(super) struct Writer {
    /// The database's file.
    pub(super) path: PathBuf,
    /// Absent after a fault, until it is mended.
    pub(super) conn: Option<Connection>,
    /// The bytes of messages.
    pub(super) segments: Arc<Segments>,
    /// Keeps room on the disk.
    pub(super) spare: Arc<Spare>,
    /// What is logged when groups fail.
    pub(super) complaints: Complaints,
    /// Makes them durable.
    pub(super) syncer: Syncer,
    /// Keeps the log short.
    pub(super) checkpointer: Checkpointer,
    /// Who is told of changes.
    pub(super) feed: Arc<Feed>,
    /// Logins to be written.
    pub(super) logins: Arc<Logins>,
    /// Counts groups that may have made logins void, before they are answered.
    pub(super) voided: Arc<AtomicU64>,
    /// Bounds.
    pub(super) tuning: Tuning,
}

impl Writer {
    fn serve(mut self, operations: &Queue<Operation>) {
        loop {
            match operations.take(GROUP_BOUND, IDLE) {
                Taken::Items(group) => self.group(group),
                Taken::Idle => self.tidy_up(),
                Taken::Closed => break,
            }
        }
        self.logins.hurry();
        while self.logins.waiting() > 0 {
            let before = self.logins.waiting();
            self.group(Vec::new());
            if self.logins.waiting() >= before {
                break;
            }
        }
        let _ = self.syncer.finish();
        self.segments.end();
    }

    /// What waits for a quiet moment.
    fn tidy_up(&mut self) {
        if self.logins.waiting() > 0 {
            self.group(Vec::new());
        }
        self.segments.write_left();
        self.remove_dead_segments();
        self.checkpointer.idle();
    }

    /// Carries out a group of operations.
    fn group(&mut self, group: Vec<Operation>) {
        let operations = group.len();
        let mut waiting = group.into_iter();
        loop {
            let mut notes = Notes::default();
            let mut answers = Vec::with_capacity(waiting.len());
            let outcome = self.transaction(&mut waiting, &mut notes, &mut answers);
            if outcome.is_ok() {
                self.feed.publish(&notes.changed);
                self.segments.note_freed(notes.freed.iter().copied());
            }
            if notes.voids {
                // Even if it failed: it may be there nevertheless.
                self.voided.fetch_add(1, Ordering::Release);
            }
            for answer in answers {
                answer(outcome.clone());
            }
            if waiting.len() == 0 {
                break;
            }
        }
        if self.segments.write_ahead() {
            self.syncer.begin();
        }
        if let Some(conn) = &self.conn {
            self.checkpointer.committed(operations, conn);
        }
        self.remove_dead_segments();
    }

    /// One transaction with as many of `waiting` as it survives.
    fn transaction(
        &mut self,
        waiting: &mut std::vec::IntoIter<Operation>,
        notes: &mut Notes,
        answers: &mut Vec<Answer>,
    ) -> Result<(), StorageError> {
        // The blobs of those who wait are all written then, and become durable while the transaction is made.
        self.segments.write_left();
        self.spare.look();
        self.syncer.begin();
        let conn = match self.begin() {
            Ok(()) => self.conn.as_ref().ok_or_else(internal),
            Err(error) => Err(error),
        };
        let conn = match conn {
            Ok(conn) => conn,
            Err(error) => {
                let _ = self.syncer.finish();
                answers.extend(waiting.map(|operation| operation(Err(error.clone()))));
                return Err(error);
            }
        };
        let logins = &*self.logins;
        let (tuning, now) = (self.tuning, (self.tuning.clock)());
        let (segments, spare) = (&*self.segments, &*self.spare);
        let mut write = Write { conn, segments, spare, logins, tuning, now, notes };
        while write.notes.lost.is_none()
            && let Some(operation) = waiting.next()
        {
            answers.push(operation(Ok(&mut write)));
        }
        let ended = match write.notes.lost.take() {
            Some(error) => self.syncer.finish().and(Err(error)),
            None => {
                let written = write
                    .whole(|write| super::logins::write(write.conn, logins, LOGINS_PER_GROUP))
                    .unwrap_or_default();
                match self.syncer.finish() {
                    Ok(()) => commit(conn).inspect(|()| {
                        logins.written(&written);
                        #[cfg(test)]
                        self.segments.shadow.committed(&self.path);
                    }),
                    Err(error) => {
                        // The segment's trouble was logged. The database is sound, as long as it takes this back.
                        conn.execute_batch("ROLLBACK")?;
                        return Err(error);
                    }
                }
            }
        };
        if let Err(error) = &ended {
            if let Some(before) = self.complaints.due(Instant::now()) {
                tracing::error!(%error, before, "a group of operations could not be committed");
            }
            let taken_back = conn.is_autocommit() || conn.execute_batch("ROLLBACK").is_ok();
            // After a failed write or sync the end of the log is suspect; after a full disk it is not.
            if !taken_back || *error != StorageError::Full {
                self.conn = None;
            }
        }
        ended
    }

    /// Begins a transaction, mending the connection first if it is broken.
    fn begin(&mut self) -> Result<(), StorageError> {
        if self.conn.is_none() {
            self.conn = Some(recovery::mend(&self.path, self.tuning)?);
            tracing::info!("writing works again");
        }
        match &self.conn {
            Some(conn) => {
                conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
                Ok(())
            }
            None => Err(internal()),
        }
    }

    /// Removes segments in which nothing lives any more.
    fn remove_dead_segments(&mut self) {
        let Some(conn) = &self.conn else { return };
        for number in self.segments.maybe_dead().into_iter().collect::<BTreeSet<_>>() {
            match forget_if_dead(conn, number) {
                Ok(false) => self.segments.judged(number),
                Ok(true) => {
                    self.segments.judged(number);
                    if let Err(error) = self.segments.remove(number) {
                        tracing::warn!(segment = number, %error, "a dead segment could not be removed");
                    }
                }
                Err(error) => {
                    tracing::warn!(segment = number, %error, "a dead segment could not be removed");
                    return;
                }
            }
        }
    }
}

fn commit(conn: &Connection) -> Result<(), StorageError> {
    conn.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Deletes the row of a segment without live blobs, durably; says whether the file can go.
fn forget_if_dead(conn: &Connection, number: u32) -> Result<bool, StorageError> {
    let live =
        sql::one(conn, "SELECT live_blobs FROM segment WHERE number = ?1", [number], |row| {
            sql::unsigned(row, 0)
        })?;
    match live {
        Some(0) => sql::run(
            conn,
            "DELETE FROM segment WHERE number = ?1 AND live_blobs = 0",
            params![number],
        )
        .map(|_| true),
        Some(_) => Ok(false),
        None => Ok(true),
    }
}
