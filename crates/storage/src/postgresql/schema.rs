//! The database's schema and its versions.
//!
//! The table `schema_version` has a row for each numbered file in `schema/` that was applied, with the checksum of
//! its text. Files never change once released. They are applied all in one transaction, under a lock, so that
//! two programs that start at once do not meet, and nothing is ever half-way.

use super::fault::opening;
use crate::OpenError;
use tokio_postgres::Client;

/// What brings a database from version n to n + 1.
const STEPS: [&str; 1] = [include_str!("schema/0001.sql")];

/// The version that this program works with.
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// The lock under which the schema is looked at and brought forward: "Post" and "sche" in ASCII.
const LOCK: i64 = 0x506f_7374_7363_6865;

/// Brings the database to [`VERSION`], or refuses a newer one. `place` names the database in messages.
pub(super) async fn migrate(client: &mut Client, place: &str) -> Result<(), OpenError> {
    let fault = |error| opening(place, &error);
    let tx = client.transaction().await.map_err(fault)?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await.map_err(fault)?;
    tx.batch_execute(
        "CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY, checksum text NOT NULL)",
    )
    .await
    .map_err(fault)?;
    let found = applied(tx.client(), place).await?;
    for (version, step) in (1_i64..).zip(STEPS).skip(found as usize) {
        tx.batch_execute(step).await.map_err(fault)?;
        let row = "INSERT INTO schema_version (version, checksum) VALUES ($1, $2)";
        tx.execute(row, &[&version, &checksum_of(step)]).await.map_err(fault)?;
    }
    tx.commit().await.map_err(fault)
}

/// The version of the database; 0: there is no store in it. Refuses what this program does not know.
pub(super) async fn version(client: &Client, place: &str) -> Result<u32, OpenError> {
    let sql = "SELECT to_regclass('schema_version') IS NOT NULL";
    let row = client.query_one(sql, &[]).await.map_err(|error| opening(place, &error))?;
    if row.get(0) { applied(client, place).await } else { Ok(0) }
}

/// How many of the steps were applied.
async fn applied(client: &Client, place: &str) -> Result<u32, OpenError> {
    let sql = "SELECT version, checksum FROM schema_version ORDER BY version";
    let rows = client.query(sql, &[]).await.map_err(|error| opening(place, &error))?;
    let found = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    if found > VERSION {
        return Err(OpenError::Newer { path: place.to_owned(), found, known: VERSION });
    }
    for (number, (row, step)) in (1_i64..).zip(rows.iter().zip(STEPS)) {
        let (version, checksum): (i64, String) = (row.get(0), row.get(1));
        if version != number || checksum != checksum_of(step) {
            let problem = format!("step {version} of its schema is not the one this program knows");
            return Err(OpenError::Corrupt { path: place.to_owned(), problem });
        }
    }
    Ok(found)
}

fn checksum_of(step: &str) -> String {
    blake3::hash(step.as_bytes()).to_hex().to_string()
}
