//! Takes a message's bytes: in memory while they are few, then in a file without a name.

use super::fault::io_fault;
use super::reader::Pool;
use super::segment::Segments;
use super::spare::Spare;
use crate::{BlobRef, StorageError};
use bytes::{Bytes, BytesMut};
use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes kept in memory; also the size of the pieces written to the file.
const IN_MEMORY: usize = 256 * 1024;

/// Where blobs are made: what all writers share.
#[derive(Debug)]
pub(super) struct BlobShop {
    /// Threads for the disk.
    pub(super) pool: Pool<()>,
    /// Where finished blobs go.
    pub(super) segments: Arc<Segments>,
    /// Whether there is room for them.
    pub(super) spare: Arc<Spare>,
    /// Where unfinished ones grow.
    pub(super) spool: PathBuf,
    /// Names files in `spool` for the moment in which they have names.
    pub(super) counter: AtomicU64,
}

/// See [`crate::BlobWriter`].
#[derive(Debug)]
pub(crate) struct BlobWriter {
    shop: Arc<BlobShop>,
    size: u64,
    /// What is not yet in the file.
    memory: BytesMut,
    spooled: Spooled,
}

#[derive(Debug)]
enum Spooled {
    /// All is in memory.
    Nothing,
    /// The beginning is in a file.
    Some(Box<Spool>),
    /// An earlier write failed, or was given up half-way.
    Broken,
}

#[derive(Debug)]
struct Spool {
    file: File,
    size: u64,
    hasher: blake3::Hasher,
}

impl BlobWriter {
    /// A writer that expects `size_hint` bytes.
    pub(super) fn new(shop: Arc<BlobShop>, size_hint: Option<u64>) -> Self {
        let expected = size_hint.unwrap_or(0).min(IN_MEMORY as u64) as usize;
        Self { shop, size: 0, memory: BytesMut::with_capacity(expected), spooled: Spooled::Nothing }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

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
        let shop = Arc::clone(&self.shop);
        let work = move |(): &mut ()| {
            shop.spare.look();
            shop.spare.check()?;
            let mut spool = match spooled {
                Spooled::Some(spool) => spool,
                Spooled::Nothing => Box::new(Spool::create(&shop)?),
                Spooled::Broken => return Err(broken()),
            };
            spool
                .file
                .write_all_at(&piece, spool.size)
                .map_err(|error| io_fault("spool", &error))?;
            spool.size += piece.len() as u64;
            spool.hasher.update(&piece);
            Ok(spool)
        };
        self.spooled = Spooled::Some(self.shop.pool.run(work).await?);
        Ok(())
    }

    pub(crate) async fn bytes(&mut self) -> Result<Bytes, StorageError> {
        match &self.spooled {
            Spooled::Broken => Err(broken()),
            Spooled::Nothing => Ok(Bytes::copy_from_slice(&self.memory)),
            Spooled::Some(spool) => {
                let file = spool.file.try_clone().map_err(|error| io_fault("spool", &error))?;
                let (spooled, tail) = (spool.size, self.memory.clone());
                let work = move |(): &mut ()| {
                    let mut bytes = vec![0; spooled as usize + tail.len()];
                    file.read_exact_at(&mut bytes[..spooled as usize], 0)
                        .map_err(|error| io_fault("spool", &error))?;
                    bytes[spooled as usize..].copy_from_slice(&tail);
                    Ok(Bytes::from(bytes))
                };
                self.shop.pool.run(work).await
            }
        }
    }

    pub(crate) async fn finish(self) -> Result<BlobRef, StorageError> {
        let Self { shop, size, memory, spooled } = self;
        // Before anything is written: what is refused must not take room.
        shop.spare.check()?;
        if matches!(spooled, Spooled::Nothing)
            && let Some(blob) = shop.segments.leave(&memory)
        {
            return Ok(blob);
        }
        let segments = Arc::clone(&shop.segments);
        let work = move |(): &mut ()| {
            let place = segments.reserve(size)?;
            match spooled {
                Spooled::Broken => return Err(broken()),
                Spooled::Nothing => segments.write_whole(&place, &memory)?,
                Spooled::Some(mut spool) => {
                    let mut piece = vec![0; IN_MEMORY];
                    let mut at = 0;
                    while at < spool.size {
                        let length = (spool.size - at).min(IN_MEMORY as u64) as usize;
                        let piece = &mut piece[..length];
                        spool
                            .file
                            .read_exact_at(piece, at)
                            .map_err(|error| io_fault("spool", &error))?;
                        segments.write_part(&place, at, piece)?;
                        at += length as u64;
                    }
                    segments.write_part(&place, at, &memory)?;
                    spool.hasher.update(&memory);
                    segments.write_header(&place, spool.hasher.finalize())?;
                }
            }
            Ok(place.blob)
        };
        shop.pool.run(work).await
    }
}

impl Spool {
    fn create(shop: &BlobShop) -> Result<Self, StorageError> {
        let number = shop.counter.fetch_add(1, Ordering::Relaxed);
        let path = shop.spool.join(format!("{number}.part"));
        let fault = |error| io_fault("spool", &error);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(fault)?;
        // Without its name the file goes when it is closed, however that comes about.
        std::fs::remove_file(&path).map_err(fault)?;
        Ok(Self { file, size: 0, hasher: blake3::Hasher::new() })
    }
}

fn broken() -> StorageError {
    StorageError::Unavailable("an earlier part of the message was not stored".to_owned())
}
