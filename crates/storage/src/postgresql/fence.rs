//! Whether a login is still good: asked in the transaction of every operation that a session makes.

use super::directory::name;
use super::sql;
use crate::{Login, StorageError};
use deadpool_postgres::GenericClient;
use terms::{Address, Credential, Protocol};

/// `Void` unless the account exists, its domain works, its service for the protocol is enabled, its epoch
/// was not raised above the login's for the protocol, and the name and the secret that it was made with are
/// still there.
pub(super) async fn check(conn: &impl GenericClient, login: &Login) -> Result<(), StorageError> {
    if stands(conn, login).await? { Ok(()) } else { Err(StorageError::Void) }
}

/// The same as an answer. One statement, but for logins by an alias.
pub(super) async fn stands(conn: &impl GenericClient, login: &Login) -> Result<bool, StorageError> {
    let pop3 = login.protocol == Protocol::Pop3;
    let (mut app_password, mut token, mut administrator) = (None, None, None);
    match login.credential {
        Credential::Password => {}
        Credential::AppPassword(id) => app_password = Some(sql::int(id.0)),
        Credential::Token(id) => token = Some(sql::int(id.0)),
        Credential::OnBehalf { administrator: id, epoch } => {
            administrator = Some((sql::int(id.0), sql::int(epoch.0)));
        }
    }
    let (administrator, behalf_epoch) = administrator.unzip();
    let found = sql::one(
        conn,
        "SELECT 1 FROM account a JOIN domain d ON d.id = a.domain
         WHERE a.id = $1 AND a.deleted IS NULL AND NOT d.disabled
           AND CASE WHEN $3 THEN a.service_pop3 = 0 AND a.pop3_floor <= $2
                    ELSE a.service_imap4 = 0 AND a.imap_floor <= $2 END
           AND ($4::bigint IS NULL OR EXISTS (SELECT 1 FROM app_password p WHERE p.id = $4 AND p.account = $1))
           AND ($5::bigint IS NULL OR EXISTS (SELECT 1 FROM token t WHERE t.id = $5 AND t.account = $1))
           AND ($6::bigint IS NULL OR a.administrators_floor <= $2 AND EXISTS (
                SELECT 1 FROM account o JOIN domain od ON od.id = o.domain
                WHERE o.id = $6 AND o.deleted IS NULL AND NOT od.disabled AND o.behalf_floor <= $7::bigint))",
        &[
            &sql::int(login.account.0),
            &sql::int(login.epoch.0),
            &pop3,
            &app_password,
            &token,
            &administrator,
            &behalf_epoch,
        ],
    )
    .await?;
    match &login.alias {
        Some(alias) if found.is_some() => is_still_named(conn, login, alias).await,
        _ => Ok(found.is_some()),
    }
}

/// Whether the alias means the login's account, and has done so ever since.
async fn is_still_named(
    conn: &impl GenericClient,
    login: &Login,
    alias: &Address,
) -> Result<bool, StorageError> {
    let lost = sql::one(
        conn,
        "SELECT 1 FROM lost_alias WHERE account = $1 AND alias = $2 AND epoch > $3",
        &[&sql::int(login.account.0), &alias.as_str(), &sql::int(login.epoch.0)],
    )
    .await?;
    let holder = name::resolve(conn, alias).await?.map(|(holder, _)| holder);
    Ok(lost.is_none() && holder == Some(login.account))
}
