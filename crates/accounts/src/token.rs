//! Tokens: secrets of limited life that stand in for a password (OMA reference, section 6).
//!
//! 1. A token is stored as a hash; the text is shown once, when it is made. A random text has 128 bits, so
//!    a fast hash is enough; a chosen one is the business of who chooses it.
//! 2. The hash covers the account: a token is good for the one account it was made for.
//! 3. It is gone when the account's password is set, when the account is suspended or deleted, and when its
//!    time is over; each of these makes the logins made with it void. `logout_user` and renaming leave it.
//! 4. It is no administrator's way to other accounts.

use crate::authz::{Action, Permit};
use crate::history::Request;
use crate::{Accounts, Denied};
use serde_json::json;
use std::fmt::Write as _;
use storage::{Account, HistoryEntry, NewToken, StorageError, Token, TokenUse};
use terms::{AccountId, Secret, UnixTime};

/// The shortest text that a caller may choose. Shorter ones could be guessed.
const TEXT_MIN: usize = 16;
/// The longest.
const TEXT_MAX: usize = 128;
/// Random bytes of a token that we make: 128 bits, 32 digits.
const RANDOM: usize = 16;

/// A token that is asked for.
#[derive(Clone, Debug)]
pub struct TokenWish {
    /// Its text; random unless one is chosen.
    pub text: Option<Secret>,
    /// What it is good for.
    pub use_for: TokenUse,
    /// Whether it is good for one use only.
    pub once: bool,
    /// For how long.
    pub seconds: u32,
}

/// A token that was just made.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// Its text.
    pub text: Secret,
    /// When it ends.
    pub expires: UnixTime,
}

/// Why there is no token, or no app password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The permit is not for this.
    #[error(transparent)]
    Denied(#[from] Denied),
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
    /// Makes a token for the API, for an account whose owner asks for it, good for `seconds`. The text is
    /// random unless one is chosen.
    pub async fn issue_token(
        &self,
        id: AccountId,
        text: Option<Secret>,
        seconds: u32,
        now: UnixTime,
    ) -> Result<IssuedToken, IssueError> {
        let wish = TokenWish { text, use_for: TokenUse::Api, once: false, seconds };
        self.issue(id, wish, now, None).await
    }

    /// Makes a token for somebody else's account. `reason` goes into its history.
    pub async fn generate_token(
        &self,
        permit: &Permit,
        wish: TokenWish,
        reason: &str,
        request: &Request,
    ) -> Result<IssuedToken, IssueError> {
        let id = permit.account(Action::GenerateToken)?;
        let detail = json!({
            "reason": reason,
            "api": wish.use_for.for_api(),
            "mail": wish.use_for.for_mail(),
            "once": wish.once,
            "seconds": wish.seconds,
        });
        let history = request.entry_with(id, "generate_token", detail);
        self.issue(id, wish, request.at, Some(history)).await
    }

    async fn issue(
        &self,
        id: AccountId,
        wish: TokenWish,
        now: UnixTime,
        history: Option<HistoryEntry>,
    ) -> Result<IssuedToken, IssueError> {
        let TokenWish { text, use_for, once, seconds } = wish;
        let text = match text {
            Some(text) if is_text(text.reveal()) => text,
            Some(_) => return Err(IssueError::Text),
            None => random_text()?,
        };
        let expires = UnixTime(now.0.saturating_add(i64::from(seconds)));
        let token = NewToken { hash: hash(Some(id), &text), account: id, use_for, once, expires };
        match self.inner.storage.create_token(token, now, history).await {
            Ok(_) => Ok(IssuedToken { text, expires }),
            Err(StorageError::Exists(_)) => Err(IssueError::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// The token of the account that the text is, if it is one. Takes as long for an account that does not
    /// exist.
    pub(crate) async fn check_token(
        &self,
        account: Option<&Account>,
        text: &Secret,
        now: UnixTime,
    ) -> Result<Option<Token>, StorageError> {
        if !is_text(text.reveal()) {
            return Ok(None);
        }
        let id = account.map(|account| account.id);
        let token = self.inner.storage.token(&hash(id, text), now).await?;
        Ok(token.filter(|token| Some(token.account) == id))
    }

    /// Takes the use that the token is good for. False: it has none left.
    pub(crate) async fn use_token(&self, token: &Token) -> Result<bool, StorageError> {
        if token.once { self.inner.storage.spend_token(token.id).await } else { Ok(true) }
    }
}

fn is_text(text: &str) -> bool {
    (TEXT_MIN..=TEXT_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn random_text() -> Result<Secret, IssueError> {
    let mut random = [0; RANDOM];
    getrandom::fill(&mut random).map_err(|_| IssueError::NoRandomness)?;
    Ok(Secret::new(hex(&random)))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Invariants 1 and 2.
fn hash(account: Option<AccountId>, text: &Secret) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("posthouse 2026-11 token of an account");
    // 0 is no account's number.
    hasher.update(&account.map_or(0, |id| id.0).to_be_bytes());
    hasher.update(text.reveal().as_bytes());
    hasher.finalize().to_hex().to_string()
}
