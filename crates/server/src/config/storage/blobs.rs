//! Where the engine "postgresql" keeps the bytes of messages.

use super::{SecretFileError, one_of};
use crate::config::error::ConfigError;
use crate::config::section::section;
use crate::config::setting::{Raw, Refused, Setting, quoted, read_text};
use crate::config::source::Source;
use std::fmt;
use std::path::PathBuf;
use storage::{BlobPlace, S3Options};
use terms::Secret;

section! {
    /// Where engine "postgresql" keeps the bytes of messages. Without a url: in files under data_dir.
    "storage.blobs" Blobs {
        /// A bucket of an S3-compatible object store, which is there already, and what the keys in it begin
        /// with, such as "s3://mail/posthouse".
        url: Option<BucketUrl> = None,
        /// The object store's server, such as "https://s3.example.net:9000". Unless given, Amazon's of the region.
        endpoint: Option<ServerUrl> = None,
        /// Its region. Unless given, "us-east-1", which is what stores without regions expect.
        region: Option<Word> = None,
        /// The access key. It may list, write, read and delete objects, and upload in parts.
        access_key_id: Option<Word> = None,
        /// A file that holds it instead.
        access_key_id_file: Option<PathBuf> = None,
        /// The access key's secret.
        secret_access_key: Option<Secret> = None,
        /// A file that holds it instead.
        secret_access_key_file: Option<PathBuf> = None,
        /// Whether messages may travel to the object store in the clear.
        allow_http: bool = false,
    }
}

/// A bucket and a prefix in it: `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    bucket: String,
    prefix: String,
}

impl Setting for BucketUrl {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        let must = "must be \"s3://\", the name of a bucket and perhaps a prefix, such as \
                    \"s3://mail/posthouse\"";
        read_text(raw, must, |text| {
            let place = text.strip_prefix("s3://")?;
            let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
            let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
            let in_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            let is_bucket = (3..=63).contains(&bucket.len())
                && bucket.bytes().all(|byte| in_name(byte) || byte == b'.' || byte == b'-');
            // Keys may be 1024 bytes long, ours with their prefix.
            let is_prefix = prefix.len() <= 900
                && prefix
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
                && (prefix.is_empty()
                    || prefix.split('/').all(|part| !matches!(part, "" | "." | "..")));
            (is_bucket && is_prefix)
                .then(|| Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
        })
    }

    fn print(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.bucket, self.prefix)
    }
}

/// A server: `https://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl(String);

impl ServerUrl {
    fn is_plain(&self) -> bool {
        self.0.starts_with("http://")
    }
}

impl Setting for ServerUrl {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        let must = "must be \"https://\" or \"http://\", a host and perhaps a port, such as \
                    \"https://s3.example.net:9000\"";
        read_text(raw, must, |text| {
            let text = text.strip_suffix('/').unwrap_or(text);
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
            (!host.is_empty() && host.bytes().all(plain)).then(|| Self(text.to_owned()))
        })
    }

    fn print(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

/// Visible ASCII without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(String);

impl Setting for Word {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        read_text(raw, "must be text without spaces", |text| {
            let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            is_word.then(|| Self(text.to_owned()))
        })
    }

    fn print(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

/// Complains about the first rule between these settings that is broken.
pub(super) fn check(blobs: &Blobs, source: &Source) -> Result<(), ConfigError> {
    let refuse = |key: &str, why: &str| Err(source.refuse(key, why));
    if blobs.url.is_none() {
        return match blobs.first_given() {
            None => Ok(()),
            Some(key) => refuse(key, "storage.blobs.url is not given: which bucket"),
        };
    }
    let twice = |key: &str| refuse(key, "it is given in the configuration too: use one of the two");
    if blobs.access_key_id.is_some() && blobs.access_key_id_file.is_some() {
        return twice("storage.blobs.access_key_id_file");
    }
    if blobs.secret_access_key.is_some() && blobs.secret_access_key_file.is_some() {
        return twice("storage.blobs.secret_access_key_file");
    }
    if blobs.access_key_id.is_none() && blobs.access_key_id_file.is_none() {
        let why = "it needs storage.blobs.access_key_id or access_key_id_file: who may use it";
        return refuse("storage.blobs.url", why);
    }
    if blobs.secret_access_key.is_none() && blobs.secret_access_key_file.is_none() {
        let why = "it needs storage.blobs.secret_access_key or secret_access_key_file: proof of who \
                   may use it";
        return refuse("storage.blobs.url", why);
    }
    if blobs.endpoint.as_ref().is_some_and(ServerUrl::is_plain) && !blobs.allow_http {
        let why = "messages would travel in the clear: use https://, or storage.blobs.allow_http = \
                   true if the network between is your own";
        return refuse("storage.blobs.endpoint", why);
    }
    Ok(())
}

impl Blobs {
    /// The first key that says something about an object store.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        [
            ("storage.blobs.url", self.url.is_some()),
            ("storage.blobs.endpoint", self.endpoint.is_some()),
            ("storage.blobs.region", self.region.is_some()),
            ("storage.blobs.access_key_id", self.access_key_id.is_some()),
            ("storage.blobs.access_key_id_file", self.access_key_id_file.is_some()),
            ("storage.blobs.secret_access_key", self.secret_access_key.is_some()),
            ("storage.blobs.secret_access_key_file", self.secret_access_key_file.is_some()),
            ("storage.blobs.allow_http", self.allow_http),
        ]
        .into_iter()
        .find_map(|(key, is_given)| is_given.then_some(key))
    }

    /// Where that is. Reads the files that hold secrets.
    pub(super) fn place(&self) -> Result<BlobPlace, SecretFileError> {
        let Some(BucketUrl { bucket, prefix }) = self.url.clone() else {
            return Ok(BlobPlace::DataDir);
        };
        let id = self.access_key_id.as_ref().map(|word| Secret::new(&word.0));
        Ok(BlobPlace::S3(S3Options {
            bucket,
            prefix,
            endpoint: self.endpoint.as_ref().map(|endpoint| endpoint.0.clone()),
            region: self.region.as_ref().map_or("us-east-1", |region| &region.0).to_owned(),
            access_key_id: one_of(
                "storage.blobs.access_key_id_file",
                id.as_ref(),
                self.access_key_id_file.as_deref(),
            )?,
            secret_access_key: one_of(
                "storage.blobs.secret_access_key_file",
                self.secret_access_key.as_ref(),
                self.secret_access_key_file.as_deref(),
            )?,
            allow_http: self.allow_http,
        }))
    }
}
