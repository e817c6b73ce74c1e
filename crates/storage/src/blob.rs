//! Immutable bytes of a message.

use crate::{StorageError, embedded, postgresql};
use terms::Uid;

/// Where a message's bytes are. A value of this type alone gives no access: reading needs a
/// [`crate::Login`] or the entry's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlobRef {
    /// The segment file; 0 with engines that have none.
    pub segment: u32,
    /// Where the bytes begin in it, or the blob's number.
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
/// expunged meanwhile: what was begun to be sent must be finished. Not for longer than that: it may keep a file
/// open, or the bytes may go an hour after their last entry.
#[derive(Clone, Debug)]
pub struct HeldBlob {
    pub(crate) inner: Held,
}

/// The same, as its engine has it.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Embedded(embedded::mail::blob::Held),
    Postgresql(postgresql::blob::Held),
}

/// Takes a message's bytes as they come in. Keeps at most a bounded part of them in memory.
/// Dropping it without [`BlobWriter::finish`] leaves nothing behind.
#[derive(Debug)]
pub struct BlobWriter {
    pub(crate) inner: Writer,
}

/// The same, as its engine has it.
#[derive(Debug)]
pub(crate) enum Writer {
    Embedded(embedded::BlobWriter),
    Postgresql(postgresql::blob::BlobWriter),
}

/// Has the engine's writer do something.
macro_rules! on {
    ($writer:expr, $act:ident($($argument:expr),*)$(.$wait:ident)?) => {
        match $writer {
            Writer::Embedded(writer) => writer.$act($($argument),*)$(.$wait)?,
            Writer::Postgresql(writer) => writer.$act($($argument),*)$(.$wait)?,
        }
    };
}

impl BlobWriter {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`StorageError::Full`] or [`StorageError::Unavailable`]; the writer is then useless.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        on!(&mut self.inner, write(bytes).await)
    }

    /// How many bytes were taken.
    pub fn size(&self) -> u64 {
        on!(&self.inner, size())
    }

    /// All bytes taken so far, for the one pass over the message that makes its digest; read from
    /// disk if they are no longer in memory.
    pub async fn bytes(&mut self) -> Result<bytes::Bytes, StorageError> {
        on!(&mut self.inner, bytes().await)
    }

    /// Stores the bytes. They become durable before the first entry that refers to them; without one, they are
    /// reclaimed.
    pub async fn finish(self) -> Result<BlobRef, StorageError> {
        on!(self.inner, finish().await)
    }
}
