//! Secrets besides an account's password: app passwords and tokens. Stored as hashes; what a hash is made
//! of is `accounts`' business.

use crate::{StorageError, What, limits};
use terms::{AccountId, AppPasswordId, TokenId, UnixTime};

/// A password that one device or program logs in with, beside the account's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPassword {
    /// Its number; never reused.
    pub id: AppPasswordId,
    /// Its name within the account.
    pub tag: String,
    /// The hash it is stored under (never the text itself).
    pub hash: String,
    /// When it was made.
    pub created: UnixTime,
}

/// An app password to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAppPassword {
    /// For which account.
    pub account: AccountId,
    /// Its name. None: `app-1`, `app-2`, … whichever is free.
    pub tag: Option<String>,
    /// The hash to store.
    pub hash: String,
    /// When it is made.
    pub created: UnixTime,
}

impl NewAppPassword {
    /// Its tag among those that the account has. `Exists`, `Limit`.
    pub(crate) fn free_tag(&self, present: &[AppPassword]) -> Result<String, StorageError> {
        let in_use = |tag: &str| present.iter().any(|it| it.tag == tag);
        let mut made_up = (1..).map(|number| format!("app-{number}"));
        let tag = match &self.tag {
            Some(tag) if in_use(tag) => return Err(StorageError::Exists(What::AppPassword)),
            Some(tag) => tag.clone(),
            None => made_up.find(|tag| !in_use(tag)).unwrap_or_default(),
        };
        if present.len() >= limits::APP_PASSWORDS {
            return Err(StorageError::Limit("app passwords of an account"));
        }
        Ok(tag)
    }
}

/// A secret of limited life that stands in for a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number; never reused.
    pub id: TokenId,
    /// Whose password it replaces.
    pub account: AccountId,
    /// What it is good for.
    pub use_for: TokenUse,
    /// Whether it is good for one use only ([`crate::Storage::spend_token`]).
    pub once: bool,
    /// When it ends.
    pub expires: UnixTime,
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// The hash to store it under (never the text itself).
    pub hash: String,
    /// Whose password it replaces.
    pub account: AccountId,
    /// What it is good for.
    pub use_for: TokenUse,
    /// Whether it is good for one use only.
    pub once: bool,
    /// When it ends.
    pub expires: UnixTime,
}

/// What a token is good for (OMA reference 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// The API.
    Api,
    /// Logging in to mail.
    Mail,
    /// Both.
    ApiAndMail,
}

impl TokenUse {
    /// Whether it is good for the API.
    pub fn for_api(self) -> bool {
        matches!(self, TokenUse::Api | TokenUse::ApiAndMail)
    }

    /// Whether it is good for logging in to mail.
    pub fn for_mail(self) -> bool {
        matches!(self, TokenUse::Mail | TokenUse::ApiAndMail)
    }
}
