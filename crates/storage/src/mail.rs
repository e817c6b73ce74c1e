//! What is kept: folders, entries, blobs.
//!
//! Every operation for a session takes its [`Login`] and answers [`StorageError::Void`] when that is void.

use crate::{
    BlobRef, BlobWriter, Changes, Copied, Entry, EntryQuery, Folder, Login, NewEntry, OpenFolder,
    Recipient, Storage, StorageError, StoreOutcome, Subscribed, Usage,
};
use bytes::Bytes;
use std::ops::RangeInclusive;
use terms::{FlagChange, Flags, FolderId, FolderName, ModSeq, Uid};

impl Storage {
    // Folders.

    /// All folders of the account, by name (the inbox first).
    pub async fn folders(&self, login: &Login) -> Result<Vec<Folder>, StorageError> { todo!() }
    /// One folder.
    pub async fn folder(&self, login: &Login, name: &FolderName) -> Result<Folder, StorageError> { todo!() }
    /// The names subscribed to.
    pub async fn subscriptions(&self, login: &Login) -> Result<Vec<Subscribed>, StorageError> { todo!() }
    /// Subscribes or unsubscribes. The folder need not exist.
    pub async fn set_subscription(&self, login: &Login, name: &FolderName, on: bool) -> Result<(), StorageError> { todo!() }
    /// Makes a folder and the missing ones above it. `Exists`, `Limit`.
    pub async fn create_folder(&self, login: &Login, name: &FolderName) -> Result<Folder, StorageError> { todo!() }
    /// Deletes a folder and its entries (those below it stay). The inbox: `Refused`. A folder with others below it: `Refused`.
    pub async fn delete_folder(&self, login: &Login, name: &FolderName) -> Result<(), StorageError> { todo!() }
    /// Renames a folder and all below it. The inbox: moves its entries to a new folder and leaves it empty (RFC 9051 §6.3.6).
    pub async fn rename_folder(&self, login: &Login, from: &FolderName, to: &FolderName) -> Result<(), StorageError> { todo!() }
    /// Opens a folder: picture and subscription, without a gap between them. `claim_recent`: the session opens read-write and
    /// takes over what is recent.
    pub async fn open_folder(&self, login: &Login, name: &FolderName, claim_recent: bool) -> Result<OpenFolder, StorageError> { todo!() }
    /// What happened to the folder after `since`.
    pub async fn changes(&self, login: &Login, folder: FolderId, since: ModSeq) -> Result<Changes, StorageError> { todo!() }
    /// How many entries no session was told of (STATUS RECENT).
    pub async fn recent(&self, login: &Login, folder: FolderId) -> Result<u32, StorageError> { todo!() }
    /// What the account uses and may use.
    pub async fn usage(&self, login: &Login) -> Result<Usage, StorageError> { todo!() }
    /// The same for administration, together with the names of the folders.
    pub async fn account_usage(&self, account: terms::AccountId) -> Result<(Usage, Vec<FolderName>), StorageError> { todo!() }

    // Entries.

    /// Up to `limit` entries with UIDs in `uids`, ascending.
    pub async fn entries(&self, login: &Login, folder: FolderId, uids: RangeInclusive<Uid>, limit: usize, query: EntryQuery) -> Result<Vec<Entry>, StorageError> { todo!() }
    /// `length` bytes of a blob from `offset` (fewer at its end). The blob must belong to an entry of `folder` in the account.
    pub async fn read_blob(&self, login: &Login, folder: FolderId, uid: Uid, blob: BlobRef, offset: u64, length: usize) -> Result<Bytes, StorageError> { todo!() }
    /// Starts to take a message's bytes. `size_hint`: what the client announced.
    pub fn blob_writer(&self, size_hint: Option<u64>) -> BlobWriter { todo!() }
    /// Adds entries to a folder, all or none, in order. `NotFound(Folder)`, `OverQuota`, `Full`.
    pub async fn append(&self, login: &Login, folder: &FolderName, entries: Vec<NewEntry>) -> Result<Copied, StorageError> { todo!() }
    /// Changes flags of the entries with these UIDs (those that do not exist are passed over). Entries changed after
    /// `unchanged_since` are left alone and named.
    pub async fn set_flags(&self, login: &Login, folder: FolderId, uids: Vec<Uid>, change: FlagChange, flags: Flags, unchanged_since: Option<ModSeq>) -> Result<StoreOutcome, StorageError> { todo!() }
    /// Copies entries, all or none, keeping flags and internal date. `NotFound(Folder)` for the target, `OverQuota`.
    pub async fn copy(&self, login: &Login, folder: FolderId, uids: Vec<Uid>, to: &FolderName) -> Result<Copied, StorageError> { todo!() }
    /// Moves entries, all or none: each is in exactly one of the folders at any time (RFC 6851).
    pub async fn move_entries(&self, login: &Login, folder: FolderId, uids: Vec<Uid>, to: &FolderName) -> Result<Copied, StorageError> { todo!() }
    /// Expunges, all or none: with `uids`, those of them that carry `\Deleted`; without, all that carry it. Answers what went, ascending.
    pub async fn expunge_marked(&self, login: &Login, folder: FolderId, uids: Option<Vec<Uid>>) -> Result<Vec<Uid>, StorageError> { todo!() }
    /// Expunges these entries whatever their flags, all or none (POP3's UPDATE). Answers what went.
    pub async fn expunge(&self, login: &Login, folder: FolderId, uids: Vec<Uid>) -> Result<Vec<Uid>, StorageError> { todo!() }

    // Delivery.

    /// Delivers one message to several accounts, each with its own outcome; answers when all that succeeded are durable.
    /// Needs no login. `NotFound(Address)` for an account deleted meanwhile, `OverQuota`.
    pub async fn deliver(&self, entry: NewEntry, recipients: Vec<Recipient>) -> Result<Vec<Result<Uid, StorageError>>, StorageError> { todo!() }
}
