//! What was deleted long ago goes for ever, a slice at a time.

use super::blob::Released;
use super::entry;
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{Purged, StorageError};
use rusqlite::params;
use terms::UnixTime;

/// What refers to an account, in an order in which it can go. Entries, keywords and runs of expunged UIDs go
/// with their folders before.
pub(in crate::embedded) const OF_AN_ACCOUNT: [(&str, &str); 10] = [
    ("deleted_folder", "DELETE FROM deleted_folder WHERE account = ?1"),
    ("folder", "DELETE FROM folder WHERE account = ?1"),
    ("subscription", "DELETE FROM subscription WHERE account = ?1"),
    ("usage", "DELETE FROM usage WHERE account = ?1"),
    ("history", "DELETE FROM history WHERE account = ?1"),
    ("token", "DELETE FROM token WHERE account = ?1"),
    ("app_password", "DELETE FROM app_password WHERE account = ?1"),
    ("lost_alias", "DELETE FROM lost_alias WHERE account = ?1"),
    ("address", "DELETE FROM address WHERE account = ?1"),
    ("account", "DELETE FROM account WHERE id = ?1"),
];

/// See [`crate::Storage::purge`].
pub(crate) fn purge(
    write: &mut Write<'_>,
    before: UnixTime,
    budget: usize,
) -> Result<Purged, StorageError> {
    let budget = budget.max(1) as u64;
    let mut purged = Purged { entries: entries(write, before, budget)?, ..Purged::default() };
    if purged.entries < budget {
        purged.folders = folders(write, before, budget)?;
        accounts(write, before, budget - purged.entries, &mut purged)?;
    }
    purged.more |= purged.entries >= budget || purged.folders >= budget;
    Ok(purged)
}

/// Entries that left before. Answers how many.
fn entries(write: &mut Write<'_>, before: UnixTime, most: u64) -> Result<u64, StorageError> {
    let some = sql::all(
        write.conn,
        "SELECT id, segment, offset, size FROM deleted_entry WHERE at < ?1 ORDER BY at LIMIT ?2",
        params![before.0, sql::int(most)],
        |row| Ok((row.get::<_, i64>(0)?, entry::blob(row, 1)?)),
    )?;
    let mut released = Released::default();
    for (id, blob) in &some {
        released.release(write.conn, *blob)?;
        sql::run(write.conn, "DELETE FROM deleted_entry WHERE id = ?1", [id])?;
    }
    released.record(write)?;
    Ok(some.len() as u64)
}

/// Folders that were deleted before and have no entries to bring back. Answers how many.
fn folders(write: &Write<'_>, before: UnixTime, most: u64) -> Result<u64, StorageError> {
    let some = sql::all(
        write.conn,
        "SELECT id FROM deleted_folder d WHERE at < ?1 AND NOT EXISTS
             (SELECT 1 FROM deleted_entry e WHERE e.account = d.account AND e.folder = d.id)
         ORDER BY at LIMIT ?2",
        params![before.0, sql::int(most)],
        |row| Ok(row.get::<_, i64>(0)?),
    )?;
    for id in &some {
        sql::run(write.conn, "DELETE FROM deleted_folder WHERE id = ?1", [id])?;
    }
    Ok(some.len() as u64)
}

/// An account that was deleted before: its entries as far as the budget goes; when none is left, the account.
fn accounts(
    write: &mut Write<'_>,
    before: UnixTime,
    budget: u64,
    purged: &mut Purged,
) -> Result<(), StorageError> {
    let doomed = sql::one(
        write.conn,
        "SELECT id FROM account WHERE deleted < ?1 ORDER BY deleted LIMIT 1",
        [before.0],
        |row| Ok(row.get::<_, i64>(0)?),
    )?;
    let Some(account) = doomed else { return Ok(()) };
    // One account at a time: there may be another.
    purged.more = true;
    let mut left = budget;
    let mut released = Released::default();
    let deleted = sql::all(
        write.conn,
        "SELECT id, segment, offset, size FROM deleted_entry WHERE account = ?1 LIMIT ?2",
        params![account, sql::int(left)],
        |row| Ok((row.get::<_, i64>(0)?, entry::blob(row, 1)?)),
    )?;
    for (id, blob) in &deleted {
        released.release(write.conn, *blob)?;
        sql::run(write.conn, "DELETE FROM deleted_entry WHERE id = ?1", [id])?;
    }
    left -= deleted.len() as u64;
    let folders = sql::all(
        write.conn,
        "SELECT id FROM folder WHERE account = ?1 ORDER BY messages DESC",
        [account],
        |row| Ok(row.get::<_, i64>(0)?),
    )?;
    for folder in folders {
        if left == 0 {
            break;
        }
        left -= empty(write, account, folder, left, &mut released)?;
    }
    released.record(write)?;
    purged.entries += budget - left;
    if left == 0 {
        return Ok(());
    }
    for table in ["keyword", "expunged"] {
        let sql = match table {
            "keyword" => {
                "DELETE FROM keyword WHERE folder IN (SELECT id FROM folder WHERE account = ?1)"
            }
            _ => "DELETE FROM expunged WHERE folder IN (SELECT id FROM folder WHERE account = ?1)",
        };
        sql::run(write.conn, sql, [account])?;
    }
    for (_, sql) in OF_AN_ACCOUNT {
        sql::run(write.conn, sql, [account])?;
    }
    purged.accounts += 1;
    Ok(())
}

/// Takes up to `most` entries out of a folder that nobody can open; answers how many. Counters stay right.
fn empty(
    write: &Write<'_>,
    account: i64,
    folder: i64,
    most: u64,
    released: &mut Released,
) -> Result<u64, StorageError> {
    let some = sql::all(
        write.conn,
        "SELECT uid, flags, segment, offset, size FROM entry WHERE folder = ?1 ORDER BY uid LIMIT ?2",
        params![folder, sql::int(most)],
        |row| Ok((sql::uid(row, 0)?.value(), row.get::<_, u8>(1)?, entry::blob(row, 2)?)),
    )?;
    let Some((last, ..)) = some.last() else { return Ok(0) };
    let count = |fits: fn(u8) -> bool| some.iter().filter(|(_, flags, _)| fits(*flags)).count();
    let bytes: u64 = some.iter().map(|(.., blob)| blob.size).sum();
    let messages = sql::int(some.len() as u64);
    sql::run(
        write.conn,
        "UPDATE folder SET messages = messages - ?2, unseen = unseen - ?3, deleted = deleted - ?4, size = size - ?5
         WHERE id = ?1",
        params![
            folder,
            messages,
            count(|flags| flags & terms::SystemFlag::Seen.bit() == 0) as i64,
            count(|flags| flags & terms::SystemFlag::Deleted.bit() != 0) as i64,
            sql::int(bytes)
        ],
    )?;
    sql::run(
        write.conn,
        "UPDATE usage SET messages = messages - ?2, bytes = bytes - ?3 WHERE account = ?1",
        params![account, messages, sql::int(bytes)],
    )?;
    for (.., blob) in &some {
        released.release(write.conn, *blob)?;
    }
    let range = params![folder, last];
    sql::run(write.conn, "DELETE FROM entry WHERE folder = ?1 AND uid <= ?2", range)?;
    Ok(some.len() as u64)
}
