//! App passwords: passwords for mail that one device or program has for itself (OMA reference, 14.23).
//!
//! 1. As long as an account has any, its own password does not open mail; for the API it always does, and
//!    an app password never does. Nor does an app password open other accounts for an administrator.
//! 2. We make the text, of 130 random bits; nobody chooses one. So a fast hash with a salt is enough:
//!    there is nothing to guess that slow hashing would slow down, and a login costs microseconds.
//! 3. Removing one makes the logins made with it void, and no others. Adding the first one ends no
//!    session: it changes how one logs in from now on.

use crate::authz::{Action, Permit};
use crate::epoch::{Act, Voided, voided};
use crate::history::Request;
use crate::token::hex;
use crate::{Accounts, AdministerError, IssueError};
use serde_json::{Value, json};
use storage::{Account, NewAppPassword, Raised};
use terms::{AppPasswordId, Secret};

/// 32 letters that are hard to mistake for each other when typed off a screen: 5 bits each.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of an app password.
const LENGTH: usize = 26;
/// Bytes of salt.
const SALT: usize = 16;

impl Accounts {
    /// Makes an app password. Its text is known to nobody afterwards but who gets it from here. Without a
    /// tag, one is made up.
    pub async fn add_app_password(
        &self,
        permit: &Permit,
        tag: Option<String>,
        request: &Request,
    ) -> Result<Secret, IssueError> {
        let id = permit.account(Action::AppPassword)?;
        let (text, mut salt) = (random_text()?, [0; SALT]);
        getrandom::fill(&mut salt).map_err(|_| IssueError::NoRandomness)?;
        let hash = stored(&hex(&salt), &text);
        // Storage puts the tag into it.
        let history = request.entry_with(id, "app_password", Value::Null);
        let new = NewAppPassword { account: id, tag, hash, created: request.at };
        self.inner.storage.add_app_password(new, history).await?;
        Ok(text)
    }

    /// Removes the app password of that tag. Sessions made with it are still to be ended.
    pub async fn remove_app_password(
        &self,
        permit: &Permit,
        tag: &str,
        request: &Request,
    ) -> Result<(Raised, Voided), AdministerError> {
        let id = permit.account(Action::AppPassword)?;
        let detail = json!({ "mode": "remove", "tag": tag });
        let history = request.entry_with(id, "app_password", detail);
        let raised = self.inner.storage.remove_app_password(id, tag, history).await?;
        Ok((raised, voided(&Act::RemoveAppPassword)))
    }
}

/// Which of the account's app passwords the secret is, if it is one.
pub(crate) fn matching(account: &Account, secret: &Secret) -> Option<AppPasswordId> {
    if secret.reveal().len() != LENGTH {
        return None;
    }
    let is_it = |kept: &str| {
        let (salt, _) = kept.split_once('$').unwrap_or_default();
        let (kept, presented) = (blake3::hash(kept.as_bytes()), stored(salt, secret));
        // Hashes of blake3 compare in constant time.
        kept == blake3::hash(presented.as_bytes())
    };
    account.app_passwords.iter().find(|kept| is_it(&kept.hash)).map(|kept| kept.id)
}

/// `salt$hash`, in hexadecimal.
fn stored(salt: &str, text: &Secret) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("posthouse 2026-11 app password");
    hasher.update(salt.as_bytes());
    // The salt holds none.
    hasher.update(b"$");
    hasher.update(text.reveal().as_bytes());
    format!("{salt}${}", hasher.finalize().to_hex())
}

fn random_text() -> Result<Secret, IssueError> {
    let mut random = [0; LENGTH];
    getrandom::fill(&mut random).map_err(|_| IssueError::NoRandomness)?;
    let letters = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(Secret::new(letters.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let (one, two) = (random_text().unwrap(), random_text().unwrap());
        assert_ne!(one.reveal(), two.reveal());
        assert!(one.reveal().len() == LENGTH && one.reveal().bytes().all(|b| LETTERS.contains(&b)));
        let mut letters = LETTERS.to_vec();
        letters.dedup();
        assert_eq!(letters.len(), 32);
        assert_eq!(stored("s", &one), stored("s", &one));
        assert_ne!(stored("s", &one), stored("t", &one));
        assert!(!stored("s", &one).contains(one.reveal()));
    }
}
