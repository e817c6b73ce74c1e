//! What left folders, and is kept for a while to be brought back.

use crate::storage::{Engine, ask};
use crate::{Storage, StorageError};
use bytes::Bytes;
use terms::{AccountId, Flags, FolderName, InternalDate, Uid, UnixTime};

/// An entry that left its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedEntry {
    /// Its number among all that ever left; never reused.
    pub id: u64,
    /// The folder it was in, by its present name or the last one it had.
    pub folder: FolderName,
    /// The UID it had.
    pub uid: Uid,
    /// When it left.
    pub at: UnixTime,
    /// Its marks then.
    pub flags: Flags,
    /// When it had arrived.
    pub internal_date: InternalDate,
    /// Its bytes.
    pub size: u64,
    /// What `message` made of it at delivery.
    pub digest: Bytes,
}

/// What one call of [`Storage::purge`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Entries whose time was over, of deleted accounts too.
    pub entries: u64,
    /// Deleted folders.
    pub folders: u64,
    /// Deleted accounts.
    pub accounts: u64,
    /// Whether there may be more to do now.
    pub more: bool,
}

/// What one call of [`Storage::compact`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Blobs that were moved out of segments of which little lives; or, where there are no segments, removed.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether there may be more to do now.
    pub more: bool,
}

impl Storage {
    /// Up to `limit` entries that left the account's folders and can be brought back, with numbers above
    /// `after`, ascending; of all folders, or of the present and former ones of a name. For administration.
    pub async fn deleted_entries(
        &self,
        account: AccountId,
        folder: Option<FolderName>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DeletedEntry>, StorageError> {
        ask!(self, deleted_entries(account, folder, after, limit))
    }

    /// Up to `length` bytes of a deleted entry from `offset` on. `NotFound(Entry)`. For administration.
    pub async fn read_deleted(
        &self,
        account: AccountId,
        id: u64,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        ask!(self, read_deleted(account, id, offset, length))
    }

    /// Brings entries back to the ends of the folders they were in, all or none of those of `ids` that
    /// are still there; makes folders that are gone. Answers the numbers of those brought back. `OverQuota`, `Limit`.
    pub async fn restore_entries(
        &self,
        account: AccountId,
        ids: Vec<u64>,
    ) -> Result<Vec<u64>, StorageError> {
        ask!(self, restore_entries(account, ids))
    }

    /// Lets go for ever of what was deleted before `before`: entries, folders and accounts. Does at most
    /// about `budget` entries' worth of work; call it again while there is more.
    pub async fn purge(&self, before: UnixTime, budget: usize) -> Result<Purged, StorageError> {
        ask!(self, purge(before, budget))
    }

    /// Gives back the room of what was purged, up to about `budget` bytes of work: moves what lives out of segments of
    /// which less than half does, so that those can go; or removes objects.
    pub async fn compact(&self, budget: u64) -> Result<Compacted, StorageError> {
        ask!(self, compact(budget))
    }
}
