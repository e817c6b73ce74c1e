//! One program at a time has the store: sessions are listed by the program that serves them, so a second one on the same
//! database would have sessions that a logout at the first does not end.
//!
//! The owner holds an advisory lock on a connection of its own, and its number is in `store.owner`. When that
//! connection is lost, everything is refused until the lock is held again *and* the number is still there: then nobody
//! else was here. Otherwise it stays refused for ever, because logouts may have happened elsewhere.

use super::connection::Target;
use super::fault::{closed, opening};
use crate::{OpenError, StorageError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_postgres::Client;

/// The owner's lock: "Post" and "hous" in ASCII.
const LOCK: i64 = 0x506f_7374_686f_7573;
/// How often a silent connection is asked whether it is still there, and how often a lost one is tried anew.
const PULSE: Duration = Duration::from_secs(2);
/// How long a lock may stay with a connection of ours that PostgreSQL has not yet noticed to be gone.
const LINGER: Duration = Duration::from_secs(5);

/// How often it is asked for meanwhile.
const AGAIN: Duration = Duration::from_millis(100);

const OURS: u8 = 0;
const LOST: u8 = 1;
const TAKEN: u8 = 2;
const GIVEN_UP: u8 = 3;

/// See the module's head. Gives the store up when dropped.
#[derive(Debug)]
pub(super) struct Owner {
    state: Arc<AtomicU8>,
    keeper: tokio::task::JoinHandle<()>,
}

impl Owner {
    /// Takes the store. `InUse`.
    pub(super) async fn take(target: Arc<Target>) -> Result<Self, OpenError> {
        let started = tokio::time::Instant::now();
        let held = loop {
            match Held::take(&target).await? {
                Some(held) => break held,
                None if started.elapsed() < LINGER => tokio::time::sleep(AGAIN).await,
                None => return Err(OpenError::InUse { path: target.place.clone() }),
            }
        };
        let sql = "UPDATE store SET owner = owner + 1 RETURNING owner";
        let row = held.client.query_one(sql, &[]).await;
        let number: i64 = row.map_err(|error| opening(&target.place, &error))?.get(0);
        let state = Arc::new(AtomicU8::new(OURS));
        let keeper = tokio::spawn(keep(target, held, number, Arc::clone(&state)));
        Ok(Self { state, keeper })
    }

    /// Lets others have the store. Nothing is allowed any more.
    pub(super) fn give_up(&self) {
        // The keeper's connection ends with it.
        self.keeper.abort();
        self.state.store(GIVEN_UP, Ordering::Release);
    }

    /// Whether the store is ours at the moment.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        let problem = match self.state.load(Ordering::Acquire) {
            OURS => return Ok(()),
            GIVEN_UP => return Err(closed()),
            LOST => "the connection to PostgreSQL that holds the store is lost",
            _ => "another server has taken over the database: restart this one",
        };
        Err(StorageError::Unavailable(problem.to_owned()))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Whether somebody has the store.
pub(super) async fn is_taken(client: &Client, place: &str) -> Result<bool, OpenError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1
                   AND (classid::bigint << 32 | objid::bigint) = $1
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    let row = client.query_one(sql, &[&LOCK]).await;
    Ok(row.map_err(|error| opening(place, &error))?.get(0))
}

/// The lock while its connection lives.
struct Held {
    client: Client,
    /// Ends with the connection.
    gone: oneshot::Receiver<std::convert::Infallible>,
}

impl Held {
    /// Takes the lock, if it is free.
    async fn take(target: &Target) -> Result<Option<Self>, OpenError> {
        let (living, gone) = oneshot::channel();
        let client = target.connect(living).await?;
        let row = client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await;
        let free: bool = row.map_err(|error| opening(&target.place, &error))?.get(0);
        Ok(free.then_some(Self { client, gone }))
    }

    /// Returns when the connection is gone, or silent.
    async fn end(mut self) {
        loop {
            tokio::select! {
                _ = &mut self.gone => return,
                () = tokio::time::sleep(PULSE) => {
                    let pulse = tokio::time::timeout(PULSE * 2, self.client.simple_query(""));
                    if !matches!(pulse.await, Ok(Ok(_))) {
                        return;
                    }
                }
            }
        }
    }
}

/// Watches the connection, and takes the store back when it was lost and nobody else has had it.
async fn keep(target: Arc<Target>, mut held: Held, number: i64, state: Arc<AtomicU8>) {
    loop {
        held.end().await;
        if !moved(&state, OURS, LOST) {
            return;
        }
        tracing::error!(database = target.place, "the connection that holds the store is lost");
        held = loop {
            tokio::time::sleep(PULSE).await;
            let Ok(Some(again)) = Held::take(&target).await else { continue };
            let owner = again.client.query_one("SELECT owner FROM store", &[]).await;
            match owner.map(|row| row.get::<_, i64>(0)) {
                Ok(owner) if owner == number => break again,
                Ok(_) => {
                    moved(&state, LOST, TAKEN);
                    tracing::error!(database = target.place, "another server has the store now");
                    return;
                }
                Err(_) => {}
            }
        };
        if !moved(&state, LOST, OURS) {
            return;
        }
        tracing::info!(database = target.place, "the store is held again");
    }
}

/// Goes from one state to the next; false: the store was given up meanwhile.
fn moved(state: &AtomicU8, from: u8, to: u8) -> bool {
    state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}
