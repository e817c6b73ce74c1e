//! Tokens, by the hash of their text.

use super::{account, epoch, history};
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{HistoryEntry, NewToken, Raised, StorageError, Token, TokenUse, What, limits, words};
use deadpool_postgres::GenericClient;
use terms::{AccountId, Scope, TokenId, UnixTime};

/// See [`crate::Storage::create_token`].
pub(super) async fn create(
    write: &Write<'_>,
    new: &NewToken,
    now: UnixTime,
    note: Option<HistoryEntry>,
) -> Result<TokenId, StorageError> {
    account::locked(write, new.account).await?;
    let (account, api) = (sql::int(new.account.0), words::token_use_number(TokenUse::Api));
    // Sessions are made with tokens for mail: those end in `expire`. The others go here, but for those that
    // somebody else is removing.
    sql::run(
        &write.tx,
        "DELETE FROM token WHERE id IN (
             SELECT id FROM token WHERE expires <= $1 AND use_for = $2 ORDER BY expires LIMIT $3
             FOR UPDATE SKIP LOCKED)",
        &[&now.0, &api, &sql::int(limits::EXPIRED_AT_ONCE)],
    )
    .await?;
    let held = sql::one(
        &write.tx,
        "SELECT count(*) FROM token WHERE account = $1 AND NOT (expires <= $2 AND use_for = $3)",
        &[&account, &now.0, &api],
    )
    .await?;
    if held.map(|row| sql::unsigned(&row, 0)).transpose()?.unwrap_or(0) >= limits::TOKENS {
        return Err(StorageError::Limit("tokens of an account"));
    }
    let made = sql::one(
        &write.tx,
        "INSERT INTO token (hash, account, use_for, once, expires) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (hash) DO NOTHING RETURNING id",
        &[&new.hash, &account, &words::token_use_number(new.use_for), &new.once, &new.expires.0],
    )
    .await?;
    let made = made.ok_or(StorageError::Exists(What::Token))?;
    if let Some(note) = note {
        history::note(write, new.account, note).await?;
    }
    Ok(TokenId(sql::unsigned(&made, 0)?))
}

/// See [`crate::Storage::token`].
pub(super) async fn by_hash(
    conn: &impl GenericClient,
    hash: &str,
    now: UnixTime,
) -> Result<Option<Token>, StorageError> {
    let found = sql::one(
        conn,
        "SELECT id, account, use_for, once, expires FROM token
         WHERE hash = $1 AND expires > $2 AND NOT spent",
        &[&hash, &now.0],
    )
    .await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(Token {
        id: TokenId(sql::unsigned(&row, 0)?),
        account: AccountId(sql::unsigned(&row, 1)?),
        use_for: words::token_use(sql::column(&row, 2)?)?,
        once: sql::column(&row, 3)?,
        expires: UnixTime(sql::column(&row, 4)?),
    }))
}

/// See [`crate::Storage::spend_token`].
pub(super) async fn spend(write: &Write<'_>, id: TokenId) -> Result<bool, StorageError> {
    let sql = "UPDATE token SET spent = true WHERE id = $1 AND once AND NOT spent";
    Ok(sql::run(&write.tx, sql, &[&sql::int(id.0)]).await? == 1)
}

/// See [`crate::Storage::next_token_expiry`].
pub(super) async fn next_expiry(
    conn: &impl GenericClient,
) -> Result<Option<UnixTime>, StorageError> {
    let next = sql::one(conn, "SELECT min(expires) FROM token", &[]).await?;
    Ok(next.map(|row| sql::time_if_any(&row, 0)).transpose()?.flatten())
}

/// See [`crate::Storage::expire_tokens`].
pub(super) async fn expire(
    write: &Write<'_>,
    now: UnixTime,
    note: &HistoryEntry,
) -> Result<Vec<Raised>, StorageError> {
    let expired = sql::all(
        &write.tx,
        "SELECT id, account FROM token WHERE expires <= $1 ORDER BY expires LIMIT $2",
        &[&now.0, &sql::int(limits::EXPIRED_AT_ONCE)],
    )
    .await?;
    let mut accounts = Vec::new();
    let mut ids: Vec<i64> = Vec::new();
    for row in &expired {
        ids.push(sql::column(row, 0)?);
        accounts.push(AccountId(sql::unsigned(row, 1)?));
    }
    write.lock_all(&accounts).await?;
    // Others may have removed some meanwhile.
    let gone = sql::all(
        &write.tx,
        "DELETE FROM token WHERE id = ANY ($1) RETURNING id, account, use_for",
        &[&ids],
    )
    .await?;
    let mut raises = Vec::new();
    for row in &gone {
        if words::token_use(sql::column(row, 2)?)?.for_mail() {
            let scope = Scope::Token(TokenId(sql::unsigned(row, 0)?));
            raises.push((AccountId(sql::unsigned(row, 1)?), vec![scope]));
        }
    }
    let raised = epoch::raise_all(write, &raises).await?;
    let lines =
        raised.iter().map(|raised| HistoryEntry { account: raised.account, ..note.clone() });
    history::note_all(write, lines).await?;
    Ok(raised)
}

/// Takes all tokens from accounts, which are locked. Their sessions are the caller's business.
pub(super) async fn revoke_all(
    write: &Write<'_>,
    accounts: &[AccountId],
) -> Result<(), StorageError> {
    let sql = "DELETE FROM token WHERE account = ANY ($1)";
    sql::run(&write.tx, sql, &[&sql::numbers(accounts)]).await?;
    Ok(())
}
