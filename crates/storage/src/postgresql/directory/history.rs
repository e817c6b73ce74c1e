//! Who did what to an account. Bounded: an account keeps its newest lines.

use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{HistoryEntry, StorageError, What, limits};
use deadpool_postgres::GenericClient;
use terms::{AccountId, AuditId, UnixTime};
use tokio_postgres::Row;

/// Adds a line to the history of `account`, which is locked, whatever account the line itself names.
pub(super) async fn note(
    write: &Write<'_>,
    account: AccountId,
    entry: HistoryEntry,
) -> Result<(), StorageError> {
    note_all(write, std::iter::once(HistoryEntry { account, ..entry })).await
}

/// Adds lines to the histories of the accounts that they name, which are locked. The oldest go.
pub(super) async fn note_all(
    write: &Write<'_>,
    entries: impl Iterator<Item = HistoryEntry>,
) -> Result<(), StorageError> {
    let (mut accounts, mut times, mut actors) = (Vec::new(), Vec::new(), Vec::new());
    let (mut peers, mut audits) = (Vec::new(), Vec::new());
    let (mut actions, mut details) = (Vec::new(), Vec::new());
    for entry in entries {
        accounts.push(sql::int(entry.account.0));
        times.push(entry.at.0);
        actors.push(entry.actor);
        peers.push(entry.peer.map(|peer| peer.to_string()));
        audits.push(entry.audit.map(|audit| audit.0));
        actions.push(entry.action);
        details.push(sql::json(&entry.detail)?);
    }
    sql::run(
        &write.tx,
        "WITH oldest AS (
             SELECT a.account, (SELECT h.id FROM history h WHERE h.account = a.account
                                ORDER BY h.id DESC LIMIT 1 OFFSET $8) AS id
             FROM (SELECT DISTINCT account FROM unnest($1::bigint[]) AS n (account)) a
         ), gone AS (
             DELETE FROM history h USING oldest o
             WHERE h.account = o.account AND h.id <= o.id AND h.action NOT IN ('login', 'login_failed')
         )
         INSERT INTO history (account, at, actor, peer, audit, action, detail)
         SELECT n.account, n.at, n.actor, n.peer, n.audit, n.action, n.detail
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
              WITH ORDINALITY AS n (account, at, actor, peer, audit, action, detail, position)
         ORDER BY n.position",
        // One less, for the line that comes.
        &[
            &accounts,
            &times,
            &actors,
            &peers,
            &audits,
            &actions,
            &details,
            &sql::int(limits::HISTORY - 1),
        ],
    )
    .await?;
    Ok(())
}

/// See [`crate::Storage::note_history`].
pub(super) async fn add(write: &Write<'_>, entry: HistoryEntry) -> Result<(), StorageError> {
    if !write.lock(entry.account).await? {
        return Err(StorageError::NotFound(What::Address));
    }
    note_all(write, std::iter::once(entry)).await
}

/// See [`crate::Storage::history`].
pub(super) async fn latest(
    conn: &impl GenericClient,
    account: AccountId,
    limit: usize,
) -> Result<Vec<HistoryEntry>, StorageError> {
    let rows = sql::all(
        conn,
        "SELECT at, actor, peer, audit, action, detail FROM history
         WHERE account = $1 ORDER BY id DESC LIMIT $2",
        &[&sql::int(account.0), &sql::int(limit as u64)],
    )
    .await?;
    rows.iter().map(|row| line(row, account)).collect()
}

fn line(row: &Row, account: AccountId) -> Result<HistoryEntry, StorageError> {
    let peer: Option<&str> = sql::column(row, 2)?;
    Ok(HistoryEntry {
        at: UnixTime(sql::column(row, 0)?),
        account,
        actor: sql::column(row, 1)?,
        peer: peer.map(|peer| peer.parse().map_err(damaged)).transpose()?,
        audit: sql::column::<Option<String>>(row, 3)?.map(AuditId),
        action: sql::column(row, 4)?,
        detail: serde_json::from_str(sql::column(row, 5)?).map_err(damaged)?,
    })
}
