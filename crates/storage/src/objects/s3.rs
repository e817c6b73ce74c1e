//! Objects in an S3-compatible store. A message of more than [`PART`] bytes goes up in parts, so that only a
//! few parts of all messages are in memory; one that is given up is aborted. Parts that a crash leaves are the
//! business of a lifecycle rule of the bucket.

mod words;

use super::{Body, Listed, PAGE, QUEUED, folder, missing, name, number, too_short, turn};
use crate::{OpenError, S3Options, StorageError};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode,
    RetryConfig,
};
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;

/// Size of a part. S3 asks for 5 MiB at least, in all but the last.
const PART: u64 = 8 << 20;

/// How many parts of large messages may be in memory.
const PARTS_IN_MEMORY: usize = 4;

/// How many requests may be under way.
const REQUESTS: usize = 64;

/// Idle connections kept.
const IDLE_CONNECTIONS: usize = 32;

/// Says whose the objects are.
const OWNER: &str = "owner";

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Connecting, with TLS.
    pub(super) connect: Duration,
    /// One try of a request.
    pub(super) request: Duration,
    /// An operation with all its tries.
    pub(super) operation: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(20),
            operation: Duration::from_secs(45),
        }
    }
}

/// How often a request is tried again.
const RETRIES: usize = 4;

/// Objects below a prefix of a bucket.
#[derive(Debug)]
pub(super) struct S3 {
    store: Arc<AmazonS3>,
    name: String,
    bucket: String,
    prefix: Path,
    patience: Duration,
    requests: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl S3 {
    /// Prepares a client. Asks nobody anything.
    pub(super) fn open(options: &S3Options, patience: &Patience) -> Result<Self, OpenError> {
        let name = words::name(options);
        let refuse = |problem: String| OpenError::Engine { place: name.clone(), problem };
        let prefix = Path::parse(&options.prefix).map_err(|error| refuse(error.to_string()))?;
        let client = ClientOptions::new()
            .with_allow_http(options.allow_http)
            .with_connect_timeout(patience.connect)
            .with_timeout(patience.request)
            .with_pool_max_idle_per_host(IDLE_CONNECTIONS);
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(50),
                max_backoff: Duration::from_secs(2),
                base: 3.0,
            },
            max_retries: RETRIES,
            retry_timeout: patience.request,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&options.bucket)
            .with_region(&options.region)
            .with_access_key_id(&options.access_key_id)
            .with_secret_access_key(&options.secret_access_key)
            .with_client_options(client)
            .with_retry(retry)
            // Every compatible store deletes one object; not every one deletes many at once.
            .with_disable_bulk_delete(true);
        if let Some(endpoint) = &options.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let store = builder.build().map_err(|error| refuse(words::brief(&error)))?;
        Ok(Self {
            store: Arc::new(store),
            name,
            bucket: options.bucket.clone(),
            prefix,
            patience: patience.operation,
            requests: Arc::new(Semaphore::new(REQUESTS)),
            large: Arc::new(Semaphore::new(PARTS_IN_MEMORY)),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn probe(&self) -> Result<(), OpenError> {
        // No two probes at a time share a key.
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos());
        let key = self.prefix.clone().join("probe").join(format!("{}-{now}", std::process::id()));
        self.ask(self.page(None)).await.map_err(|error| self.refuse("list", &error))?;
        let said = Bytes::from(now.to_string());
        let put = self.store.put(&key, said.clone().into());
        self.ask(put).await.map_err(|error| self.refuse("write", &error))?;
        let read = self.ask(self.store.get_range(&key, 0..said.len() as u64)).await;
        let deleted = self.ask(self.store.delete(&key)).await;
        if read.map_err(|error| self.refuse("read", &error))? != said {
            let problem = "what was written is not what is read".to_owned();
            return Err(OpenError::Engine { place: self.name.clone(), problem });
        }
        deleted.map_err(|error| self.refuse("delete", &error))
    }

    /// The owner, which is `store` if there was none.
    pub(super) async fn claim(&self, store: &str) -> Result<String, OpenError> {
        let key = self.prefix.clone().join(OWNER);
        let owner =
            async || match self.ask(async { self.store.get(&key).await?.bytes().await }).await {
                Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
                Err(Failure::Store(Error::NotFound { .. })) => Ok(None),
                Err(error) => Err(self.refuse("read", &error)),
            };
        if let Some(owner) = owner().await? {
            return Ok(owner);
        }
        let payload = store.to_owned();
        let claim = self.store.put_opts(&key, payload.clone().into(), PutMode::Create.into());
        match self.ask(claim).await {
            Ok(_) | Err(Failure::Store(Error::AlreadyExists { .. })) => {}
            // A store that cannot put on a condition: two that claim at the same moment are not told apart.
            Err(Failure::Store(Error::NotImplemented { .. })) => {
                let put = self.store.put(&key, payload.into());
                self.ask(put).await.map_err(|error| self.refuse("write", &error))?;
            }
            Err(error) => return Err(self.refuse("write", &error)),
        }
        Ok(owner().await?.unwrap_or_default())
    }

    pub(super) async fn put(self: &Arc<Self>, number: u64, body: Body) -> Result<(), StorageError> {
        let s3 = Arc::clone(self);
        // A task of its own, so that an upload in parts comes to its end whoever stops waiting for it.
        let put = tokio::spawn(async move {
            let key = s3.key(number);
            match body {
                Body::Memory(bytes) => s3.put_once(&key, bytes).await,
                Body::Spooled(_, size) if size <= PART => {
                    let _memory = turn(&s3.large, &s3.name).await?;
                    let bytes = part(body, 0..size).await?;
                    s3.put_once(&key, bytes).await
                }
                Body::Spooled(..) => s3.put_parts(&key, body).await,
            }
        });
        put.await.map_err(|error| StorageError::Unavailable(error.to_string()))?
    }

    async fn put_once(&self, key: &Path, bytes: Bytes) -> Result<(), StorageError> {
        let put = self.store.put(key, bytes.into());
        self.ask(put).await.map(drop).map_err(|error| self.fault(error))
    }

    async fn put_parts(&self, key: &Path, body: Body) -> Result<(), StorageError> {
        let begin = self.store.put_multipart(key);
        let mut upload = self.ask(begin).await.map_err(|error| self.fault(error))?;
        let outcome = self.send_parts(upload.as_mut(), &body).await;
        if outcome.is_err() {
            // What it leaves if this fails too, the bucket's lifecycle rule removes.
            let _ = self.ask(upload.abort()).await;
        }
        outcome
    }

    async fn send_parts(
        &self,
        upload: &mut dyn MultipartUpload,
        body: &Body,
    ) -> Result<(), StorageError> {
        let size = body.size();
        let mut at = 0;
        while at < size {
            let end = size.min(at + PART);
            let _memory = turn(&self.large, &self.name).await?;
            let bytes = part(body.clone(), at..end).await?;
            let sent = upload.put_part(bytes.into());
            self.ask(sent).await.map_err(|error| self.fault(error))?;
            at = end;
        }
        self.ask(upload.complete()).await.map(drop).map_err(|error| self.fault(error))
    }

    pub(super) async fn read(&self, number: u64, range: Range<u64>) -> Result<Bytes, StorageError> {
        let wanted = range.end - range.start;
        let key = self.key(number);
        match self.ask(self.store.get_range(&key, range)).await {
            Ok(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
            Ok(_) => Err(too_short(number)),
            Err(Failure::Store(Error::NotFound { .. })) => Err(missing(number)),
            Err(Failure::Store(error)) if words::is_beyond_the_end(&error) => {
                Err(too_short(number))
            }
            Err(error) => Err(self.fault(error)),
        }
    }

    pub(super) async fn delete(&self, number: u64) -> Result<(), StorageError> {
        let key = self.key(number);
        match self.ask(self.store.delete(&key)).await {
            Ok(()) | Err(Failure::Store(Error::NotFound { .. })) => Ok(()),
            Err(error) => Err(self.fault(error)),
        }
    }

    pub(super) async fn list(&self, after: Option<u64>) -> Result<Vec<Listed>, StorageError> {
        self.ask(self.page(after)).await.map_err(|error| self.fault(error))
    }

    async fn page(&self, after: Option<u64>) -> Result<Vec<Listed>, Error> {
        let all = self.prefix.clone().join("blobs");
        let mut objects = match after {
            None => self.store.list(Some(&all)),
            Some(after) => self.store.list_with_offset(Some(&all), &self.key(after)),
        };
        let mut page = Vec::new();
        while page.len() < PAGE {
            let Some(object) = objects.try_next().await? else { break };
            let mut names = object.location.parts();
            let file_name = names.next_back();
            let folder_name = names.next_back();
            let found = file_name
                .zip(folder_name)
                .and_then(|(file, folder)| number(folder.as_ref(), file.as_ref()));
            page.extend(found.map(|number| Listed { number, size: object.size }));
        }
        Ok(page)
    }

    fn key(&self, number: u64) -> Path {
        self.prefix.clone().join("blobs").join(folder(number)).join(name(number))
    }

    /// One operation, when it is its turn, and for no longer than it may take.
    async fn ask<T>(&self, request: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        let _turn = turn(&self.requests, &self.name).await.map_err(|_| Failure::Busy)?;
        match tokio::time::timeout(self.patience, request).await {
            Ok(answer) => answer.map_err(Failure::Store),
            Err(_) => Err(Failure::Silent),
        }
    }

    fn fault(&self, failure: Failure) -> StorageError {
        match failure {
            Failure::Store(error) if words::is_full(&error) => StorageError::Full,
            failure => StorageError::Unavailable(format!("{}: {}", self.name, failure.brief())),
        }
    }

    /// What an operator is told while the store is opened.
    fn refuse(&self, act: &str, failure: &Failure) -> OpenError {
        let problem = match failure {
            Failure::Store(error) => words::advice(error, act, &self.bucket),
            _ => failure.brief(),
        };
        OpenError::Engine { place: self.name.clone(), problem }
    }
}

/// Why there is no answer, or which.
#[derive(Debug)]
enum Failure {
    Store(Error),
    /// There were too many before it.
    Busy,
    /// It took too long.
    Silent,
}

impl Failure {
    fn brief(&self) -> String {
        match self {
            Self::Store(error) => words::brief(error),
            Self::Busy => format!("too busy: no turn within {} s", QUEUED.as_secs()),
            Self::Silent => "no answer in time".to_owned(),
        }
    }
}

/// A part of a body, read on a thread that may block.
async fn part(body: Body, range: Range<u64>) -> Result<Bytes, StorageError> {
    let read = tokio::task::spawn_blocking(move || body.part(range)).await;
    match read {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(super::disk::fault("spool", &error)),
        Err(error) => Err(StorageError::Unavailable(error.to_string())),
    }
}
