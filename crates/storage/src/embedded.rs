//! The embedded engine: one SQLite database for everything but the bytes of messages, and segments for those.
//!
//! One thread writes, in groups (`committer`); some threads read side by side (`reader`). Invariants:
//!
//! 1. **Whole or not at all.** An operation is one savepoint of one transaction. Once it is queued, it does not
//!    matter whether anybody waits for it.
//! 2. **Answered means durable.** The bytes of messages are synced before the commit that refers to them, the
//!    commit is synced before anybody is answered, and folders' subscribers wake before the answer.
//! 3. **The fence.** Every operation for a session checks its login in its own transaction. There is one writing
//!    thread, so a write queued after a raise of the epoch is refused, and one queued before it is complete and
//!    durable before the raise is answered.
//! 4. **Numbers do not come back.** Ids of companies, domains, accounts and folders, and UIDVALIDITYs, are
//!    never reused. A folder's UIDs only grow; its mod-sequence grows with each change.
//! 5. **Counters equal recounting.** `folder.{messages, unseen, deleted, size, expunged_runs}`,
//!    `usage.{bytes, messages, folders}`, `blob.refs` and `segment.{live_blobs, live_bytes}`.
//! 6. **An entry is in one folder**, and its blob has a row in `blob`. `blob` has no row without an entry,
//!    deleted ones included.
//! 7. **Every account has an inbox.** A folder's parent need not exist.
//! 8. **Changes converge.** Whoever applies the answer of `changes(since)` to what was true at `since` has what is
//!    true now: entries carry the mod-sequence of their latest change, what left is in `expunged`. Of a change older
//!    than what `expunged` still tells of (`folder.expunged_floor`), every UID that is not there is answered
//!    as expunged.
//! 9. **A deleted account** has no names, no tokens and only void logins, but keeps its folders and blobs.
//! 10. **What left a folder comes back or goes.** An expunged entry is in `deleted_entry` until it is restored or
//!     purged. Its blob lives as long; the bytes of a blob without entries go with their segment.

mod blob_writer;
mod checked;
mod checkpointer;
mod committer;
mod complaint;
pub(crate) mod directory;
mod fault;
mod fence;
mod logins;
pub(crate) mod mail;
mod open_blob;
mod queue;
mod reader;
mod recovery;
mod schema;
mod segment;
#[cfg(test)]
mod shadow;
mod spare;
mod sql;
mod syncer;
#[cfg(test)]
mod tests;
pub(crate) mod tuning;
mod verify;

pub(crate) use blob_writer::BlobWriter;

use crate::feed::Feed;
use crate::known::{Known, Outline};
use crate::logins::Logins;
use crate::{
    BlobRange, BlobRef, FenceMark, Login, LoginAttempt, OpenError, OpenFolder, Options,
    StorageError, Verification,
};
use blob_writer::BlobShop;
use bytes::Bytes;
use checkpointer::Checkpointer;
use committer::{Committer, Write, Writer};
use complaint::Complaints;
use mail::blob::Held;
use mail::outline;
use mail::picture::{self, Picture};
use reader::{Alive, Pool, Reader};
use recovery::{Layout, Recovered};
use segment::Segments;
use spare::Spare;
use std::path::Path;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use syncer::Syncer;
use terms::{AccountId, FolderId, FolderName, Uid};
use tuning::Tuning;

/// Threads that write and read back the bytes of messages that come in.
const BLOB_THREADS: usize = 2;

/// The engine behind [`crate::Storage`]. See the module's head.
#[derive(Debug)]
pub(crate) struct Embedded {
    committer: Committer,
    readers: Pool<Reader>,
    blobs: Arc<BlobShop>,
    feed: Arc<Feed>,
    logins: Arc<Logins>,
    /// See [`Embedded::fence_mark`].
    voided: Arc<AtomicU64>,
    database: PathBuf,
    /// Ends when all threads have ended.
    threads: tokio::sync::Mutex<tokio::sync::mpsc::Receiver<std::convert::Infallible>>,
}

impl Embedded {
    /// Opens or makes a store.
    pub(crate) async fn open(options: Options) -> Result<Self, OpenError> {
        Self::open_tuned(options, Tuning::default()).await
    }

    pub(crate) async fn open_tuned(options: Options, tuning: Tuning) -> Result<Self, OpenError> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let path = options.data_dir.display().to_string();
        let fault = |source| OpenError::Io { path: path.clone(), source };
        std::thread::Builder::new()
            .name("storage-open".to_owned())
            .spawn(move || tell.send(Self::open_blocking(&options, tuning)))
            .map_err(fault)?;
        told.await.map_err(|_| fault(std::io::Error::other("opening ended early")))?
    }

    /// See [`crate::Storage::check`].
    pub(crate) fn check(data_dir: &Path) -> Result<bool, OpenError> {
        recovery::check(&Layout::new(data_dir))
    }

    /// See [`crate::Storage::verify_closed`].
    pub(crate) fn verify_closed(
        data_dir: &Path,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Option<Verification>, OpenError> {
        let layout = Layout::new(data_dir);
        let Some(_lock) = recovery::hold_whole(&layout)? else { return Ok(None) };
        let conn = recovery::connect_reader(&layout.database)?;
        let segments = Segments::new(layout.segments.clone(), Tuning::default(), (0, 0));
        let (segments, logins, known) = (Arc::new(segments), Arc::default(), Arc::default());
        let mut reader = Reader { conn, segments, logins, known };
        verify::verify(&mut reader, &mut progress).map(Some).map_err(|error| OpenError::Corrupt {
            path: layout.database.display().to_string(),
            problem: error.to_string(),
        })
    }

    fn open_blocking(options: &Options, tuning: Tuning) -> Result<Self, OpenError> {
        let layout = Layout::new(&options.data_dir);
        let Recovered { lock, conn, filling } = recovery::open(&layout, tuning)?;
        let segments = Arc::new(Segments::new(layout.segments.clone(), tuning, filling));
        let feed = Arc::new(Feed::default());
        let logins = Arc::new(Logins::default());
        let known = Arc::new(Known::default());
        let spare = Arc::new(Spare::new(layout.data_dir.clone()));
        let voided = Arc::new(AtomicU64::new(0));
        let (alive, threads) = Alive::new(lock);
        let fault = |source| OpenError::Io { path: options.data_dir.display().to_string(), source };

        let mut states = Vec::new();
        for _ in 0..options.readers.max(1) {
            states.push(Reader {
                conn: recovery::connect_reader(&layout.database)?,
                segments: Arc::clone(&segments),
                logins: Arc::clone(&logins),
                known: Arc::clone(&known),
            });
        }
        let readers = Pool::start("storage-reader", states, &alive).map_err(fault)?;
        let blob_pool = Pool::start("storage-blob", [(); BLOB_THREADS], &alive).map_err(fault)?;
        let writer = Writer {
            path: layout.database.clone(),
            conn: Some(conn),
            syncer: Syncer::start(Arc::clone(&segments)).map_err(fault)?,
            checkpointer: Checkpointer::start(layout.database.clone()).map_err(fault)?,
            segments: Arc::clone(&segments),
            spare: Arc::clone(&spare),
            complaints: Complaints::default(),
            feed: Arc::clone(&feed),
            logins: Arc::clone(&logins),
            voided: Arc::clone(&voided),
            tuning,
        };
        let committer = Committer::start(writer, &alive).map_err(fault)?;
        let blobs = Arc::new(BlobShop {
            pool: blob_pool,
            segments,
            spare,
            spool: layout.spool,
            counter: AtomicU64::new(0),
        });
        let threads = tokio::sync::Mutex::new(threads);
        let database = layout.database;
        Ok(Self { committer, readers, blobs, feed, logins, voided, database, threads })
    }

    /// Finishes what is queued and waits for the threads to end.
    pub(crate) async fn close(&self) {
        self.stop();
        // Nothing is ever sent: this answers when the last thread has let go of its end.
        let _ = self.threads.lock().await.recv().await;
    }

    fn stop(&self) {
        self.committer.close();
        self.readers.close();
        self.blobs.pool.close();
        self.feed.close();
    }

    /// An operation that changes something, and may make logins void by it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Write<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.write_mail(move |write| {
            write.may_void();
            operation(write)
        })
        .await
    }

    /// An operation that changes something, but nothing that logins depend on.
    pub(crate) async fn write_mail<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Write<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.committer.submit(operation).await
    }

    /// An operation that changes something for a session.
    pub(crate) async fn write_as<T: Send + 'static>(
        &self,
        login: &Login,
        operation: impl FnOnce(&mut Write<'_>, AccountId) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let login = login.clone();
        self.write_mail(move |write| {
            fence::check(write.conn, &login)?;
            operation(write, login.account)
        })
        .await
    }

    /// An operation that only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Reader) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.readers.run(move |reader| reader.picture(operation)).await
    }

    /// An operation that only reads, for a session.
    pub(crate) async fn read_as<T: Send + 'static>(
        &self,
        login: &Login,
        operation: impl FnOnce(&Reader, AccountId) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let login = login.clone();
        self.read(move |reader| {
            fence::check(&reader.conn, &login)?;
            operation(reader, login.account)
        })
        .await
    }

    /// Whether a login is still good.
    pub(crate) async fn login_stands(&self, login: &Login) -> Result<bool, StorageError> {
        let login = login.clone();
        self.read(move |reader| fence::stands(&reader.conn, &login)).await
    }

    /// See [`crate::Storage::read_blob`].
    pub(crate) async fn read_blob(
        &self,
        login: &Login,
        entry: (FolderId, Uid, BlobRef),
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        let login = login.clone();
        self.read_unless_moved(move |reader| {
            fence::check(&reader.conn, &login)?;
            mail::blob::read(reader, login.account, entry, offset, length)
        })
        .await
    }

    /// See [`crate::Storage::read_ranges`]. Those that moved after their rows were read are read once more.
    pub(crate) async fn read_ranges(
        &self,
        login: &Login,
        folder: FolderId,
        ranges: Vec<BlobRange>,
    ) -> Result<Vec<Result<Bytes, StorageError>>, StorageError> {
        let read = |ranges: Vec<BlobRange>| {
            self.read_as(login, move |reader, account| {
                let found = mail::blob::read_some(reader, account, folder, &ranges)?;
                Ok((ranges, found))
            })
        };
        let (ranges, mut found) = read(ranges).await?;
        let is_damaged = |read: &Result<_, _>| matches!(read, Err(StorageError::Corrupt(_)));
        let places: Vec<usize> =
            (0..found.len()).filter(|place| is_damaged(&found[*place])).collect();
        if !places.is_empty() {
            let some = places.iter().map(|place| ranges[*place]).collect();
            for (place, again) in places.into_iter().zip(read(some).await?.1) {
                found[place] = again;
            }
        }
        Ok(found)
    }

    /// See [`crate::Storage::fence_mark`]. A group of writes that may have made logins void is counted between its
    /// commit and its answers. So what was read in a transaction begun after the mark, and is used while the
    /// count is the same, is used before any such write is answered.
    pub(crate) fn fence_mark(&self) -> FenceMark {
        FenceMark(self.voided.load(Ordering::Acquire))
    }

    /// See [`crate::Storage::hold_blob`].
    pub(crate) async fn hold_blob(
        &self,
        login: &Login,
        entry: (FolderId, Uid, BlobRef),
    ) -> Result<Held, StorageError> {
        let login = login.clone();
        self.read_unless_moved(move |reader| {
            fence::check(&reader.conn, &login)?;
            mail::blob::hold(reader, login.account, entry)
        })
        .await
    }

    /// See [`crate::Storage::read_held`].
    pub(crate) async fn read_held(
        &self,
        login: &Login,
        held: &Held,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        let held = held.clone();
        self.read_as(login, move |_, account| held.read(account, offset, length)).await
    }

    /// A read of a blob's bytes. After its row was read, a blob may move or go, and its segment with it: then
    /// it is found elsewhere now, or not at all.
    pub(crate) async fn read_unless_moved<T: Send + 'static>(
        &self,
        operation: impl Fn(&Reader) -> Result<T, StorageError> + Clone + Send + 'static,
    ) -> Result<T, StorageError> {
        match self.read(operation.clone()).await {
            Err(StorageError::Corrupt(_)) => self.read(operation).await,
            other => other,
        }
    }

    /// See [`crate::Storage::verify`]. Has a thread and a connection of its own.
    pub(crate) async fn verify(&self) -> Result<Verification, StorageError> {
        let (segments, logins) = (Arc::clone(&self.blobs.segments), Arc::clone(&self.logins));
        let path = self.database.clone();
        let (tell, told) = tokio::sync::oneshot::channel();
        let work = move || {
            let conn = recovery::connect_reader(&path)
                .map_err(|error| StorageError::Unavailable(error.to_string()))?;
            let known = Arc::default();
            verify::verify(&mut Reader { conn, segments, logins, known }, &mut |_, _| {})
        };
        std::thread::Builder::new()
            .name("storage-verify".to_owned())
            .spawn(move || tell.send(work()))
            .map_err(|error| fault::io_fault("thread", &error))?;
        told.await.map_err(|_| StorageError::Unavailable("internal fault".to_owned()))?
    }

    /// Starts to take a message's bytes.
    pub(crate) fn blob_writer(&self, size_hint: Option<u64>) -> BlobWriter {
        BlobWriter::new(Arc::clone(&self.blobs), size_hint)
    }

    /// See [`crate::Storage::open_folder`]. Subscribes first and reads then: what happens in between wakes.
    pub(crate) async fn open_folder(
        &self,
        login: &Login,
        name: &FolderName,
        claim_recent: bool,
    ) -> Result<OpenFolder, StorageError> {
        let (feed, wanted, by) = (Arc::clone(&self.feed), name.clone(), login.clone());
        let work = move |reader: &mut Reader| loop {
            let account = by.account;
            let id = reader.picture(|reader| {
                fence::check(&reader.conn, &by)?;
                picture::id(&reader.conn, account, &wanted)
            })?;
            let subscription = feed.subscribe(id);
            let picture = reader.picture(|reader| {
                fence::check(&reader.conn, &by)?;
                picture::take(reader, account, &wanted, id)
            })?;
            // None: another folder got the name in between.
            if let Some(picture) = picture {
                return Ok((subscription, picture));
            }
        };
        let (subscription, mut picture) = self.readers.run(work).await?;
        let (id, upto) = (picture.folder.id, picture.folder.uid_next);
        if let Some(outline) = picture.to_store.take() {
            self.store_outline(id, outline);
        }
        if claim_recent && picture.recent_from < upto {
            picture.recent_from = self
                .write_as(login, move |write, account| {
                    picture::claim_recent(write, account, id, upto)
                })
                .await?;
        }
        let Picture { folder, uids, first_unseen, recent_from, keywords, .. } = picture;
        Ok(OpenFolder { folder, uids, first_unseen, recent_from, keywords, subscription })
    }

    /// Has an outline written, sooner or later; if there is much to write, not at all. Nobody waits for it.
    fn store_outline(&self, id: FolderId, outline: Outline) {
        let mut write = pin!(self.write_mail(move |write| outline::store(write, id, &outline)));
        // Once polled, it is queued, unless the queue is full.
        let _ = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }

    /// Notes an attempt to log in, to be written with others.
    pub(crate) fn note_login(&self, attempt: LoginAttempt) {
        self.logins.note(attempt);
    }
}

impl Drop for Embedded {
    /// The threads finish what is queued and end by themselves; the lock file is free when they have.
    fn drop(&mut self) {
        self.stop();
    }
}
