//! Attempts to log in, in the account's history.

use super::history;
use crate::StorageError;
use crate::attempts::Line;
use crate::attempts::history::{KEPT, RECENT, Stored, plan};
use crate::embedded::fault::damaged;
use crate::embedded::sql;
use rusqlite::{Connection, params};
use terms::{AccountId, UnixTime};

/// Adds attempts to an account's history.
pub(in crate::embedded) fn add(
    conn: &Connection,
    account: AccountId,
    lines: &[Line],
) -> Result<(), StorageError> {
    let id = sql::int(account.0);
    if sql::one(conn, "SELECT 1 FROM account WHERE id = ?1", [id], |_| Ok(()))?.is_none() {
        return Ok(());
    }
    let plan = plan(account, recent(conn, account)?, lines);
    for (id, detail) in plan.counted {
        sql::run(
            conn,
            "UPDATE history SET detail = ?2 WHERE id = ?1",
            params![id, sql::json(&detail)?],
        )?;
    }
    if plan.new.is_empty() {
        return Ok(());
    }
    for entry in plan.new {
        history::note(conn, account, entry)?;
    }
    prune(conn, account)
}

fn recent(conn: &Connection, account: AccountId) -> Result<Vec<Stored>, StorageError> {
    let read = sql::all(
        conn,
        "SELECT id, at, actor, peer, action, detail FROM history
         WHERE account = ?1 AND action IN ('login', 'login_failed') ORDER BY id DESC LIMIT ?2",
        params![sql::int(account.0), sql::int(RECENT)],
        |row| {
            let (peer, action): (Option<String>, String) = (row.get(3)?, row.get(4)?);
            let detail = serde_json::from_str(&row.get::<_, String>(5)?).map_err(damaged)?;
            let (id, at) = (row.get(0)?, UnixTime(row.get(1)?));
            Ok(Stored::read(id, at, row.get(2)?, peer.as_deref(), &action, &detail))
        },
    )?;
    Ok(read.into_iter().flatten().collect())
}

fn prune(conn: &Connection, account: AccountId) -> Result<(), StorageError> {
    sql::run(
        conn,
        "DELETE FROM history WHERE id IN (
             SELECT id FROM history WHERE account = ?1 AND action IN ('login', 'login_failed')
             ORDER BY id DESC LIMIT -1 OFFSET ?2)",
        params![sql::int(account.0), sql::int(KEPT)],
    )?;
    Ok(())
}
