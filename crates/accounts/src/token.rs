//! Tokens: secrets of limited life that stand in for a password (OMA reference, section 6).
//!
//! 1. A token is stored as a hash; the text is shown once, when it is made.
//! 2. The hash covers the account and its stored password: a token is good for the one account it was
//!    made for, and is void as soon as that account's password changes.

use crate::Accounts;
use std::fmt::Write as _;
use storage::{Account, StorageError, Token, TokenUse};
use terms::{AccountId, Secret, UnixTime};

/// The shortest text that a caller may choose. Shorter ones could be guessed.
const TEXT_MIN: usize = 16;
/// The longest.
const TEXT_MAX: usize = 128;
/// Random bytes of a token that we make: 128 bits, 32 digits.
const RANDOM: usize = 16;

/// A token that was just made.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// Its text.
    pub text: Secret,
    /// When it ends.
    pub expires: UnixTime,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The text chosen is too short or too long, or not printable ASCII.
    #[error("a token has {TEXT_MIN} to {TEXT_MAX} printable ASCII characters without blanks")]
    Text,
    /// The text chosen is in use.
    #[error("the token is in use")]
    Taken,
    /// The system gave no randomness.
    #[error("no randomness")]
    NoRandomness,
    /// Storage did not take it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Accounts {
    /// Makes a token for an account, good for `seconds`. The text is random unless one is chosen.
    pub async fn issue_token(
        &self,
        id: AccountId,
        chosen: Option<Secret>,
        seconds: u32,
        now: UnixTime,
    ) -> Result<IssuedToken, IssueError> {
        let text = match chosen {
            Some(text) if is_text(text.reveal()) => text,
            Some(_) => return Err(IssueError::Text),
            None => random_text()?,
        };
        // Read now, not before the caller's password was checked: that may have stored a better hash.
        let account = self.inner.storage.account(id).await?;
        let account = account.ok_or(StorageError::NotFound(storage::What::Address))?;
        let expires = UnixTime(now.0.saturating_add(i64::from(seconds)));
        let hash = hash(Some(&account), &text);
        let token = Token { hash, account: id, use_for: TokenUse::Api, expires };
        match self.inner.storage.create_token(token, now).await {
            Ok(()) => Ok(IssuedToken { text, expires }),
            Err(StorageError::Exists(_)) => Err(IssueError::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the text is a token of the account that is good for the API. Takes as long for an
    /// account that does not exist.
    pub(crate) async fn check_token(
        &self,
        account: Option<&Account>,
        text: &Secret,
        now: UnixTime,
    ) -> Result<bool, StorageError> {
        if !is_text(text.reveal()) {
            return Ok(false);
        }
        let token = self.inner.storage.token(&hash(account, text), now).await?;
        Ok(token.zip(account).is_some_and(|(token, account)| {
            token.account == account.id && token.use_for == TokenUse::Api
        }))
    }
}

fn is_text(text: &str) -> bool {
    (TEXT_MIN..=TEXT_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn random_text() -> Result<Secret, IssueError> {
    let mut random = [0; RANDOM];
    getrandom::fill(&mut random).map_err(|_| IssueError::NoRandomness)?;
    let mut text = String::with_capacity(2 * RANDOM);
    for byte in random {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(Secret::new(text))
}

/// Invariants 1 and 2.
fn hash(account: Option<&Account>, text: &Secret) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("posthouse 2026-11 token");
    // 0 is no account's number.
    hasher.update(&account.map_or(0, |account| account.id.0).to_be_bytes());
    let password = account.and_then(|account| account.password.as_deref()).unwrap_or_default();
    hasher.update(blake3::hash(password.as_bytes()).as_bytes());
    hasher.update(text.reveal().as_bytes());
    hasher.finalize().to_hex().to_string()
}
