//! Writing down logins that were noted: in the background, every few seconds, and when the store is closed.

use super::directory::attempt;
use super::transaction::Write;
use super::{Postgresql, Shared, sql};
use crate::StorageError;
use crate::logins::Due;
use std::collections::{BTreeSet, HashSet};
use std::sync::Weak;
use std::time::Duration;
use terms::AccountId;

/// How often it is looked whether something waits.
const PAUSE: Duration = Duration::from_secs(1);
/// Times of latest logins that are written in one transaction.
const AT_ONCE: usize = 1000;

/// Writes what waits, as long as there is an engine that is open.
pub(super) async fn keep_writing(engine: Weak<Shared>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        let Some(shared) = engine.upgrade() else { return };
        let engine = Postgresql { shared };
        if engine.shared.pool.is_closed() {
            return;
        }
        if let Err(error) = write_waiting(&engine).await {
            tracing::warn!(%error, "logins could not be noted; this is tried again");
        }
    }
}

/// Writes until nothing waits but what belongs to accounts that are being changed.
pub(super) async fn write_waiting(engine: &Postgresql) -> Result<(), StorageError> {
    // Two writers would count attempts twice.
    let _alone = engine.shared.writes_logins.lock().await;
    let logins = &engine.shared.logins;
    let mut waiting = logins.waiting();
    while waiting > 0 {
        let due = write(engine, logins.due(AT_ONCE)).await?;
        logins.written(&due);
        let before = std::mem::replace(&mut waiting, logins.waiting());
        if waiting >= before {
            break;
        }
    }
    Ok(())
}

/// Writes what is due, in one transaction, but for accounts that others have locked; answers what need not wait any
/// more.
async fn write(engine: &Postgresql, mut due: Due) -> Result<Due, StorageError> {
    let mut client = engine.client().await?;
    let write = Write::begin(&mut client, engine.feed()).await?;
    let ids = due.latest.iter().map(|(id, _)| *id);
    let ids: BTreeSet<AccountId> = ids.chain(due.attempts.iter().map(|(id, _)| *id)).collect();
    let (locked, busy) = lock_free(&write, &ids.into_iter().collect::<Vec<_>>()).await?;
    due.latest.retain(|(id, _)| !busy.contains(id));
    due.attempts.retain(|(id, _)| !busy.contains(id));
    let latest = &due.latest;
    sql::run(
        &write.tx,
        "UPDATE account a SET login_imap4 = greatest(a.login_imap4, n.imap4),
                login_pop3 = greatest(a.login_pop3, n.pop3)
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n (account, imap4, pop3)
         WHERE a.id = n.account",
        &[
            &latest.iter().map(|(id, _)| sql::int(id.0)).collect::<Vec<_>>(),
            &latest.iter().map(|(_, login)| login.imap4.map(|at| at.0)).collect::<Vec<_>>(),
            &latest.iter().map(|(_, login)| login.pop3.map(|at| at.0)).collect::<Vec<_>>(),
        ],
    )
    .await?;
    let attempts = due.attempts.iter().filter(|(id, _)| locked.contains(id));
    attempt::add(&write, &attempts.collect::<Vec<_>>()).await?;
    write.commit().await?;
    Ok(due)
}

/// Locks those accounts that nobody else has locked; answers these, and the others. Accounts that are gone are neither.
/// Not waiting, so that accounts that are locked here are not held up by one that takes long.
async fn lock_free(
    write: &Write<'_>,
    accounts: &[AccountId],
) -> Result<(HashSet<AccountId>, HashSet<AccountId>), StorageError> {
    let rows = sql::all(
        &write.tx,
        "SELECT u.account, free.account IS NOT NULL FROM usage u LEFT JOIN (
             SELECT account FROM usage WHERE account = ANY ($1) ORDER BY account FOR UPDATE SKIP LOCKED
         ) free ON free.account = u.account
         WHERE u.account = ANY ($1)",
        &[&sql::numbers(accounts)],
    )
    .await?;
    let (mut locked, mut busy) = (HashSet::new(), HashSet::new());
    for row in &rows {
        let account = AccountId(sql::unsigned(row, 0)?);
        if sql::column(row, 1)? {
            locked.insert(account)
        } else {
            busy.insert(account)
        };
    }
    Ok((locked, busy))
}
