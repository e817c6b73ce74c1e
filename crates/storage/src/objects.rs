//! Bytes of messages outside of the database, for the engine "postgresql": one object per message, in an
//! S3-compatible store or in files below the data directory. Not of the embedded engine, which packs
//! them into segments.
//!
//! An object is named by a number that the engine gives, never the same one twice, and never changes.
//! It is durable when [`Objects::put`] answers, so an engine puts first and commits then: what it
//! crashes between is an object that no row refers to, which [`Objects::list`] finds. The engine keeps size
//! and checksum ([`Stored`]); what is read whole is checked against them. Each wait has a bound, and so has
//! the number of those who wait.

mod disk;
mod files;
mod s3;
mod writer;

#[cfg(test)]
mod tests;

use crate::{BlobPlace, OpenError, S3Options, StorageError};
use bytes::Bytes;
use files::Files;
use futures::{StreamExt, stream};
use s3::S3;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use writer::ObjectWriter;

/// The most objects that one call of [`Objects::list`] tells.
const PAGE: usize = 1000;

/// How many deletions go on at a time in one call.
const DELETIONS: usize = 16;

/// How much of a message is read at a time where all of it is not needed at once.
const PIECE: u64 = 1 << 20;

/// How long an operation waits for those before it.
const QUEUED: Duration = Duration::from_secs(30);

/// Where objects are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    place: Place,
    spool: Arc<writer::Spools>,
}

#[derive(Clone, Debug)]
enum Place {
    Files(Arc<Files>),
    S3(Arc<S3>),
}

/// What must be known of an object to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its name.
    pub(crate) number: u64,
    /// How many bytes it has.
    pub(crate) size: u64,
    /// BLAKE3 of these.
    pub(crate) checksum: [u8; 32],
}

/// An object that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its name.
    pub(crate) number: u64,
    /// How many bytes it has.
    pub(crate) size: u64,
}

/// A message's bytes on their way.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Few enough to be in memory.
    Memory(Bytes),
    /// In a file without a name: all of it.
    Spooled(Arc<File>, u64),
}

impl Objects {
    /// Prepares `place`. What is local is made if it is absent; a server is not asked anything yet, see
    /// [`Objects::probe`]. Blocks on the disk.
    ///
    /// # Errors
    /// The data directory cannot be written, or the server's address and names cannot be.
    pub(crate) fn open(data_dir: &Path, place: &BlobPlace) -> Result<Self, OpenError> {
        let place = match place {
            BlobPlace::DataDir => Place::Files(Arc::new(Files::open(data_dir.join("blobs"))?)),
            BlobPlace::S3(options) => {
                Place::S3(Arc::new(S3::open(options, &s3::Patience::default())?))
            }
        };
        Ok(Self { place, spool: Arc::new(writer::Spools::open(data_dir.join("spool"))?) })
    }

    /// Where it is, as an operator would call it.
    pub(crate) fn name(&self) -> String {
        match &self.place {
            Place::Files(files) => files.name(),
            Place::S3(s3) => s3.name().to_owned(),
        }
    }

    /// Whether objects can be listed, written, read and deleted. Leaves nothing.
    ///
    /// # Errors
    /// What keeps them from it, in words for an operator.
    pub(crate) async fn probe(&self) -> Result<(), OpenError> {
        match &self.place {
            Place::Files(files) => files.probe().await,
            Place::S3(s3) => s3.probe().await,
        }
    }

    /// [`Objects::probe`] of a server, with nothing made on this machine; its name.
    pub(crate) async fn probe_s3(options: &S3Options) -> Result<String, OpenError> {
        let s3 = S3::open(options, &s3::Patience::default())?;
        s3.probe().await?;
        Ok(s3.name().to_owned())
    }

    /// Makes this place the one of `store`, if it is nobody's yet. Two stores in one place would
    /// overwrite each other's messages, so an engine claims before it puts.
    ///
    /// # Errors
    /// It is another's, or cannot be reached.
    pub(crate) async fn claim(&self, store: &str) -> Result<(), OpenError> {
        let owner = match &self.place {
            Place::Files(files) => files.claim(store).await?,
            Place::S3(s3) => s3.claim(store).await?,
        };
        if owner == store {
            return Ok(());
        }
        let problem = format!(
            "keeps the messages of another store ({owner}, this one is {store}): each needs a place of \
             its own"
        );
        Err(OpenError::Engine { place: self.name(), problem })
    }

    /// Takes a message's bytes as they come.
    pub(crate) fn writer(&self, size_hint: Option<u64>) -> ObjectWriter {
        ObjectWriter::new(self.clone(), size_hint)
    }

    /// Stores an object, durably. The same once more is no harm. What was begun goes on when this future is
    /// dropped.
    ///
    /// # Errors
    /// [`StorageError::Full`] or [`StorageError::Unavailable`]; whether it is stored is then unknown.
    pub(crate) async fn put(&self, number: u64, body: Body) -> Result<(), StorageError> {
        match &self.place {
            Place::Files(files) => files.put(number, body).await,
            Place::S3(s3) => s3.put(number, body).await,
        }
    }

    /// A part of an object. The caller bounds how much it asks for.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`]: the object, or this part of it, is not there.
    pub(crate) async fn read(&self, number: u64, range: Range<u64>) -> Result<Bytes, StorageError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        match &self.place {
            Place::Files(files) => files.read(number, range).await,
            Place::S3(s3) => s3.read(number, range).await,
        }
    }

    /// All of an object, checked.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`]: it is not there, or not what was stored.
    pub(crate) async fn read_whole(&self, stored: &Stored) -> Result<Bytes, StorageError> {
        let bytes = self.read(stored.number, 0..stored.size).await?;
        if *blake3::hash(&bytes).as_bytes() == stored.checksum {
            Ok(bytes)
        } else {
            Err(mismatch(stored.number))
        }
    }

    /// Reads an object in pieces and checks it, whatever its size.
    ///
    /// # Errors
    /// As [`Objects::read_whole`].
    pub(crate) async fn verify(&self, stored: &Stored) -> Result<(), StorageError> {
        let mut hasher = blake3::Hasher::new();
        let mut at = 0;
        while at < stored.size {
            let end = stored.size.min(at + PIECE);
            hasher.update(&self.read(stored.number, at..end).await?);
            at = end;
        }
        if *hasher.finalize().as_bytes() == stored.checksum {
            Ok(())
        } else {
            Err(mismatch(stored.number))
        }
    }

    /// Deletes objects. One that is not there is deleted already.
    ///
    /// # Errors
    /// Some may be left: ask again.
    pub(crate) async fn delete(&self, numbers: &[u64]) -> Result<(), StorageError> {
        let mut deletions = stream::iter(numbers.to_vec())
            .map(|number| self.delete_one(number))
            .buffer_unordered(DELETIONS);
        let mut outcome = Ok(());
        while let Some(deleted) = deletions.next().await {
            outcome = outcome.and(deleted);
        }
        outcome
    }

    async fn delete_one(&self, number: u64) -> Result<(), StorageError> {
        match &self.place {
            Place::Files(files) => files.delete(number).await,
            Place::S3(s3) => s3.delete(number).await,
        }
    }

    /// The objects after the one of that number, in an order of this place's own; none is left out but such as
    /// come or go meanwhile. A thousand at most; empty: there are no more.
    pub(crate) async fn list(&self, after: Option<u64>) -> Result<Vec<Listed>, StorageError> {
        match &self.place {
            Place::Files(files) => files.list(after).await,
            Place::S3(s3) => s3.list(after).await,
        }
    }
}

impl Body {
    /// How many bytes there are.
    fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spooled(_, size) => *size,
        }
    }

    /// Some of them. Blocks on the disk if they are spooled.
    fn part(&self, range: Range<u64>) -> std::io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(range.start as usize..range.end as usize)),
            Self::Spooled(file, _) => {
                let mut bytes = vec![0; (range.end - range.start) as usize];
                file.read_exact_at(&mut bytes, range.start)?;
                Ok(bytes.into())
            }
        }
    }
}

/// The folder of an object: 256 of them, so that none has too many files, and a store that divides its load
/// by the beginnings of keys can.
fn folder(number: u64) -> String {
    format!("{:02x}", number & 0xff)
}

/// Its name in the folder. Of one length, so that the order of names is that of numbers.
fn name(number: u64) -> String {
    format!("{number:016x}")
}

/// The number of an object with this name in this folder; none: not one of ours.
fn number(folder_name: &str, file_name: &str) -> Option<u64> {
    let number = u64::from_str_radix(file_name, 16).ok()?;
    (name(number) == file_name && folder(number) == folder_name).then_some(number)
}

/// A turn, which ends when it is dropped.
async fn turn(turns: &Arc<Semaphore>, of: &str) -> Result<OwnedSemaphorePermit, StorageError> {
    match tokio::time::timeout(QUEUED, Arc::clone(turns).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(StorageError::Unavailable(format!("{of}: too busy"))),
    }
}

fn mismatch(number: u64) -> StorageError {
    StorageError::Corrupt(format!("blob {number} fails its checksum"))
}

fn missing(number: u64) -> StorageError {
    StorageError::Corrupt(format!("blob {number} is not there"))
}

fn too_short(number: u64) -> StorageError {
    StorageError::Corrupt(format!("blob {number} is shorter than it was"))
}
