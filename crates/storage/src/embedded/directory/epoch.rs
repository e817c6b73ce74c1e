//! Epochs: what makes earlier logins void.

use super::history;
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{HistoryEntry, Raised, StorageError, What, limits};
use rusqlite::{Connection, params};
use std::borrow::Cow;
use terms::{AccountId, Epoch, Protocol, Scope};

/// See [`crate::Storage::raise_epoch`].
pub(crate) fn raise_noted(
    write: &mut Write<'_>,
    account: AccountId,
    scope: Scope,
    note: HistoryEntry,
) -> Result<Raised, StorageError> {
    let raised = raise(write.conn, account, &[scope])?;
    history::note(write.conn, account, note)?;
    Ok(raised)
}

/// Raises the epoch of an account that is not deleted; earlier logins in `scopes` are void.
pub(super) fn raise(
    conn: &Connection,
    account: AccountId,
    scopes: &[Scope],
) -> Result<Raised, StorageError> {
    let scopes = &*widened(conn, account, scopes)?;
    // App passwords and tokens need no floor: they are gone, and their numbers do not come back.
    let covers = |protocol| scopes.iter().any(|scope| scope.covers_all(protocol));
    let epoch = sql::one(
        conn,
        "UPDATE account SET epoch = epoch + 1,
                imap_floor = CASE WHEN ?2 THEN epoch + 1 ELSE imap_floor END,
                pop3_floor = CASE WHEN ?3 THEN epoch + 1 ELSE pop3_floor END,
                behalf_floor = CASE WHEN ?4 THEN epoch + 1 ELSE behalf_floor END,
                administrators_floor = CASE WHEN ?5 THEN epoch + 1 ELSE administrators_floor END
         WHERE id = ?1 AND deleted IS NULL RETURNING epoch",
        params![
            sql::int(account.0),
            covers(Protocol::Imap),
            covers(Protocol::Pop3),
            scopes.contains(&Scope::OnBehalf),
            scopes.contains(&Scope::ByAdministrators),
        ],
        |row| sql::unsigned(row, 0),
    )?;
    let epoch = Epoch(epoch.ok_or(StorageError::NotFound(What::Address))?);
    for scope in scopes {
        if let Scope::Alias(alias) = scope {
            sql::run(
                conn,
                "INSERT INTO lost_alias (account, alias, epoch) VALUES (?1, ?2, ?3)
                 ON CONFLICT (account, alias) DO UPDATE SET epoch = excluded.epoch",
                params![sql::int(account.0), alias.as_str(), sql::int(epoch.0)],
            )?;
        }
    }
    Ok(Raised { account, epoch, scopes: scopes.to_vec() })
}

/// The scopes, or all logins when too many lost aliases of the account would have to be remembered.
fn widened<'s>(
    conn: &Connection,
    account: AccountId,
    scopes: &'s [Scope],
) -> Result<Cow<'s, [Scope]>, StorageError> {
    if !scopes.iter().any(|scope| matches!(scope, Scope::Alias(_))) {
        return Ok(Cow::Borrowed(scopes));
    }
    let id = sql::int(account.0);
    let sql = "SELECT count(*) FROM lost_alias WHERE account = ?1";
    let known = sql::one(conn, sql, [id], |row| sql::unsigned(row, 0))?.unwrap_or(0);
    if known < limits::LOST_ALIASES {
        return Ok(Cow::Borrowed(scopes));
    }
    sql::run(conn, "DELETE FROM lost_alias WHERE account = ?1", [id])?;
    let others = scopes.iter().filter(|scope| !matches!(scope, Scope::Alias(_)));
    Ok(others.cloned().chain([Scope::Everything]).collect())
}
