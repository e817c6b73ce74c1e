//! Domains, with their aliases and workgroups.

use super::{company, epoch, name, token};
use crate::account_change::merge;
use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::embedded::sql;
use crate::{Domain, DomainChange, NewDomain, Raised, StorageError, What, limits};
use rusqlite::{Connection, params};
use terms::{CompanyId, DomainId, DomainName, Scope, UnixTime};

/// See [`crate::Storage::create_domain`].
pub(crate) fn create(
    write: &mut Write<'_>,
    new: NewDomain,
    at: UnixTime,
) -> Result<Domain, StorageError> {
    if !company::exists(write.conn, new.company)? {
        return Err(StorageError::NotFound(What::Company));
    }
    let taken = id_by_name(write.conn, &new.name)?;
    if taken.is_some() {
        return Err(StorageError::Exists(What::Domain));
    }
    sql::run(
        write.conn,
        "INSERT INTO domain (name, company, created) VALUES (?1, ?2, ?3)",
        params![new.name.as_str(), sql::int(new.company.0), at.0],
    )?;
    let id = DomainId(write.conn.last_insert_rowid() as u64);
    name_domain(write.conn, id, &new.name, Position::Name)?;
    sql::run(
        write.conn,
        "INSERT INTO workgroup (domain, position, name) VALUES (?1, 0, ?2)",
        params![sql::int(id.0), Domain::FIRST_WORKGROUP],
    )?;
    let change = DomainChange { company: None, ..new.change };
    let (domain, _) = apply(write, id, change)?;
    Ok(domain)
}

/// See [`crate::Storage::change_domain`].
pub(crate) fn apply(
    write: &mut Write<'_>,
    id: DomainId,
    change: DomainChange,
) -> Result<(Domain, Vec<Raised>), StorageError> {
    let conn = write.conn;
    let row = sql::int(id.0);
    let mut domain = by_id(conn, id)?.ok_or(StorageError::NotFound(What::Domain))?;
    if let Some(to) = change.company {
        if !company::exists(conn, to)? {
            return Err(StorageError::NotFound(What::Company));
        }
        sql::run(
            conn,
            "UPDATE domain SET company = ?2 WHERE id = ?1",
            params![row, sql::int(to.0)],
        )?;
    }
    let moves = change.company.is_some_and(|to| to != domain.company);
    let mut gone = Vec::new();
    if let Some(aliases) = change.aliases {
        replace_aliases(conn, id, &aliases)?;
        gone = domain.aliases.iter().filter(|alias| !aliases.contains(alias)).cloned().collect();
    }
    if !change.attributes.is_empty() {
        merge(&mut domain.attributes, change.attributes);
        sql::run(
            conn,
            "UPDATE domain SET attributes = ?2, quota = ?3 WHERE id = ?1",
            params![row, sql::json(&domain.attributes)?, domain.quota().map(sql::int)],
        )?;
    }
    let mut raised = Vec::new();
    if let Some(disabled) = change.disabled {
        sql::run(conn, "UPDATE domain SET disabled = ?2 WHERE id = ?1", params![row, disabled])?;
        if disabled {
            token::revoke_all_in(conn, id)?;
            // Also when it was disabled before: whoever repeats the call wants its effect.
            for account in super::listing::living(conn, id)? {
                let scopes = [Scope::Everything, Scope::OnBehalf];
                raised.push(epoch::raise(conn, account, &scopes)?);
            }
        }
    }
    if raised.is_empty() && (moves || !gone.is_empty()) {
        for account in super::listing::living(conn, id)? {
            let lost = name::lost(conn, account, &name::all(conn, account)?, &domain.name, &gone)?;
            let mut scopes: Vec<Scope> = lost.into_iter().map(Scope::Alias).collect();
            if moves {
                scopes.extend([Scope::OnBehalf, Scope::ByAdministrators]);
            }
            if !scopes.is_empty() {
                raised.push(epoch::raise(conn, account, &scopes)?);
            }
        }
    }
    let domain = by_id(conn, id)?.ok_or(StorageError::NotFound(What::Domain))?;
    Ok((domain, raised))
}

fn replace_aliases(
    conn: &Connection,
    id: DomainId,
    aliases: &[DomainName],
) -> Result<(), StorageError> {
    if aliases.len() > limits::DOMAIN_ALIASES {
        return Err(StorageError::Limit("aliases of a domain"));
    }
    sql::run(conn, "DELETE FROM domain_name WHERE domain = ?1 AND is_alias = 1", [sql::int(id.0)])?;
    for (position, alias) in aliases.iter().enumerate() {
        name_domain(conn, id, alias, Position::Alias(position))?;
    }
    Ok(())
}

enum Position {
    Name,
    Alias(usize),
}

fn name_domain(
    conn: &Connection,
    id: DomainId,
    name: &DomainName,
    position: Position,
) -> Result<(), StorageError> {
    let (is_alias, position) = match position {
        Position::Name => (false, 0),
        Position::Alias(position) => (true, position as i64),
    };
    let made = sql::run(
        conn,
        "INSERT INTO domain_name (name, domain, is_alias, position) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO NOTHING",
        params![name.as_str(), sql::int(id.0), is_alias, position],
    )?;
    if made == 1 { Ok(()) } else { Err(StorageError::Exists(What::Domain)) }
}

/// See [`crate::Storage::domain`].
pub(crate) fn by_name(
    conn: &Connection,
    name: &DomainName,
) -> Result<Option<Domain>, StorageError> {
    match id_by_name(conn, name)? {
        Some((id, _)) => by_id(conn, id),
        None => Ok(None),
    }
}

/// The domain of that name or alias, and whether it is an alias.
pub(super) fn id_by_name(
    conn: &Connection,
    name: &DomainName,
) -> Result<Option<(DomainId, bool)>, StorageError> {
    sql::one(
        conn,
        "SELECT domain, is_alias FROM domain_name WHERE name = ?1",
        [name.as_str()],
        |row| Ok((DomainId(sql::unsigned(row, 0)?), row.get(1)?)),
    )
}

/// See [`crate::Storage::domains`].
pub(crate) fn of_company(
    conn: &Connection,
    company: CompanyId,
) -> Result<Vec<Domain>, StorageError> {
    let ids = sql::all(
        conn,
        "SELECT id FROM domain WHERE company = ?1 ORDER BY name",
        [sql::int(company.0)],
        |row| sql::unsigned(row, 0),
    )?;
    ids.into_iter().filter_map(|id| by_id(conn, DomainId(id)).transpose()).collect()
}

/// The domain of that number.
pub(super) fn by_id(conn: &Connection, id: DomainId) -> Result<Option<Domain>, StorageError> {
    let row = sql::int(id.0);
    let found = sql::one(
        conn,
        "SELECT d.name, d.company, c.name, d.disabled, d.attributes, d.created
         FROM domain d JOIN company c ON c.id = d.company WHERE d.id = ?1",
        [row],
        |row| {
            Ok(Domain {
                id,
                name: stored_name(&row.get::<_, String>(0)?)?,
                company: CompanyId(sql::unsigned(row, 1)?),
                company_name: row.get(2)?,
                aliases: Vec::new(),
                workgroups: Vec::new(),
                disabled: row.get(3)?,
                attributes: sql::object(row, 4)?,
                created: UnixTime(row.get(5)?),
            })
        },
    )?;
    let Some(mut domain) = found else { return Ok(None) };
    domain.aliases = sql::all(
        conn,
        "SELECT name FROM domain_name WHERE domain = ?1 AND is_alias = 1 ORDER BY position",
        [row],
        |row| stored_name(&row.get::<_, String>(0)?),
    )?;
    domain.workgroups = workgroups(conn, id)?;
    Ok(Some(domain))
}

/// The domain's workgroups, in order.
pub(super) fn workgroups(conn: &Connection, id: DomainId) -> Result<Vec<String>, StorageError> {
    sql::all(
        conn,
        "SELECT name FROM workgroup WHERE domain = ?1 ORDER BY position",
        [sql::int(id.0)],
        |row| Ok(row.get(0)?),
    )
}

/// A stored name of a domain.
pub(super) fn stored_name(text: &str) -> Result<DomainName, StorageError> {
    DomainName::parse(text).map_err(damaged)
}
