//! A message on its way in: bytes to a blob, digest and size made on the way.

use bytes::Bytes;
use storage::{BlobRef, BlobWriter, NewEntry, Room, Storage, StorageError};
use terms::{Flags, InternalDate};

/// Takes a message's bytes as they arrive and stores them. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Incoming {
    writer: BlobWriter,
}

/// A message whose bytes are stored and whose structure is known.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its bytes.
    pub blob: BlobRef,
    /// Its structure, as `message` encodes it.
    pub digest: Bytes,
}

impl Incoming {
    /// Starts; `size_hint` is the size that the client announced.
    pub fn new(storage: &Storage, size_hint: Option<u64>) -> Self {
        Self { writer: storage.blob_writer(size_hint) }
    }

    /// How many bytes were taken.
    pub fn size(&self) -> u64 {
        self.writer.size()
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`StorageError::Full`] or [`StorageError::Unavailable`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.writer.write(bytes).await
    }

    /// Finds the message's structure and stores its bytes.
    ///
    /// # Errors
    /// [`StorageError::Full`] or [`StorageError::Unavailable`].
    pub async fn finish(mut self) -> Result<Received, StorageError> {
        let room = Room::of(self.writer.size()).await;
        let bytes = self.writer.bytes().await?;
        let digest = Bytes::from(message::Structure::scan(&bytes).encode());
        drop((bytes, room));
        let blob = self.writer.finish().await?;
        Ok(Received { blob, digest })
    }
}

impl Received {
    /// The entry to be made of it.
    pub fn into_entry(self, flags: Flags, internal_date: InternalDate) -> NewEntry {
        NewEntry { blob: self.blob, digest: self.digest, flags, internal_date }
    }
}
