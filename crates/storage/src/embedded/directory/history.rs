//! Who did what to an account. Bounded: an account keeps its newest lines.

use crate::embedded::fault::damaged;
use crate::embedded::sql;
use crate::{HistoryEntry, StorageError, What, limits};
use rusqlite::{Connection, Row, params};
use terms::{AccountId, AuditId, UnixTime};

/// Adds a line to the history of `account`, whatever account the line itself names. The oldest go.
pub(super) fn note(
    conn: &Connection,
    account: AccountId,
    entry: HistoryEntry,
) -> Result<(), StorageError> {
    sql::run(
        conn,
        "INSERT INTO history (account, at, actor, peer, audit, action, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            sql::int(account.0),
            entry.at.0,
            entry.actor,
            entry.peer.map(|peer| peer.to_string()),
            entry.audit.map(|audit| audit.0),
            entry.action,
            sql::json(&entry.detail)?,
        ],
    )?;
    prune(conn, account)
}

/// Costs a short walk along an index, unless there is something to remove.
fn prune(conn: &Connection, account: AccountId) -> Result<(), StorageError> {
    let id = sql::int(account.0);
    let oldest = sql::one(
        conn,
        "SELECT id FROM history WHERE account = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2",
        params![id, sql::int(limits::HISTORY)],
        |row| Ok(row.get::<_, i64>(0)?),
    )?;
    if let Some(oldest) = oldest {
        sql::run(
            conn,
            "DELETE FROM history WHERE account = ?1 AND id <= ?2 AND action NOT IN ('login', 'login_failed')",
            params![id, oldest],
        )?;
    }
    Ok(())
}

/// See [`crate::Storage::note_history`].
pub(crate) fn add(conn: &Connection, entry: HistoryEntry) -> Result<(), StorageError> {
    let account = entry.account;
    let id = sql::int(account.0);
    sql::one(conn, "SELECT 1 FROM account WHERE id = ?1", [id], |_| Ok(()))?
        .ok_or(StorageError::NotFound(What::Address))?;
    note(conn, account, entry)
}

/// See [`crate::Storage::history`].
pub(crate) fn latest(
    conn: &Connection,
    account: AccountId,
    limit: usize,
) -> Result<Vec<HistoryEntry>, StorageError> {
    sql::all(
        conn,
        "SELECT at, actor, peer, audit, action, detail FROM history
         WHERE account = ?1 ORDER BY id DESC LIMIT ?2",
        params![sql::int(account.0), sql::int(limit as u64)],
        |row| line(row, account),
    )
}

fn line(row: &Row<'_>, account: AccountId) -> Result<HistoryEntry, StorageError> {
    let peer: Option<String> = row.get(2)?;
    let detail: String = row.get(5)?;
    Ok(HistoryEntry {
        at: UnixTime(row.get(0)?),
        account,
        actor: row.get(1)?,
        peer: peer.map(|peer| peer.parse().map_err(damaged)).transpose()?,
        audit: row.get::<_, Option<String>>(3)?.map(AuditId),
        action: row.get(4)?,
        detail: serde_json::from_str(&detail).map_err(damaged)?,
    })
}
