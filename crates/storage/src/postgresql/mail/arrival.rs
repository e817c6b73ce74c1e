//! New entries at the end of a folder.

use super::blob::References;
use super::entry::Columns;
use super::folder::{self, StoredFolder};
use super::keyword::Keywords;
use super::{folder_change, quota};
use crate::delta::Delta;
use crate::postgresql::fresh::Fresh;
use crate::postgresql::transaction::Write;
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
pub(super) async fn append(
    write: &mut Write<'_>,
    fresh: &Fresh,
    account: AccountId,
    name: &FolderName,
    entries: &[NewEntry],
) -> Result<Copied, StorageError> {
    let folder = folder::by_name(&write.tx, account, name).await?;
    let more = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.blob.size));
    quota::check_room(&write.tx, account, more).await?;
    let mut references = References::default();
    for entry in entries {
        references.add(entry.blob, &entry.digest)?;
    }
    references.count(write, fresh).await?;
    let arrivals: Vec<Arrival<'_>> = entries
        .iter()
        .map(|entry| Arrival { blob: entry.blob, flags: &entry.flags, date: entry.internal_date })
        .collect();
    let uids = add(write, &folder, &arrivals).await?;
    Ok(Copied {
        uid_validity: folder.folder.uid_validity,
        uids: uids.into_iter().map(|uid| (uid, uid)).collect(),
    })
}

/// Writes entries at the folder's end, as one change. Answers their UIDs.
pub(super) async fn add(
    write: &mut Write<'_>,
    folder: &StoredFolder,
    arrivals: &[Arrival<'_>],
) -> Result<Vec<Uid>, StorageError> {
    if arrivals.is_empty() {
        return Ok(Vec::new());
    }
    let count = arrivals.len() as u64;
    let count = u32::try_from(count.min(folder.free_uids() + 1)).unwrap_or(u32::MAX);
    if u64::from(count) > folder.free_uids() {
        return Err(StorageError::Limit("UIDs of a folder"));
    }
    let (id, mod_seq) = (folder.folder.id, folder.next_mod_seq());
    let mut keywords = match arrivals.iter().any(|arrival| !arrival.flags.keywords.is_empty()) {
        true => Keywords::of(&write.tx, id).await?,
        false => Keywords::none(id),
    };
    let (mut columns, mut delta) = (Columns::default(), Delta::default());
    let mut uids = Vec::with_capacity(arrivals.len());
    let from = folder.folder.uid_next.value();
    for (uid, arrival) in (from..).filter_map(Uid::new).zip(arrivals) {
        let bits = arrival.flags.system_bits();
        let column = keywords.column(write, &arrival.flags.keywords, &[]).await?;
        columns.push(id, uid, mod_seq, (bits, column), arrival.date, arrival.blob);
        delta.add(bits, arrival.blob.size);
        uids.push(uid);
    }
    keywords.write(write).await?;
    columns.insert(write).await?;
    folder_change::record(write, folder, delta, mod_seq, count).await?;
    Ok(uids)
}
