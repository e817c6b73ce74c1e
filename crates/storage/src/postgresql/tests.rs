//! What is particular to this engine. The rules that all engines keep are in `crate::conformance`.

use crate::{BlobPlace, EngineOptions, OpenError, Options, PostgresqlOptions, Storage};
use std::path::Path;

/// A database of its own on the server that tests are given, made empty; none (said aloud): there is no server.
async fn database(name: &str) -> Option<PostgresqlOptions> {
    let Ok(server) = std::env::var("POSTHOUSE_TEST_POSTGRESQL") else {
        eprintln!("skipped: POSTHOUSE_TEST_POSTGRESQL names no server");
        return None;
    };
    let (client, connection) =
        tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let name = format!("posthouse_{name}_{}", std::process::id());
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    Some(PostgresqlOptions { url: format!("{base}/{name}"), connections: 4 })
}

fn options(dir: &Path, database: &PostgresqlOptions) -> Options {
    Options {
        engine: EngineOptions::Postgresql(database.clone()),
        blobs: BlobPlace::DataDir,
        ..Options::embedded(dir, 1)
    }
}

#[tokio::test]
async fn one_program_has_the_store() {
    let Some(database) = database("owner").await else { return };
    let dir = tempfile::tempdir().unwrap();
    let one = Storage::open(options(dir.path(), &database)).await.unwrap();
    let other = Storage::open(options(dir.path(), &database)).await;
    assert!(matches!(other, Err(OpenError::InUse { .. })), "{other:?}");
    drop(one);
    Storage::open(options(dir.path(), &database)).await.unwrap();
}
