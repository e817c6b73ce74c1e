//! What is kept, as rows: one module per subject.

pub(crate) mod arrival;
pub(crate) mod blob;
pub(crate) mod changes;
pub(crate) mod compaction;
pub(crate) mod deleted;
pub(crate) mod delivery;
pub(crate) mod entry;
pub(crate) mod examine;
pub(crate) mod expunge;
pub(crate) mod flags;
pub(crate) mod folder;
pub(crate) mod folder_change;
mod keyword;
mod known;
pub(crate) mod outline;
pub(crate) mod picture;
pub(crate) mod purge;
pub(crate) mod quota;
pub(crate) mod rename;
pub(crate) mod standard_folders;
pub(crate) mod subscription;
pub(crate) mod transfer;

pub(super) use entry::blob as stored_blob;

use crate::embedded::Embedded;
use crate::{
    Changes, Compacted, Copied, DeletedEntry, Entry, EntryQuery, Examiner, Folder, Login, NewEntry,
    Purged, Recipient, StorageError, StoreOutcome, Subscribed, Usage,
};
use bytes::Bytes;
use std::ops::RangeInclusive;
use terms::{AccountId, FlagChange, Flags, FolderId, FolderName, ModSeq, Uid, UnixTime};

/// The operations of [`crate::Storage`] of these names, but for those that need more than rows (`embedded.rs`).
impl Embedded {
    pub(crate) async fn folders(&self, login: &Login) -> Result<Vec<Folder>, StorageError> {
        self.read_as(login, |reader, account| folder::all(&reader.conn, account)).await
    }

    pub(crate) async fn folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<Folder, StorageError> {
        let name = name.clone();
        self.read_as(login, move |reader, account| {
            Ok(folder::by_name(&reader.conn, account, &name)?.folder)
        })
        .await
    }

    pub(crate) async fn subscriptions(
        &self,
        login: &Login,
    ) -> Result<Vec<Subscribed>, StorageError> {
        self.read_as(login, |reader, account| subscription::all(&reader.conn, account)).await
    }

    pub(crate) async fn set_subscription(
        &self,
        login: &Login,
        name: &FolderName,
        on: bool,
    ) -> Result<(), StorageError> {
        let name = name.clone();
        self.write_as(login, move |write, account| {
            subscription::set(write.conn, account, &name, on)
        })
        .await
    }

    pub(crate) async fn create_folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<Folder, StorageError> {
        let name = name.clone();
        self.write_as(login, move |write, account| folder_change::create(write, account, &name))
            .await
    }

    pub(crate) async fn delete_folder(
        &self,
        login: &Login,
        name: &FolderName,
    ) -> Result<(), StorageError> {
        let name = name.clone();
        self.write_as(login, move |write, account| folder_change::delete(write, account, &name))
            .await
    }

    pub(crate) async fn rename_folder(
        &self,
        login: &Login,
        from: &FolderName,
        to: &FolderName,
    ) -> Result<(), StorageError> {
        let (from, to) = (from.clone(), to.clone());
        self.write_as(login, move |write, account| rename::rename(write, account, &from, &to)).await
    }

    pub(crate) async fn changes(
        &self,
        login: &Login,
        folder: FolderId,
        since: ModSeq,
    ) -> Result<Changes, StorageError> {
        self.read_as(login, move |reader, account| {
            changes::since(&reader.conn, account, folder, since)
        })
        .await
    }

    pub(crate) async fn recent(
        &self,
        login: &Login,
        folder: FolderId,
    ) -> Result<u32, StorageError> {
        self.read_as(login, move |reader, account| picture::recent(&reader.conn, account, folder))
            .await
    }

    pub(crate) async fn claim_recent(
        &self,
        login: &Login,
        folder: FolderId,
        upto: Uid,
    ) -> Result<Uid, StorageError> {
        self.write_as(login, move |write, account| {
            picture::claim_recent(write, account, folder, upto)
        })
        .await
    }

    pub(crate) async fn usage(&self, login: &Login) -> Result<Usage, StorageError> {
        self.read_as(login, |reader, account| quota::usage(&reader.conn, account)).await
    }

    pub(crate) async fn account_usage(
        &self,
        account: AccountId,
    ) -> Result<(Usage, Vec<FolderName>), StorageError> {
        self.read(move |reader| quota::for_administration(&reader.conn, account)).await
    }

    pub(crate) async fn entries(
        &self,
        login: &Login,
        folder: FolderId,
        uids: RangeInclusive<Uid>,
        limit: usize,
        query: EntryQuery,
    ) -> Result<Vec<Entry>, StorageError> {
        self.read_as(login, move |reader, account| {
            entry::range(&reader.conn, account, folder, &uids, limit, query)
        })
        .await
    }

    pub(crate) async fn append(
        &self,
        login: &Login,
        folder: &FolderName,
        entries: Vec<NewEntry>,
    ) -> Result<Copied, StorageError> {
        let folder = folder.clone();
        self.write_as(login, move |write, account| {
            arrival::append(write, account, &folder, &entries)
        })
        .await
    }

    pub(crate) async fn set_flags(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        change: FlagChange,
        flags: Flags,
        unchanged_since: Option<ModSeq>,
    ) -> Result<StoreOutcome, StorageError> {
        self.write_as(login, move |write, account| {
            flags::set(write, account, folder, uids, change, &flags, unchanged_since)
        })
        .await
    }

    pub(crate) async fn copy(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        to: &FolderName,
    ) -> Result<Copied, StorageError> {
        let to = to.clone();
        self.write_as(login, move |write, account| {
            transfer::copy(write, account, folder, uids, &to)
        })
        .await
    }

    pub(crate) async fn move_entries(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
        to: &FolderName,
    ) -> Result<Copied, StorageError> {
        let to = to.clone();
        self.write_as(login, move |write, account| {
            transfer::move_some(write, account, folder, uids, &to)
        })
        .await
    }

    pub(crate) async fn expunge_marked(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Option<Vec<Uid>>,
    ) -> Result<Vec<Uid>, StorageError> {
        self.write_as(login, move |write, account| expunge::marked(write, account, folder, uids))
            .await
    }

    pub(crate) async fn expunge(
        &self,
        login: &Login,
        folder: FolderId,
        uids: Vec<Uid>,
    ) -> Result<Vec<Uid>, StorageError> {
        self.write_as(login, move |write, account| {
            expunge::whatever_flags(write, account, folder, uids)
        })
        .await
    }

    pub(crate) async fn examine<E: Examiner>(
        &self,
        login: &Login,
        folder: FolderId,
        uids: RangeInclusive<Uid>,
        mut examiner: E,
    ) -> Result<E, StorageError> {
        self.read_as(login, move |reader, account| {
            examine::examine(reader, account, folder, &uids, &mut examiner)?;
            Ok(examiner)
        })
        .await
    }

    pub(crate) async fn deliver(
        &self,
        entry: NewEntry,
        recipients: Vec<Recipient>,
    ) -> Result<Vec<Result<Uid, StorageError>>, StorageError> {
        self.write_mail(move |write| Ok(delivery::deliver(write, &entry, &recipients))).await
    }

    pub(crate) async fn deleted_entries(
        &self,
        account: AccountId,
        folder: Option<FolderName>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DeletedEntry>, StorageError> {
        self.read(move |reader| {
            deleted::entries(&reader.conn, account, folder.as_ref(), after, limit)
        })
        .await
    }

    pub(crate) async fn read_deleted(
        &self,
        account: AccountId,
        id: u64,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, StorageError> {
        self.read_unless_moved(move |reader| deleted::read(reader, account, id, offset, length))
            .await
    }

    pub(crate) async fn restore_entries(
        &self,
        account: AccountId,
        ids: Vec<u64>,
    ) -> Result<Vec<u64>, StorageError> {
        self.write(move |write| deleted::restore(write, account, &ids)).await
    }

    pub(crate) async fn purge(
        &self,
        before: UnixTime,
        budget: usize,
    ) -> Result<Purged, StorageError> {
        self.write(move |write| purge::purge(write, before, budget)).await
    }

    pub(crate) async fn compact(&self, budget: u64) -> Result<Compacted, StorageError> {
        compaction::compact(self, budget).await
    }
}
