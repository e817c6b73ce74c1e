//! The UIDs of a folder's entries: what is known of them ([`crate::known`]), and the rest from rows.

use super::folder::StoredFolder;
use crate::StorageError;
use crate::embedded::sql;
use crate::known::{AllAndUnseen, Asked, CHANGES_BOUND, Knowledge, Known, KnownFolder, Uids};
use rusqlite::{Connection, params};
use terms::{FolderId, SystemFlag};

/// The folder's UIDs, as `conn`'s transaction sees it.
pub(super) fn uids(
    known: &Known,
    conn: &Connection,
    stored: &StoredFolder,
) -> Result<Uids, StorageError> {
    let asked = Asked {
        id: stored.folder.id,
        messages: stored.folder.messages,
        now: stored.folder.highest_mod_seq,
        floor: stored.expunged_floor,
    };
    let followed = match known.of(asked) {
        Knowledge::All(uids) => return Ok(uids),
        Knowledge::Earlier(folder) => follow(conn, asked.id, &folder)?,
        Knowledge::Nothing => None,
    };
    let both = match followed {
        Some(both) => both,
        None => read(conn, asked.id)?,
    };
    Ok(known.learn(asked, both))
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
    known: &KnownFolder,
) -> Result<Option<AllAndUnseen>, StorageError> {
    let since = params![sql::int(id.0), sql::int(known.as_of().0), sql::int(CHANGES_BOUND as u64)];
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
