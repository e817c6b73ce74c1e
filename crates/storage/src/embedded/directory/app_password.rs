//! App passwords.

use super::{epoch, history};
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{AppPassword, HistoryEntry, NewAppPassword, Raised, StorageError, What};
use rusqlite::{Connection, params};
use terms::{AccountId, AppPasswordId, Scope, UnixTime};

/// See [`crate::Storage::add_app_password`].
pub(crate) fn add(
    write: &mut Write<'_>,
    new: NewAppPassword,
    note: HistoryEntry,
) -> Result<AppPassword, StorageError> {
    let (conn, account) = (write.conn, sql::int(new.account.0));
    sql::one(conn, "SELECT 1 FROM account WHERE id = ?1 AND deleted IS NULL", [account], |_| {
        Ok(())
    })?
    .ok_or(StorageError::NotFound(What::Address))?;
    let present = of_account(conn, new.account)?;
    let tag = new.free_tag(&present)?;
    sql::run(
        conn,
        "INSERT INTO app_password (account, tag, hash, created) VALUES (?1, ?2, ?3, ?4)",
        params![account, tag, new.hash, new.created.0],
    )?;
    let id = AppPasswordId(conn.last_insert_rowid() as u64);
    let detail = serde_json::json!({ "mode": "add", "tag": tag });
    history::note(conn, new.account, HistoryEntry { detail, ..note })?;
    Ok(AppPassword { id, tag, hash: new.hash, created: new.created })
}

/// See [`crate::Storage::remove_app_password`].
pub(crate) fn remove(
    write: &mut Write<'_>,
    account: AccountId,
    tag: &str,
    note: HistoryEntry,
) -> Result<Raised, StorageError> {
    let conn = write.conn;
    let id = sql::one(
        conn,
        "DELETE FROM app_password WHERE account = ?1 AND tag = ?2 RETURNING id",
        params![sql::int(account.0), tag],
        |row| sql::unsigned(row, 0).map(AppPasswordId),
    )?;
    let id = id.ok_or(StorageError::NotFound(What::AppPassword))?;
    let raised = epoch::raise(conn, account, &[Scope::AppPassword(id)])?;
    history::note(conn, account, note)?;
    Ok(raised)
}

/// An account's app passwords, oldest first.
pub(super) fn of_account(
    conn: &Connection,
    account: AccountId,
) -> Result<Vec<AppPassword>, StorageError> {
    sql::all(
        conn,
        "SELECT id, tag, hash, created FROM app_password WHERE account = ?1 ORDER BY id",
        [sql::int(account.0)],
        |row| {
            Ok(AppPassword {
                id: AppPasswordId(sql::unsigned(row, 0)?),
                tag: row.get(1)?,
                hash: row.get(2)?,
                created: UnixTime(row.get(3)?),
            })
        },
    )
}
