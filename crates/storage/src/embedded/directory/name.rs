//! What an address stands for.

use super::{account, domain};
use crate::embedded::fault::damaged;
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::{Found, StorageError, What};
use rusqlite::{Connection, params};
use terms::{AccountId, Address, DomainName};

/// See [`crate::Storage::find`].
pub(crate) fn find(reader: &Reader, address: &Address) -> Result<Option<Found>, StorageError> {
    let Some((id, is_alias)) = resolve(&reader.conn, address)? else { return Ok(None) };
    let account = account::by_id(reader, id)?.ok_or_else(|| damaged("a name without account"))?;
    let account = Box::new(account);
    Ok(Some(if is_alias { Found::Alias(account) } else { Found::Account(account) }))
}

/// The account that an address means, and whether it is an alias: one of its own, or through an alias of
/// its domain.
pub(in crate::embedded) fn resolve(
    conn: &Connection,
    address: &Address,
) -> Result<Option<(AccountId, bool)>, StorageError> {
    if let Some(found) = lookup(conn, address.as_str())? {
        return Ok(Some(found));
    }
    let name = DomainName::parse(address.domain()).map_err(damaged)?;
    let Some((domain, true)) = domain::id_by_name(conn, &name)? else { return Ok(None) };
    let real =
        sql::one(conn, "SELECT name FROM domain WHERE id = ?1", [sql::int(domain.0)], |row| {
            Ok(row.get::<_, String>(0)?)
        })?;
    let real = format!("{}@{}", address.local(), real.unwrap_or_default());
    Ok(lookup(conn, &real)?.map(|(id, _)| (id, true)))
}

/// Those of `names`, in their own domain and in its aliases, that do not mean the account (any more).
pub(super) fn lost(
    conn: &Connection,
    id: AccountId,
    names: &[Address],
    domain: &DomainName,
    domain_aliases: &[DomainName],
) -> Result<Vec<Address>, StorageError> {
    let mut lost = Vec::new();
    for name in names {
        let at_home = name.domain() == domain.as_str();
        let elsewhere = domain_aliases.iter().filter(|_| at_home);
        let elsewhere = elsewhere.map(|alias| stored(&format!("{}@{alias}", name.local())));
        for name in std::iter::once(Ok(name.clone())).chain(elsewhere) {
            let name = name?;
            if resolve(conn, &name)?.is_none_or(|(holder, _)| holder != id) {
                lost.push(name);
            }
        }
    }
    Ok(lost)
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
    let former = self::aliases(conn, id)?;
    sql::run(conn, "DELETE FROM address WHERE account = ?1 AND is_alias = 1", [sql::int(id.0)])?;
    for (position, alias) in aliases.iter().enumerate() {
        if !former.contains(alias) {
            is_free(conn, id, alias)?;
        }
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
        match is_free(conn, id, alias).and_then(|()| take(conn, id, alias, true, position)) {
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

/// All names of an account, its own address first.
pub(super) fn all(conn: &Connection, id: AccountId) -> Result<Vec<Address>, StorageError> {
    sql::all(
        conn,
        "SELECT address FROM address WHERE account = ?1 ORDER BY is_alias, position",
        [sql::int(id.0)],
        |row| stored(&row.get::<_, String>(0)?),
    )
}

/// A stored address.
pub(super) fn stored(text: &str) -> Result<Address, StorageError> {
    Address::parse(text).map_err(damaged)
}

/// Refuses a name that means another account, be it through an alias of the domain: who logs in by it would
/// be somebody else from then on.
fn is_free(conn: &Connection, id: AccountId, name: &Address) -> Result<(), StorageError> {
    match resolve(conn, name)? {
        Some((holder, _)) if holder != id => Err(StorageError::Exists(What::Address)),
        _ => Ok(()),
    }
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
