//! Short ways to run statements and to read columns as our own types.
//!
//! All statements are constants and go through each connection's cache of prepared statements.

use super::fault::damaged;
use crate::StorageError;
use deadpool_postgres::GenericClient;
use serde_json::{Map, Value};
use terms::{AccountId, ModSeq, Uid, UnixTime};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql};

/// What a statement is given.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Runs a statement; answers how many rows it changed.
pub(super) async fn run(
    conn: &impl GenericClient,
    sql: &'static str,
    params: Params<'_>,
) -> Result<u64, StorageError> {
    let statement = conn.prepare_cached(sql).await?;
    Ok(conn.execute(&statement, params).await?)
}

/// The only row, if any.
pub(super) async fn one(
    conn: &impl GenericClient,
    sql: &'static str,
    params: Params<'_>,
) -> Result<Option<Row>, StorageError> {
    let statement = conn.prepare_cached(sql).await?;
    Ok(conn.query_opt(&statement, params).await?)
}

/// All rows.
pub(super) async fn all(
    conn: &impl GenericClient,
    sql: &'static str,
    params: Params<'_>,
) -> Result<Vec<Row>, StorageError> {
    let statement = conn.prepare_cached(sql).await?;
    Ok(conn.query(&statement, params).await?)
}

/// A number as PostgreSQL keeps it. What exceeds its range (only numbers of clients do) becomes its largest.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Numbers of accounts, as a statement is given them.
pub(super) fn numbers(accounts: &[AccountId]) -> Vec<i64> {
    accounts.iter().map(|account| int(account.0)).collect()
}

/// A column.
pub(super) fn column<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, StorageError> {
    row.try_get(column).map_err(damaged)
}

/// A column that is never negative.
pub(super) fn unsigned(row: &Row, at: usize) -> Result<u64, StorageError> {
    let number: i64 = column(row, at)?;
    u64::try_from(number).map_err(|_| damaged(format_args!("negative number {number}")))
}

/// The same of 32 bits.
pub(super) fn unsigned_32(row: &Row, at: usize) -> Result<u32, StorageError> {
    let number: i64 = column(row, at)?;
    u32::try_from(number).map_err(|_| damaged(format_args!("number {number} out of range")))
}

/// [`unsigned`], where it may be absent.
pub(super) fn unsigned_if_any(row: &Row, at: usize) -> Result<Option<u64>, StorageError> {
    let number: Option<i64> = column(row, at)?;
    number
        .map(|number| {
            u64::try_from(number).map_err(|_| damaged(format_args!("negative number {number}")))
        })
        .transpose()
}

/// A UID.
pub(super) fn uid(row: &Row, at: usize) -> Result<Uid, StorageError> {
    Uid::new(unsigned_32(row, at)?).ok_or_else(|| damaged("UID 0"))
}

/// A mod-sequence.
pub(super) fn mod_seq(row: &Row, at: usize) -> Result<ModSeq, StorageError> {
    unsigned(row, at).map(ModSeq)
}

/// A time that may be absent.
pub(super) fn time_if_any(row: &Row, at: usize) -> Result<Option<UnixTime>, StorageError> {
    Ok(column::<Option<i64>>(row, at)?.map(UnixTime))
}

/// A JSON object.
pub(super) fn object(row: &Row, at: usize) -> Result<Map<String, Value>, StorageError> {
    serde_json::from_str(column(row, at)?).map_err(damaged)
}

/// A JSON list of names, which may be absent.
pub(super) fn names_if_any(row: &Row, at: usize) -> Result<Option<Vec<String>>, StorageError> {
    let text: Option<&str> = column(row, at)?;
    text.map(|text| serde_json::from_str(text).map_err(damaged)).transpose()
}

/// JSON as text.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(damaged)
}
