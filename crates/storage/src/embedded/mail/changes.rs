//! What happened to a folder since a mod-sequence.

use super::{entry, folder};
use crate::embedded::sql;
use crate::{Changes, StorageError, Update};
use rusqlite::{Connection, params};
use terms::{AccountId, FolderId, ModSeq, Uid};

/// See [`crate::Storage::changes`].
pub(crate) fn since(
    conn: &Connection,
    account: AccountId,
    id: FolderId,
    since: ModSeq,
) -> Result<Changes, StorageError> {
    let Some(stored) = folder::find_by_id(conn, account, id)? else {
        return Ok(Changes { up_to: since, folder_exists: false, ..Changes::default() });
    };
    let up_to = stored.folder.highest_mod_seq;
    let recent_from = Uid::new(stored.recent_from);
    let mut changes = Changes { up_to, recent_from, folder_exists: true, ..Changes::default() };
    if since >= up_to {
        return Ok(changes);
    }
    for (entry, arrived) in entry::changed_since(conn, id, since)? {
        if arrived > since {
            changes.arrived.push(entry);
        } else {
            let (uid, mod_seq, flags) = (entry.uid, entry.mod_seq, entry.flags);
            changes.updated.push(Update { uid, mod_seq, flags });
        }
    }
    changes.expunged = if since < stored.expunged_floor {
        absent(conn, id, stored.folder.uid_next)?
    } else {
        expunged(conn, id, since)?
    };
    Ok(changes)
}

fn expunged(conn: &Connection, id: FolderId, since: ModSeq) -> Result<Vec<Uid>, StorageError> {
    let runs = sql::all(
        conn,
        "SELECT first_uid, last_uid FROM expunged WHERE folder = ?1 AND mod_seq > ?2",
        params![sql::int(id.0), sql::int(since.0)],
        |row| Ok((sql::uid(row, 0)?.value(), sql::uid(row, 1)?.value())),
    )?;
    let mut uids: Vec<Uid> =
        runs.into_iter().flat_map(|(first, last)| first..=last).filter_map(Uid::new).collect();
    uids.sort_unstable();
    Ok(uids)
}

/// Every UID below `uid_next` that is not there. Right for whoever asks, but long: used only when the
/// asker's knowledge is older than what `expunged` still tells of.
fn absent(conn: &Connection, id: FolderId, uid_next: Uid) -> Result<Vec<Uid>, StorageError> {
    let mut present = sql::all(
        conn,
        "SELECT uid FROM entry INDEXED BY entry_by_change WHERE folder = ?1",
        [sql::int(id.0)],
        |row| Ok(sql::uid(row, 0)?.value()),
    )?;
    present.sort_unstable();
    let mut absent = Vec::new();
    let mut from = 1;
    for uid in present.into_iter().chain(std::iter::once(uid_next.value())) {
        absent.extend((from..uid).filter_map(Uid::new));
        from = uid.saturating_add(1);
    }
    Ok(absent)
}
