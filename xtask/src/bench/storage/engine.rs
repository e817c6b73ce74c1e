//! What keeps the mail that is measured.

use crate::services::Services;
use crate::site::{Build, Site};
use clap::ValueEnum;

/// An engine, and where it keeps the bytes of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// Files of the server.
    #[default]
    Embedded,
    /// PostgreSQL; bytes of messages in files.
    Postgresql,
    /// PostgreSQL; bytes of messages in the object store that tests use, which is a simple one.
    PostgresqlAndS3,
}

impl Engine {
    pub(super) fn description(self) -> &'static str {
        match self {
            Engine::Embedded => "by the embedded engine",
            Engine::Postgresql => "in PostgreSQL and files, on this machine",
            Engine::PostgresqlAndS3 => "in PostgreSQL and an object store, on this machine",
        }
    }

    /// A server on it, and the services that it needs; they stop when dropped.
    pub(super) fn start(self, build: Build) -> Result<(Site, Option<Services>), String> {
        if self == Engine::Embedded {
            return Ok((Site::start(build)?, None));
        }
        let services = Services::start()?;
        let value = |name: &str| {
            let name = format!("POSTHOUSE_TEST_{name}");
            let found = services.variables().find(|(known, _)| *known == name);
            found.map(|(_, value)| value).ok_or_else(|| format!("no {name}"))
        };
        let url = value("POSTGRESQL")?;
        let mut sections = format!("[storage]\nengine = \"postgresql\"\nurl = {url:?}\n");
        if self == Engine::PostgresqlAndS3 {
            let place = value("S3")?;
            let (endpoint, bucket) = place.rsplit_once('/').ok_or("no bucket")?;
            let (key, secret) = (value("S3_ACCESS_KEY_ID")?, value("S3_SECRET_ACCESS_KEY")?);
            sections.push_str(&format!(
                "[storage.blobs]\nurl = \"s3://{bucket}/bench\"\nendpoint = {endpoint:?}\n\
                 access_key_id = {key:?}\nsecret_access_key = {secret:?}\n"
            ));
        }
        Ok((Site::start_with(build, &sections)?, Some(services)))
    }
}
