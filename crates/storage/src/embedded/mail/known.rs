//! What is known of large folders from earlier, so that opening one again need not read all of its entries.
//!
//! Invariant: what is known of a folder as of a mod-sequence is what its rows said then. Each change of entries
//! has a mod-sequence of its own, so a folder whose mod-sequence is still that one is still so; and of any
//! other, what changed since is read and applied.

use super::folder::StoredFolder;

use crate::StorageError;
use crate::embedded::sql;
use crate::runs::runs;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rusqlite::{Connection, params};
use std::sync::Arc;
use terms::{FolderId, ModSeq, SystemFlag, Uid};

/// Memory for all folders.
const BYTES_BOUND: u64 = 16 * 1024 * 1024;
/// Folders smaller than this are read each time.
const LEAST: u32 = 500;
/// Changes read and applied; when there are more, the folder is read anew.
const CHANGES_BOUND: usize = 2000;

/// See the module's head.
#[derive(Debug)]
pub(in crate::embedded) struct Known {
    folders: Cache<FolderId, Arc<Folder>, Weight>,
}

/// A folder as of a mod-sequence.
#[derive(Debug)]
struct Folder {
    as_of: ModSeq,
    /// First and last of each run of UIDs.
    uids: Vec<(Uid, Uid)>,
    /// The same of entries without `\Seen`.
    unseen: Vec<(Uid, Uid)>,
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<FolderId, Arc<Folder>> for Weight {
    fn weight(&self, _: &FolderId, folder: &Arc<Folder>) -> u64 {
        (folder.uids.len() + folder.unseen.len()) as u64 * 8 + 128
    }
}

impl Default for Known {
    fn default() -> Self {
        Self { folders: Cache::with_weighter(1000, BYTES_BOUND, Weight) }
    }
}

/// UIDs of a folder, ascending, and which of them comes first without `\Seen`.
pub(super) type Uids = (Vec<Uid>, Option<Uid>);

impl Known {
    /// The folder's UIDs, as `conn`'s transaction sees it.
    pub(super) fn uids(
        &self,
        conn: &Connection,
        stored: &StoredFolder,
    ) -> Result<Uids, StorageError> {
        let (id, now) = (stored.folder.id, stored.folder.highest_mod_seq);
        if stored.folder.messages < LEAST {
            let (uids, unseen) = read(conn, id)?;
            return Ok((uids, unseen.first().copied()));
        }
        let (uids, unseen) = match self.folders.get(&id) {
            Some(folder) if folder.as_of == now => {
                return Ok((expand(&folder.uids), folder.unseen.first().map(|(first, _)| *first)));
            }
            Some(folder) if folder.as_of < now && folder.as_of >= stored.expunged_floor => {
                match follow(conn, id, &folder)? {
                    Some(both) => both,
                    None => read(conn, id)?,
                }
            }
            _ => read(conn, id)?,
        };
        let first_unseen = unseen.first().copied();
        let folder = Folder { as_of: now, uids: runs(uids.clone()), unseen: runs(unseen) };
        // Another reader may know better.
        if self.folders.peek(&id).is_none_or(|other| other.as_of < now) {
            self.folders.insert(id, Arc::new(folder));
        }
        Ok((uids, first_unseen))
    }
}

fn is_unseen(flags: u8) -> bool {
    flags & SystemFlag::Seen.bit() == 0
}

/// All UIDs, and those without `\Seen`, both ascending.
fn read(conn: &Connection, id: FolderId) -> Result<(Vec<Uid>, Vec<Uid>), StorageError> {
    let (mut uids, mut unseen) = (Vec::new(), Vec::new());
    // The index holds all that is asked for; its order is that of changes.
    let mut statement = conn.prepare_cached(
        "SELECT uid, flags FROM entry INDEXED BY entry_by_change WHERE folder = ?1",
    )?;
    let mut rows = statement.query([sql::int(id.0)])?;
    while let Some(row) = rows.next()? {
        let uid = sql::uid(row, 0)?;
        if is_unseen(row.get(1)?) {
            unseen.push(uid);
        }
        uids.push(uid);
    }
    uids.sort_unstable();
    unseen.sort_unstable();
    Ok((uids, unseen))
}

/// A folder's UIDs, and those of its unseen entries; both ascending.
type AllAndUnseen = (Vec<Uid>, Vec<Uid>);

/// The same, from what was known and what changed since; none: too much did.
fn follow(
    conn: &Connection,
    id: FolderId,
    known: &Folder,
) -> Result<Option<AllAndUnseen>, StorageError> {
    let since = params![sql::int(id.0), sql::int(known.as_of.0), sql::int(CHANGES_BOUND as u64)];
    let mut changed = sql::all(
        conn,
        "SELECT uid, flags FROM entry INDEXED BY entry_by_change WHERE folder = ?1 AND mod_seq > ?2 LIMIT ?3",
        since,
        |row| Ok((sql::uid(row, 0)?, is_unseen(row.get(1)?))),
    )?;
    let mut gone = sql::all(
        conn,
        "SELECT first_uid, last_uid FROM expunged WHERE folder = ?1 AND mod_seq > ?2 LIMIT ?3",
        since,
        |row| Ok((sql::uid(row, 0)?, sql::uid(row, 1)?)),
    )?;
    if changed.len() >= CHANGES_BOUND || gone.len() >= CHANGES_BOUND {
        return Ok(None);
    }
    changed.sort_unstable();
    gone.sort_unstable();
    let now: Vec<Uid> = changed.iter().map(|(uid, _)| *uid).collect();
    let now_unseen: Vec<Uid> =
        changed.iter().filter(|(_, unseen)| *unseen).map(|(uid, _)| *uid).collect();
    let uids = replaced(&known.uids, &gone, &[], &now);
    let unseen = replaced(&known.unseen, &gone, &now, &now_unseen);
    Ok(Some((uids, unseen)))
}

/// What `runs` stand for without `gone` and without `out`, and with `new`; all ascending.
fn replaced(runs: &[(Uid, Uid)], gone: &[(Uid, Uid)], out: &[Uid], new: &[Uid]) -> Vec<Uid> {
    let mut uids = expand(runs);
    if !gone.is_empty() {
        let is_gone = |uid: &Uid| {
            let before = gone.partition_point(|(first, _)| first <= uid);
            before > 0 && gone[before - 1].1 >= *uid
        };
        uids.retain(|uid| !is_gone(uid));
    }
    if !out.is_empty() {
        uids.retain(|uid| out.binary_search(uid).is_err());
    }
    uids.extend_from_slice(new);
    // Nearly sorted, which this sort is fast at.
    uids.sort();
    uids.dedup();
    uids
}

fn expand(runs: &[(Uid, Uid)]) -> Vec<Uid> {
    let count = runs.iter().map(|(first, last)| (last.value() - first.value()) as usize + 1).sum();
    let mut uids = Vec::with_capacity(count);
    for (first, last) in runs {
        uids.extend((first.value()..=last.value()).filter_map(Uid::new));
    }
    uids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing() {
        let uids = |numbers: &[u32]| -> Vec<Uid> {
            numbers.iter().map(|number| Uid::new(*number).unwrap()).collect()
        };
        let check = |known: &[u32], gone: &[u32], out: &[u32], new: &[u32], expected: &[u32]| {
            let found = replaced(&runs(uids(known)), &runs(uids(gone)), &uids(out), &uids(new));
            assert_eq!(found, uids(expected));
        };
        check(&[], &[], &[], &[], &[]);
        check(&[1, 2, 3, 7], &[], &[], &[], &[1, 2, 3, 7]);
        check(&[1, 2, 3, 7], &[2, 3, 6], &[], &[8, 9], &[1, 7, 8, 9]);
        check(&[1, 2, 3, 7], &[], &[2, 4, 7], &[2, 5], &[1, 2, 3, 5]);
        check(&[1, u32::MAX], &[u32::MAX], &[], &[1], &[1]);
    }
}
