//! A folder as a row.

use crate::embedded::fault::damaged;
use crate::embedded::sql;
use crate::{Folder, StorageError, What, words};
use rusqlite::{Connection, Row, params};
use terms::{AccountId, FolderId, FolderName, ModSeq, Uid, UidValidity};

/// The columns that [`stored`] reads, as a selection from `folder`.
macro_rules! select_folder {
    ($rest:literal) => {
        concat!(
            "SELECT id, account, name, uid_validity, uid_next, highest_mod_seq, messages, unseen, deleted, size, \
             special_use, recent_from, expunged_runs, expunged_floor FROM folder ",
            $rest
        )
    };
}

/// A folder with what only the engine knows of it.
#[derive(Clone, Debug)]
pub(crate) struct StoredFolder {
    /// What is known outside.
    pub(crate) folder: Folder,
    /// Whose it is.
    pub(crate) account: AccountId,
    /// The first UID that no session was told of.
    pub(crate) recent_from: u32,
    /// Rows in `expunged`.
    pub(crate) expunged_runs: u64,
    /// `expunged` may be incomplete up to here.
    pub(crate) expunged_floor: ModSeq,
}

/// See [`crate::Storage::folders`].
pub(crate) fn all(conn: &Connection, account: AccountId) -> Result<Vec<Folder>, StorageError> {
    let sql = select_folder!("WHERE account = ?1 ORDER BY name <> 'INBOX', name");
    sql::all(conn, sql, [sql::int(account.0)], |row| Ok(stored(row)?.folder))
}

/// The names of the account's folders, the inbox first.
pub(crate) fn names(
    conn: &Connection,
    account: AccountId,
) -> Result<Vec<FolderName>, StorageError> {
    sql::all(
        conn,
        "SELECT name FROM folder WHERE account = ?1 ORDER BY name <> 'INBOX', name",
        [sql::int(account.0)],
        |row| stored_name(&row.get::<_, String>(0)?),
    )
}

/// The folder of that name.
pub(crate) fn by_name(
    conn: &Connection,
    account: AccountId,
    name: &FolderName,
) -> Result<StoredFolder, StorageError> {
    find(conn, account, name)?.ok_or(StorageError::NotFound(What::Folder))
}

/// The folder of that name, if there is one.
pub(super) fn find(
    conn: &Connection,
    account: AccountId,
    name: &FolderName,
) -> Result<Option<StoredFolder>, StorageError> {
    let sql = select_folder!("WHERE account = ?1 AND name = ?2");
    sql::one(conn, sql, params![sql::int(account.0), name.as_str()], stored)
}

/// The folder of that number, if it is the account's.
pub(crate) fn by_id(
    conn: &Connection,
    account: AccountId,
    id: FolderId,
) -> Result<StoredFolder, StorageError> {
    find_by_id(conn, account, id)?.ok_or(StorageError::NotFound(What::Folder))
}

/// The same, where the folder may be gone.
pub(super) fn find_by_id(
    conn: &Connection,
    account: AccountId,
    id: FolderId,
) -> Result<Option<StoredFolder>, StorageError> {
    let sql = select_folder!("WHERE id = ?1 AND account = ?2");
    sql::one(conn, sql, params![sql::int(id.0), sql::int(account.0)], stored)
}

fn stored(row: &Row<'_>) -> Result<StoredFolder, StorageError> {
    let special_use: Option<i64> = row.get(10)?;
    Ok(StoredFolder {
        folder: Folder {
            id: FolderId(sql::unsigned(row, 0)?),
            name: stored_name(&row.get::<_, String>(2)?)?,
            uid_validity: UidValidity::new(row.get(3)?).ok_or_else(|| damaged("UIDVALIDITY 0"))?,
            uid_next: sql::uid(row, 4)?,
            highest_mod_seq: sql::mod_seq(row, 5)?,
            messages: row.get(6)?,
            unseen: row.get(7)?,
            deleted: row.get(8)?,
            size: sql::unsigned(row, 9)?,
            special_use: special_use.map(words::special_use).transpose()?,
        },
        account: AccountId(sql::unsigned(row, 1)?),
        recent_from: row.get(11)?,
        expunged_runs: sql::unsigned(row, 12)?,
        expunged_floor: sql::mod_seq(row, 13)?,
    })
}

/// A stored name of a folder.
pub(super) fn stored_name(text: &str) -> Result<FolderName, StorageError> {
    FolderName::parse(text).map_err(damaged)
}

impl StoredFolder {
    /// The UID that the next entry gets, as long as there are any: the last one is never given, so that there
    /// always is a next one to name.
    pub(super) fn free_uids(&self) -> u64 {
        u64::from(Uid::MAX.value() - self.folder.uid_next.value())
    }

    /// The mod-sequence of the change that is being made.
    pub(super) fn next_mod_seq(&self) -> ModSeq {
        ModSeq(self.folder.highest_mod_seq.0 + 1)
    }
}
