//! What is kept: folders, entries, blobs.
//!
//! Every operation for a session takes its [`Login`] and answers [`StorageError::Void`] when that is void.

use crate::blob::{Held, Writer};
use crate::storage::{Engine, ask};
use crate::{
    BlobRange, BlobRef, BlobWriter, Changes, Copied, Entry, EntryQuery, Examiner, FenceMark,
    Folder, HeldBlob, Login, NewEntry, OpenFolder, Recipient, Storage, StorageError, StoreOutcome,
    Subscribed, Usage, What,
};
use bytes::Bytes;
use std::ops::RangeInclusive;
use terms::{AccountId, FlagChange, Flags, FolderId, FolderName, ModSeq, Uid};

impl Storage {
    // Folders.

    /// All folders of the account, by name (the inbox first).
    pub async fn folders(&self, login: &Login) -> Result<Vec<Folder>, StorageError> {
        ask!(self, folders(login))
    }

    /// One folder.
    pub async fn folder(&self, login: &Login, name: &FolderName) -> Result<Folder, StorageError> {
        ask!(self, folder(login, name))
    }

    /// The names subscribed to.
    pub async fn subscriptions(&self, login: &Login) -> Result<Vec<Subscribed>, StorageError> {
        ask!(self, subscriptions(login))
    }

    /// Subscribes or unsubscribes. The folder need not exist.
    pub async fn set_subscription(
        &self,
        login: &Login,
        name: &FolderName,
        on: bool,
    ) -> Result<(), StorageError> {
        ask!(self, set_subscription(login, name, on))
    }

    /// Makes a folder and the missing ones between it and the nearest above it. `Exists`, `Limit`.
    pub async fn create_folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<Folder, StorageError> {
        ask!(self, create_folder(login, name))
    }

    /// Deletes a folder and its entries. The inbox: `Refused`. Folders below it stay as they are; its name
    /// lives on in theirs only, is no folder, and may become one again (RFC 3501 §6.3.4). The subscription
    /// to its name stays.
    pub async fn delete_folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<(), StorageError> {
        ask!(self, delete_folder(login, name))
    }

    /// Renames a folder and all below it, making the missing folders above the new name. The inbox:
    /// moves its entries to a new folder and leaves it empty (RFC 9051 §6.3.6). Subscriptions stay with the names.
    /// `Exists`, also if one below it would get a name that is taken, `Refused` below itself, `Limit` for a name that becomes too long.
    pub async fn rename_folder(
        &self,
        login: &Login,
        from: &FolderName,
        to: &FolderName,
    ) -> Result<(), StorageError> {
        ask!(self, rename_folder(login, from, to))
    }

    /// Opens a folder: picture and subscription, without a gap between them. `claim_recent`: the
    /// session opens read-write and takes over what is recent.
    pub async fn open_folder(
        &self,
        login: &Login,
        name: &FolderName,
        claim_recent: bool,
    ) -> Result<OpenFolder, StorageError> {
        ask!(self, open_folder(login, name, claim_recent))
    }

    /// What happened to the folder after `since`.
    pub async fn changes(
        &self,
        login: &Login,
        folder: FolderId,
        since: ModSeq,
    ) -> Result<Changes, StorageError> {
        ask!(self, changes(login, folder, since))
    }

    /// How many entries no session was told of (STATUS RECENT).
    pub async fn recent(&self, login: &Login, folder: FolderId) -> Result<u32, StorageError> {
        ask!(self, recent(login, folder))
    }

    /// Takes over what is recent below `upto` for a session that has the folder open read-write and is
    /// about to tell of it (RFC 3501 §2.3.2). Answers from which UID on entries are recent to it; no session
    /// that claims later gets them. Another's claim may have been wider: then from `upto` on or later.
    pub async fn claim_recent(
        &self,
        login: &Login,
        folder: FolderId,
        upto: Uid,
    ) -> Result<Uid, StorageError> {
        ask!(self, claim_recent(login, folder, upto))
    }

    /// What the account uses and may use.
    pub async fn usage(&self, login: &Login) -> Result<Usage, StorageError> {
        ask!(self, usage(login))
    }

    /// The same for administration, together with the names of the folders.
    pub async fn account_usage(
        &self,
        account: AccountId,
    ) -> Result<(Usage, Vec<FolderName>), StorageError> {
        ask!(self, account_usage(account))
    }

    // Entries.

    /// Up to `limit` entries with UIDs in `uids`, ascending.
    pub async fn entries(
        &self,
        login: &Login,
        folder: FolderId,
        uids: RangeInclusive<Uid>,
        limit: usize,
        query: EntryQuery,
    ) -> Result<Vec<Entry>, StorageError> {
        ask!(self, entries(login, folder, uids, limit, query))
    }

    /// `length` bytes of a blob from `offset` (fewer at its end). The blob must belong to an entry of
    /// `folder` in the account. A blob read whole is checked against its checksum: `Corrupt`.
    pub async fn read_blob(
        &self,
        login: &Login,
        folder: FolderId,
        uid: Uid,
        blob: BlobRef,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        ask!(self, read_blob(login, (folder, uid, blob), offset, length))
    }

    /// Several ranges of blobs of one folder, in one trip and one transaction: each is answered as
    /// [`Storage::read_blob`] would, but for `Void`, which is the answer to all. Whoever asks bounds how much.
    pub async fn read_ranges(
        &self,
        login: &Login,
        folder: FolderId,
        ranges: Vec<BlobRange>,
    ) -> Result<Vec<Result<Bytes, StorageError>>, StorageError> {
        ask!(self, read_ranges(login, folder, ranges))
    }

    /// Shows an examiner the messages with these UIDs, ascending, and answers it back.
    pub async fn examine<E: Examiner>(
        &self,
        login: &Login,
        folder: FolderId,
        uids: RangeInclusive<Uid>,
        examiner: E,
    ) -> Result<E, StorageError> {
        ask!(self, examine(login, folder, uids, examiner))
    }

    /// Marks this moment, before something is read ahead of its use. None: it cannot be told what happens
    /// after; then nothing must be read ahead. Does not wait.
    pub fn fence_mark(&self) -> Option<FenceMark> {
        match &self.engine {
            Engine::Embedded(engine) => Some(engine.fence_mark()),
            Engine::Postgresql(engine) => engine.fence_mark(),
        }
    }

    /// Whether nothing happened since the mark that could have made a login void: what was read for a login
    /// after it may still be used, as if it were read now. Does not wait.
    pub fn holds_since(&self, mark: FenceMark) -> bool {
        self.fence_mark() == Some(mark)
    }

    /// Opens a blob as [`Storage::read_blob`] would, for several reads: from now on it can be read whatever
    /// becomes of the entry.
    pub async fn hold_blob(
        &self,
        login: &Login,
        folder: FolderId,
        uid: Uid,
        blob: BlobRef,
    ) -> Result<HeldBlob, StorageError> {
        let entry = (folder, uid, blob);
        let inner = match &self.engine {
            Engine::Embedded(engine) => Held::Embedded(engine.hold_blob(login, entry).await?),
            Engine::Postgresql(engine) => {
                Held::Postgresql(Box::pin(engine.hold_blob(login, entry)).await?)
            }
        };
        Ok(HeldBlob { inner })
    }

    /// `length` bytes of a held blob from `offset` (fewer at its end), as [`Storage::read_blob`] reads them.
    /// The login must still be good, the entry need not be there. Another account's login:
    /// `NotFound(Entry)`.
    pub async fn read_held(
        &self,
        login: &Login,
        held: &HeldBlob,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        match (&self.engine, &held.inner) {
            (Engine::Embedded(engine), Held::Embedded(held)) => {
                engine.read_held(login, held, offset, length).await
            }
            (Engine::Postgresql(engine), Held::Postgresql(held)) => {
                Box::pin(engine.read_held(login, held, offset, length)).await
            }
            // Another store's.
            _ => Err(StorageError::NotFound(What::Entry)),
        }
    }

    /// Starts to take a message's bytes. `size_hint`: what the client announced.
    pub fn blob_writer(&self, size_hint: Option<u64>) -> BlobWriter {
        let inner = match &self.engine {
            Engine::Embedded(engine) => Writer::Embedded(engine.blob_writer(size_hint)),
            Engine::Postgresql(engine) => Writer::Postgresql(engine.blob_writer(size_hint)),
        };
        BlobWriter { inner }
    }

    /// Adds entries to a folder, all or none, in order. `NotFound(Folder)`, `OverQuota`, `Full`.
    pub async fn append(
        &self,
        login: &Login,
        folder: &FolderName,
        entries: Vec<NewEntry>,
    ) -> Result<Copied, StorageError> {
        ask!(self, append(login, folder, entries))
    }

    /// Changes flags of the entries with these UIDs (those that do not exist are passed over).
    /// Entries changed after `unchanged_since` are left alone and named.
    pub async fn set_flags(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        change: FlagChange,
        flags: Flags,
        unchanged_since: Option<ModSeq>,
    ) -> Result<StoreOutcome, StorageError> {
        ask!(self, set_flags(login, folder, uids, change, flags, unchanged_since))
    }

    /// Copies entries, all or none, keeping flags and internal date. `NotFound(Folder)` for the
    /// target, `OverQuota`.
    pub async fn copy(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        to: &FolderName,
    ) -> Result<Copied, StorageError> {
        ask!(self, copy(login, folder, uids, to))
    }

    /// Moves entries, all or none: each is in exactly one of the folders at any time (RFC 6851).
    pub async fn move_entries(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        to: &FolderName,
    ) -> Result<Copied, StorageError> {
        ask!(self, move_entries(login, folder, uids, to))
    }

    /// Expunges, all or none: with `uids`, those of them that carry `\Deleted`; without, all that
    /// carry it. Answers what went, ascending.
    pub async fn expunge_marked(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Option<Vec<Uid>>,
    ) -> Result<Vec<Uid>, StorageError> {
        ask!(self, expunge_marked(login, folder, uids))
    }

    /// Expunges these entries whatever their flags, all or none (POP3's UPDATE). Answers what went.
    pub async fn expunge(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
    ) -> Result<Vec<Uid>, StorageError> {
        ask!(self, expunge(login, folder, uids))
    }

    // Delivery.

    /// Delivers one message to several accounts, each with its own outcome; answers when all that
    /// succeeded are durable. Needs no login. `NotFound(Address)` for an account deleted meanwhile, `OverQuota`.
    pub async fn deliver(
        &self,
        entry: NewEntry,
        recipients: Vec<Recipient>,
    ) -> Result<Vec<Result<Uid, StorageError>>, StorageError> {
        ask!(self, deliver(entry, recipients))
    }
}
