//! Epochs: what makes earlier logins void.

use super::history;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{HistoryEntry, Raised, StorageError, What, limits};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use terms::{AccountId, Epoch, Protocol, Scope};

/// See [`crate::Storage::raise_epoch`].
pub(super) async fn raise_noted(
    write: &Write<'_>,
    account: AccountId,
    scope: Scope,
    note: HistoryEntry,
) -> Result<Raised, StorageError> {
    write.lock(account).await?;
    let raised = raise(write, account, vec![scope]).await?;
    history::note(write, account, note).await?;
    Ok(raised)
}

/// Raises the epoch of an account, which is locked; earlier logins in `scopes` are void. `NotFound` for a
/// deleted one.
pub(super) async fn raise(
    write: &Write<'_>,
    account: AccountId,
    scopes: Vec<Scope>,
) -> Result<Raised, StorageError> {
    let raised = raise_all(write, &[(account, scopes)]).await?.pop();
    raised.ok_or(StorageError::NotFound(What::Address))
}

/// Raises the epochs of accounts, which are locked, in the order given; some may be there several times. Deleted
/// ones are passed over.
pub(super) async fn raise_all(
    write: &Write<'_>,
    raises: &[(AccountId, Vec<Scope>)],
) -> Result<Vec<Raised>, StorageError> {
    if raises.is_empty() {
        return Ok(Vec::new());
    }
    let raises = &*widened(write, raises).await?;
    let flags = |is_meant: &dyn Fn(&Scope) -> bool| -> Vec<bool> {
        raises.iter().map(|(_, scopes)| scopes.iter().any(is_meant)).collect()
    };
    // App passwords and tokens need no floor: they are gone, and their numbers do not come back.
    let rows = sql::all(
        &write.tx,
        "UPDATE account a SET epoch = a.epoch + r.times,
                imap_floor = CASE WHEN r.imap THEN a.epoch + r.times ELSE a.imap_floor END,
                pop3_floor = CASE WHEN r.pop3 THEN a.epoch + r.times ELSE a.pop3_floor END,
                behalf_floor = CASE WHEN r.behalf THEN a.epoch + r.times ELSE a.behalf_floor END,
                administrators_floor =
                    CASE WHEN r.administrators THEN a.epoch + r.times ELSE a.administrators_floor END
         FROM (SELECT account, count(*) AS times, bool_or(imap) AS imap, bool_or(pop3) AS pop3,
                      bool_or(behalf) AS behalf, bool_or(administrators) AS administrators
               FROM unnest($1::bigint[], $2::boolean[], $3::boolean[], $4::boolean[], $5::boolean[])
                    AS raise (account, imap, pop3, behalf, administrators)
               GROUP BY account) r
         WHERE a.id = r.account AND a.deleted IS NULL RETURNING a.id, a.epoch",
        &[
            &raises.iter().map(|(account, _)| sql::int(account.0)).collect::<Vec<_>>(),
            &flags(&|scope| scope.covers_all(Protocol::Imap)),
            &flags(&|scope| scope.covers_all(Protocol::Pop3)),
            &flags(&|scope| *scope == Scope::OnBehalf),
            &flags(&|scope| *scope == Scope::ByAdministrators),
        ],
    )
    .await?;
    let mut latest = HashMap::new();
    for row in &rows {
        latest.insert(AccountId(sql::unsigned(row, 0)?), sql::unsigned(row, 1)?);
    }
    let mut raised = Vec::with_capacity(raises.len());
    for (account, scopes) in raises.iter().rev() {
        let Some(epoch) = latest.get_mut(account) else { continue };
        raised.push(Raised { account: *account, epoch: Epoch(*epoch), scopes: scopes.clone() });
        *epoch -= 1;
    }
    raised.reverse();
    note_lost_aliases(write, &raised).await?;
    Ok(raised)
}

/// The scopes, or all logins of an account when too many lost aliases of it would have to be remembered.
async fn widened<'r>(
    write: &Write<'_>,
    raises: &'r [(AccountId, Vec<Scope>)],
) -> Result<Cow<'r, [(AccountId, Vec<Scope>)]>, StorageError> {
    let loses = |(_, scopes): &&(AccountId, Vec<Scope>)| {
        scopes.iter().any(|scope| matches!(scope, Scope::Alias(_)))
    };
    let losers: Vec<AccountId> = raises.iter().filter(loses).map(|(account, _)| *account).collect();
    if losers.is_empty() {
        return Ok(Cow::Borrowed(raises));
    }
    let rows = sql::all(
        &write.tx,
        "WITH full_ones AS (
             SELECT account FROM lost_alias WHERE account = ANY ($1) GROUP BY account HAVING count(*) >= $2
         ), gone AS (
             DELETE FROM lost_alias WHERE account IN (SELECT account FROM full_ones)
         )
         SELECT account FROM full_ones",
        &[&sql::numbers(&losers), &sql::int(limits::LOST_ALIASES)],
    )
    .await?;
    let mut full = HashSet::new();
    for row in &rows {
        full.insert(AccountId(sql::unsigned(row, 0)?));
    }
    if full.is_empty() {
        return Ok(Cow::Borrowed(raises));
    }
    let mut widened = raises.to_vec();
    for (_, scopes) in widened.iter_mut().filter(|(account, _)| full.contains(account)) {
        scopes.retain(|scope| !matches!(scope, Scope::Alias(_)));
        scopes.push(Scope::Everything);
    }
    Ok(Cow::Owned(widened))
}

async fn note_lost_aliases(write: &Write<'_>, raised: &[Raised]) -> Result<(), StorageError> {
    let mut lost = BTreeMap::new();
    for Raised { account, epoch, scopes } in raised {
        for scope in scopes {
            if let Scope::Alias(alias) = scope {
                lost.insert((sql::int(account.0), alias.as_str()), sql::int(epoch.0));
            }
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    let ((accounts, aliases), epochs): ((Vec<i64>, Vec<&str>), Vec<i64>) = lost.into_iter().unzip();
    sql::run(
        &write.tx,
        "INSERT INTO lost_alias (account, alias, epoch)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
         ON CONFLICT (account, alias) DO UPDATE SET epoch = excluded.epoch",
        &[&accounts, &aliases, &epochs],
    )
    .await?;
    Ok(())
}
