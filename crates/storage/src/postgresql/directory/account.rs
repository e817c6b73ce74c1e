//! An account as a row.

use super::{domain, name};
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{
    Account, AppPassword, Found, LastLogin, RoleGrant, Services, StorageError, What, words,
};
use deadpool_postgres::GenericClient;
use terms::{AccountId, Address, AppPasswordId, CompanyId, DomainId, Epoch, UnixTime};
use tokio_postgres::Row;

/// A selection of the columns that [`account`] reads, and of one more.
macro_rules! select_account {
    ($more:literal, $from:literal, $rest:literal) => {
        concat!(
            "SELECT a.id, a.address, a.domain, d.name, d.disabled, d.company, c.name,
                    a.workgroup, a.kind, a.password, a.epoch, a.imap_floor, a.pop3_floor,
                    a.service_imap4, a.service_pop3, a.service_smtpin, a.service_smtprelay,
                    a.service_smtprelay_webmail, a.service_webmail,
                    a.quota, a.role, a.role_objects, a.attributes, a.created, a.deleted,
                    a.login_imap4, a.login_pop3, a.former_aliases,
                    EXISTS (SELECT 1 FROM token t WHERE t.account = a.id),
                    ARRAY (SELECT n.address FROM address n WHERE n.account = a.id AND n.is_alias
                           ORDER BY n.position),
                    ARRAY (SELECT p.id FROM app_password p WHERE p.account = a.id ORDER BY p.id),
                    ARRAY (SELECT p.tag FROM app_password p WHERE p.account = a.id ORDER BY p.id),
                    ARRAY (SELECT p.hash FROM app_password p WHERE p.account = a.id ORDER BY p.id),
                    ARRAY (SELECT p.created FROM app_password p WHERE p.account = a.id ORDER BY p.id), ",
            $more,
            " FROM ",
            $from,
            " JOIN domain d ON d.id = a.domain JOIN company c ON c.id = d.company ",
            $rest
        )
    };
}

/// The account as it is stored, deleted or not.
pub(super) async fn stored(
    conn: &impl GenericClient,
    id: AccountId,
) -> Result<Option<Account>, StorageError> {
    let sql = select_account!("false", "account a", "WHERE a.id = $1");
    sql::one(conn, sql, &[&sql::int(id.0)]).await?.as_ref().map(account).transpose()
}

/// An account that is not deleted, locked. `NotFound`.
pub(super) async fn locked(write: &Write<'_>, id: AccountId) -> Result<Account, StorageError> {
    write.lock(id).await?;
    let found = stored(&write.tx, id).await?.filter(|account| account.deleted.is_none());
    found.ok_or(StorageError::NotFound(What::Address))
}

/// What an address stands for, as it is stored; see `name::resolve`, which this is in one statement.
pub(super) async fn find(
    conn: &impl GenericClient,
    address: &Address,
) -> Result<Option<Found>, StorageError> {
    let sql = concat!(
        "WITH own AS (
             SELECT account, is_alias FROM address WHERE address = $1
         ), named AS (
             SELECT account, is_alias FROM own
             UNION ALL
             SELECT t.account, true FROM domain_name n JOIN domain d ON d.id = n.domain
             JOIN address t ON t.address = $2 || '@' || d.name
             WHERE n.name = $3 AND n.is_alias AND NOT EXISTS (SELECT 1 FROM own)
         ) ",
        select_account!("o.is_alias", "named o JOIN account a ON a.id = o.account", "")
    );
    let found =
        sql::one(conn, sql, &[&address.as_str(), &address.local(), &address.domain()]).await?;
    let Some(row) = found else { return Ok(None) };
    let account = Box::new(account(&row)?);
    let is_alias: bool = sql::column(&row, 34)?;
    Ok(Some(if is_alias { Found::Alias(account) } else { Found::Account(account) }))
}

fn account(row: &Row) -> Result<Account, StorageError> {
    let former = sql::names_if_any(row, 27)?.unwrap_or_default();
    let deleted = sql::time_if_any(row, 24)?;
    let aliases: Vec<&str> = match deleted {
        Some(_) => former.iter().map(String::as_str).collect(),
        None => sql::column(row, 29)?,
    };
    Ok(Account {
        id: AccountId(sql::unsigned(row, 0)?),
        address: name::stored(sql::column(row, 1)?)?,
        domain: DomainId(sql::unsigned(row, 2)?),
        domain_name: domain::stored_name(sql::column(row, 3)?)?,
        domain_disabled: sql::column(row, 4)?,
        company: CompanyId(sql::unsigned(row, 5)?),
        company_name: sql::column(row, 6)?,
        workgroup: sql::column(row, 7)?,
        kind: words::kind(sql::column(row, 8)?)?,
        aliases: aliases.into_iter().map(name::stored).collect::<Result<_, _>>()?,
        password: sql::column(row, 9)?,
        epoch: Epoch(sql::unsigned(row, 10)?),
        imap_floor: Epoch(sql::unsigned(row, 11)?),
        pop3_floor: Epoch(sql::unsigned(row, 12)?),
        app_passwords: app_passwords(row)?,
        has_tokens: sql::column(row, 28)?,
        services: services(row, 13)?,
        quota: sql::unsigned_if_any(row, 19)?,
        role: role_grant(row)?,
        attributes: sql::object(row, 22)?,
        created: UnixTime(sql::column(row, 23)?),
        deleted,
        last_login: last_login(row, 25)?,
    })
}

/// The states of all services, in six columns from `first` on.
pub(super) fn services(row: &Row, first: usize) -> Result<Services, StorageError> {
    let state = |column: usize| sql::column(row, first + column);
    words::services([state(0)?, state(1)?, state(2)?, state(3)?, state(4)?, state(5)?])
}

/// The times of latest logins, in two columns from `first` on.
pub(super) fn last_login(row: &Row, first: usize) -> Result<LastLogin, StorageError> {
    let (imap4, pop3) = (sql::time_if_any(row, first)?, sql::time_if_any(row, first + 1)?);
    Ok(LastLogin { imap4, pop3 })
}

fn role_grant(row: &Row) -> Result<Option<RoleGrant>, StorageError> {
    let number: Option<i64> = sql::column(row, 20)?;
    let Some(number) = number else { return Ok(None) };
    let objects = sql::names_if_any(row, 21)?.unwrap_or_default();
    Ok(Some(RoleGrant { role: words::role(number)?, objects }))
}

fn app_passwords(row: &Row) -> Result<Vec<AppPassword>, StorageError> {
    let ids: Vec<i64> = sql::column(row, 30)?;
    let tags: Vec<String> = sql::column(row, 31)?;
    let hashes: Vec<String> = sql::column(row, 32)?;
    let created: Vec<i64> = sql::column(row, 33)?;
    let rows = ids.into_iter().zip(tags).zip(hashes.into_iter().zip(created));
    let app_password = |((id, tag), (hash, created)): ((i64, String), (String, i64))| {
        let id = AppPasswordId(id.unsigned_abs());
        AppPassword { id, tag, hash, created: UnixTime(created) }
    };
    Ok(rows.map(app_password).collect())
}
