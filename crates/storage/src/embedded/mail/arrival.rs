//! New entries at the end of a folder.

use super::folder::{self, StoredFolder};
use super::folder_change;
use super::keyword::Keywords;
use super::{blob, entry, quota};
use crate::delta::Delta;
use crate::embedded::committer::Write;
use crate::{BlobRef, Copied, NewEntry, StorageError};
use terms::{AccountId, Flags, FolderName, InternalDate, Uid};

/// An entry about to be written; its blob was counted.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) blob: BlobRef,
    pub(super) flags: &'a Flags,
    pub(super) date: InternalDate,
}

/// See [`crate::Storage::append`].
pub(crate) fn append(
    write: &mut Write<'_>,
    account: AccountId,
    name: &FolderName,
    entries: &[NewEntry],
) -> Result<Copied, StorageError> {
    let folder = folder::by_name(write.conn, account, name)?;
    let uids = take_in(write, &folder, entries)?;
    Ok(Copied {
        uid_validity: folder.folder.uid_validity,
        uids: uids.into_iter().map(|uid| (uid, uid)).collect(),
    })
}

/// Adds entries made from blobs, if the account has room for them.
pub(super) fn take_in(
    write: &mut Write<'_>,
    folder: &StoredFolder,
    entries: &[NewEntry],
) -> Result<Vec<Uid>, StorageError> {
    let more = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.blob.size));
    quota::check_room(write.conn, folder.account, more)?;
    for entry in entries {
        blob::refer(write, entry.blob, &entry.digest)?;
    }
    let arrivals = entries.iter().map(|entry| Arrival {
        blob: entry.blob,
        flags: &entry.flags,
        date: entry.internal_date,
    });
    add(write, folder, arrivals)
}

/// Writes entries at the folder's end, as one change. Answers their UIDs.
pub(super) fn add<'a>(
    write: &mut Write<'_>,
    folder: &StoredFolder,
    arrivals: impl ExactSizeIterator<Item = Arrival<'a>>,
) -> Result<Vec<Uid>, StorageError> {
    let count = arrivals.len();
    if count == 0 {
        return Ok(Vec::new());
    }
    if count as u64 > folder.free_uids() {
        return Err(StorageError::Limit("UIDs of a folder"));
    }
    let mod_seq = folder.next_mod_seq();
    let mut keywords = Keywords::new(write.conn, folder.folder.id);
    let mut delta = Delta::default();
    let mut uids = Vec::with_capacity(count);
    let from = folder.folder.uid_next.value();
    for (uid, arrival) in (from..).filter_map(Uid::new).zip(arrivals) {
        entry::insert(write.conn, folder.folder.id, &mut keywords, uid, mod_seq, arrival)?;
        delta.add(arrival.flags.system_bits(), arrival.blob.size);
        uids.push(uid);
    }
    folder_change::record(write, folder, delta, mod_seq, uids.len() as u32)?;
    Ok(uids)
}
