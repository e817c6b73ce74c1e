//! What is known of large folders from earlier, so that opening one again need not read all of its entries.
//!
//! It is kept in memory; of the largest folders the database has it too (`outline`), as of some time before, for the
//! next start.
//!
//! Invariant: what is known of a folder as of a mod-sequence is what its rows said then. Each change of entries
//! has a mod-sequence of its own, so a folder whose mod-sequence is still that one is still so; and of any
//! other, what changed since is read and applied.

use super::folder::StoredFolder;
use super::outline::{self, Outline};
use super::runs::runs;
use crate::StorageError;
use crate::embedded::sql;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rusqlite::{Connection, params};
use std::sync::Arc;
use terms::{FolderId, SystemFlag, Uid};

/// Memory for all folders.
const BYTES_BOUND: u64 = 16 * 1024 * 1024;
/// Folders smaller than this are read each time.
const LEAST: u32 = 500;
/// Changes read and applied; when there are more, the folder is read anew.
const CHANGES_BOUND: usize = 2000;
/// Folders smaller than this have no outline in the database.
const LEAST_OUTLINED: u32 = 5000;
/// Changes since its outline after which a folder gets a new one.
const CHANGES_OUTLINED: usize = 500;

/// See the module's head.
#[derive(Debug)]
pub(in crate::embedded) struct Known {
    folders: Cache<FolderId, Arc<Folder>, Weight>,
}

/// A folder as of a mod-sequence.
#[derive(Debug)]
struct Folder {
    outline: Outline,
    /// Changes since what is in the database.
    unstored: usize,
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<FolderId, Arc<Folder>> for Weight {
    fn weight(&self, _: &FolderId, folder: &Arc<Folder>) -> u64 {
        (folder.outline.uids.len() + folder.outline.unseen.len()) as u64 * 8 + 128
    }
}

impl Default for Known {
    fn default() -> Self {
        Self { folders: Cache::with_weighter(1000, BYTES_BOUND, Weight) }
    }
}

/// What opening a folder needs to know of its entries.
#[derive(Debug)]
pub(super) struct Opening {
    /// Ascending.
    pub(super) uids: Vec<Uid>,
    pub(super) first_unseen: Option<Uid>,
    /// What should be in the database from now on.
    pub(super) to_store: Option<Outline>,
}

impl Known {
    /// The folder's UIDs, as `conn`'s transaction sees it.
    pub(super) fn uids(
        &self,
        conn: &Connection,
        stored: &StoredFolder,
    ) -> Result<Opening, StorageError> {
        let (id, now) = (stored.folder.id, stored.folder.highest_mod_seq);
        let opening = |uids: Vec<Uid>, unseen: Option<Uid>, to_store| {
            Ok(Opening { uids, first_unseen: unseen, to_store })
        };
        if stored.folder.messages < LEAST {
            let (uids, unseen) = read(conn, id)?;
            return opening(uids, unseen.first().copied(), None);
        }
        let is_outlined = stored.folder.messages >= LEAST_OUTLINED;
        let known = match self.folders.get(&id) {
            Some(folder) => Some(folder),
            None if is_outlined => from_database(conn, id)?,
            None => None,
        };
        let usable = |folder: &Folder| {
            folder.outline.as_of <= now && folder.outline.as_of >= stored.expunged_floor
        };
        let known = known.filter(|folder| usable(folder));
        let (uids, unseen, unstored) = match &known {
            Some(folder) if folder.outline.as_of == now => {
                let Outline { uids, unseen, .. } = &folder.outline;
                let first_unseen = unseen.first().map(|(first, _)| *first);
                let uids = expand(uids);
                if self.folders.peek(&id).is_none() {
                    self.folders.insert(id, Arc::clone(folder));
                }
                return opening(uids, first_unseen, None);
            }
            Some(folder) => match follow(conn, id, &folder.outline)? {
                Some((uids, unseen, changes)) => {
                    (uids, unseen, folder.unstored.saturating_add(changes))
                }
                None => read_all(conn, id)?,
            },
            None => read_all(conn, id)?,
        };
        let first_unseen = unseen.first().copied();
        let outline = Outline { as_of: now, uids: runs(uids.clone()), unseen: runs(unseen) };
        let to_store = (is_outlined && unstored >= CHANGES_OUTLINED).then(|| outline.clone());
        let unstored = if to_store.is_some() { 0 } else { unstored };
        // Another reader may know better.
        if self.folders.peek(&id).is_none_or(|other| other.outline.as_of < now) {
            self.folders.insert(id, Arc::new(Folder { outline, unstored }));
        }
        opening(uids, first_unseen, to_store)
    }
}

/// What the database knows. A damaged outline is none.
fn from_database(conn: &Connection, id: FolderId) -> Result<Option<Arc<Folder>>, StorageError> {
    match outline::load(conn, id) {
        Ok(outline) => Ok(outline.map(|outline| Arc::new(Folder { outline, unstored: 0 }))),
        Err(StorageError::Corrupt(problem)) => {
            tracing::warn!(folder = id.0, problem, "an outline cannot be read, and is made anew");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// As [`read`]; nothing of it is in the database.
fn read_all(conn: &Connection, id: FolderId) -> Result<(Vec<Uid>, Vec<Uid>, usize), StorageError> {
    read(conn, id).map(|(uids, unseen)| (uids, unseen, usize::MAX))
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

/// A folder's UIDs, and those of its unseen entries, both ascending; and how many changes led to them.
type Followed = (Vec<Uid>, Vec<Uid>, usize);

/// The same, from what was known and what changed since; none: too much did.
fn follow(
    conn: &Connection,
    id: FolderId,
    known: &Outline,
) -> Result<Option<Followed>, StorageError> {
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
    Ok(Some((uids, unseen, changed.len() + gone.len())))
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
