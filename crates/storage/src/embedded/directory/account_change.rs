//! Making, changing and deleting accounts.

use super::{account, domain, epoch, history, name, token};
use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::embedded::mail::standard_folders;
use crate::embedded::sql;
use crate::{
    Account, AccountChange, HistoryEntry, NewAccount, Raised, StorageError, What, account_change,
    words,
};
use rusqlite::{Connection, params};
use terms::{AccountId, Address, DomainName, Epoch, Scope, UnixTime};

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
    let domain =
        domain::by_id(write.conn, domain_id)?.ok_or(StorageError::NotFound(What::Domain))?;
    let workgroup =
        domain.workgroup_of_new().ok_or_else(|| damaged("a domain without workgroup"))?;
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

fn apply(
    write: &mut Write<'_>,
    id: AccountId,
    change: AccountChange,
) -> Result<Option<Raised>, StorageError> {
    let conn = write.conn;
    let found = account::stored(conn, id)?.filter(|account| account.deleted.is_none());
    let mut account = found.ok_or(StorageError::NotFound(What::Address))?;
    let workgroups = match &change.workgroup {
        Some(_) => domain::workgroups(conn, account.domain)?,
        None => Vec::new(),
    };
    let former_aliases = change.aliases.is_some().then(|| account.aliases.clone());
    let consequences = account_change::apply(&mut account, change, &workgroups)?;
    store(conn, &account)?;
    if consequences.revokes_tokens {
        token::revoke_all(conn, id)?;
    }
    let mut void = consequences.void;
    if let Some(former) = former_aliases {
        name::replace_aliases(conn, id, &account.aliases)?;
        let domain = domain::by_id(conn, account.domain)?;
        let others = domain.map(|domain| domain.aliases).unwrap_or_default();
        let lost = name::lost(conn, id, &former, &account.domain_name, &others)?;
        void.extend(lost.into_iter().map(Scope::Alias));
    }
    if void.is_empty() {
        return Ok(None);
    }
    epoch::raise(conn, id, &void).map(Some)
}

/// Writes down what [`account_change::apply`] may have changed.
fn store(conn: &Connection, account: &Account) -> Result<(), StorageError> {
    let [imap4, pop3, smtpin, smtprelay, smtprelay_webmail, webmail] =
        words::service_numbers(&account.services);
    let role = account.role.as_ref();
    sql::run(
        conn,
        "UPDATE account SET password = ?2, quota = ?3, workgroup = ?4, role = ?5, role_objects = ?6,
                attributes = ?7, service_imap4 = ?8, service_pop3 = ?9, service_smtpin = ?10,
                service_smtprelay = ?11, service_smtprelay_webmail = ?12, service_webmail = ?13
         WHERE id = ?1",
        params![
            sql::int(account.id.0),
            account.password,
            account.quota.map(sql::int),
            account.workgroup,
            role.map(|grant| words::role_number(grant.role)),
            role.map(|grant| sql::json(&grant.objects)).transpose()?,
            sql::json(&account.attributes)?,
            imap4,
            pop3,
            smtpin,
            smtprelay,
            smtprelay_webmail,
            webmail,
        ],
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
