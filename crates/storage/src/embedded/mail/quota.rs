//! What an account uses and may use.

use super::folder;
use crate::embedded::fault::damaged;
use crate::embedded::sql;
use crate::{StorageError, Usage, What};
use rusqlite::{Connection, params};
use terms::{AccountId, FolderName};

/// Starts counting for a new account.
pub(super) fn start(conn: &Connection, account: AccountId) -> Result<(), StorageError> {
    sql::run(conn, "INSERT INTO usage (account) VALUES (?1)", [sql::int(account.0)])?;
    Ok(())
}

/// Usage and limit: the account's own, or its domain's default.
pub(crate) fn usage(conn: &Connection, account: AccountId) -> Result<Usage, StorageError> {
    let found = sql::one(
        conn,
        "SELECT u.bytes, u.messages, coalesce(a.quota, d.quota)
         FROM usage u JOIN account a ON a.id = u.account JOIN domain d ON d.id = a.domain
         WHERE u.account = ?1",
        [sql::int(account.0)],
        |row| {
            Ok(Usage {
                bytes: sql::unsigned(row, 0)?,
                messages: sql::unsigned(row, 1)?,
                bytes_limit: sql::unsigned_if_any(row, 2)?,
            })
        },
    )?;
    found.ok_or(StorageError::NotFound(What::Address))
}

/// See [`crate::Storage::account_usage`].
pub(crate) fn for_administration(
    conn: &Connection,
    account: AccountId,
) -> Result<(Usage, Vec<FolderName>), StorageError> {
    Ok((usage(conn, account)?, folder::names(conn, account)?))
}

/// Refuses more bytes than the account may keep.
pub(super) fn check_room(
    conn: &Connection,
    account: AccountId,
    more: u64,
) -> Result<(), StorageError> {
    let usage = usage(conn, account)?;
    match usage.bytes_limit {
        Some(limit) if more > 0 && usage.bytes.saturating_add(more) > limit => {
            Err(StorageError::OverQuota)
        }
        _ => Ok(()),
    }
}

/// Counts entries that came or left.
pub(super) fn count_entries(
    conn: &Connection,
    account: AccountId,
    messages: i64,
    bytes: i64,
) -> Result<(), StorageError> {
    sql::run(
        conn,
        "UPDATE usage SET messages = messages + ?2, bytes = bytes + ?3 WHERE account = ?1",
        params![sql::int(account.0), messages, bytes],
    )?;
    Ok(())
}

/// Counts folders that came or left; answers how many there are now.
pub(super) fn count_folder(
    conn: &Connection,
    account: AccountId,
    by: i64,
) -> Result<u64, StorageError> {
    sql::one(
        conn,
        "UPDATE usage SET folders = folders + ?2 WHERE account = ?1 RETURNING folders",
        params![sql::int(account.0), by],
        |row| sql::unsigned(row, 0),
    )?
    .ok_or_else(|| damaged("an account without usage"))
}
