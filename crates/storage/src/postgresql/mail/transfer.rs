//! Copying and moving entries within an account.

use super::arrival::{self, Arrival};
use super::entry::Which;
use super::folder::{self, StoredFolder};
use super::{blob, entry, expunge, quota};
use crate::postgresql::transaction::Write;
use crate::postgresql::tuning::Tuning;
use crate::{Copied, Entry, StorageError};
use terms::{AccountId, FolderId, FolderName, Uid};

/// See [`crate::Storage::copy`].
pub(super) async fn copy(
    write: &mut Write<'_>,
    account: AccountId,
    from: FolderId,
    uids: Vec<Uid>,
    to: &FolderName,
) -> Result<Copied, StorageError> {
    folder::by_id(&write.tx, account, from).await?;
    let target = folder::by_name(&write.tx, account, to).await?;
    let entries = entry::some(&write.tx, from, &Which::These(uids)).await?;
    let more = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.blob.size));
    quota::check_room(&write.tx, account, more).await?;
    blob::refer_again(write, entries.iter().map(|entry| entry.blob)).await?;
    let new = place(write, &target, &entries).await?;
    Ok(copied(&target, &entries, new))
}

/// See [`crate::Storage::move_entries`].
pub(super) async fn move_some(
    write: &mut Write<'_>,
    tuning: &Tuning,
    account: AccountId,
    from: FolderId,
    uids: Vec<Uid>,
    to: &FolderName,
) -> Result<Copied, StorageError> {
    move_these(write, tuning, (account, from), Which::These(uids), to).await
}

async fn move_these(
    write: &mut Write<'_>,
    tuning: &Tuning,
    (account, from): (AccountId, FolderId),
    which: Which,
    to: &FolderName,
) -> Result<Copied, StorageError> {
    folder::by_id(&write.tx, account, from).await?;
    let target = folder::by_name(&write.tx, account, to).await?;
    let entries = entry::some(&write.tx, from, &which).await?;
    let new = place(write, &target, &entries).await?;
    // Read now: when a folder's entries move to its own end, it has just changed.
    let source = folder::by_id(&write.tx, account, from).await?;
    let moved = Which::These(entries.iter().map(|entry| entry.uid).collect());
    expunge::moved(write, tuning, &source, &moved).await?;
    Ok(copied(&target, &entries, new))
}

/// Moves all entries of a folder.
pub(super) async fn move_all(
    write: &mut Write<'_>,
    tuning: &Tuning,
    source: &StoredFolder,
    to: &FolderName,
) -> Result<(), StorageError> {
    move_these(write, tuning, (source.account, source.folder.id), Which::All, to).await?;
    Ok(())
}

async fn place(
    write: &mut Write<'_>,
    target: &StoredFolder,
    entries: &[Entry],
) -> Result<Vec<Uid>, StorageError> {
    let arrivals: Vec<Arrival<'_>> = entries
        .iter()
        .map(|entry| Arrival { blob: entry.blob, flags: &entry.flags, date: entry.internal_date })
        .collect();
    arrival::add(write, target, &arrivals).await
}

fn copied(target: &StoredFolder, entries: &[Entry], new: Vec<Uid>) -> Copied {
    let uids = entries.iter().map(|entry| entry.uid).zip(new).collect();
    Copied { uid_validity: target.folder.uid_validity, uids }
}
