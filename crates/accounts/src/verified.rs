//! Secrets that were checked a moment ago, so that they need not be hashed again.
//!
//! 1. A password is remembered together with the account and its stored hash, and what is remembered is
//!    only whether the one fits the other. That never changes, and storage is asked for the hash each time.
//!    So once another hash is stored (each has a salt of its own), what was remembered is never found
//!    again: no old password is accepted after a change.
//! 2. The account's epoch is no part of it: whether a *login* stands is not known here, and is asked
//!    elsewhere. So clients that come back after a logout cost no hashing.
//! 3. What is kept is a keyed hash with a key of this process; the memory holds no password.

use crate::throttle::Claimed;
use quick_cache::sync::Cache;
use std::fmt;
use storage::Account;
use terms::Secret;
use zeroize::Zeroizing;

/// What account, stored hash and secret come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

/// What was found of a secret before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Right,
    Wrong,
    Nothing,
}

/// The memory, bounded.
pub(crate) struct Verified {
    key: Zeroizing<[u8; 32]>,
    right: Cache<Fingerprint, ()>,
    wrong: Cache<Fingerprint, ()>,
}

impl Verified {
    /// Remembers about `capacity` right and as many wrong secrets. Fails without randomness.
    pub(crate) fn new(capacity: usize) -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)?;
        let capacity = capacity.max(1);
        Ok(Self { key, right: Cache::new(capacity), wrong: Cache::new(capacity) })
    }

    /// The fingerprint of a secret presented for an account as it stands.
    pub(crate) fn fingerprint(&self, account: &Account, secret: &Secret) -> Fingerprint {
        self.fingerprint_of(account, account.password.as_deref().unwrap_or_default(), secret)
    }

    /// The same for another stored hash of the account.
    pub(crate) fn fingerprint_of(
        &self,
        account: &Account,
        stored: &str,
        secret: &Secret,
    ) -> Fingerprint {
        let id = account.id.0.to_be_bytes();
        self.hash(&[b"account", &id, stored.as_bytes(), secret.reveal().as_bytes()])
    }

    /// The fingerprint of a secret presented for a name that does not exist.
    pub(crate) fn fingerprint_of_stranger(&self, name: &str, secret: &Secret) -> Fingerprint {
        self.hash(&[b"stranger", name.as_bytes(), secret.reveal().as_bytes()])
    }

    /// Under which a name that does not exist is counted.
    pub(crate) fn stranger(&self, name: &str) -> Claimed {
        let hash = self.hash(&[b"name", name.as_bytes()]).0;
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        Claimed::Stranger(u64::from_be_bytes(first))
    }

    /// What is known.
    pub(crate) fn recall(&self, fingerprint: &Fingerprint) -> Known {
        if self.right.get(fingerprint).is_some() {
            Known::Right
        } else if self.wrong.get(fingerprint).is_some() {
            Known::Wrong
        } else {
            Known::Nothing
        }
    }

    /// Remembers that the secret was right.
    pub(crate) fn was_right(&self, fingerprint: Fingerprint) {
        self.right.insert(fingerprint, ());
    }

    /// Remembers that the secret was wrong.
    pub(crate) fn was_wrong(&self, fingerprint: Fingerprint) {
        self.wrong.insert(fingerprint, ());
    }

    /// Each part with its length, so that no two lists of parts come to the same.
    fn hash(&self, parts: &[&[u8]]) -> Fingerprint {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Fingerprint(hasher.finalize().into())
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("right", &self.right.len())
            .field("wrong", &self.wrong.len())
            .finish_non_exhaustive()
    }
}
