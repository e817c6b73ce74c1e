//! Making and deleting folders, and their counters.

use super::folder::{self, StoredFolder};
use super::{deleted, expunge, quota};
use crate::bounds;
use crate::delta::Delta;
use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::embedded::sql;
use crate::{Folder, SpecialUse, StorageError, What, words};
use rusqlite::{Connection, params};
use terms::{AccountId, FolderId, FolderName, ModSeq};

/// See [`crate::Storage::create_folder`].
pub(crate) fn create(
    write: &mut Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<Folder, StorageError> {
    if folder::find(write.conn, account, name)?.is_some() {
        return Err(StorageError::Exists(What::Folder));
    }
    Ok(create_with_parents(write, account, name)?.folder)
}

/// The folder of that name, made if there is none.
pub(super) fn find_or_create(
    write: &mut Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<StoredFolder, StorageError> {
    match folder::find(write.conn, account, name)? {
        Some(found) => Ok(found),
        None => create_with_parents(write, account, name),
    }
}

/// Makes a folder that does not exist, and the missing ones between it and the nearest above it.
pub(super) fn create_with_parents(
    write: &mut Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<StoredFolder, StorageError> {
    create_parents(write, account, name)?;
    insert(write.conn, account, name, None)?;
    folder::by_name(write.conn, account, name)
}

/// Makes the missing folders between `name` and the nearest above it.
pub(super) fn create_parents(
    write: &mut Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<(), StorageError> {
    let mut missing = Vec::new();
    let mut above = name.parent();
    while let Some(name) = above {
        if folder::find(write.conn, account, &name)?.is_some() {
            break;
        }
        above = name.parent();
        missing.push(name);
    }
    for name in missing.iter().rev() {
        insert(write.conn, account, name, None)?;
    }
    Ok(())
}

/// Makes one folder, and none above it.
pub(super) fn insert(
    conn: &Connection,
    account: AccountId,
    name: &FolderName,
    special_use: Option<SpecialUse>,
) -> Result<(), StorageError> {
    if quota::count_folder(conn, account, 1)? > bounds::FOLDERS {
        return Err(StorageError::Limit("folders of an account"));
    }
    sql::run(
        conn,
        "INSERT INTO folder (account, name, uid_validity, special_use) VALUES (?1, ?2, ?3, ?4)",
        params![
            sql::int(account.0),
            name.as_str(),
            next_uid_validity(conn)?,
            special_use.map(words::special_use_number)
        ],
    )?;
    Ok(())
}

/// A UIDVALIDITY that no folder ever had.
fn next_uid_validity(conn: &Connection) -> Result<u32, StorageError> {
    let next = sql::one(
        conn,
        "UPDATE counter SET value = value + 1 WHERE name = 'uid_validity' RETURNING value",
        [],
        |row| sql::unsigned(row, 0),
    )?;
    let next = next.ok_or_else(|| damaged("the counter of UIDVALIDITYs is missing"))?;
    u32::try_from(next).map_err(|_| StorageError::Limit("UIDVALIDITYs"))
}

/// See [`crate::Storage::delete_folder`].
pub(crate) fn delete(
    write: &mut Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<(), StorageError> {
    if name.is_inbox() {
        return Err(StorageError::Refused("the inbox cannot be deleted"));
    }
    let doomed = folder::by_name(write.conn, account, name)?;
    let id = sql::int(doomed.folder.id.0);
    expunge::all(write, &doomed)?;
    deleted::note_folder(write, &doomed)?;
    sql::run(write.conn, "DELETE FROM expunged WHERE folder = ?1", [id])?;
    sql::run(write.conn, "DELETE FROM keyword WHERE folder = ?1", [id])?;
    sql::run(write.conn, "DELETE FROM folder WHERE id = ?1", [id])?;
    quota::count_folder(write.conn, account, -1)?;
    write.changed(doomed.folder.id);
    Ok(())
}

/// Writes down a change of a folder: counters, the change's mod-sequence, the next UID. Counts for the account, too.
pub(super) fn record(
    write: &mut Write<'_>,
    folder: &StoredFolder,
    delta: Delta,
    mod_seq: ModSeq,
    new_entries: u32,
) -> Result<(), StorageError> {
    let id: FolderId = folder.folder.id;
    sql::run(
        write.conn,
        "UPDATE folder SET messages = messages + ?2, unseen = unseen + ?3, deleted = deleted + ?4, size = size + ?5,
                highest_mod_seq = ?6, uid_next = uid_next + ?7
         WHERE id = ?1",
        params![
            sql::int(id.0),
            delta.messages,
            delta.unseen,
            delta.deleted,
            delta.size,
            sql::int(mod_seq.0),
            new_entries
        ],
    )?;
    if delta.messages != 0 || delta.size != 0 {
        quota::count_entries(write.conn, folder.account, delta.messages, delta.size)?;
    }
    write.changed(id);
    Ok(())
}
