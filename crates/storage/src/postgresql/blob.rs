//! The bytes of messages.

use crate::{BlobRef, StorageError};
use bytes::Bytes;

/// What [`crate::HeldBlob`] holds.
#[derive(Clone, Debug)]
pub(crate) struct Held;

/// See [`crate::BlobWriter`].
#[derive(Debug)]
pub(crate) struct BlobWriter;

impl BlobWriter {
    pub(crate) async fn write(&mut self, _bytes: &[u8]) -> Result<(), StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }

    pub(crate) fn size(&self) -> u64 {
        0
    }

    pub(crate) async fn bytes(&mut self) -> Result<Bytes, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }

    pub(crate) async fn finish(self) -> Result<BlobRef, StorageError> {
        Err(StorageError::Unavailable("pending".to_owned()))
    }
}
