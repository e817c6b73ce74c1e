//! What is kept: folders, entries, blobs.
//!
//! Every operation for a session takes its [`Login`] and answers [`StorageError::Void`] when that is void.

use crate::embedded::mail::{
    arrival, changes, delivery, entry, expunge, flags, folder, folder_change, picture, quota,
    rename, subscription, transfer,
};
use crate::{
    BlobRef, BlobWriter, Changes, Copied, Entry, EntryQuery, Folder, HeldBlob, Login, NewEntry,
    OpenFolder, Recipient, Storage, StorageError, StoreOutcome, Subscribed, Usage,
};
use bytes::Bytes;
use std::ops::RangeInclusive;
use terms::{AccountId, FlagChange, Flags, FolderId, FolderName, ModSeq, Uid};

impl Storage {
    // Folders.

    /// All folders of the account, by name (the inbox first).
    pub async fn folders(&self, login: &Login) -> Result<Vec<Folder>, StorageError> {
        self.engine.read_as(login, |reader, account| folder::all(&reader.conn, account)).await
    }

    /// One folder.
    pub async fn folder(&self, login: &Login, name: &FolderName) -> Result<Folder, StorageError> {
        let name = name.clone();
        self.engine
            .read_as(login, move |reader, account| {
                Ok(folder::by_name(&reader.conn, account, &name)?.folder)
            })
            .await
    }

    /// The names subscribed to.
    pub async fn subscriptions(&self, login: &Login) -> Result<Vec<Subscribed>, StorageError> {
        self.engine.read_as(login, |reader, account| subscription::all(&reader.conn, account)).await
    }

    /// Subscribes or unsubscribes. The folder need not exist.
    pub async fn set_subscription(
        &self,
        login: &Login,
        name: &FolderName,
        on: bool,
    ) -> Result<(), StorageError> {
        let name = name.clone();
        self.engine
            .write_as(login, move |write, account| {
                subscription::set(write.conn, account, &name, on)
            })
            .await
    }

    /// Makes a folder and the missing ones between it and the nearest above it. `Exists`, `Limit`.
    pub async fn create_folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<Folder, StorageError> {
        let name = name.clone();
        self.engine
            .write_as(login, move |write, account| folder_change::create(write, account, &name))
            .await
    }

    /// Deletes a folder and its entries. The inbox: `Refused`. Folders below it stay as they are; its name
    /// lives on in theirs only, is no folder, and may become one again (RFC 3501 §6.3.4). The subscription
    /// to its name stays.
    pub async fn delete_folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<(), StorageError> {
        let name = name.clone();
        self.engine
            .write_as(login, move |write, account| folder_change::delete(write, account, &name))
            .await
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
        let (from, to) = (from.clone(), to.clone());
        self.engine
            .write_as(login, move |write, account| rename::rename(write, account, &from, &to))
            .await
    }

    /// Opens a folder: picture and subscription, without a gap between them. `claim_recent`: the
    /// session opens read-write and takes over what is recent.
    pub async fn open_folder(
        &self,
        login: &Login,
        name: &FolderName,
        claim_recent: bool,
    ) -> Result<OpenFolder, StorageError> {
        self.engine.open_folder(login, name, claim_recent).await
    }

    /// What happened to the folder after `since`.
    pub async fn changes(
        &self,
        login: &Login,
        folder: FolderId,
        since: ModSeq,
    ) -> Result<Changes, StorageError> {
        self.engine
            .read_as(login, move |reader, account| {
                changes::since(&reader.conn, account, folder, since)
            })
            .await
    }

    /// How many entries no session was told of (STATUS RECENT).
    pub async fn recent(&self, login: &Login, folder: FolderId) -> Result<u32, StorageError> {
        self.engine
            .read_as(login, move |reader, account| picture::recent(&reader.conn, account, folder))
            .await
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
        self.engine
            .write_as(login, move |write, account| {
                picture::claim_recent(write, account, folder, upto)
            })
            .await
    }

    /// What the account uses and may use.
    pub async fn usage(&self, login: &Login) -> Result<Usage, StorageError> {
        self.engine.read_as(login, |reader, account| quota::usage(&reader.conn, account)).await
    }

    /// The same for administration, together with the names of the folders.
    pub async fn account_usage(
        &self,
        account: AccountId,
    ) -> Result<(Usage, Vec<FolderName>), StorageError> {
        self.engine.read(move |reader| quota::for_administration(&reader.conn, account)).await
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
        self.engine
            .read_as(login, move |reader, account| {
                entry::range(&reader.conn, account, folder, &uids, limit, query)
            })
            .await
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
        self.engine.read_blob(login, (folder, uid, blob), offset, length).await
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
        let inner = self.engine.hold_blob(login, (folder, uid, blob)).await?;
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
        let held = held.inner.clone();
        self.engine.read_as(login, move |_, account| held.read(account, offset, length)).await
    }

    /// Starts to take a message's bytes. `size_hint`: what the client announced.
    pub fn blob_writer(&self, size_hint: Option<u64>) -> BlobWriter {
        BlobWriter { inner: self.engine.blob_writer(size_hint) }
    }

    /// Adds entries to a folder, all or none, in order. `NotFound(Folder)`, `OverQuota`, `Full`.
    pub async fn append(
        &self,
        login: &Login,
        folder: &FolderName,
        entries: Vec<NewEntry>,
    ) -> Result<Copied, StorageError> {
        let folder = folder.clone();
        self.engine
            .write_as(login, move |write, account| {
                arrival::append(write, account, &folder, &entries)
            })
            .await
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
        self.engine
            .write_as(login, move |write, account| {
                flags::set(write, account, folder, uids, change, &flags, unchanged_since)
            })
            .await
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
        let to = to.clone();
        self.engine
            .write_as(login, move |write, account| {
                transfer::copy(write, account, folder, uids, &to)
            })
            .await
    }

    /// Moves entries, all or none: each is in exactly one of the folders at any time (RFC 6851).
    pub async fn move_entries(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        to: &FolderName,
    ) -> Result<Copied, StorageError> {
        let to = to.clone();
        self.engine
            .write_as(login, move |write, account| {
                transfer::move_some(write, account, folder, uids, &to)
            })
            .await
    }

    /// Expunges, all or none: with `uids`, those of them that carry `\Deleted`; without, all that
    /// carry it. Answers what went, ascending.
    pub async fn expunge_marked(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Option<Vec<Uid>>,
    ) -> Result<Vec<Uid>, StorageError> {
        self.engine
            .write_as(login, move |write, account| expunge::marked(write, account, folder, uids))
            .await
    }

    /// Expunges these entries whatever their flags, all or none (POP3's UPDATE). Answers what went.
    pub async fn expunge(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
    ) -> Result<Vec<Uid>, StorageError> {
        self.engine
            .write_as(login, move |write, account| {
                expunge::whatever_flags(write, account, folder, uids)
            })
            .await
    }

    // Delivery.

    /// Delivers one message to several accounts, each with its own outcome; answers when all that
    /// succeeded are durable. Needs no login. `NotFound(Address)` for an account deleted meanwhile, `OverQuota`.
    pub async fn deliver(
        &self,
        entry: NewEntry,
        recipients: Vec<Recipient>,
    ) -> Result<Vec<Result<Uid, StorageError>>, StorageError> {
        self.engine.write(move |write| Ok(delivery::deliver(write, &entry, &recipients))).await
    }
}
