//! What was deleted long ago goes for ever, a slice at a time.

use super::blob;
use crate::postgresql::transaction::Write;
use crate::postgresql::{Postgresql, carried_out, sql};
use crate::{Purged, StorageError};
use terms::{AccountId, UnixTime};
use tokio_postgres::Row;

/// What refers to an account, in an order in which it can go. Its entries go before.
pub(in crate::postgresql) const OF_AN_ACCOUNT: [(&str, &str); 12] = [
    ("keyword", "DELETE FROM keyword WHERE folder IN (SELECT id FROM folder WHERE account = $1)"),
    ("expunged", "DELETE FROM expunged WHERE folder IN (SELECT id FROM folder WHERE account = $1)"),
    ("deleted_folder", "DELETE FROM deleted_folder WHERE account = $1"),
    ("folder", "DELETE FROM folder WHERE account = $1"),
    ("subscription", "DELETE FROM subscription WHERE account = $1"),
    ("usage", "DELETE FROM usage WHERE account = $1"),
    ("history", "DELETE FROM history WHERE account = $1"),
    ("token", "DELETE FROM token WHERE account = $1"),
    ("app_password", "DELETE FROM app_password WHERE account = $1"),
    ("lost_alias", "DELETE FROM lost_alias WHERE account = $1"),
    ("address", "DELETE FROM address WHERE account = $1"),
    ("account", "DELETE FROM account WHERE id = $1"),
];

impl Postgresql {
    /// See [`crate::Storage::purge`].
    pub(crate) async fn purge(
        &self,
        before: UnixTime,
        budget: usize,
    ) -> Result<Purged, StorageError> {
        let engine = self.clone();
        carried_out(async move {
            let mut client = engine.client().await?;
            let write = Write::begin(&mut client, engine.feed()).await?;
            let now = (engine.shared.tuning.clock)();
            let purged = purge(&write, before, budget.max(1) as u64, now).await?;
            write.commit().await?;
            Ok(purged)
        })
        .await
    }
}

async fn purge(
    write: &Write<'_>,
    before: UnixTime,
    budget: u64,
    now: UnixTime,
) -> Result<Purged, StorageError> {
    let (most, mut purged) = (sql::int(budget), Purged::default());
    // Whose: known before anything is locked, because all are locked at once.
    let due = sql::all(
        &write.tx,
        "SELECT id, account FROM deleted_entry WHERE at < $1 ORDER BY at LIMIT $2",
        &[&before.0, &most],
    )
    .await?;
    let doomed = match (due.len() as u64) < budget {
        true => doomed(write, before).await?,
        false => None,
    };
    let owner = |row: &Row| Ok(AccountId(sql::unsigned(row, 1)?));
    let mut accounts = due.iter().map(owner).collect::<Result<Vec<_>, StorageError>>()?;
    accounts.extend(doomed);
    accounts.sort_unstable();
    accounts.dedup();
    write.lock_all(&accounts).await?;

    let due: Vec<i64> = due.iter().map(|row| sql::column(row, 0)).collect::<Result<_, _>>()?;
    // Some may have come back meanwhile.
    let sql = "DELETE FROM deleted_entry WHERE id = ANY ($1) RETURNING blob";
    let mut released = sql::all(&write.tx, sql, &[&due]).await?;
    purged.entries = released.len() as u64;
    if (due.len() as u64) < budget {
        purged.folders = folders(write, before, most).await?;
    }
    // It may have come back meanwhile, too.
    if let Some(account) = doomed
        && self::doomed(write, before).await? == Some(account)
    {
        // One account at a time: there may be another.
        purged.more = true;
        let id = sql::int(account.0);
        let mut left = budget.saturating_sub(purged.entries);
        let gone = empty(write, id, left).await?;
        left = left.saturating_sub(gone.len() as u64);
        purged.entries += gone.len() as u64;
        released.extend(gone);
        if left > 0 {
            for (_, sql) in OF_AN_ACCOUNT {
                sql::run(&write.tx, sql, &[&id]).await?;
            }
            purged.accounts += 1;
        }
    }
    let blobs: Vec<i64> =
        released.iter().map(|row| sql::column(row, 0)).collect::<Result<_, _>>()?;
    blob::release(write, blobs.into_iter(), now).await?;
    purged.more |= due.len() as u64 >= budget || purged.folders >= budget;
    Ok(purged)
}

/// The account that was deleted first, and before that time.
async fn doomed(write: &Write<'_>, before: UnixTime) -> Result<Option<AccountId>, StorageError> {
    let sql = "SELECT id FROM account WHERE deleted < $1 ORDER BY deleted, id LIMIT 1";
    let row = sql::one(&write.tx, sql, &[&before.0]).await?;
    row.map(|row| Ok(AccountId(sql::unsigned(&row, 0)?))).transpose()
}

/// Folders that were deleted before and have no entries to bring back. Answers how many.
async fn folders(write: &Write<'_>, before: UnixTime, most: i64) -> Result<u64, StorageError> {
    sql::run(
        &write.tx,
        "DELETE FROM deleted_folder WHERE id IN (
             SELECT d.id FROM deleted_folder d WHERE d.at < $1 AND NOT EXISTS
                 (SELECT 1 FROM deleted_entry e WHERE e.account = d.account AND e.folder = d.id)
             ORDER BY d.at LIMIT $2)",
        &[&before.0, &most],
    )
    .await
}

/// Takes up to `most` entries out of an account that nobody can open, deleted ones first; answers their
/// blobs. Counters stay right.
async fn empty(write: &Write<'_>, account: i64, most: u64) -> Result<Vec<Row>, StorageError> {
    let mut gone = sql::all(
        &write.tx,
        "DELETE FROM deleted_entry WHERE id IN (SELECT id FROM deleted_entry WHERE account = $1 LIMIT $2)
         RETURNING blob",
        &[&account, &sql::int(most)],
    )
    .await?;
    let left = sql::int(most.saturating_sub(gone.len() as u64));
    gone.extend(
        sql::all(
            &write.tx,
            "WITH stale AS (
                 SELECT e.folder, e.uid FROM entry e JOIN folder f ON f.id = e.folder
                 WHERE f.account = $1 LIMIT $2
             ), gone AS (
                 DELETE FROM entry e USING stale s WHERE e.folder = s.folder AND e.uid = s.uid
                 RETURNING e.folder, e.flags, e.blob, e.size
             ), counted AS (
                 UPDATE folder f SET messages = f.messages - g.messages, unseen = f.unseen - g.unseen,
                        deleted = f.deleted - g.deleted, size = f.size - g.size
                 FROM (SELECT folder, count(*) AS messages, count(*) FILTER (WHERE flags & 1 = 0) AS unseen,
                              count(*) FILTER (WHERE flags & 8 <> 0) AS deleted, sum(size)::bigint AS size
                       FROM gone GROUP BY folder) g
                 WHERE f.id = g.folder
             ), used AS (
                 UPDATE usage u SET messages = u.messages - g.messages, bytes = u.bytes - g.size
                 FROM (SELECT count(*) AS messages, coalesce(sum(size), 0)::bigint AS size FROM gone) g
                 WHERE u.account = $1
             )
             SELECT blob FROM gone",
            &[&account, &left],
        )
        .await?,
    );
    Ok(gone)
}
