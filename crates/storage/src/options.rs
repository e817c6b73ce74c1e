//! How to open a store: which engine, and where the bytes of messages are kept.

use std::fmt;
use std::path::PathBuf;

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything durable of the embedded engine lives, and what other engines keep on this machine;
    /// made if absent.
    pub data_dir: PathBuf,
    /// The embedded engine's connections for reading, each with its own thread.
    pub readers: usize,
    /// What keeps everything but the bytes of messages.
    pub engine: EngineOptions,
    /// What keeps the bytes of messages. The embedded engine knows [`BlobPlace::DataDir`] only.
    pub blobs: BlobPlace,
}

impl Options {
    /// The embedded engine with everything below `data_dir`.
    pub fn embedded(data_dir: impl Into<PathBuf>, readers: usize) -> Self {
        let (engine, blobs) = (EngineOptions::Embedded, BlobPlace::DataDir);
        Self { data_dir: data_dir.into(), readers, engine, blobs }
    }
}

/// What keeps everything but the bytes of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineOptions {
    /// This process, in files.
    Embedded,
    /// A PostgreSQL server.
    Postgresql(PostgresqlOptions),
}

/// A database of a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresqlOptions {
    /// As libpq writes it: `postgresql://user:password@host:port/database?sslmode=require`.
    pub url: String,
    /// How many connections to keep at most.
    pub connections: usize,
}

impl fmt::Debug for PostgresqlOptions {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresqlOptions").field("connections", &self.connections).finish()
    }
}

/// What keeps the bytes of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobPlace {
    /// Files below the data directory.
    DataDir,
    /// An S3-compatible object store.
    S3(S3Options),
}

/// A place in an S3-compatible object store.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Options {
    /// The bucket.
    pub bucket: String,
    /// What every key begins with; may be empty.
    pub prefix: String,
    /// The server's URL; none: Amazon's, of the region.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The access key's name.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: String,
    /// Whether the endpoint may be plain HTTP.
    pub allow_http: bool,
}

impl fmt::Debug for S3Options {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Options")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
