//! What an address stands for.

use crate::StorageError;
use crate::postgresql::sql;
use deadpool_postgres::GenericClient;
use terms::{AccountId, Address};
use tokio_postgres::Row;

/// The account that an address means, and whether it is an alias: one of its own, or through an alias of
/// its domain.
pub(in crate::postgresql) async fn resolve(
    conn: &impl GenericClient,
    address: &Address,
) -> Result<Option<(AccountId, bool)>, StorageError> {
    let found = sql::one(
        conn,
        "SELECT account, is_alias FROM address WHERE address = $1",
        &[&address.as_str()],
    )
    .await?;
    if let Some(row) = found {
        return holder(&row).map(Some);
    }
    let elsewhere = sql::one(
        conn,
        "SELECT t.account, true FROM domain_name n JOIN domain d ON d.id = n.domain
         JOIN address t ON t.address = $1 || '@' || d.name
         WHERE n.name = $2 AND n.is_alias",
        &[&address.local(), &address.domain()],
    )
    .await?;
    elsewhere.as_ref().map(holder).transpose()
}

fn holder(row: &Row) -> Result<(AccountId, bool), StorageError> {
    Ok((AccountId(sql::unsigned(row, 0)?), sql::column(row, 1)?))
}
