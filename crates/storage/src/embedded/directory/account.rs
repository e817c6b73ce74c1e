//! An account as a row.

use super::{app_password, domain, name};
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::logins::Logins;
use crate::{Account, LastLogin, RoleGrant, Services, StorageError, words};
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
        kind: words::kind(row.get(8)?)?,
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
    let state = |column: usize| row.get(first + column);
    words::services([state(0)?, state(1)?, state(2)?, state(3)?, state(4)?, state(5)?])
}

fn role_grant(row: &Row<'_>) -> Result<Option<RoleGrant>, StorageError> {
    let number: Option<i64> = row.get(20)?;
    let Some(number) = number else { return Ok(None) };
    let objects = sql::names_if_any(row, 21)?.unwrap_or_default();
    Ok(Some(RoleGrant { role: words::role(number)?, objects }))
}
