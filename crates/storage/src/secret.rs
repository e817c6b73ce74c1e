//! Secrets besides an account's password: app passwords and tokens. Stored as hashes; what a hash is made
//! of is `accounts`' business.

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
