//! What is particular to this engine. The rules that all engines keep are in `crate::conformance`.

mod bytes;
mod crash;
mod restart;

use crate::conformance::database::{Database, connect};
use crate::{BlobPlace, EngineOptions, OpenError, Options, Storage, StorageError};
use std::path::Path;

fn options(dir: &Path, database: &Database) -> Options {
    Options {
        engine: EngineOptions::Postgresql(database.options.clone()),
        blobs: BlobPlace::DataDir,
        ..Options::embedded(dir, 1)
    }
}

#[tokio::test]
async fn one_program_has_the_store() {
    let Some(database) = Database::take().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let one = Storage::open(options(dir.path(), &database)).await.unwrap();
    let other = Storage::open(options(dir.path(), &database)).await;
    assert!(matches!(other, Err(OpenError::InUse { .. })), "{other:?}");
    let probe = async || super::probe::probe(&database.options).await;
    let probed = probe().await;
    assert!(matches!(probed, Err(OpenError::InUse { .. })), "{probed:?}");
    drop(one);
    while matches!(probe().await, Err(OpenError::InUse { .. })) {}
    assert!(probe().await.unwrap().contains("has a store of this version"));
    Storage::open(options(dir.path(), &database)).await.unwrap();
}

/// The connection that holds the store is lost: taken back if nobody was there meanwhile, else given up.
#[tokio::test]
async fn a_lost_store_is_taken_back_once() {
    let Some(database) = Database::take().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::open(options(dir.path(), &database)).await.unwrap();
    let cut = async |also: &str| {
        let sql = format!(
            "{also}; SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );
        connect(&database.options.url).await.batch_execute(&sql).await.unwrap();
    };
    for (also, served) in [("SELECT", true), ("UPDATE store SET owner = owner + 1", false)] {
        cut(also).await;
        let mut said = Vec::new();
        for _ in 0..100 {
            match storage.companies().await {
                Ok(_) if !said.is_empty() => break,
                Ok(_) => {}
                Err(StorageError::Unavailable(why)) => said.push(why),
                Err(other) => panic!("{other}"),
            }
            if said.last().is_some_and(|why| why.contains("taken over")) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert!(!said.is_empty(), "it went on without the store");
        assert_eq!(storage.companies().await.is_ok(), served, "{said:?}");
    }
}
