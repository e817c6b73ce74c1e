//! What an address stands for.
//!
//! Two who want names that the other has or wants do not wait for each other: names are taken in the order of names,
//! and a transaction gives up names only after it has taken those that it wants.

use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{Account, StorageError, What};
use deadpool_postgres::GenericClient;
use terms::{AccountId, Address, DomainName};
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

/// Those of the names that do not mean the account beside them (any more).
pub(super) async fn lost(
    write: &Write<'_>,
    names: &[(AccountId, Address)],
) -> Result<Vec<(AccountId, Address)>, StorageError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let accounts: Vec<i64> = names.iter().map(|(account, _)| sql::int(account.0)).collect();
    let addresses: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
    let locals: Vec<&str> = names.iter().map(|(_, name)| name.local()).collect();
    let domains: Vec<&str> = names.iter().map(|(_, name)| name.domain()).collect();
    let rows = sql::all(
        &write.tx,
        "SELECT n.position FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
             WITH ORDINALITY AS n (account, address, local, domain, position)
         LEFT JOIN address own ON own.address = n.address
         LEFT JOIN domain_name alias ON alias.name = n.domain AND alias.is_alias
         LEFT JOIN domain d ON d.id = alias.domain
         LEFT JOIN address meant ON meant.address = n.local || '@' || d.name
         WHERE coalesce(own.account, meant.account) IS DISTINCT FROM n.account ORDER BY n.position",
        &[&accounts, &addresses, &locals, &domains],
    )
    .await?;
    let mut lost = Vec::new();
    for row in rows {
        let position: i64 = sql::column(&row, 0)?;
        let name = usize::try_from(position - 1).ok().and_then(|position| names.get(position));
        lost.push(name.ok_or_else(|| damaged("a name that was not asked for"))?.clone());
    }
    Ok(lost)
}

/// A name of an account of `domain` in aliases of that domain.
pub(super) fn elsewhere(
    name: &Address,
    domain: &DomainName,
    aliases: &[DomainName],
) -> Result<Vec<Address>, StorageError> {
    if name.domain() != domain.as_str() {
        return Ok(Vec::new());
    }
    aliases.iter().map(|alias| stored(&format!("{}@{alias}", name.local()))).collect()
}

/// Gives a new account its name and its aliases.
pub(super) async fn name_new(
    write: &Write<'_>,
    id: AccountId,
    address: &Address,
    aliases: &[Address],
) -> Result<(), StorageError> {
    let names = (-1..).zip(std::iter::once(address).chain(aliases)).collect::<Vec<_>>();
    all_made(names.len(), give(write, id, &names).await?)
}

/// Gives an account its real name.
pub(super) async fn name(
    write: &Write<'_>,
    id: AccountId,
    address: &Address,
) -> Result<(), StorageError> {
    all_made(1, give(write, id, &[(-1, address)]).await?)
}

/// Replaces an account's aliases, which were `former`.
pub(super) async fn replace_aliases(
    write: &Write<'_>,
    account: &Account,
    former: &[Address],
) -> Result<(), StorageError> {
    let new = (0..).zip(&account.aliases).filter(|(_, alias)| !former.contains(alias));
    let new: Vec<_> = new.collect();
    all_made(new.len(), give(write, account.id, &new).await?)?;
    let names: Vec<&str> = account.aliases.iter().map(Address::as_str).collect();
    let kept = sql::run(
        &write.tx,
        "WITH gone AS (
             DELETE FROM address WHERE account = $1 AND is_alias AND address <> ALL ($2::text[])
         )
         UPDATE address n SET position = a.position - 1
         FROM unnest($2::text[]) WITH ORDINALITY AS a (address, position)
         WHERE n.account = $1 AND n.is_alias AND n.address = a.address",
        &[&sql::int(account.id.0), &names],
    )
    .await?;
    // Fewer: one is named twice.
    all_made(names.len(), kept)
}

/// Gives back an address, and aliases that an account had as far as nobody has them now.
pub(super) async fn name_again(
    write: &Write<'_>,
    id: AccountId,
    address: &Address,
    aliases: &[Address],
) -> Result<(), StorageError> {
    // An alias may be the address now.
    let others = (0..).zip(aliases).filter(|(_, alias)| *alias != address);
    let names: Vec<_> = std::iter::once((-1, address)).chain(others).collect();
    give(write, id, &names).await?;
    let sql = "SELECT 1 FROM address WHERE address = $1 AND account = $2";
    let own = sql::one(&write.tx, sql, &[&address.as_str(), &sql::int(id.0)]).await?;
    if own.is_some() { Ok(()) } else { Err(StorageError::Exists(What::Address)) }
}

fn all_made(wanted: usize, made: u64) -> Result<(), StorageError> {
    if made == wanted as u64 { Ok(()) } else { Err(StorageError::Exists(What::Address)) }
}

/// Gives an account those of the names that are free, each with its position among the aliases; -1: its real
/// name. Answers how many those are. A name that means another account through an alias of the domain is not free:
/// who logs in by it would be somebody else from then on.
async fn give(
    write: &Write<'_>,
    id: AccountId,
    names: &[(i64, &Address)],
) -> Result<u64, StorageError> {
    let (positions, names): (Vec<i64>, Vec<&str>) =
        names.iter().map(|(position, name)| (*position, name.as_str())).unzip();
    sql::run(
        &write.tx,
        "INSERT INTO address (address, account, is_alias, position)
         SELECT n.name, $1, n.position >= 0, greatest(n.position, 0)
         FROM unnest($2::text[], $3::bigint[]) AS n (name, position)
         WHERE NOT EXISTS (
             SELECT 1 FROM domain_name alias
             JOIN domain d ON d.id = alias.domain
             JOIN address meant ON meant.address = split_part(n.name, '@', 1) || '@' || d.name
             WHERE alias.name = split_part(n.name, '@', 2) AND alias.is_alias AND meant.account <> $1
         )
         ORDER BY n.name COLLATE \"C\"
         ON CONFLICT (address) DO NOTHING",
        &[&sql::int(id.0), &names, &positions],
    )
    .await
}

/// Makes one name free.
pub(super) async fn free_one(write: &Write<'_>, name: &Address) -> Result<(), StorageError> {
    let sql = "DELETE FROM address WHERE address = $1";
    sql::run(&write.tx, sql, &[&name.as_str()]).await?;
    Ok(())
}

/// Takes all names from an account.
pub(super) async fn free(write: &Write<'_>, id: AccountId) -> Result<(), StorageError> {
    let sql = "DELETE FROM address WHERE account = $1";
    sql::run(&write.tx, sql, &[&sql::int(id.0)]).await?;
    Ok(())
}

/// All names of accounts, by account; its own address first.
pub(super) async fn all(
    write: &Write<'_>,
    accounts: &[AccountId],
) -> Result<Vec<(AccountId, Address)>, StorageError> {
    let rows = sql::all(
        &write.tx,
        "SELECT account, address FROM address WHERE account = ANY ($1)
         ORDER BY account, is_alias, position",
        &[&sql::numbers(accounts)],
    )
    .await?;
    let name = |row: &Row| Ok((AccountId(sql::unsigned(row, 0)?), stored(sql::column(row, 1)?)?));
    rows.iter().map(name).collect()
}

/// A stored address.
pub(super) fn stored(text: &str) -> Result<Address, StorageError> {
    Address::parse(text).map_err(damaged)
}
