//! Entries leave a folder.
//!
//! Which UIDs left is written down in `expunged` as runs of consecutive ones, of which each folder keeps a
//! bounded number. The entries themselves are kept aside in `deleted_entry` until they are purged, and their
//! blobs with them.

use super::entry::Which;
use super::folder::{self, StoredFolder};
use super::folder_change;
use crate::StorageError;
use crate::delta::Delta;
use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::postgresql::tuning::Tuning;
use crate::runs::runs;
use terms::{AccountId, FolderId, ModSeq, SystemFlag, Uid};

/// Entries of a folder leave; what is kept of them is kept.
macro_rules! take {
    ($which:literal) => {
        concat!(
            "WITH gone AS (
                 DELETE FROM entry e WHERE e.folder = $1 AND ",
            $which,
            " AND e.flags & $3::bigint = $3
                 RETURNING e.uid, e.flags, e.keywords, e.date, e.date_offset, e.blob, e.size),
             kept AS (
                 INSERT INTO deleted_entry (account, folder, uid, at, flags, keywords, date, date_offset, blob, size)
                 SELECT $4::bigint, $1, uid, $5::bigint, flags,
                        CASE WHEN keywords IS NOT NULL THEN
                            (SELECT string_agg(name, ' ' ORDER BY number) FROM keyword k
                             WHERE k.folder = $1 AND k.number = ANY (gone.keywords)) END,
                        date, date_offset, blob, size
                 FROM gone WHERE $6 ORDER BY uid)
             SELECT uid, flags, size FROM gone ORDER BY uid"
        )
    };
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
pub(super) async fn marked(
    write: &mut Write<'_>,
    tuning: &Tuning,
    account: AccountId,
    id: FolderId,
    uids: Option<Vec<Uid>>,
) -> Result<Vec<Uid>, StorageError> {
    let folder = folder::by_id(&write.tx, account, id).await?;
    if folder.folder.deleted == 0 {
        return Ok(Vec::new());
    }
    let which = uids.map_or(Which::All, Which::These);
    remove(write, tuning, &folder, &which, SystemFlag::Deleted.bit(), Fate::Kept).await
}

/// See [`crate::Storage::expunge`].
pub(super) async fn whatever_flags(
    write: &mut Write<'_>,
    tuning: &Tuning,
    account: AccountId,
    id: FolderId,
    uids: Vec<Uid>,
) -> Result<Vec<Uid>, StorageError> {
    let folder = folder::by_id(&write.tx, account, id).await?;
    remove(write, tuning, &folder, &Which::These(uids), 0, Fate::Kept).await
}

/// Entries that were placed in another folder leave this one.
pub(super) async fn moved(
    write: &mut Write<'_>,
    tuning: &Tuning,
    folder: &StoredFolder,
    moved: &Which,
) -> Result<(), StorageError> {
    remove(write, tuning, folder, moved, 0, Fate::Elsewhere).await?;
    Ok(())
}

/// Removes all entries of a folder that is going itself: nobody will ask which UIDs left. Answers what it takes away
/// from the account's counters.
pub(super) async fn all(
    write: &Write<'_>,
    tuning: &Tuning,
    folder: &StoredFolder,
) -> Result<Delta, StorageError> {
    let (_, delta) = take(write, tuning, folder, &Which::All, 0, Fate::Kept).await?;
    Ok(delta)
}

/// Removes the entries of a folder that are among these and carry all of these flags, as one change. Answers
/// their UIDs.
async fn remove(
    write: &mut Write<'_>,
    tuning: &Tuning,
    folder: &StoredFolder,
    which: &Which,
    flags: u8,
    fate: Fate,
) -> Result<Vec<Uid>, StorageError> {
    let (uids, delta) = take(write, tuning, folder, which, flags, fate).await?;
    if uids.is_empty() {
        return Ok(uids);
    }
    let mod_seq = folder.next_mod_seq();
    let runs = runs(uids.clone());
    let first: Vec<i64> = runs.iter().map(|(first, _)| first.value().into()).collect();
    let last: Vec<i64> = runs.iter().map(|(_, last)| last.value().into()).collect();
    sql::run(
        &write.tx,
        "INSERT INTO expunged (folder, mod_seq, first_uid, last_uid)
         SELECT $1::bigint, $2::bigint, * FROM unnest($3::bigint[], $4::bigint[])",
        &[&sql::int(folder.folder.id.0), &sql::int(mod_seq.0), &first, &last],
    )
    .await?;
    folder_change::record(write, folder, delta, mod_seq, 0).await?;
    count_runs(write, tuning, folder, runs.len() as u64, mod_seq).await?;
    Ok(uids)
}

/// The rows of [`remove`].
async fn take(
    write: &Write<'_>,
    tuning: &Tuning,
    folder: &StoredFolder,
    which: &Which,
    flags: u8,
    fate: Fate,
) -> Result<(Vec<Uid>, Delta), StorageError> {
    let sql = match which {
        Which::All => take!("$2::bigint[] IS NULL"),
        Which::These(_) => take!("e.uid = ANY ($2)"),
    };
    let rows = sql::all(
        &write.tx,
        sql,
        &[
            &sql::int(folder.folder.id.0),
            &which.column(),
            &i64::from(flags),
            &sql::int(folder.account.0),
            &(tuning.clock)().0,
            &(fate == Fate::Kept),
        ],
    )
    .await?;
    let mut delta = Delta::default();
    let mut uids = Vec::with_capacity(rows.len());
    for row in &rows {
        let flags: i64 = sql::column(row, 1)?;
        delta.remove(u8::try_from(flags).map_err(damaged)?, sql::unsigned(row, 2)?);
        uids.push(sql::uid(row, 0)?);
    }
    Ok((uids, delta))
}

/// Keeps the number of runs in bounds: forgets the oldest changes, down to half of the bound.
async fn count_runs(
    write: &Write<'_>,
    tuning: &Tuning,
    folder: &StoredFolder,
    more: u64,
    mod_seq: ModSeq,
) -> Result<(), StorageError> {
    let id = sql::int(folder.folder.id.0);
    let mut count = folder.expunged_runs + more;
    let mut floor = folder.expunged_floor;
    let bound = tuning.expunged_runs;
    if count > bound {
        // Changes are forgotten whole, so the last one that has to go may take the count further down.
        let last = sql::one(
            &write.tx,
            "SELECT mod_seq FROM expunged WHERE folder = $1 ORDER BY mod_seq LIMIT 1 OFFSET $2",
            &[&id, &sql::int(count - bound / 2 - 1)],
        )
        .await?;
        floor = last.map(|row| sql::mod_seq(&row, 0)).transpose()?.unwrap_or(mod_seq);
        let sql = "DELETE FROM expunged WHERE folder = $1 AND mod_seq <= $2";
        let gone = sql::run(&write.tx, sql, &[&id, &sql::int(floor.0)]).await?;
        count -= gone.min(count);
    }
    let sql = "UPDATE folder SET expunged_runs = $2, expunged_floor = $3 WHERE id = $1";
    sql::run(&write.tx, sql, &[&id, &sql::int(count), &sql::int(floor.0)]).await?;
    Ok(())
}
