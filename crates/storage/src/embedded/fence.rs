//! Whether a login is still good: asked in the transaction of every operation that a session makes.

use super::directory::name;
use super::sql;
use crate::{Login, StorageError};
use rusqlite::{Connection, params};
use terms::{Address, Credential, Protocol};

/// `Void` unless the account exists, its domain works, its service for the protocol is enabled, its epoch
/// was not raised above the login's for the protocol, and the name and the secret that it was made with are
/// still there.
pub(super) fn check(conn: &Connection, login: &Login) -> Result<(), StorageError> {
    if stands(conn, login)? { Ok(()) } else { Err(StorageError::Void) }
}

/// The same as an answer.
pub(super) fn stands(conn: &Connection, login: &Login) -> Result<bool, StorageError> {
    let sql = match login.protocol {
        Protocol::Imap => {
            "SELECT 1 FROM account a JOIN domain d ON d.id = a.domain
             WHERE a.id = ?1 AND a.deleted IS NULL AND d.disabled = 0 AND a.service_imap4 = 0 AND a.imap_floor <= ?2"
        }
        Protocol::Pop3 => {
            "SELECT 1 FROM account a JOIN domain d ON d.id = a.domain
             WHERE a.id = ?1 AND a.deleted IS NULL AND d.disabled = 0 AND a.service_pop3 = 0 AND a.pop3_floor <= ?2"
        }
    };
    let account = sql::int(login.account.0);
    let found = sql::one(conn, sql, params![account, sql::int(login.epoch.0)], |_| Ok(()))?;
    if found.is_none() {
        return Ok(false);
    }
    if let Some(alias) = &login.alias
        && !is_still_named(conn, login, alias)?
    {
        return Ok(false);
    }
    let proof = match login.credential {
        Credential::Password => Some(()),
        Credential::AppPassword(id) => sql::one(
            conn,
            "SELECT 1 FROM app_password WHERE id = ?1 AND account = ?2",
            params![sql::int(id.0), account],
            |_| Ok(()),
        )?,
        Credential::Token(id) => sql::one(
            conn,
            "SELECT 1 FROM token WHERE id = ?1 AND account = ?2",
            params![sql::int(id.0), account],
            |_| Ok(()),
        )?,
        Credential::OnBehalf { administrator, epoch } => sql::one(
            conn,
            "SELECT 1 FROM account a JOIN domain d ON d.id = a.domain
             WHERE a.id = ?1 AND a.deleted IS NULL AND d.disabled = 0 AND a.behalf_floor <= ?2
               AND EXISTS (SELECT 1 FROM account o WHERE o.id = ?3 AND o.administrators_floor <= ?4)",
            params![
                sql::int(administrator.0),
                sql::int(epoch.0),
                account,
                sql::int(login.epoch.0)
            ],
            |_| Ok(()),
        )?,
    };
    Ok(proof.is_some())
}

/// Whether the alias means the login's account, and has done so ever since.
fn is_still_named(conn: &Connection, login: &Login, alias: &Address) -> Result<bool, StorageError> {
    let lost = sql::one(
        conn,
        "SELECT 1 FROM lost_alias WHERE account = ?1 AND alias = ?2 AND epoch > ?3",
        params![sql::int(login.account.0), alias.as_str(), sql::int(login.epoch.0)],
        |_| Ok(()),
    )?;
    let holder = name::resolve(conn, alias)?.map(|(holder, _)| holder);
    Ok(lost.is_none() && holder == Some(login.account))
}
