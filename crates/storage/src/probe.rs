//! Asking the servers that keep a part of a store whether they would, without opening it.

use crate::objects::Objects;
use crate::postgresql;
use crate::{BlobPlace, EngineOptions, OpenError, Options, Storage};

/// What asking one server came to.
#[derive(Debug)]
pub struct Probe {
    /// What it keeps: `database` or `object store`.
    pub subject: &'static str,
    /// What it can do, or why it would not; with its name.
    pub outcome: Result<String, OpenError>,
}

impl Storage {
    /// Asks each server that keeps a part of the store. What is kept on this machine is not looked at, see
    /// [`Storage::check`]. Leaves everything as it was.
    pub async fn probe(options: &Options) -> Vec<Probe> {
        let mut probes = Vec::new();
        if let EngineOptions::Postgresql(database) = &options.engine {
            let outcome = postgresql::probe::probe(database).await;
            probes.push(Probe { subject: "database", outcome });
        }
        if let BlobPlace::S3(bucket) = &options.blobs {
            let outcome = Objects::probe_s3(bucket)
                .await
                .map(|name| format!("{name}: objects can be listed, written, read and deleted"));
            probes.push(Probe { subject: "object store", outcome });
        }
        probes
    }
}
