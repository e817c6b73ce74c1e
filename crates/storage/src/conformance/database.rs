//! Databases to try things in, on the PostgreSQL server that tests are given.
//!
//! They are called `posthouse_test_1` and so on, and stay from one run to the next, because dropping one is slow.
//! Whoever works in one holds an advisory lock on its number, which ends with its process at the latest.

use crate::PostgresqlOptions;
use tokio_postgres::{Client, NoTls};

/// Of the locks: "test" in ASCII.
const LOCKS: i32 = 0x7465_7374;

/// A database of one's own, while this lives.
pub(crate) struct Database {
    pub(crate) options: PostgresqlOptions,
    _lock: Client,
}

impl Database {
    /// An empty one; none (said aloud): there is no server.
    pub(crate) async fn take() -> Option<Self> {
        let server = testkit::services::postgresql()?;
        let (base, _) = server.rsplit_once('/').unwrap();
        let lock = connect(&server).await;
        let mut number = 1;
        let try_lock = "SELECT pg_try_advisory_lock($1, $2)";
        while !lock.query_one(try_lock, &[&LOCKS, &number]).await.unwrap().get::<_, bool>(0) {
            number += 1;
        }
        let name = format!("posthouse_test_{number}");
        let url = format!("{base}/{name}");
        let is_there = "SELECT 1 FROM pg_database WHERE datname = $1";
        if lock.query_opt(is_there, &[&name]).await.unwrap().is_none() {
            lock.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        }
        // Those who had it before may still be leaving.
        let end =
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1";
        lock.query(end, &[&name]).await.unwrap();
        let empty = "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public";
        connect(&url).await.batch_execute(empty).await.unwrap();
        Some(Self { options: PostgresqlOptions { url, connections: 8 }, _lock: lock })
    }
}

/// A connection, which ends when the client is dropped.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
