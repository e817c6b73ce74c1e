//! Epochs: what makes earlier logins void.

use super::history;
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{HistoryEntry, Raised, StorageError, What};
use rusqlite::{Connection, params};
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
    let covers = |protocol| scopes.iter().any(|scope| scope.covers_all(protocol));
    // What else a scope may be needs no floor: the fence looks for the secret or the name itself.
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
    Ok(Raised { account, epoch, scopes: scopes.to_vec() })
}
