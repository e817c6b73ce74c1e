//! Which address an account lives under: renaming it, and bringing a deleted one back.

use super::{account, domain, epoch, history, name};
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{Account, HistoryEntry, Raised, StorageError, What};
use terms::{AccountId, Address, Scope, UnixTime};

/// See [`crate::Storage::rename_account`].
pub(super) async fn rename(
    write: &Write<'_>,
    id: AccountId,
    to: &Address,
    note: HistoryEntry,
) -> Result<Raised, StorageError> {
    let account = account::locked(write, id).await?;
    check_domain(&account, to)?;
    let raised = epoch::raise(write, id, vec![Scope::Everything]).await?;
    name::name(write, id, to).await?;
    name::free_one(write, &account.address).await?;
    let sql = "UPDATE account SET address = $2 WHERE id = $1";
    sql::run(&write.tx, sql, &[&sql::int(id.0), &to.as_str()]).await?;
    history::note(write, id, note).await?;
    Ok(raised)
}

/// See [`crate::Storage::restore_account`].
pub(super) async fn restore(
    write: &Write<'_>,
    id: AccountId,
    to: &Address,
    deleted_since: UnixTime,
    note: HistoryEntry,
) -> Result<Account, StorageError> {
    // Whoever changes the domain for its accounts has this one among them or waits until it is.
    domain::held_of(write, id).await?;
    write.lock(id).await?;
    let found = account::stored(&write.tx, id).await?;
    let found = found.filter(|it| it.deleted.is_some_and(|deleted| deleted >= deleted_since));
    let account = found.ok_or(StorageError::NotFound(What::Address))?;
    check_domain(&account, to)?;
    name::name_again(write, id, to, &account.aliases).await?;
    sql::run(
        &write.tx,
        "UPDATE account SET address = $2, deleted = NULL, former_aliases = NULL WHERE id = $1",
        &[&sql::int(id.0), &to.as_str()],
    )
    .await?;
    history::note(write, id, note).await?;
    account::stored(&write.tx, id).await?.ok_or(StorageError::NotFound(What::Address))
}

fn check_domain(account: &Account, to: &Address) -> Result<(), StorageError> {
    if to.domain() == account.domain_name.as_str() {
        Ok(())
    } else {
        Err(StorageError::Refused("an account stays in its domain"))
    }
}
