//! What storage needs now and then: what was deleted long ago goes for ever, and files that are mostly
//! dead are emptied. In slices with pauses, so that nobody waits for it.

use crate::host::now;
use crate::services::Services;
use std::sync::Arc;
use std::time::Duration;
use storage::{Storage, StorageError};
use terms::UnixTime;
use tokio::time::sleep;

/// From one slice to the next.
const PAUSE: Duration = Duration::from_millis(100);
/// Entries purged in one slice.
const ENTRIES: usize = 500;
/// Bytes moved in one slice.
const BYTES: u64 = 4 * 1024 * 1024;

/// Keeps storage tidy until the server stops. `retention`: for how long what is deleted can be brought back;
/// `every`: from one round to the next.
pub(crate) async fn tidy_until_stop(services: Arc<Services>, retention: Duration, every: Duration) {
    tokio::select! {
        biased;
        () = services.shutdown.begun() => {}
        () = tidy(&services.storage, retention, every) => {}
    }
}

async fn tidy(storage: &Storage, retention: Duration, every: Duration) {
    loop {
        sleep(every.max(PAUSE)).await;
        if let Err(error) = round(storage, before(now(), retention)).await {
            tracing::warn!(%error, "storage is not tidied");
        }
    }
}

/// What was deleted before this goes.
fn before(now: UnixTime, retention: Duration) -> UnixTime {
    UnixTime(now.0.saturating_sub_unsigned(retention.as_secs()))
}

/// Does all there is to do now.
async fn round(storage: &Storage, before: UnixTime) -> Result<(), StorageError> {
    let (mut entries, mut accounts, mut moved) = (0, 0, 0);
    loop {
        let purged = storage.purge(before, ENTRIES).await?;
        entries += purged.entries;
        accounts += purged.accounts;
        if !purged.more {
            break;
        }
        sleep(PAUSE).await;
    }
    loop {
        let compacted = storage.compact(BYTES).await?;
        moved += compacted.bytes;
        if !compacted.more {
            break;
        }
        sleep(PAUSE).await;
    }
    if entries + accounts + moved > 0 {
        tracing::info!(entries, accounts, moved_bytes = moved, "storage tidied");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_counts_back() {
        let check = |now, days, expected| {
            let retention = Duration::from_secs(days * 24 * 60 * 60);
            assert_eq!(before(UnixTime(now), retention), UnixTime(expected));
        };
        check(3_000_000, 30, 408_000);
        check(0, 1, -86_400);
        check(0, u64::MAX / 86_400, i64::MIN);
    }

    #[tokio::test]
    async fn a_round_of_an_empty_store_ends() {
        let dir = tempfile::tempdir().unwrap();
        let options = storage::Options::embedded(dir.path().to_owned(), 1);
        let storage = Storage::open(options).await.unwrap();
        round(&storage, UnixTime(i64::MAX)).await.unwrap();
        storage.close().await;
    }
}
