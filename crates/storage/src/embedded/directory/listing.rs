//! The accounts and aliases of a domain, as searches list them.

use super::{account, name};
use crate::embedded::reader::Reader;
use crate::embedded::sql;
use crate::{AccountStatus, AccountSummary, LastLogin, StorageError, words};
use rusqlite::{Connection, params};
use terms::{AccountId, DomainId, UnixTime};

/// See [`crate::Storage::accounts`].
pub(crate) fn accounts(
    reader: &Reader,
    domain: DomainId,
    deleted: bool,
) -> Result<Vec<AccountSummary>, StorageError> {
    let sql = if deleted {
        "SELECT a.address, a.address, a.id, 0, a.kind, a.workgroup, a.created, a.deleted, d.disabled,
                a.login_imap4, a.login_pop3,
                a.service_imap4, a.service_pop3, a.service_smtpin, a.service_smtprelay,
                a.service_smtprelay_webmail, a.service_webmail
         FROM account a JOIN domain d ON d.id = a.domain
         WHERE a.domain = ?1 AND a.deleted IS NOT NULL ORDER BY a.address, a.id"
    } else {
        "SELECT n.address, a.address, a.id, n.is_alias, a.kind, a.workgroup, a.created, a.deleted, d.disabled,
                a.login_imap4, a.login_pop3,
                a.service_imap4, a.service_pop3, a.service_smtpin, a.service_smtprelay,
                a.service_smtprelay_webmail, a.service_webmail
         FROM account a JOIN domain d ON d.id = a.domain JOIN address n ON n.account = a.id
         WHERE a.domain = ?1 ORDER BY n.address"
    };
    sql::all(&reader.conn, sql, params![sql::int(domain.0)], |row| {
        let id = AccountId(sql::unsigned(row, 2)?);
        let is_alias: bool = row.get(3)?;
        let deleted = sql::time_if_any(row, 7)?;
        let suspended = row.get(8)? || account::services(row, 11)?.all_suspended();
        let stored =
            LastLogin { imap4: sql::time_if_any(row, 9)?, pop3: sql::time_if_any(row, 10)? };
        let login = reader.logins.merged(id, stored);
        Ok(AccountSummary {
            address: name::stored(&row.get::<_, String>(0)?)?,
            account: id,
            alias_target: if is_alias {
                Some(name::stored(&row.get::<_, String>(1)?)?)
            } else {
                None
            },
            kind: words::kind(row.get(4)?)?,
            workgroup: row.get(5)?,
            status: match (deleted, suspended) {
                (Some(_), _) => AccountStatus::Deleted,
                (None, true) => AccountStatus::Suspended,
                (None, false) => AccountStatus::Active,
            },
            created: UnixTime(row.get(6)?),
            deleted,
            last_login: login.imap4.max(login.pop3),
        })
    })
}

/// See [`crate::Storage::count_accounts`].
pub(crate) fn count(conn: &Connection, domain: DomainId) -> Result<(u64, u64), StorageError> {
    let counts = sql::one(
        conn,
        "SELECT count(*) FILTER (WHERE n.is_alias = 0), count(*) FILTER (WHERE n.is_alias = 1)
         FROM account a JOIN address n ON n.account = a.id WHERE a.domain = ?1",
        [sql::int(domain.0)],
        |row| Ok((sql::unsigned(row, 0)?, sql::unsigned(row, 1)?)),
    )?;
    Ok(counts.unwrap_or_default())
}

/// The accounts of a domain that are not deleted.
pub(super) fn living(conn: &Connection, domain: DomainId) -> Result<Vec<AccountId>, StorageError> {
    sql::all(
        conn,
        "SELECT id FROM account WHERE domain = ?1 AND deleted IS NULL ORDER BY id",
        [sql::int(domain.0)],
        |row| sql::unsigned(row, 0).map(AccountId),
    )
}
