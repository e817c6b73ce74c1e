//! Takes a message's bytes: in memory while they are few, then in a file without a name.

use super::disk::{Disk, fault};
use super::{Body, Objects, Stored};
use crate::{OpenError, StorageError};
use bytes::{Bytes, BytesMut};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes kept in memory; also the size of the pieces written to the file.
const IN_MEMORY: usize = 256 * 1024;

/// How many threads may write at a time.
const AT_THE_DISK: usize = 16;

/// Where messages grow: what all writers share.
#[derive(Debug)]
pub(super) struct Spools {
    folder: PathBuf,
    disk: Disk,
    /// Names files for the moment in which they have names.
    counter: AtomicU64,
}

/// A message on its way. Dropping it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct ObjectWriter {
    objects: Objects,
    size: u64,
    hasher: blake3::Hasher,
    /// What is not yet in the file.
    memory: BytesMut,
    spooled: Spooled,
}

#[derive(Debug)]
enum Spooled {
    /// All is in memory.
    Nothing,
    /// So many bytes are in a file.
    Some(Arc<File>, u64),
    /// An earlier write failed, or was given up half-way.
    Broken,
}

impl Spools {
    pub(super) fn open(folder: PathBuf) -> Result<Self, OpenError> {
        match DirBuilder::new().recursive(true).mode(0o700).create(&folder) {
            Err(source) => Err(OpenError::Io { path: folder.display().to_string(), source }),
            Ok(()) => {
                let disk = Disk::new("the spool", AT_THE_DISK);
                Ok(Self { folder, disk, counter: AtomicU64::new(0) })
            }
        }
    }

    fn create(&self) -> io::Result<File> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{}-{number}.part", std::process::id()));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&path)?;
        // Without its name the file goes when it is closed, however that comes about.
        std::fs::remove_file(&path)?;
        Ok(file)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.disk.run(work).await?.map_err(|error| fault("spool", &error))
    }
}

impl ObjectWriter {
    pub(super) fn new(objects: Objects, size_hint: Option<u64>) -> Self {
        let expected = size_hint.unwrap_or(0).min(IN_MEMORY as u64) as usize;
        Self {
            objects,
            size: 0,
            hasher: blake3::Hasher::new(),
            memory: BytesMut::with_capacity(expected),
            spooled: Spooled::Nothing,
        }
    }

    /// How many bytes were taken.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes. After an error the writer is useless.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StorageError> {
        if matches!(self.spooled, Spooled::Broken) {
            return Err(broken());
        }
        self.size += bytes.len() as u64;
        while self.memory.len() + bytes.len() > IN_MEMORY {
            let (now, later) = bytes.split_at(IN_MEMORY - self.memory.len());
            self.memory.extend_from_slice(now);
            bytes = later;
            self.spill().await?;
        }
        self.memory.extend_from_slice(bytes);
        Ok(())
    }

    /// Moves what is in memory to the file.
    async fn spill(&mut self) -> Result<(), StorageError> {
        let piece = self.memory.split().freeze();
        // If this future is dropped while the piece is being written, the writer stays broken.
        let spooled = std::mem::replace(&mut self.spooled, Spooled::Broken);
        let spools = Arc::clone(&self.objects.spool);
        let mut hasher = self.hasher.clone();
        let work = move || {
            let (file, at) = match spooled {
                Spooled::Some(file, at) => (file, at),
                Spooled::Nothing => (Arc::new(spools.create()?), 0),
                Spooled::Broken => return Err(io::Error::other(broken())),
            };
            file.write_all_at(&piece, at)?;
            hasher.update(&piece);
            Ok((file, at + piece.len() as u64, hasher))
        };
        let (file, size, hasher) = self.objects.spool.run(work).await?;
        (self.spooled, self.hasher) = (Spooled::Some(file, size), hasher);
        Ok(())
    }

    /// All bytes taken so far; read from disk if they are no longer in memory.
    pub(crate) async fn bytes(&mut self) -> Result<Bytes, StorageError> {
        match &self.spooled {
            Spooled::Broken => Err(broken()),
            Spooled::Nothing => Ok(Bytes::copy_from_slice(&self.memory)),
            Spooled::Some(file, spooled) => {
                let (file, spooled, tail) = (Arc::clone(file), *spooled, self.memory.clone());
                let work = move || {
                    let mut bytes = vec![0; spooled as usize + tail.len()];
                    let (head, rest) = bytes.split_at_mut(spooled as usize);
                    file.read_exact_at(head, 0)?;
                    rest.copy_from_slice(&tail);
                    Ok(Bytes::from(bytes))
                };
                self.objects.spool.run(work).await
            }
        }
    }

    /// Stores the bytes as an object of that number, durably.
    pub(crate) async fn finish(mut self, number: u64) -> Result<Stored, StorageError> {
        let body = match self.spooled {
            Spooled::Broken => return Err(broken()),
            Spooled::Nothing => {
                self.hasher.update(&self.memory);
                Body::Memory(self.memory.freeze())
            }
            Spooled::Some(..) => {
                self.spill().await?;
                match self.spooled {
                    Spooled::Some(file, size) => Body::Spooled(file, size),
                    Spooled::Nothing | Spooled::Broken => return Err(broken()),
                }
            }
        };
        let checksum = *self.hasher.finalize().as_bytes();
        self.objects.put(number, body).await?;
        Ok(Stored { number, size: self.size, checksum })
    }
}

fn broken() -> StorageError {
    StorageError::Unavailable("an earlier part of the message was not stored".to_owned())
}
