//! What an address stands for.

use super::{account, domain};
use crate::embedded::fault::damaged;
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::{Found, StorageError, What};
use rusqlite::{Connection, params};
use terms::{AccountId, Address, DomainName};

/// Aliases of one account.
const ALIASES_BOUND: usize = 1000;

/// See [`crate::Storage::find`].
pub(crate) fn find(reader: &Reader, address: &Address) -> Result<Option<Found>, StorageError> {
    let conn = &reader.conn;
    let (id, is_alias) = match lookup(conn, address.as_str())? {
        Some(found) => found,
        None => {
            let name = DomainName::parse(address.domain()).map_err(damaged)?;
            let Some((domain, true)) = domain::id_by_name(conn, &name)? else { return Ok(None) };
            let real = sql::one(
                conn,
                "SELECT name FROM domain WHERE id = ?1",
                [sql::int(domain.0)],
                |row| Ok(row.get::<_, String>(0)?),
            )?;
            let real = format!("{}@{}", address.local(), real.unwrap_or_default());
            match lookup(conn, &real)? {
                Some((id, _)) => (id, true),
                None => return Ok(None),
            }
        }
    };
    let account = account::by_id(reader, id)?.ok_or_else(|| damaged("a name without account"))?;
    let account = Box::new(account);
    Ok(Some(if is_alias { Found::Alias(account) } else { Found::Account(account) }))
}

fn lookup(conn: &Connection, address: &str) -> Result<Option<(AccountId, bool)>, StorageError> {
    sql::one(conn, "SELECT account, is_alias FROM address WHERE address = ?1", [address], |row| {
        Ok((AccountId(sql::unsigned(row, 0)?), row.get(1)?))
    })
}

/// Gives an account its real name.
pub(super) fn name(
    conn: &Connection,
    id: AccountId,
    address: &Address,
) -> Result<(), StorageError> {
    take(conn, id, address, false, 0)
}

/// Replaces an account's aliases.
pub(super) fn replace_aliases(
    conn: &Connection,
    id: AccountId,
    aliases: &[Address],
) -> Result<(), StorageError> {
    if aliases.len() > ALIASES_BOUND {
        return Err(StorageError::Limit("aliases of an account"));
    }
    sql::run(conn, "DELETE FROM address WHERE account = ?1 AND is_alias = 1", [sql::int(id.0)])?;
    for (position, alias) in aliases.iter().enumerate() {
        take(conn, id, alias, true, position)?;
    }
    Ok(())
}

/// Gives back aliases that an account had, as far as nobody has them now.
pub(super) fn give_free_aliases(
    conn: &Connection,
    id: AccountId,
    aliases: &[Address],
) -> Result<(), StorageError> {
    for (position, alias) in aliases.iter().enumerate() {
        match take(conn, id, alias, true, position) {
            Ok(()) | Err(StorageError::Exists(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Makes one name free.
pub(super) fn free_one(conn: &Connection, name: &Address) -> Result<(), StorageError> {
    sql::run(conn, "DELETE FROM address WHERE address = ?1", [name.as_str()])?;
    Ok(())
}

/// Takes all names from an account.
pub(super) fn free(conn: &Connection, id: AccountId) -> Result<(), StorageError> {
    sql::run(conn, "DELETE FROM address WHERE account = ?1", [sql::int(id.0)])?;
    Ok(())
}

/// An account's aliases, in the order in which they were given.
pub(super) fn aliases(conn: &Connection, id: AccountId) -> Result<Vec<Address>, StorageError> {
    sql::all(
        conn,
        "SELECT address FROM address WHERE account = ?1 AND is_alias = 1 ORDER BY position",
        [sql::int(id.0)],
        |row| stored(&row.get::<_, String>(0)?),
    )
}

/// A stored address.
pub(super) fn stored(text: &str) -> Result<Address, StorageError> {
    Address::parse(text).map_err(damaged)
}

fn take(
    conn: &Connection,
    id: AccountId,
    address: &Address,
    is_alias: bool,
    position: usize,
) -> Result<(), StorageError> {
    let made = sql::run(
        conn,
        "INSERT INTO address (address, account, is_alias, position) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (address) DO NOTHING",
        params![address.as_str(), sql::int(id.0), is_alias, position as i64],
    )?;
    if made == 1 { Ok(()) } else { Err(StorageError::Exists(What::Address)) }
}
