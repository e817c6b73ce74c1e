//! Entries leave a folder.
//!
//! What left is written down in `expunged` as runs of consecutive UIDs, of which each folder keeps a
//! bounded number; [`super::changes`] says what happens when it has to tell of older ones.

use super::blob::Released;
use super::entry;
use super::folder::{self, StoredFolder};
use super::folder_change::{self, Delta};
use super::runs::runs;
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{BlobRef, StorageError};
use rusqlite::{Row, params};
use terms::{AccountId, FolderId, ModSeq, SystemFlag, Uid};

/// What is needed of an entry to remove it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    pub(super) uid: Uid,
    pub(super) flags: u8,
    pub(super) blob: BlobRef,
}

/// What becomes of the blobs of entries that leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blobs {
    /// Each has one entry less.
    Release,
    /// The entries went to another folder together with them.
    Keep,
}

/// See [`crate::Storage::expunge_marked`].
pub(crate) fn marked(
    write: &mut Write<'_>,
    account: AccountId,
    id: FolderId,
    uids: Option<Vec<Uid>>,
) -> Result<Vec<Uid>, StorageError> {
    let folder = folder::by_id(write.conn, account, id)?;
    if folder.folder.deleted == 0 {
        return Ok(Vec::new());
    }
    let marked = SystemFlag::Deleted.bit();
    let leaving = match uids {
        Some(uids) => {
            let mut some = some(write, id, uids)?;
            some.retain(|entry| entry.flags & marked != 0);
            some
        }
        None => {
            let sql = "SELECT uid, flags, segment, offset, size FROM entry
                       WHERE folder = ?1 AND flags & ?2 <> 0 ORDER BY uid";
            sql::all(write.conn, sql, params![sql::int(id.0), marked], leaving)?
        }
    };
    remove(write, &folder, &leaving, Blobs::Release)
}

/// See [`crate::Storage::expunge`].
pub(crate) fn whatever_flags(
    write: &mut Write<'_>,
    account: AccountId,
    id: FolderId,
    uids: Vec<Uid>,
) -> Result<Vec<Uid>, StorageError> {
    let folder = folder::by_id(write.conn, account, id)?;
    let leaving = some(write, id, uids)?;
    remove(write, &folder, &leaving, Blobs::Release)
}

fn some(write: &Write<'_>, id: FolderId, uids: Vec<Uid>) -> Result<Vec<Leaving>, StorageError> {
    let mut some = Vec::new();
    for (first, last) in runs(uids) {
        some.extend(sql::all(
            write.conn,
            "SELECT uid, flags, segment, offset, size FROM entry
             WHERE folder = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid",
            params![sql::int(id.0), first.value(), last.value()],
            leaving,
        )?);
    }
    Ok(some)
}

fn leaving(row: &Row<'_>) -> Result<Leaving, StorageError> {
    Ok(Leaving { uid: sql::uid(row, 0)?, flags: row.get(1)?, blob: entry::blob(row, 2)? })
}

/// Removes entries of a folder, as one change. Answers their UIDs.
pub(super) fn remove(
    write: &mut Write<'_>,
    folder: &StoredFolder,
    leaving: &[Leaving],
    blobs: Blobs,
) -> Result<Vec<Uid>, StorageError> {
    if leaving.is_empty() {
        return Ok(Vec::new());
    }
    let id = sql::int(folder.folder.id.0);
    let mod_seq = folder.next_mod_seq();
    let mut delta = Delta::default();
    let mut released = Released::default();
    for entry in leaving {
        delta.remove(entry.flags, entry.blob.size);
        if blobs == Blobs::Release {
            released.release(write.conn, entry.blob)?;
        }
    }
    let uids: Vec<Uid> = leaving.iter().map(|entry| entry.uid).collect();
    let runs = runs(uids.clone());
    for (first, last) in &runs {
        let run = params![id, first.value(), last.value(), sql::int(mod_seq.0)];
        sql::run(
            write.conn,
            "DELETE FROM entry WHERE folder = ?1 AND uid BETWEEN ?2 AND ?3",
            &run[..3],
        )?;
        sql::run(
            write.conn,
            "INSERT INTO expunged (folder, first_uid, last_uid, mod_seq) VALUES (?1, ?2, ?3, ?4)",
            run,
        )?;
    }
    released.record(write)?;
    folder_change::record(write, folder, delta, mod_seq, 0)?;
    count_runs(write, folder, runs.len() as u64, mod_seq)?;
    Ok(uids)
}

/// Keeps the number of runs in bounds: forgets the oldest changes, down to half of the bound.
fn count_runs(
    write: &Write<'_>,
    folder: &StoredFolder,
    more: u64,
    mod_seq: ModSeq,
) -> Result<(), StorageError> {
    let id = sql::int(folder.folder.id.0);
    let mut count = folder.expunged_runs + more;
    let mut floor = folder.expunged_floor;
    let bound = write.tuning.expunged_runs;
    if count > bound {
        // Changes are forgotten whole, so the last one that has to go may take the count further down.
        let last = sql::one(
            write.conn,
            "SELECT mod_seq FROM expunged WHERE folder = ?1 ORDER BY mod_seq LIMIT 1 OFFSET ?2",
            params![id, sql::int(count - bound / 2 - 1)],
            |row| sql::mod_seq(row, 0),
        )?;
        floor = last.unwrap_or(mod_seq);
        let gone = sql::run(
            write.conn,
            "DELETE FROM expunged WHERE folder = ?1 AND mod_seq <= ?2",
            params![id, sql::int(floor.0)],
        )?;
        count -= (gone as u64).min(count);
    }
    sql::run(
        write.conn,
        "UPDATE folder SET expunged_runs = ?2, expunged_floor = ?3 WHERE id = ?1",
        params![id, sql::int(count), sql::int(floor.0)],
    )?;
    Ok(())
}

/// Removes all entries of a folder that is going itself: nobody will ask what left.
pub(super) fn release_all(
    write: &mut Write<'_>,
    folder: &StoredFolder,
) -> Result<(), StorageError> {
    let id = sql::int(folder.folder.id.0);
    let sql = "SELECT uid, flags, segment, offset, size FROM entry WHERE folder = ?1 ORDER BY uid";
    let all = sql::all(write.conn, sql, [id], leaving)?;
    let mut delta = Delta::default();
    let mut released = Released::default();
    for entry in &all {
        delta.remove(entry.flags, entry.blob.size);
        released.release(write.conn, entry.blob)?;
    }
    sql::run(write.conn, "DELETE FROM entry WHERE folder = ?1", [id])?;
    released.record(write)?;
    folder_change::record(write, folder, delta, folder.next_mod_seq(), 0)
}
