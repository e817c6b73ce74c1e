//! What is particular to this engine. The rules that all engines keep are in `crate::conformance`.

mod bytes;
mod restart;

use crate::conformance::database::Database;
use crate::{BlobPlace, EngineOptions, OpenError, Options, Storage};
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
    drop(one);
    Storage::open(options(dir.path(), &database)).await.unwrap();
}
