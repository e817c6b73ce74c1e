//! [`Accounts`]: the service that the shell holds one of.

use crate::credential;
use crate::hashing::{HashingPool, Urgency};
use crate::throttle::Throttle;
use crate::verified::Verified;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use storage::Storage;
use terms::{Network, Secret};

/// Checks credentials. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) storage: Storage,
    /// For logins of mail clients.
    pub(crate) hashing: HashingPool,
    /// For the API: a crowd at the mail ports must not keep operators from ending sessions.
    pub(crate) hashing_for_api: HashingPool,
    /// Networks that may take more than their share.
    pub(crate) trusted: Vec<Network>,
    pub(crate) verified: Verified,
    /// None: switched off.
    pub(crate) throttle: Option<Mutex<Throttle>>,
    /// Checked against for names that do not exist.
    pub(crate) unmatchable: Arc<str>,
}

/// How credentials are checked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether repeated failures are slowed down and refused.
    pub throttle: bool,
    /// Networks whose failures do not count, and which may fill the line for hashing.
    pub trusted_networks: Vec<Network>,
    /// How many failing accounts and networks are remembered.
    pub throttle_entries: usize,
    /// Passwords hashed at the same time for mail clients; the number of processors is right. Half
    /// as many more for the API.
    pub hashing_parallel: usize,
    /// Logins that may wait for hashing; further ones are refused as unavailable. A network has a
    /// quarter of the places.
    pub hashing_waiting: usize,
    /// How long one waits at most before it is refused as unavailable.
    pub hashing_patience: Duration,
    /// How many checked secrets are remembered.
    pub verified_entries: usize,
}

impl Default for Options {
    fn default() -> Self {
        let parallel = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            throttle: true,
            trusted_networks: Vec::new(),
            throttle_entries: 100_000,
            hashing_parallel: parallel,
            hashing_waiting: 512,
            // Most clients give up not much later.
            hashing_patience: Duration::from_secs(10),
            verified_entries: 100_000,
        }
    }
}

/// Hashing did not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password cannot be hashed at the moment")]
pub struct HashUnavailable;

impl Accounts {
    /// Fails only if the system gives no randomness, or no threads.
    pub fn new(storage: Storage, options: Options) -> Result<Self, HashUnavailable> {
        let verified = Verified::new(options.verified_entries).map_err(|_| HashUnavailable)?;
        let unmatchable = credential::unmatchable().map_err(|_| HashUnavailable)?;
        let trusted = options.trusted_networks;
        let throttle = options
            .throttle
            .then(|| Mutex::new(Throttle::new(trusted.clone(), options.throttle_entries)));
        let (parallel, waiting) = (options.hashing_parallel, options.hashing_waiting);
        let pool = |parallel, urgency| {
            HashingPool::new(parallel, waiting, options.hashing_patience, urgency)
                .map_err(|_| HashUnavailable)
        };
        let hashing = pool(parallel, Urgency::Less)?;
        // Somebody may have to be logged out while the machine is busy.
        let hashing_for_api = pool(parallel.div_ceil(2), Urgency::Same)?;
        let inner = Inner {
            storage,
            hashing,
            hashing_for_api,
            trusted,
            verified,
            throttle,
            unmatchable: unmatchable.into(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The store that the accounts are in.
    pub fn storage(&self) -> &Storage {
        &self.inner.storage
    }

    /// Hashes a new password, in turn with the API's credentials.
    pub async fn hash_password(&self, secret: &Secret) -> Result<String, HashUnavailable> {
        let turn = self.inner.hashing_for_api.turn(None).await.map_err(|_| HashUnavailable)?;
        let secret = secret.clone();
        let hashed = turn.run(move || credential::hash(&secret)).await;
        hashed.map_err(|_| HashUnavailable)?.map_err(|_| HashUnavailable)
    }
}
