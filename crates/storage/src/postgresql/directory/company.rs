//! Companies.

use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{Company, StorageError, What};
use deadpool_postgres::GenericClient;
use terms::{CompanyId, UnixTime};
use tokio_postgres::Row;

/// See [`crate::Storage::create_company`].
pub(super) async fn create(
    write: &Write<'_>,
    name: &str,
    at: UnixTime,
) -> Result<Company, StorageError> {
    let made = sql::one(
        &write.tx,
        "INSERT INTO company (name, folded, created) VALUES ($1, $2, $3)
         ON CONFLICT (folded) DO NOTHING RETURNING id, name, created",
        &[&name, &name.to_lowercase(), &at.0],
    )
    .await?;
    company(&made.ok_or(StorageError::Exists(What::Company))?)
}

/// See [`crate::Storage::company`].
pub(super) async fn by_name(
    conn: &impl GenericClient,
    name: &str,
) -> Result<Option<Company>, StorageError> {
    let sql = "SELECT id, name, created FROM company WHERE folded = $1";
    let found = sql::one(conn, sql, &[&name.to_lowercase()]).await?;
    found.as_ref().map(company).transpose()
}

/// See [`crate::Storage::companies`].
pub(super) async fn all(conn: &impl GenericClient) -> Result<Vec<Company>, StorageError> {
    let sql = "SELECT id, name, created FROM company ORDER BY folded";
    sql::all(conn, sql, &[]).await?.iter().map(company).collect()
}

/// Whether there is such a company. There will be: none ever goes.
pub(super) async fn exists(conn: &impl GenericClient, id: CompanyId) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM company WHERE id = $1";
    Ok(sql::one(conn, sql, &[&sql::int(id.0)]).await?.is_some())
}

fn company(row: &Row) -> Result<Company, StorageError> {
    Ok(Company {
        id: CompanyId(sql::unsigned(row, 0)?),
        name: sql::column(row, 1)?,
        created: UnixTime(sql::column(row, 2)?),
    })
}
