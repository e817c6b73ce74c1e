//! Copying and moving entries within an account.

use super::arrival::{self, Arrival};
use super::expunge::{self, Fate, Leaving};
use super::folder::{self, StoredFolder};
use super::keyword::Keywords;
use super::{blob, entry, quota};
use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::{Copied, Entry, StorageError};
use terms::{AccountId, FolderId, FolderName, Uid};

/// See [`crate::Storage::copy`].
pub(crate) fn copy(
    write: &mut Write<'_>,
    account: AccountId,
    from: FolderId,
    uids: Vec<Uid>,
    to: &FolderName,
) -> Result<Copied, StorageError> {
    write.spare.check()?;
    let source = folder::by_id(write.conn, account, from)?;
    let target = folder::by_name(write.conn, account, to)?;
    let entries = read(write, &source, uids)?;
    let more = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.blob.size));
    quota::check_room(write.conn, account, more)?;
    for entry in &entries {
        if !blob::refer_again(write.conn, entry.blob)? {
            return Err(damaged("an entry without its blob"));
        }
    }
    let new = place(write, &target, &entries)?;
    Ok(copied(&target, &entries, new))
}

/// See [`crate::Storage::move_entries`].
pub(crate) fn move_some(
    write: &mut Write<'_>,
    account: AccountId,
    from: FolderId,
    uids: Vec<Uid>,
    to: &FolderName,
) -> Result<Copied, StorageError> {
    let source = folder::by_id(write.conn, account, from)?;
    let target = folder::by_name(write.conn, account, to)?;
    let entries = read(write, &source, uids)?;
    move_read(write, &source, &target, &entries)
}

/// Moves all entries of a folder.
pub(super) fn move_all(
    write: &mut Write<'_>,
    source: &StoredFolder,
    target: &StoredFolder,
) -> Result<(), StorageError> {
    let all = Uid::MIN..=Uid::MAX;
    let (account, id) = (source.account, source.folder.id);
    let query = crate::EntryQuery::Plain;
    let entries = entry::range(write.conn, account, id, &all, u32::MAX as usize, query)?;
    move_read(write, source, target, &entries)?;
    Ok(())
}

fn move_read(
    write: &mut Write<'_>,
    source: &StoredFolder,
    target: &StoredFolder,
    entries: &[Entry],
) -> Result<Copied, StorageError> {
    let new = place(write, target, entries)?;
    let leaving: Vec<Leaving> = entries
        .iter()
        .map(|entry| Leaving {
            uid: entry.uid,
            flags: entry.flags.clone(),
            date: entry.internal_date,
            blob: entry.blob,
        })
        .collect();
    // Read again: when a folder's entries move to its own end, it has just changed.
    let source = folder::by_id(write.conn, source.account, source.folder.id)?;
    expunge::remove(write, &source, &leaving, Fate::Elsewhere)?;
    Ok(copied(target, entries, new))
}

fn read(
    write: &Write<'_>,
    source: &StoredFolder,
    uids: Vec<Uid>,
) -> Result<Vec<Entry>, StorageError> {
    let id = source.folder.id;
    entry::some(write.conn, id, &Keywords::new(write.conn, id), uids)
}

fn place(
    write: &mut Write<'_>,
    target: &StoredFolder,
    entries: &[Entry],
) -> Result<Vec<Uid>, StorageError> {
    let arrivals = entries.iter().map(|entry| Arrival {
        blob: entry.blob,
        flags: &entry.flags,
        date: entry.internal_date,
    });
    arrival::add(write, target, arrivals)
}

fn copied(target: &StoredFolder, entries: &[Entry], new: Vec<Uid>) -> Copied {
    let uids = entries.iter().map(|entry| entry.uid).zip(new).collect();
    Copied { uid_validity: target.folder.uid_validity, uids }
}
