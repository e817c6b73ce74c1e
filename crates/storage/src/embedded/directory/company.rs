//! Companies.

use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{Company, StorageError, What};
use rusqlite::{Connection, Row, params};
use terms::{CompanyId, UnixTime};

/// See [`crate::Storage::create_company`].
pub(crate) fn create(
    write: &mut Write<'_>,
    name: &str,
    at: UnixTime,
) -> Result<Company, StorageError> {
    if by_name(write.conn, name)?.is_some() {
        return Err(StorageError::Exists(What::Company));
    }
    sql::run(
        write.conn,
        "INSERT INTO company (name, folded, created) VALUES (?1, ?2, ?3)",
        params![name, name.to_lowercase(), at.0],
    )?;
    let id = CompanyId(write.conn.last_insert_rowid() as u64);
    Ok(Company { id, name: name.to_owned(), created: at })
}

/// See [`crate::Storage::company`].
pub(crate) fn by_name(conn: &Connection, name: &str) -> Result<Option<Company>, StorageError> {
    sql::one(
        conn,
        "SELECT id, name, created FROM company WHERE folded = ?1",
        [name.to_lowercase()],
        company,
    )
}

/// See [`crate::Storage::companies`].
pub(crate) fn all(conn: &Connection) -> Result<Vec<Company>, StorageError> {
    sql::all(conn, "SELECT id, name, created FROM company ORDER BY folded", [], company)
}

/// Whether there is such a company.
pub(super) fn exists(conn: &Connection, id: CompanyId) -> Result<bool, StorageError> {
    let found =
        sql::one(conn, "SELECT 1 FROM company WHERE id = ?1", [sql::int(id.0)], |_| Ok(()))?;
    Ok(found.is_some())
}

fn company(row: &Row<'_>) -> Result<Company, StorageError> {
    Ok(Company {
        id: CompanyId(sql::unsigned(row, 0)?),
        name: row.get(1)?,
        created: UnixTime(row.get(2)?),
    })
}
