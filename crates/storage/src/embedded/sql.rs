//! Short ways to run statements and to read columns as our own types.
//!
//! All statements are constants and go through each connection's cache of prepared statements.

use super::fault::damaged;
use crate::StorageError;
use rusqlite::{Connection, Params, Row};
use serde_json::{Map, Value};
use terms::{ModSeq, Uid, UnixTime};

/// Runs a statement; answers how many rows it changed.
pub(super) fn run(
    conn: &Connection,
    sql: &'static str,
    params: impl Params,
) -> Result<usize, StorageError> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}

/// The first row, if any.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &'static str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, StorageError>,
) -> Result<Option<T>, StorageError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    match rows.next()? {
        Some(row) => read(row).map(Some),
        None => Ok(None),
    }
}

/// All rows.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &'static str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, StorageError>,
) -> Result<Vec<T>, StorageError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// A number as SQLite keeps it. What exceeds its range (only numbers of clients do) becomes its largest.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column that is never negative.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64, StorageError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| damaged(format_args!("negative number {number}")))
}

/// The same, where it may be absent.
pub(super) fn unsigned_if_any(row: &Row<'_>, column: usize) -> Result<Option<u64>, StorageError> {
    let number: Option<i64> = row.get(column)?;
    number
        .map(|number| {
            u64::try_from(number).map_err(|_| damaged(format_args!("negative number {number}")))
        })
        .transpose()
}

/// A UID.
pub(super) fn uid(row: &Row<'_>, column: usize) -> Result<Uid, StorageError> {
    Uid::new(row.get(column)?).ok_or_else(|| damaged("UID 0"))
}

/// A mod-sequence.
pub(super) fn mod_seq(row: &Row<'_>, column: usize) -> Result<ModSeq, StorageError> {
    unsigned(row, column).map(ModSeq)
}

/// A time that may be absent.
pub(super) fn time_if_any(row: &Row<'_>, column: usize) -> Result<Option<UnixTime>, StorageError> {
    Ok(row.get::<_, Option<i64>>(column)?.map(UnixTime))
}

/// A JSON object.
pub(super) fn object(row: &Row<'_>, column: usize) -> Result<Map<String, Value>, StorageError> {
    serde_json::from_str(row.get_ref(column)?.as_str().map_err(damaged)?).map_err(damaged)
}

/// A JSON list of names, which may be absent.
pub(super) fn names_if_any(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<Vec<String>>, StorageError> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(damaged)).transpose()
}

/// JSON as text.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(damaged)
}
