//! The list of folder names that an account subscribes to (RFC 9051 §6.3.7).

use super::folder::stored_name;
use crate::bounds;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{StorageError, Subscribed};
use deadpool_postgres::GenericClient;
use terms::{AccountId, FolderName};

/// See [`crate::Storage::subscriptions`].
pub(crate) async fn all(
    conn: &impl GenericClient,
    account: AccountId,
) -> Result<Vec<Subscribed>, StorageError> {
    let sql = "SELECT name FROM subscription WHERE account = $1 ORDER BY name <> 'INBOX', name";
    let rows = sql::all(conn, sql, &[&sql::int(account.0)]).await?;
    rows.iter().map(|row| stored_name(row, 0).map(Subscribed)).collect()
}

/// Subscribes to these names.
pub(crate) async fn add(
    write: &Write<'_>,
    account: AccountId,
    names: &[FolderName],
) -> Result<(), StorageError> {
    let id = sql::int(account.0);
    let names: Vec<&str> = names.iter().map(FolderName::as_str).collect();
    let added = sql::run(
        &write.tx,
        "INSERT INTO subscription (account, name) SELECT $1::bigint, name FROM unnest($2::text[]) AS name
         ON CONFLICT DO NOTHING",
        &[&id, &names],
    )
    .await?;
    if added == 0 {
        return Ok(());
    }
    let sql = "SELECT count(*) FROM subscription WHERE account = $1";
    let row = sql::one(&write.tx, sql, &[&id]).await?;
    let count = row.map(|row| sql::unsigned(&row, 0)).transpose()?;
    if count.unwrap_or(0) > bounds::SUBSCRIPTIONS {
        return Err(StorageError::Limit("subscriptions of an account"));
    }
    Ok(())
}

/// Unsubscribes from a name.
pub(super) async fn remove(
    write: &Write<'_>,
    account: AccountId,
    name: &FolderName,
) -> Result<(), StorageError> {
    let sql = "DELETE FROM subscription WHERE account = $1 AND name = $2";
    sql::run(&write.tx, sql, &[&sql::int(account.0), &name.as_str()]).await?;
    Ok(())
}
