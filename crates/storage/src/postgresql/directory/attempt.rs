//! Attempts to log in, in the accounts' histories.

use super::history;
use crate::StorageError;
use crate::attempts::Line;
use crate::attempts::history::{KEPT, Plan, RECENT, Stored, plan};
use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use std::collections::{BTreeSet, HashMap};
use terms::{AccountId, UnixTime};
use tokio_postgres::Row;

/// Adds attempts to the histories of accounts, which are locked.
pub(in crate::postgresql) async fn add(
    write: &Write<'_>,
    attempts: &[&(AccountId, Vec<Line>)],
) -> Result<(), StorageError> {
    if attempts.is_empty() {
        return Ok(());
    }
    let mut recent = recent(write, attempts).await?;
    let mut all = Plan::default();
    for (account, lines) in attempts {
        let Plan { counted, new } =
            plan(*account, recent.remove(account).unwrap_or_default(), lines);
        all.counted.extend(counted);
        all.new.extend(new);
    }
    let (ids, details): (Vec<i64>, Vec<_>) = all.counted.into_iter().unzip();
    let details: Vec<String> = details.iter().map(sql::json).collect::<Result<_, _>>()?;
    sql::run(
        &write.tx,
        "UPDATE history h SET detail = n.detail FROM unnest($1::bigint[], $2::text[]) AS n (id, detail)
         WHERE h.id = n.id",
        &[&ids, &details],
    )
    .await?;
    let grown: BTreeSet<i64> = all.new.iter().map(|entry| sql::int(entry.account.0)).collect();
    history::note_all(write, all.new.into_iter()).await?;
    prune(write, &grown.into_iter().collect::<Vec<_>>()).await
}

async fn recent(
    write: &Write<'_>,
    attempts: &[&(AccountId, Vec<Line>)],
) -> Result<HashMap<AccountId, Vec<Stored>>, StorageError> {
    let accounts: Vec<i64> = attempts.iter().map(|(account, _)| sql::int(account.0)).collect();
    let rows = sql::all(
        &write.tx,
        "SELECT a.account, h.id, h.at, h.actor, h.peer, h.action, h.detail
         FROM unnest($1::bigint[]) AS a (account) CROSS JOIN LATERAL (
             SELECT * FROM history WHERE account = a.account AND action IN ('login', 'login_failed')
             ORDER BY id DESC LIMIT $2) h",
        &[&accounts, &sql::int(RECENT)],
    )
    .await?;
    let mut recent: HashMap<AccountId, Vec<Stored>> = HashMap::new();
    for row in &rows {
        let of_account = recent.entry(AccountId(sql::unsigned(row, 0)?)).or_default();
        of_account.extend(stored(row)?);
    }
    Ok(recent)
}

fn stored(row: &Row) -> Result<Option<Stored>, StorageError> {
    let (id, at) = (sql::column(row, 1)?, UnixTime(sql::column(row, 2)?));
    let detail = serde_json::from_str(sql::column(row, 6)?).map_err(damaged)?;
    let (actor, peer) = (sql::column(row, 3)?, sql::column(row, 4)?);
    Ok(Stored::read(id, at, actor, peer, sql::column(row, 5)?, &detail))
}

/// Keeps the latest lines of the accounts.
async fn prune(write: &Write<'_>, accounts: &[i64]) -> Result<(), StorageError> {
    sql::run(
        &write.tx,
        "DELETE FROM history WHERE id IN (
             SELECT h.id FROM unnest($1::bigint[]) AS a (account) CROSS JOIN LATERAL (
                 SELECT id FROM history WHERE account = a.account AND action IN ('login', 'login_failed')
                 ORDER BY id DESC OFFSET $2) h)",
        &[&accounts, &sql::int(KEPT)],
    )
    .await?;
    Ok(())
}
