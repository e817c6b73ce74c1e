//! Tokens, by the hash of their text.

use crate::embedded::committer::Write;
use crate::embedded::fault::damaged;
use crate::embedded::sql;
use crate::{StorageError, Token, TokenUse, What};
use rusqlite::{Connection, params};
use terms::{AccountId, UnixTime};

/// Tokens of one account.
const TOKENS_BOUND: u64 = 1000;

/// See [`crate::Storage::create_token`].
pub(crate) fn create(
    write: &mut Write<'_>,
    token: &Token,
    now: UnixTime,
) -> Result<(), StorageError> {
    let conn = write.conn;
    let account = sql::int(token.account.0);
    sql::run(conn, "DELETE FROM token WHERE expires <= ?1", [now.0])?;
    sql::one(conn, "SELECT 1 FROM account WHERE id = ?1 AND deleted IS NULL", [account], |_| {
        Ok(())
    })?
    .ok_or(StorageError::NotFound(What::Address))?;
    let held = sql::one(conn, "SELECT count(*) FROM token WHERE account = ?1", [account], |row| {
        sql::unsigned(row, 0)
    })?;
    if held.unwrap_or(0) >= TOKENS_BOUND {
        return Err(StorageError::Limit("tokens of an account"));
    }
    let made = sql::run(
        conn,
        "INSERT INTO token (hash, account, use_for, expires) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (hash) DO NOTHING",
        params![token.hash, account, use_number(token.use_for), token.expires.0],
    )?;
    if made == 1 { Ok(()) } else { Err(StorageError::Exists(What::Token)) }
}

/// See [`crate::Storage::token`].
pub(crate) fn by_hash(
    conn: &Connection,
    hash: &str,
    now: UnixTime,
) -> Result<Option<Token>, StorageError> {
    sql::one(
        conn,
        "SELECT account, use_for, expires FROM token WHERE hash = ?1 AND expires > ?2",
        params![hash, now.0],
        |row| {
            Ok(Token {
                hash: hash.to_owned(),
                account: AccountId(sql::unsigned(row, 0)?),
                use_for: use_of(row.get(1)?)?,
                expires: UnixTime(row.get(2)?),
            })
        },
    )
}

fn use_number(use_for: TokenUse) -> i64 {
    match use_for {
        TokenUse::Api => 0,
    }
}

fn use_of(number: i64) -> Result<TokenUse, StorageError> {
    match number {
        0 => Ok(TokenUse::Api),
        _ => Err(damaged(format_args!("unknown use {number} of a token"))),
    }
}
