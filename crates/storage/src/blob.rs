//! Immutable bytes of a message.

use crate::StorageError;
use terms::Uid;

/// Where a message's bytes are. A value of this type alone gives no access: reading needs a
/// [`crate::Login`] or the entry's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlobRef {
    /// The segment file.
    pub segment: u32,
    /// Where the bytes begin in it.
    pub offset: u64,
    /// How many they are.
    pub size: u64,
}

/// Bytes of an entry's blob: `length` from `offset` (fewer at its end).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobRange {
    /// The entry's.
    pub uid: Uid,
    /// Its blob.
    pub blob: BlobRef,
    /// Counted from the blob's beginning.
    pub offset: u64,
    /// In bytes.
    pub length: usize,
}

/// A moment as of which logins were good or void. What was read for a login after such a mark was made may be
/// used as long as [`crate::Storage::holds_since`] says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FenceMark(pub(crate) u64);

/// A message's bytes that were open to a login once and can be read to their end, even if the entry is
/// expunged meanwhile: what was begun to be sent must be finished. Keeps a file open; not for long.
#[derive(Clone, Debug)]
pub struct HeldBlob {
    pub(crate) inner: crate::embedded::mail::blob::Held,
}

/// Takes a message's bytes as they come in. Keeps at most a bounded part of them in memory.
/// Dropping it without [`BlobWriter::finish`] leaves nothing behind.
#[derive(Debug)]
pub struct BlobWriter {
    pub(crate) inner: crate::embedded::BlobWriter,
}

impl BlobWriter {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`StorageError::Full`] or [`StorageError::Unavailable`]; the writer is then useless.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.inner.write(bytes).await
    }

    /// How many bytes were taken.
    pub fn size(&self) -> u64 {
        self.inner.size()
    }

    /// All bytes taken so far, for the one pass over the message that makes its digest; read from
    /// disk if they are no longer in memory.
    pub async fn bytes(&mut self) -> Result<bytes::Bytes, StorageError> {
        self.inner.bytes().await
    }

    /// Stores the bytes in a segment. They become durable together with the first entry that
    /// refers to them; without one, they are reclaimed.
    pub async fn finish(self) -> Result<BlobRef, StorageError> {
        self.inner.finish().await
    }
}
