//! What an account uses and may use.

use crate::postgresql::sql;
use crate::{StorageError, Usage, What};
use deadpool_postgres::GenericClient;
use terms::AccountId;
use tokio_postgres::Row;

/// Usage and limit: the account's own, or its domain's default.
pub(crate) async fn usage(
    conn: &impl GenericClient,
    account: AccountId,
) -> Result<Usage, StorageError> {
    let found = sql::one(
        conn,
        "SELECT u.bytes, u.messages, coalesce(a.quota, d.quota)
         FROM usage u JOIN account a ON a.id = u.account JOIN domain d ON d.id = a.domain
         WHERE u.account = $1",
        &[&sql::int(account.0)],
    )
    .await?;
    let row = found.ok_or(StorageError::NotFound(What::Address))?;
    stored(&row, 0)
}

/// Usage and limit, in three columns from `first` on.
pub(super) fn stored(row: &Row, first: usize) -> Result<Usage, StorageError> {
    Ok(Usage {
        bytes: sql::unsigned(row, first)?,
        messages: sql::unsigned(row, first + 1)?,
        bytes_limit: sql::unsigned_if_any(row, first + 2)?,
    })
}

/// Refuses more bytes than the account may keep.
pub(crate) async fn check_room(
    conn: &impl GenericClient,
    account: AccountId,
    more: u64,
) -> Result<(), StorageError> {
    if has_room(&usage(conn, account).await?, more) { Ok(()) } else { Err(StorageError::OverQuota) }
}

/// Whether more bytes fit.
pub(super) fn has_room(usage: &Usage, more: u64) -> bool {
    match usage.bytes_limit {
        Some(limit) => more == 0 || usage.bytes.saturating_add(more) <= limit,
        None => true,
    }
}
