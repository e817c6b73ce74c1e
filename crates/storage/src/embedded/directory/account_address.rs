//! Which address an account lives under: renaming it, and bringing a deleted one back.

use super::{account, epoch, history, name};
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{Account, HistoryEntry, Raised, StorageError, What};
use rusqlite::{Connection, params};
use terms::{AccountId, Address, Scope, UnixTime};

/// See [`crate::Storage::rename_account`].
pub(crate) fn rename(
    write: &mut Write<'_>,
    id: AccountId,
    to: &Address,
    note: HistoryEntry,
) -> Result<Raised, StorageError> {
    let conn = write.conn;
    let account = account::stored(conn, id)?.filter(|account| account.deleted.is_none());
    let account = account.ok_or(StorageError::NotFound(What::Address))?;
    let raised = epoch::raise(conn, id, &[Scope::Everything])?;
    move_to(conn, &account, to)?;
    name::free_one(conn, &account.address)?;
    history::note(conn, id, note)?;
    Ok(raised)
}

/// See [`crate::Storage::restore_account`].
pub(crate) fn restore(
    write: &mut Write<'_>,
    id: AccountId,
    to: &Address,
    deleted_since: UnixTime,
    note: HistoryEntry,
) -> Result<Account, StorageError> {
    let conn = write.conn;
    let found = account::stored(conn, id)?;
    let found = found.filter(|it| it.deleted.is_some_and(|deleted| deleted >= deleted_since));
    let account = found.ok_or(StorageError::NotFound(What::Address))?;
    move_to(conn, &account, to)?;
    name::give_free_aliases(conn, id, &account.aliases)?;
    sql::run(
        conn,
        "UPDATE account SET deleted = NULL, former_aliases = NULL WHERE id = ?1",
        [sql::int(id.0)],
    )?;
    history::note(conn, id, note)?;
    account::load(conn, write.logins, id)?.ok_or(StorageError::NotFound(What::Address))
}

/// Gives the account a free address of its own domain.
fn move_to(conn: &Connection, account: &Account, to: &Address) -> Result<(), StorageError> {
    if to.domain() != account.domain_name.as_str() {
        return Err(StorageError::Refused("an account stays in its domain"));
    }
    name::name(conn, account.id, to)?;
    sql::run(
        conn,
        "UPDATE account SET address = ?2 WHERE id = ?1",
        params![sql::int(account.id.0), to.as_str()],
    )?;
    Ok(())
}
