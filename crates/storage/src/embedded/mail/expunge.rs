//! Entries leave a folder.
//!
//! Which UIDs left is written down in `expunged` as runs of consecutive ones, of which each folder keeps a
//! bounded number; [`super::changes`] says what happens when it has to tell of older ones. The entries themselves
//! are kept aside ([`super::deleted`]) until they are purged, and their blobs with them.

use super::folder::{self, StoredFolder};
use super::folder_change;
use super::keyword::Keywords;

use super::{deleted, entry};
use crate::delta::Delta;
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::runs::runs;
use crate::{BlobRef, StorageError};
use rusqlite::{Row, params};
use terms::{AccountId, Flags, FolderId, InternalDate, ModSeq, SystemFlag, Uid, UnixTime};

/// The columns that [`leaving`] reads, as a selection from `entry`.
macro_rules! select_leaving {
    ($rest:literal) => {
        concat!(
            "SELECT uid, flags, keywords, date, date_offset, segment, offset, size FROM entry ",
            $rest
        )
    };
}

/// What is needed of an entry to remove it.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    pub(super) uid: Uid,
    pub(super) flags: Flags,
    pub(super) date: InternalDate,
    pub(super) blob: BlobRef,
}

/// What becomes of entries that leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// They can be brought back until they are purged.
    Kept,
    /// They went to another folder together with their blobs.
    Elsewhere,
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
            some.retain(|entry| entry.flags.system_bits() & marked != 0);
            some
        }
        None => {
            let keywords = Keywords::new(write.conn, id);
            // The bit as a number, as in the index of marked entries.
            let sql = select_leaving!(
                "INDEXED BY entry_marked WHERE folder = ?1 AND flags & 8 <> 0 ORDER BY uid"
            );
            sql::all(write.conn, sql, [sql::int(id.0)], |row| leaving(row, &keywords))?
        }
    };
    remove(write, &folder, &leaving, Fate::Kept)
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
    remove(write, &folder, &leaving, Fate::Kept)
}

fn some(write: &Write<'_>, id: FolderId, uids: Vec<Uid>) -> Result<Vec<Leaving>, StorageError> {
    let keywords = Keywords::new(write.conn, id);
    let mut some = Vec::new();
    for (first, last) in runs(uids) {
        some.extend(sql::all(
            write.conn,
            select_leaving!("WHERE folder = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid"),
            params![sql::int(id.0), first.value(), last.value()],
            |row| leaving(row, &keywords),
        )?);
    }
    Ok(some)
}

fn leaving(row: &Row<'_>, keywords: &Keywords<'_>) -> Result<Leaving, StorageError> {
    let numbers: Option<Vec<u8>> = row.get(2)?;
    Ok(Leaving {
        uid: sql::uid(row, 0)?,
        flags: keywords.flags(row.get(1)?, numbers.as_deref())?,
        date: InternalDate { at: UnixTime(row.get(3)?), offset_minutes: row.get(4)? },
        blob: entry::blob(row, 5)?,
    })
}

/// Removes entries of a folder, as one change. Answers their UIDs.
pub(super) fn remove(
    write: &mut Write<'_>,
    folder: &StoredFolder,
    leaving: &[Leaving],
    fate: Fate,
) -> Result<Vec<Uid>, StorageError> {
    if leaving.is_empty() {
        return Ok(Vec::new());
    }
    let id = sql::int(folder.folder.id.0);
    let mod_seq = folder.next_mod_seq();
    let mut delta = Delta::default();
    for entry in leaving {
        delta.remove(entry.flags.system_bits(), entry.blob.size);
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
    // Now, because what went made room for it.
    if fate == Fate::Kept {
        for entry in leaving {
            deleted::note(write, folder, entry)?;
        }
    }
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

/// Removes all entries of a folder that is going itself: nobody will ask which UIDs left.
pub(super) fn all(write: &mut Write<'_>, folder: &StoredFolder) -> Result<(), StorageError> {
    let id = sql::int(folder.folder.id.0);
    let keywords = Keywords::new(write.conn, folder.folder.id);
    let sql = select_leaving!("WHERE folder = ?1 ORDER BY uid");
    let all = sql::all(write.conn, sql, [id], |row| leaving(row, &keywords))?;
    let mut delta = Delta::default();
    for entry in &all {
        delta.remove(entry.flags.system_bits(), entry.blob.size);
        deleted::note(write, folder, entry)?;
    }
    sql::run(write.conn, "DELETE FROM entry WHERE folder = ?1", [id])?;
    folder_change::record(write, folder, delta, folder.next_mod_seq(), 0)
}
