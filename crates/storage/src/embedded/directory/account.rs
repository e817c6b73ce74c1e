//! An account as a row, and the numbers that stand for words in it.

use super::{app_password, domain, name};
use crate::embedded::fault::damaged;
use crate::embedded::logins::Logins;
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::{
    Account, AccountKind, LastLogin, Role, RoleGrant, ServiceState, Services, StorageError,
};
use rusqlite::{Connection, Row};
use terms::{AccountId, CompanyId, DomainId, Epoch, UnixTime};

/// See [`crate::Storage::account`].
pub(crate) fn by_id(reader: &Reader, id: AccountId) -> Result<Option<Account>, StorageError> {
    load(&reader.conn, &reader.logins, id)
}

/// The account, deleted or not.
pub(super) fn load(
    conn: &Connection,
    logins: &Logins,
    id: AccountId,
) -> Result<Option<Account>, StorageError> {
    let Some(mut account) = stored(conn, id)? else { return Ok(None) };
    account.last_login = logins.merged(id, account.last_login);
    Ok(Some(account))
}

/// The account as it is stored.
pub(super) fn stored(conn: &Connection, id: AccountId) -> Result<Option<Account>, StorageError> {
    let found = sql::one(
        conn,
        "SELECT a.id, a.address, a.domain, d.name, d.disabled, d.company, c.name,
                a.workgroup, a.kind, a.password, a.epoch, a.imap_floor, a.pop3_floor,
                a.service_imap4, a.service_pop3, a.service_smtpin, a.service_smtprelay,
                a.service_smtprelay_webmail, a.service_webmail,
                a.quota, a.role, a.role_objects, a.attributes, a.created, a.deleted,
                a.login_imap4, a.login_pop3, a.former_aliases,
                EXISTS (SELECT 1 FROM token t WHERE t.account = a.id)
         FROM account a JOIN domain d ON d.id = a.domain JOIN company c ON c.id = d.company
         WHERE a.id = ?1",
        [sql::int(id.0)],
        account,
    )?;
    let Some(mut account) = found else { return Ok(None) };
    if account.deleted.is_none() {
        account.aliases = name::aliases(conn, id)?;
    }
    account.app_passwords = app_password::of_account(conn, id)?;
    Ok(Some(account))
}

fn account(row: &Row<'_>) -> Result<Account, StorageError> {
    let former = sql::names_if_any(row, 27)?.unwrap_or_default();
    Ok(Account {
        id: AccountId(sql::unsigned(row, 0)?),
        address: name::stored(&row.get::<_, String>(1)?)?,
        domain: DomainId(sql::unsigned(row, 2)?),
        domain_name: domain::stored_name(&row.get::<_, String>(3)?)?,
        domain_disabled: row.get(4)?,
        company: CompanyId(sql::unsigned(row, 5)?),
        company_name: row.get(6)?,
        workgroup: row.get(7)?,
        kind: kind(row.get(8)?)?,
        aliases: former.iter().map(|alias| name::stored(alias)).collect::<Result<_, _>>()?,
        password: row.get(9)?,
        epoch: Epoch(sql::unsigned(row, 10)?),
        imap_floor: Epoch(sql::unsigned(row, 11)?),
        pop3_floor: Epoch(sql::unsigned(row, 12)?),
        app_passwords: Vec::new(),
        has_tokens: row.get(28)?,
        services: services(row, 13)?,
        quota: sql::unsigned_if_any(row, 19)?,
        role: role_grant(row)?,
        attributes: sql::object(row, 22)?,
        created: UnixTime(row.get(23)?),
        deleted: sql::time_if_any(row, 24)?,
        last_login: LastLogin {
            imap4: sql::time_if_any(row, 25)?,
            pop3: sql::time_if_any(row, 26)?,
        },
    })
}

/// The states of all services, in six columns from `first` on.
pub(super) fn services(row: &Row<'_>, first: usize) -> Result<Services, StorageError> {
    let state = |column| service_state(row.get(first + column)?);
    Ok(Services {
        imap4: state(0)?,
        pop3: state(1)?,
        smtpin: state(2)?,
        smtprelay: state(3)?,
        smtprelay_webmail: state(4)?,
        webmail: state(5)?,
    })
}

fn role_grant(row: &Row<'_>) -> Result<Option<RoleGrant>, StorageError> {
    let number: Option<i64> = row.get(20)?;
    let Some(number) = number else { return Ok(None) };
    let objects = sql::names_if_any(row, 21)?.unwrap_or_default();
    Ok(Some(RoleGrant { role: role(number)?, objects }))
}

/// The number of a kind.
pub(super) fn kind_number(kind: AccountKind) -> i64 {
    match kind {
        AccountKind::Local => 0,
        AccountKind::Forward => 1,
        AccountKind::Filter => 2,
    }
}

/// The kind of that number.
pub(super) fn kind(number: i64) -> Result<AccountKind, StorageError> {
    match number {
        0 => Ok(AccountKind::Local),
        1 => Ok(AccountKind::Forward),
        2 => Ok(AccountKind::Filter),
        _ => Err(damaged(format_args!("unknown kind {number} of an account"))),
    }
}

/// The number of a service's state; `fence` relies on "enabled" being 0.
pub(super) fn service_number(state: ServiceState) -> i64 {
    match state {
        ServiceState::Enabled => 0,
        ServiceState::Disabled => 1,
        ServiceState::Suspended => 2,
    }
}

fn service_state(number: i64) -> Result<ServiceState, StorageError> {
    match number {
        0 => Ok(ServiceState::Enabled),
        1 => Ok(ServiceState::Disabled),
        2 => Ok(ServiceState::Suspended),
        _ => Err(damaged(format_args!("unknown state {number} of a service"))),
    }
}

/// Roles by their numbers.
const ROLES: [Role; 9] = [
    Role::Company,
    Role::CompanyMail,
    Role::CompanyMail2,
    Role::CompanyView,
    Role::CompanyRo,
    Role::CompanyTokenOnly,
    Role::Domain,
    Role::Mail,
    Role::Workgroup,
];

/// The number of a role.
pub(super) fn role_number(role: Role) -> Option<i64> {
    ROLES.iter().position(|known| *known == role).map(|number| number as i64)
}

fn role(number: i64) -> Result<Role, StorageError> {
    usize::try_from(number)
        .ok()
        .and_then(|number| ROLES.get(number).copied())
        .ok_or_else(|| damaged(format_args!("unknown role {number}")))
}
