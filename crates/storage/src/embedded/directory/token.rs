//! Tokens, by the hash of their text.

use super::{epoch, history};
use crate::embedded::committer::Write;
use crate::embedded::sql;
use crate::{HistoryEntry, NewToken, Raised, StorageError, Token, TokenUse, What, limits, words};
use rusqlite::{Connection, params};
use terms::{AccountId, DomainId, Scope, TokenId, UnixTime};

/// See [`crate::Storage::create_token`].
pub(crate) fn create(
    write: &mut Write<'_>,
    new: &NewToken,
    now: UnixTime,
    note: Option<HistoryEntry>,
) -> Result<TokenId, StorageError> {
    let conn = write.conn;
    let account = sql::int(new.account.0);
    // Sessions are made with tokens for mail: those end in `expire`.
    sql::run(
        conn,
        "DELETE FROM token WHERE expires <= ?1 AND use_for = ?2",
        params![now.0, words::token_use_number(TokenUse::Api)],
    )?;
    sql::one(conn, "SELECT 1 FROM account WHERE id = ?1 AND deleted IS NULL", [account], |_| {
        Ok(())
    })?
    .ok_or(StorageError::NotFound(What::Address))?;
    let held = sql::one(conn, "SELECT count(*) FROM token WHERE account = ?1", [account], |row| {
        sql::unsigned(row, 0)
    })?;
    if held.unwrap_or(0) >= limits::TOKENS {
        return Err(StorageError::Limit("tokens of an account"));
    }
    let made = sql::run(
        conn,
        "INSERT INTO token (hash, account, use_for, once, expires) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (hash) DO NOTHING",
        params![new.hash, account, words::token_use_number(new.use_for), new.once, new.expires.0],
    )?;
    if made != 1 {
        return Err(StorageError::Exists(What::Token));
    }
    let id = TokenId(conn.last_insert_rowid() as u64);
    if let Some(note) = note {
        history::note(conn, new.account, note)?;
    }
    Ok(id)
}

/// See [`crate::Storage::token`].
pub(crate) fn by_hash(
    conn: &Connection,
    hash: &str,
    now: UnixTime,
) -> Result<Option<Token>, StorageError> {
    sql::one(
        conn,
        "SELECT id, account, use_for, once, expires FROM token
         WHERE hash = ?1 AND expires > ?2 AND spent = 0",
        params![hash, now.0],
        |row| {
            Ok(Token {
                id: TokenId(sql::unsigned(row, 0)?),
                account: AccountId(sql::unsigned(row, 1)?),
                use_for: words::token_use(row.get(2)?)?,
                once: row.get(3)?,
                expires: UnixTime(row.get(4)?),
            })
        },
    )
}

/// See [`crate::Storage::spend_token`].
pub(crate) fn spend(conn: &Connection, id: TokenId) -> Result<bool, StorageError> {
    let spent = sql::run(
        conn,
        "UPDATE token SET spent = 1 WHERE id = ?1 AND once = 1 AND spent = 0",
        [sql::int(id.0)],
    )?;
    Ok(spent == 1)
}

/// See [`crate::Storage::next_token_expiry`].
pub(crate) fn next_expiry(conn: &Connection) -> Result<Option<UnixTime>, StorageError> {
    let next =
        sql::one(conn, "SELECT min(expires) FROM token", [], |row| sql::time_if_any(row, 0))?;
    Ok(next.flatten())
}

/// See [`crate::Storage::expire_tokens`].
pub(crate) fn expire(
    write: &mut Write<'_>,
    now: UnixTime,
    note: &HistoryEntry,
) -> Result<Vec<Raised>, StorageError> {
    let conn = write.conn;
    let expired = sql::all(
        conn,
        "SELECT id, account, use_for FROM token WHERE expires <= ?1 ORDER BY expires LIMIT ?2",
        params![now.0, sql::int(limits::EXPIRED_AT_ONCE)],
        |row| {
            let (id, account) =
                (TokenId(sql::unsigned(row, 0)?), AccountId(sql::unsigned(row, 1)?));
            Ok((id, account, words::token_use(row.get(2)?)?))
        },
    )?;
    let mut raised = Vec::new();
    for (id, account, use_for) in expired {
        sql::run(conn, "DELETE FROM token WHERE id = ?1", [sql::int(id.0)])?;
        if use_for.for_mail() {
            raised.push(epoch::raise(conn, account, &[Scope::Token(id)])?);
            history::note(conn, account, note.clone())?;
        }
    }
    Ok(raised)
}

/// Takes all tokens from an account. Its sessions are the caller's business.
pub(super) fn revoke_all(conn: &Connection, account: AccountId) -> Result<(), StorageError> {
    sql::run(conn, "DELETE FROM token WHERE account = ?1", [sql::int(account.0)])?;
    Ok(())
}

/// The same for all accounts of a domain.
pub(super) fn revoke_all_in(conn: &Connection, domain: DomainId) -> Result<(), StorageError> {
    sql::run(
        conn,
        "DELETE FROM token WHERE account IN (SELECT id FROM account WHERE domain = ?1)",
        [sql::int(domain.0)],
    )?;
    Ok(())
}
