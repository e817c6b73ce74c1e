//! Domains, with their aliases and workgroups.

use super::company;
use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{Domain, NewDomain, StorageError, What, limits};
use deadpool_postgres::GenericClient;
use terms::{AccountId, CompanyId, DomainId, DomainName, UnixTime};
use tokio_postgres::Row;

/// The columns that [`domain`] reads, as a selection.
macro_rules! select_domain {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.name, d.company, c.name, d.disabled, d.attributes, d.created,
                    ARRAY (SELECT n.name FROM domain_name n WHERE n.domain = d.id AND n.is_alias
                           ORDER BY n.position),
                    ARRAY (SELECT w.name FROM workgroup w WHERE w.domain = d.id ORDER BY w.position)
             FROM domain d JOIN company c ON c.id = d.company ",
            $rest
        )
    };
}

/// See [`crate::Storage::create_domain`].
pub(super) async fn create(
    write: &Write<'_>,
    new: NewDomain,
    at: UnixTime,
) -> Result<Domain, StorageError> {
    if !company::exists(&write.tx, new.company).await? {
        return Err(StorageError::NotFound(What::Company));
    }
    let made = sql::one(
        &write.tx,
        "WITH made AS (
             INSERT INTO domain (name, company, created) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING
             RETURNING id
         ), started AS (
             INSERT INTO workgroup (domain, position, name) SELECT id, 0, $4 FROM made
         )
         SELECT id FROM made",
        &[&new.name.as_str(), &sql::int(new.company.0), &at.0, &Domain::FIRST_WORKGROUP],
    )
    .await?;
    let made = made.ok_or(StorageError::Exists(What::Domain))?;
    let id = DomainId(sql::unsigned(&made, 0)?);
    let change = new.change;
    let aliases = change.aliases.unwrap_or_default();
    check_bound(&aliases)?;
    let names = std::iter::once(&new.name).chain(&aliases);
    give(write, id, (-1..).zip(names)).await?;
    let mut domain = by_id(&write.tx, id).await?.ok_or_else(|| damaged("a domain that is not"))?;
    crate::account_change::merge(&mut domain.attributes, change.attributes);
    domain.disabled = change.disabled.unwrap_or(false);
    store(write, &domain).await?;
    Ok(domain)
}

/// Writes down the domain's company, state and attributes.
pub(super) async fn store(write: &Write<'_>, domain: &Domain) -> Result<(), StorageError> {
    sql::run(
        &write.tx,
        "UPDATE domain SET company = $2, disabled = $3, attributes = $4, quota = $5 WHERE id = $1",
        &[
            &sql::int(domain.id.0),
            &sql::int(domain.company.0),
            &domain.disabled,
            &sql::json(&domain.attributes)?,
            &domain.quota().map(sql::int),
        ],
    )
    .await?;
    Ok(())
}

/// Keeps a domain as it is until the transaction ends: `held_by_name` and `held_of` make changes of it wait.
/// None: there is no domain of that name, other than as an alias.
pub(super) async fn held_by_name(
    write: &Write<'_>,
    name: &DomainName,
) -> Result<Option<Domain>, StorageError> {
    let sql = "SELECT id FROM domain WHERE name = $1 FOR SHARE";
    match sql::one(&write.tx, sql, &[&name.as_str()]).await? {
        Some(row) => by_id(&write.tx, DomainId(sql::unsigned(&row, 0)?)).await,
        None => Ok(None),
    }
}

/// The same for the domain of an account. To be called before the account is locked.
pub(super) async fn held_of(
    write: &Write<'_>,
    account: AccountId,
) -> Result<Option<Domain>, StorageError> {
    let sql =
        "SELECT id FROM domain WHERE id = (SELECT domain FROM account WHERE id = $1) FOR SHARE";
    match sql::one(&write.tx, sql, &[&sql::int(account.0)]).await? {
        Some(row) => by_id(&write.tx, DomainId(sql::unsigned(&row, 0)?)).await,
        None => Ok(None),
    }
}

/// Locks a domain that is to be changed.
pub(super) async fn locked(write: &Write<'_>, id: DomainId) -> Result<Domain, StorageError> {
    // Not FOR UPDATE: rows that refer to the domain may come meanwhile.
    let sql = "SELECT 1 FROM domain WHERE id = $1 FOR NO KEY UPDATE";
    sql::one(&write.tx, sql, &[&sql::int(id.0)]).await?;
    by_id(&write.tx, id).await?.ok_or(StorageError::NotFound(What::Domain))
}

/// Replaces the domain's aliases. New names come before former ones go, and in the order of names: so no two
/// transactions wait for each other.
pub(super) async fn replace_aliases(
    write: &Write<'_>,
    domain: &Domain,
    aliases: &[DomainName],
) -> Result<(), StorageError> {
    check_bound(aliases)?;
    let new = (0..).zip(aliases).filter(|(_, alias)| !domain.aliases.contains(alias));
    give(write, domain.id, new).await?;
    let names: Vec<&str> = aliases.iter().map(DomainName::as_str).collect();
    let kept = sql::run(
        &write.tx,
        "WITH gone AS (
             DELETE FROM domain_name WHERE domain = $1 AND is_alias AND name <> ALL ($2::text[])
         )
         UPDATE domain_name n SET position = a.position - 1
         FROM unnest($2::text[]) WITH ORDINALITY AS a (name, position)
         WHERE n.domain = $1 AND n.is_alias AND n.name = a.name",
        &[&sql::int(domain.id.0), &names],
    )
    .await?;
    // Fewer: one is named twice.
    if kept == names.len() as u64 { Ok(()) } else { Err(StorageError::Exists(What::Domain)) }
}

fn check_bound(aliases: &[DomainName]) -> Result<(), StorageError> {
    let is_too_much = aliases.len() > limits::DOMAIN_ALIASES;
    if is_too_much { Err(StorageError::Limit("aliases of a domain")) } else { Ok(()) }
}

/// Gives a domain names, each with its position among the aliases; -1: its own name. `Exists`.
async fn give(
    write: &Write<'_>,
    id: DomainId,
    names: impl Iterator<Item = (i64, &DomainName)>,
) -> Result<(), StorageError> {
    let (positions, names): (Vec<i64>, Vec<&str>) =
        names.map(|(position, name)| (position, name.as_str())).unzip();
    let made = sql::run(
        &write.tx,
        "INSERT INTO domain_name (name, domain, is_alias, position)
         SELECT n.name, $1, n.position >= 0, greatest(n.position, 0)
         FROM unnest($2::text[], $3::bigint[]) AS n (name, position) ORDER BY n.name COLLATE \"C\"
         ON CONFLICT (name) DO NOTHING",
        &[&sql::int(id.0), &names, &positions],
    )
    .await?;
    if made == names.len() as u64 { Ok(()) } else { Err(StorageError::Exists(What::Domain)) }
}

/// See [`crate::Storage::domain`].
pub(super) async fn by_name(
    conn: &impl GenericClient,
    name: &DomainName,
) -> Result<Option<Domain>, StorageError> {
    let sql = select_domain!("WHERE d.id = (SELECT domain FROM domain_name WHERE name = $1)");
    sql::one(conn, sql, &[&name.as_str()]).await?.as_ref().map(domain).transpose()
}

/// See [`crate::Storage::domains`].
pub(super) async fn of_company(
    conn: &impl GenericClient,
    company: CompanyId,
) -> Result<Vec<Domain>, StorageError> {
    let sql = select_domain!("WHERE d.company = $1 ORDER BY d.name");
    sql::all(conn, sql, &[&sql::int(company.0)]).await?.iter().map(domain).collect()
}

/// The domain of that number.
pub(super) async fn by_id(
    conn: &impl GenericClient,
    id: DomainId,
) -> Result<Option<Domain>, StorageError> {
    let sql = select_domain!("WHERE d.id = $1");
    sql::one(conn, sql, &[&sql::int(id.0)]).await?.as_ref().map(domain).transpose()
}

fn domain(row: &Row) -> Result<Domain, StorageError> {
    let aliases: Vec<&str> = sql::column(row, 7)?;
    Ok(Domain {
        id: DomainId(sql::unsigned(row, 0)?),
        name: stored_name(sql::column(row, 1)?)?,
        company: CompanyId(sql::unsigned(row, 2)?),
        company_name: sql::column(row, 3)?,
        aliases: aliases.into_iter().map(stored_name).collect::<Result<_, _>>()?,
        workgroups: sql::column(row, 8)?,
        disabled: sql::column(row, 4)?,
        attributes: sql::object(row, 5)?,
        created: UnixTime(sql::column(row, 6)?),
    })
}

/// A stored name of a domain.
pub(super) fn stored_name(text: &str) -> Result<DomainName, StorageError> {
    DomainName::parse(text).map_err(damaged)
}
