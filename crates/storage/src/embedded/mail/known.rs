//! The UIDs of a folder's entries: what is known of them ([`crate::known`]), and the rest from rows. Of the largest folders the
//! database has an outline too (`outline`), as of some time before, for the next start.

use super::folder::StoredFolder;
use super::outline;
use crate::embedded::sql;
use crate::known::{AllAndUnseen, Asked, CHANGES_BOUND, Knowledge, Known, KnownFolder, Outline};
use crate::{StorageError, UidRuns};
use rusqlite::{Connection, params};
use std::sync::Arc;
use terms::{FolderId, SystemFlag, Uid};

/// Folders smaller than this have no outline in the database.
const LEAST_OUTLINED: u32 = 5000;
/// Changes since its outline after which a folder gets a new one.
const CHANGES_OUTLINED: usize = 500;

/// What opening a folder needs to know of its entries.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) uids: UidRuns,
    pub(super) first_unseen: Option<Uid>,
    /// What should be in the database from now on.
    pub(super) to_store: Option<Outline>,
}

/// The folder's UIDs, as `conn`'s transaction sees it.
pub(super) fn uids(
    known: &Known,
    conn: &Connection,
    stored: &StoredFolder,
) -> Result<Opening, StorageError> {
    let asked = Asked {
        id: stored.folder.id,
        messages: stored.folder.messages,
        now: stored.folder.highest_mod_seq,
        floor: stored.expunged_floor,
    };
    let is_outlined = asked.messages >= LEAST_OUTLINED;
    let earlier = match known.of(asked) {
        Knowledge::All((uids, first_unseen)) => {
            return Ok(Opening { uids, first_unseen, to_store: None });
        }
        Knowledge::Earlier(folder) => Some(folder),
        Knowledge::Nothing if is_outlined => from_database(conn, asked)?,
        Knowledge::Nothing => None,
    };
    let followed = match &earlier {
        Some(folder) => follow(conn, asked.id, &folder.outline)?
            .map(|(both, changes)| (both, folder.unstored.saturating_add(changes))),
        None => None,
    };
    let ((uids, unseen), unstored) = match followed {
        Some(followed) => followed,
        None => (read(conn, asked.id)?, usize::MAX),
    };
    let (uids, first_unseen) = (UidRuns::of(uids), unseen.first().copied());
    if !asked.is_large() {
        return Ok(Opening { uids, first_unseen, to_store: None });
    }
    let outline = Outline::new(asked.now, &uids, unseen);
    let to_store = (is_outlined && unstored >= CHANGES_OUTLINED).then(|| outline.clone());
    let unstored = if to_store.is_some() { 0 } else { unstored };
    known.learn(asked.id, KnownFolder { outline, unstored });
    Ok(Opening { uids, first_unseen, to_store })
}

/// What the database knows, if that helps. A damaged outline does not.
fn from_database(
    conn: &Connection,
    asked: Asked,
) -> Result<Option<Arc<KnownFolder>>, StorageError> {
    match outline::load(conn, asked.id) {
        Ok(outline) => Ok(outline
            .filter(|outline| outline.helps(asked))
            .map(|outline| Arc::new(KnownFolder { outline, unstored: 0 }))),
        Err(StorageError::Corrupt(problem)) => {
            tracing::warn!(
                folder = asked.id.0,
                problem,
                "an outline cannot be read, and is made anew"
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_unseen(flags: u8) -> bool {
    flags & SystemFlag::Seen.bit() == 0
}

/// All UIDs, and those without `\Seen`, both ascending.
fn read(conn: &Connection, id: FolderId) -> Result<AllAndUnseen, StorageError> {
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

/// The same, from what was known and what changed since; none: too much did.
fn follow(
    conn: &Connection,
    id: FolderId,
    known: &Outline,
) -> Result<Option<(AllAndUnseen, usize)>, StorageError> {
    let since = params![sql::int(id.0), sql::int(known.as_of.0), sql::int(CHANGES_BOUND as u64)];
    let changed = sql::all(
        conn,
        "SELECT uid, flags FROM entry INDEXED BY entry_by_change WHERE folder = ?1 AND mod_seq > ?2 LIMIT ?3",
        since,
        |row| Ok((sql::uid(row, 0)?, is_unseen(row.get(1)?))),
    )?;
    let gone = sql::all(
        conn,
        "SELECT first_uid, last_uid FROM expunged WHERE folder = ?1 AND mod_seq > ?2 LIMIT ?3",
        since,
        |row| Ok((sql::uid(row, 0)?, sql::uid(row, 1)?)),
    )?;
    Ok(known.followed(changed, gone))
}
