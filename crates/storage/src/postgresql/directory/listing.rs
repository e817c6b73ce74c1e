//! The accounts and aliases of a domain, as searches list them.

use super::{account, name};
use crate::logins::Logins;
use crate::postgresql::sql;
use crate::{AccountStatus, AccountSummary, StorageError, words};
use deadpool_postgres::GenericClient;
use terms::{AccountId, DomainId, UnixTime};
use tokio_postgres::Row;

/// What [`summary`] reads of an account under a name.
macro_rules! select_summary {
    ($name:literal, $is_alias:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $name,
            ", a.address, a.id, ",
            $is_alias,
            ", a.kind, a.workgroup, a.created, a.deleted, d.disabled, a.login_imap4, a.login_pop3,
             a.service_imap4, a.service_pop3, a.service_smtpin, a.service_smtprelay,
             a.service_smtprelay_webmail, a.service_webmail
             FROM account a JOIN domain d ON d.id = a.domain ",
            $rest
        )
    };
}

/// See [`crate::Storage::accounts`].
pub(super) async fn accounts(
    conn: &impl GenericClient,
    logins: &Logins,
    domain: DomainId,
    deleted: bool,
) -> Result<Vec<AccountSummary>, StorageError> {
    let sql = if deleted {
        select_summary!(
            "a.address",
            "false",
            "WHERE a.domain = $1 AND a.deleted IS NOT NULL ORDER BY a.address, a.id"
        )
    } else {
        select_summary!(
            "n.address",
            "n.is_alias",
            "JOIN address n ON n.account = a.id WHERE a.domain = $1 ORDER BY n.address"
        )
    };
    let rows = sql::all(conn, sql, &[&sql::int(domain.0)]).await?;
    rows.iter().map(|row| summary(row, logins)).collect()
}

fn summary(row: &Row, logins: &Logins) -> Result<AccountSummary, StorageError> {
    let account = AccountId(sql::unsigned(row, 2)?);
    let is_alias: bool = sql::column(row, 3)?;
    let alias_target = is_alias.then(|| name::stored(sql::column(row, 1)?)).transpose()?;
    let deleted = sql::time_if_any(row, 7)?;
    let suspended = sql::column(row, 8)? || account::services(row, 11)?.all_suspended();
    let login = logins.merged(account, account::last_login(row, 9)?);
    Ok(AccountSummary {
        address: name::stored(sql::column(row, 0)?)?,
        account,
        alias_target,
        kind: words::kind(sql::column(row, 4)?)?,
        workgroup: sql::column(row, 5)?,
        status: match (deleted, suspended) {
            (Some(_), _) => AccountStatus::Deleted,
            (None, true) => AccountStatus::Suspended,
            (None, false) => AccountStatus::Active,
        },
        created: UnixTime(sql::column(row, 6)?),
        deleted,
        last_login: login.imap4.max(login.pop3),
    })
}

/// See [`crate::Storage::count_accounts`].
pub(super) async fn count(
    conn: &impl GenericClient,
    domain: DomainId,
) -> Result<(u64, u64), StorageError> {
    let counts = sql::one(
        conn,
        "SELECT count(*) FILTER (WHERE NOT n.is_alias), count(*) FILTER (WHERE n.is_alias)
         FROM account a JOIN address n ON n.account = a.id WHERE a.domain = $1",
        &[&sql::int(domain.0)],
    )
    .await?;
    counts.map_or(Ok((0, 0)), |row| Ok((sql::unsigned(&row, 0)?, sql::unsigned(&row, 1)?)))
}
