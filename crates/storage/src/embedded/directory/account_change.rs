//! Making, changing and deleting accounts.

use super::{account, domain, epoch, history, name, token};
use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::embedded::mail::standard_folders;
use crate::embedded::sql;
use crate::{
    Account, AccountChange, HistoryEntry, NewAccount, Raised, RoleGrant, Services, StorageError,
    What, words,
};
use rusqlite::{Connection, params};
use serde_json::Value;
use terms::{AccountId, Address, DomainId, DomainName, Epoch, Scope, UnixTime};

/// See [`crate::Storage::create_account`].
pub(crate) fn create(
    write: &mut Write<'_>,
    new: NewAccount,
    at: UnixTime,
    note: HistoryEntry,
) -> Result<Account, StorageError> {
    let domain_name = DomainName::parse(new.address.domain()).map_err(damaged)?;
    let Some((domain_id, false)) = domain::id_by_name(write.conn, &domain_name)? else {
        return Err(StorageError::NotFound(What::Domain));
    };
    let workgroup = first_workgroup(write.conn, domain_id)?;
    sql::run(
        write.conn,
        "INSERT INTO account (domain, address, kind, workgroup, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            sql::int(domain_id.0),
            new.address.as_str(),
            words::kind_number(new.kind),
            workgroup,
            at.0
        ],
    )?;
    let id = AccountId(write.conn.last_insert_rowid() as u64);
    name::name(write.conn, id, &new.address)?;
    standard_folders::create(write, id)?;
    // There are no earlier logins to be made void.
    apply(write, id, AccountChange { void: Vec::new(), ..new.change })?;
    history::note(write.conn, id, note)?;
    present(write, id)
}

/// See [`crate::Storage::change_account`].
pub(crate) fn change(
    write: &mut Write<'_>,
    id: AccountId,
    change: AccountChange,
    note: HistoryEntry,
) -> Result<(Account, Option<Raised>), StorageError> {
    let raised = apply(write, id, change)?;
    history::note(write.conn, id, note)?;
    Ok((present(write, id)?, raised))
}

fn present(write: &Write<'_>, id: AccountId) -> Result<Account, StorageError> {
    account::load(write.conn, write.logins, id)?.ok_or(StorageError::NotFound(What::Address))
}

/// The workgroup of a new account: the one that the domain names, or its first.
fn first_workgroup(conn: &Connection, id: DomainId) -> Result<String, StorageError> {
    let domain = domain::by_id(conn, id)?.ok_or(StorageError::NotFound(What::Domain))?;
    let named = domain.attributes.get("workgroup").and_then(Value::as_str);
    let known = named.filter(|named| domain.workgroups.iter().any(|known| known == named));
    known
        .map(str::to_owned)
        .or_else(|| domain.workgroups.first().cloned())
        .ok_or_else(|| damaged("a domain without workgroup"))
}

fn apply(
    write: &mut Write<'_>,
    id: AccountId,
    change: AccountChange,
) -> Result<Option<Raised>, StorageError> {
    let conn = write.conn;
    let row = sql::int(id.0);
    let account = account::stored(conn, id)?
        .filter(|account| account.deleted.is_none())
        .ok_or(StorageError::NotFound(What::Address))?;
    let mut void = change.void;
    if let Some(password) = change.password {
        sql::run(conn, "UPDATE account SET password = ?2 WHERE id = ?1", params![row, password])?;
        token::revoke_all(conn, id)?;
    }
    if let Some(aliases) = change.aliases {
        name::replace_aliases(conn, id, &aliases)?;
        let domain = domain::by_id(conn, account.domain)?;
        let others = domain.map(|domain| domain.aliases).unwrap_or_default();
        let lost = name::lost(conn, id, &account.aliases, &account.domain_name, &others)?;
        void.extend(lost.into_iter().map(Scope::Alias));
    }
    if change.services.is_some() || !change.service_states.is_empty() {
        let mut services = change.services.unwrap_or(account.services);
        for (service, state) in change.service_states {
            services.set(service, state);
        }
        set_services(conn, id, services)?;
        if services.all_suspended() {
            token::revoke_all(conn, id)?;
            void.push(Scope::OnBehalf);
        }
    }
    if let Some(quota) = change.quota {
        let quota = quota.map(sql::int);
        sql::run(conn, "UPDATE account SET quota = ?2 WHERE id = ?1", params![row, quota])?;
    }
    if let Some(workgroup) = change.workgroup {
        if !domain::workgroups(conn, account.domain)?.contains(&workgroup) {
            return Err(StorageError::Refused("the workgroup does not exist"));
        }
        if workgroup != account.workgroup {
            void.push(Scope::ByAdministrators);
        }
        sql::run(conn, "UPDATE account SET workgroup = ?2 WHERE id = ?1", params![row, workgroup])?;
    }
    if let Some(role) = change.role {
        set_role(conn, id, role)?;
    }
    if !change.attributes.is_empty() {
        let mut attributes = account.attributes;
        domain::merge(&mut attributes, change.attributes);
        let attributes = sql::json(&attributes)?;
        sql::run(
            conn,
            "UPDATE account SET attributes = ?2 WHERE id = ?1",
            params![row, attributes],
        )?;
    }
    if void.is_empty() {
        return Ok(None);
    }
    epoch::raise(conn, id, &void).map(Some)
}

fn set_services(conn: &Connection, id: AccountId, services: Services) -> Result<(), StorageError> {
    let [imap4, pop3, smtpin, smtprelay, smtprelay_webmail, webmail] =
        words::service_numbers(&services);
    sql::run(
        conn,
        "UPDATE account SET service_imap4 = ?2, service_pop3 = ?3, service_smtpin = ?4,
                service_smtprelay = ?5, service_smtprelay_webmail = ?6, service_webmail = ?7
         WHERE id = ?1",
        params![sql::int(id.0), imap4, pop3, smtpin, smtprelay, smtprelay_webmail, webmail,],
    )?;
    Ok(())
}

fn set_role(
    conn: &Connection,
    id: AccountId,
    grant: Option<RoleGrant>,
) -> Result<(), StorageError> {
    let (role, objects) = match grant {
        Some(grant) => (Some(words::role_number(grant.role)), Some(sql::json(&grant.objects)?)),
        None => (None, None),
    };
    sql::run(
        conn,
        "UPDATE account SET role = ?2, role_objects = ?3 WHERE id = ?1",
        params![sql::int(id.0), role, objects],
    )?;
    Ok(())
}

/// See [`crate::Storage::delete_account`].
pub(crate) fn delete(
    write: &mut Write<'_>,
    id: AccountId,
    at: UnixTime,
    note: HistoryEntry,
) -> Result<Raised, StorageError> {
    let conn = write.conn;
    let row = sql::int(id.0);
    let raised = epoch::raise(conn, id, &[Scope::Everything, Scope::OnBehalf])?;
    let aliases = name::aliases(conn, id)?;
    let aliases = sql::json(&aliases.iter().map(Address::as_str).collect::<Vec<_>>())?;
    sql::run(
        conn,
        "UPDATE account SET deleted = ?2, former_aliases = ?3 WHERE id = ?1",
        params![row, at.0, aliases],
    )?;
    name::free(conn, id)?;
    token::revoke_all(conn, id)?;
    history::note(conn, id, note)?;
    Ok(raised)
}

/// See [`crate::Storage::upgrade_password`].
pub(crate) fn upgrade_password(
    conn: &Connection,
    id: AccountId,
    epoch: Epoch,
    old: &str,
    new: &str,
) -> Result<(), StorageError> {
    sql::run(
        conn,
        "UPDATE account SET password = ?4
         WHERE id = ?1 AND epoch = ?2 AND password = ?3 AND deleted IS NULL",
        params![sql::int(id.0), sql::int(epoch.0), old, new],
    )?;
    Ok(())
}
