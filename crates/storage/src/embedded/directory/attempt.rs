//! Attempts to log in, in the account's history: one line per hour, protocol, address, actor and result,
//! with a count. Bounded per hour and in all.

use crate::attempts::{Line, hour};
use crate::embedded::sql;
use crate::{HistoryEntry, StorageError};
use rusqlite::{Connection, params};
use serde_json::json;
use terms::{AccountId, UnixTime};

/// Lines of an account that are looked at for one to count on.
const RECENT: usize = 100;
/// Lines of one hour; further addresses are counted together.
const PER_HOUR: usize = 50;
/// Lines of an account that are kept; older ones go.
const KEPT: i64 = 500;

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
    for line in lines {
        let recent = recent(conn, account)?;
        let this_hour = recent.iter().filter(|it| it.hour == line.hour()).count();
        let merged = Line { peer: None, ..line.clone() };
        let (line, place) = match place(&recent, line) {
            None if this_hour >= PER_HOUR => (&merged, place(&recent, &merged)),
            place => (line, place),
        };
        match place {
            Some(stored) => {
                let detail = detail(line, stored.count.saturating_add(line.count));
                sql::run(
                    conn,
                    "UPDATE history SET detail = ?2 WHERE id = ?1",
                    params![stored.id, sql::json(&detail)?],
                )?;
            }
            None => {
                let entry = HistoryEntry {
                    at: line.first,
                    account,
                    actor: line.actor.clone(),
                    peer: line.peer,
                    audit: None,
                    action: line.result.action().to_owned(),
                    detail: detail(line, line.count),
                };
                super::history::note(conn, account, entry)?;
                prune(conn, account)?;
            }
        }
    }
    Ok(())
}

fn detail(line: &Line, count: u64) -> serde_json::Value {
    json!({ "protocol": line.protocol.name(), "count": count, "last": line.last.0 })
}

/// A line that is there.
struct Stored {
    id: i64,
    hour: i64,
    actor: String,
    peer: Option<String>,
    action: String,
    protocol: String,
    count: u64,
}

fn recent(conn: &Connection, account: AccountId) -> Result<Vec<Stored>, StorageError> {
    sql::all(
        conn,
        "SELECT id, at, actor, peer, action, detail FROM history
         WHERE account = ?1 AND action IN ('login', 'login_failed') ORDER BY id DESC LIMIT ?2",
        params![sql::int(account.0), sql::int(RECENT as u64)],
        |row| {
            let detail = sql::object(row, 5)?;
            let protocol = detail.get("protocol").and_then(|it| it.as_str()).unwrap_or_default();
            Ok(Stored {
                id: row.get(0)?,
                hour: hour(UnixTime(row.get(1)?)),
                actor: row.get(2)?,
                peer: row.get(3)?,
                action: row.get(4)?,
                protocol: protocol.to_owned(),
                count: detail.get("count").and_then(serde_json::Value::as_u64).unwrap_or(0),
            })
        },
    )
}

/// The line that these attempts are counted on.
fn place<'a>(recent: &'a [Stored], line: &Line) -> Option<&'a Stored> {
    let peer = line.peer.map(|peer| peer.to_string());
    recent.iter().find(|it| {
        it.hour == line.hour()
            && it.actor == line.actor
            && it.peer == peer
            && it.action == line.result.action()
            && it.protocol == line.protocol.name()
    })
}

fn prune(conn: &Connection, account: AccountId) -> Result<(), StorageError> {
    sql::run(
        conn,
        "DELETE FROM history WHERE id IN (
             SELECT id FROM history WHERE account = ?1 AND action IN ('login', 'login_failed')
             ORDER BY id DESC LIMIT -1 OFFSET ?2)",
        params![sql::int(account.0), KEPT],
    )?;
    Ok(())
}
