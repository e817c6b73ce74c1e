//! The PostgreSQL engine: a database for everything but the bytes of messages, and an object store (or files) for those.
//!
//! It keeps the invariants of the embedded engine (the head of `embedded.rs`), by other means:
//!
//! 1. **Whole or not at all.** An operation is one transaction. One that changes something runs in a task of its own: it
//!    goes on to its end whether or not anybody waits for it.
//! 2. **Answered means durable.** The bytes of a message are stored, under a number that nothing else ever had, before
//!    the transaction that refers to them begins; PostgreSQL acknowledges a commit when its log is on disk.
//!    Those who follow a folder wake before the answer.
//! 3. **The fence.** Every operation for a session checks its login in its own transaction, and changes of an
//!    account, a raise of its epoch included, happen one after the other (`transaction`).
//! 4. **One program has the store** (`owner`).

pub(crate) mod blob;
mod committer;
mod connection;
pub(crate) mod directory;
mod fault;
mod fence;
mod fresh;
mod logins;
pub(crate) mod mail;
mod numbers;
mod owner;
pub(crate) mod probe;
mod schema;
mod sql;
mod transaction;
pub(crate) mod tuning;
mod verify;

use crate::feed::Feed;
use crate::known::Known;
use crate::logins::Logins;
use crate::objects::Objects;
use crate::{FenceMark, Login, OpenError, Options, PostgresqlOptions, StorageError};
use committer::Committer;
use connection::Target;
use deadpool_postgres::{Client, Pool};
use fresh::Fresh;
use mail::compaction::Sweep;
use numbers::Numbers;
use owner::Owner;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;
use tokio_postgres::Client as Connection;
use tuning::Tuning;

/// How long the latest logins may take to be written when the store is closed.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(5);

/// The engine behind [`crate::Storage`]. See the module's head. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Postgresql {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    owner: Owner,
    feed: Arc<Feed>,
    /// How often something was changed that can make logins void.
    voided: AtomicU64,
    /// Where the bytes of messages are.
    objects: Objects,
    /// The numbers under which they go there.
    numbers: Numbers,
    /// Deliveries.
    committer: Committer,
    /// Blobs that wait for their first entry.
    fresh: Fresh,
    /// The search for those that never get one.
    sweep: Mutex<Option<Sweep>>,
    /// Large folders.
    known: Known,
    tuning: Tuning,
    logins: Logins,
    /// Held by whoever writes what waits in `logins`.
    writes_logins: Mutex<()>,
}

impl std::fmt::Debug for Postgresql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgresql").finish_non_exhaustive()
    }
}

impl Postgresql {
    /// Opens the database, makes or brings forward its schema, and takes the store.
    pub(crate) async fn open(
        options: &Options,
        database: &PostgresqlOptions,
    ) -> Result<Self, OpenError> {
        Self::open_tuned(options, database, Tuning::default()).await
    }

    /// The same with other sizes and times.
    pub(crate) async fn open_tuned(
        options: &Options,
        database: &PostgresqlOptions,
        tuning: Tuning,
    ) -> Result<Self, OpenError> {
        let target = Arc::new(Target::new(database)?);
        let mut connection = target.connect(()).await?;
        check_durability(&connection, &target.place).await?;
        schema::migrate(&mut connection, &target.place).await?;
        let owner = Owner::take(Arc::clone(&target)).await?;
        let pool = target.pool(database.connections)?;
        let objects = open_objects(options, &connection, &target.place).await?;
        let shared = Shared {
            pool,
            owner,
            feed: Arc::default(),
            voided: AtomicU64::default(),
            objects,
            committer: Committer::new(database.connections),
            numbers: Numbers::default(),
            fresh: Fresh::default(),
            sweep: Mutex::default(),
            known: Known::default(),
            tuning,
            logins: Logins::default(),
            writes_logins: Mutex::default(),
        };
        let shared = Arc::new(shared);
        tokio::spawn(logins::keep_writing(Arc::downgrade(&shared)));
        Ok(Self { shared })
    }

    /// Carries out the deliveries that wait, and refuses everything from now on.
    pub(crate) async fn close(&self) {
        self.shared.committer.close().await;
        self.shared.logins.hurry();
        let written = tokio::time::timeout(FAREWELL, logins::write_waiting(self)).await;
        let late = || StorageError::Unavailable("PostgreSQL did not answer in time".to_owned());
        if let Err(error) = written.unwrap_or_else(|_| Err(late())) {
            tracing::warn!(%error, "the latest logins could not be noted");
        }
        self.shared.pool.close();
        self.shared.feed.close();
        self.shared.owner.give_up();
    }

    /// A connection, as long as the store is ours.
    async fn client(&self) -> Result<Client, StorageError> {
        self.shared.owner.check()?;
        Ok(self.shared.pool.get().await?)
    }

    /// Deliveries.
    fn committer(&self) -> &Committer {
        &self.shared.committer
    }

    /// Blobs that wait for their first entry.
    fn fresh(&self) -> &Fresh {
        &self.shared.fresh
    }

    /// Sizes and times.
    fn tuning(&self) -> &Tuning {
        &self.shared.tuning
    }

    /// Who follows which folder.
    fn feed(&self) -> &Arc<Feed> {
        &self.shared.feed
    }

    /// What is known of large folders.
    fn known(&self) -> &Known {
        &self.shared.known
    }

    /// See [`crate::Storage::fence_mark`]. Only the owner can make a login void.
    pub(crate) fn fence_mark(&self) -> Option<FenceMark> {
        self.shared.owner.check().ok()?;
        Some(FenceMark(self.shared.voided.load(Ordering::Acquire)))
    }

    /// Whether a login is still good.
    pub(crate) async fn login_stands(&self, login: &Login) -> Result<bool, StorageError> {
        let client = self.client().await?;
        fence::stands(&client, login).await
    }
}

/// Has a change carried out to its end, whether or not anybody waits for it.
async fn carried_out<T: Send + 'static>(
    change: impl Future<Output = Result<T, StorageError>> + Send + 'static,
) -> Result<T, StorageError> {
    let ended = tokio::spawn(change).await;
    ended.map_err(|_| StorageError::Unavailable("internal fault".to_owned()))?
}

/// Opens the place of the bytes of messages, and makes sure that it serves and is no other store's.
async fn open_objects(
    options: &Options,
    connection: &Connection,
    place: &str,
) -> Result<Objects, OpenError> {
    let row = connection.query_one("SELECT name FROM store", &[]).await;
    let name: String = row.map_err(|error| fault::opening(place, &error))?.get(0);
    let (data_dir, blobs) = (options.data_dir.clone(), options.blobs.clone());
    let path = data_dir.display().to_string();
    let opening = tokio::task::spawn_blocking(move || Objects::open(&data_dir, &blobs));
    let ended = opening.await;
    let objects =
        ended.map_err(|error| OpenError::Io { path, source: std::io::Error::other(error) })??;
    objects.probe().await?;
    objects.claim(&name).await?;
    Ok(objects)
}

/// Refuses a server that acknowledges what is not on disk.
async fn check_durability(connection: &Connection, place: &str) -> Result<(), OpenError> {
    for (setting, sql) in [
        ("fsync", "SHOW fsync"),
        ("full_page_writes", "SHOW full_page_writes"),
        ("synchronous_commit", "SHOW synchronous_commit"),
    ] {
        let row = connection.query_one(sql, &[]).await;
        let value: String = row.map_err(|error| fault::opening(place, &error))?.get(0);
        if value == "off" {
            let problem =
                format!("{setting} is off: acknowledged mail could be lost; set it to on");
            return Err(OpenError::Engine { place: place.to_owned(), problem });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
