//! The list of folder names that an account subscribes to (RFC 9051 §6.3.7).

use crate::bounds;
use crate::embedded::sql;
use crate::{StorageError, Subscribed};
use rusqlite::{Connection, params};
use terms::{AccountId, FolderName};

/// See [`crate::Storage::subscriptions`].
pub(crate) fn all(conn: &Connection, account: AccountId) -> Result<Vec<Subscribed>, StorageError> {
    sql::all(
        conn,
        "SELECT name FROM subscription WHERE account = ?1 ORDER BY name <> 'INBOX', name",
        [sql::int(account.0)],
        |row| super::folder::stored_name(&row.get::<_, String>(0)?).map(Subscribed),
    )
}

/// See [`crate::Storage::set_subscription`].
pub(crate) fn set(
    conn: &Connection,
    account: AccountId,
    name: &FolderName,
    on: bool,
) -> Result<(), StorageError> {
    let id = sql::int(account.0);
    if !on {
        sql::run(
            conn,
            "DELETE FROM subscription WHERE account = ?1 AND name = ?2",
            params![id, name.as_str()],
        )?;
        return Ok(());
    }
    let made = sql::run(
        conn,
        "INSERT INTO subscription (account, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![id, name.as_str()],
    )?;
    let sql = "SELECT count(*) FROM subscription WHERE account = ?1";
    if made == 1
        && sql::one(conn, sql, [id], |row| sql::unsigned(row, 0))?.unwrap_or(0)
            > bounds::SUBSCRIPTIONS
    {
        return Err(StorageError::Limit("subscriptions of an account"));
    }
    Ok(())
}
