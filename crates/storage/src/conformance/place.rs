//! A store to try things on, with two accounts, on any engine.

use super::database::Database;
use crate::embedded::{Embedded, tuning::Tuning};
use crate::postgresql::{self, Postgresql};
use crate::storage::Engine;
use crate::{
    Account, AccountChange, AccountKind, BlobPlace, BlobRef, Credential, DomainChange,
    EngineOptions, HistoryEntry, Login, NewAccount, NewDomain, NewEntry, Options, S3Options,
    Storage,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use terms::{
    AccountId, Address, DomainName, Flags, FolderName, InternalDate, Protocol, SystemFlag, Uid,
    UnixTime,
};

/// What keeps a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The embedded engine.
    Embedded,
    /// PostgreSQL, and files for the bytes of messages.
    Postgresql,
    /// PostgreSQL, and an S3 server for the bytes of messages.
    PostgresqlAndS3,
}

impl Kind {
    /// Whether the servers that it needs are there; says aloud what is not.
    pub(crate) fn is_there(self) -> bool {
        (self == Self::Embedded || testkit::services::postgresql().is_some())
            && (self != Self::PostgresqlAndS3 || testkit::services::s3().is_some())
    }
}

/// A store that goes with it.
pub(crate) struct Place {
    pub(crate) storage: Storage,
    pub(crate) alice: Login,
    pub(crate) bob: Login,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) ground: Ground,
}

/// What it takes to open a store again.
pub(crate) enum Ground {
    Embedded(Tuning),
    Postgresql { database: Database, blobs: Box<BlobPlace>, tuning: postgresql::tuning::Tuning },
}

pub(crate) const NOW: UnixTime = UnixTime(1_790_000_000);

impl Place {
    /// On any engine, with a clock that stands at [`NOW`]; none (said aloud): the servers it needs are not there.
    pub(crate) async fn on(kind: Kind) -> Option<Self> {
        let embedded = Tuning { clock: now, ..Tuning::default() };
        let postgresql = postgresql::tuning::Tuning { clock: now, ..Default::default() };
        Self::with(kind, embedded, postgresql).await
    }

    /// The same with bounds that are soon reached.
    pub(crate) async fn small(kind: Kind) -> Option<Self> {
        let (clock, expunged_runs) = (now as fn() -> UnixTime, 4);
        let embedded = Tuning { segment_limit: 2000, expunged_runs, clock, ..Tuning::default() };
        let postgresql = postgresql::tuning::Tuning { expunged_runs, clock };
        Self::with(kind, embedded, postgresql).await
    }

    async fn with(
        kind: Kind,
        embedded: Tuning,
        tuning: postgresql::tuning::Tuning,
    ) -> Option<Self> {
        let blobs = match kind {
            Kind::Embedded => return Some(Self::tuned(embedded).await),
            Kind::Postgresql => BlobPlace::DataDir,
            Kind::PostgresqlAndS3 => BlobPlace::S3(bucket()?),
        };
        let (database, blobs) = (Database::take().await?, Box::new(blobs));
        Some(Self::made(Ground::Postgresql { database, blobs, tuning }).await)
    }

    /// On the embedded engine.
    pub(crate) async fn new() -> Self {
        Self::tuned(Tuning::default()).await
    }

    /// On the embedded engine with other sizes and times.
    pub(crate) async fn tuned(tuning: Tuning) -> Self {
        Self::made(Ground::Embedded(tuning)).await
    }

    async fn made(ground: Ground) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let storage = ground.open(dir.path()).await;
        let (alice, bob) = populate(&storage).await;
        Self { storage, alice, bob, dir, ground }
    }

    /// All is well with the store.
    pub(crate) async fn verify(&self) -> crate::Verification {
        let found = self.storage.verify().await.unwrap();
        assert_eq!(found.problems, [""; 0]);
        found
    }

    /// Nothing that was deleted stays.
    pub(crate) async fn purge(&self) {
        while self.storage.purge(UnixTime(i64::MAX), 3).await.unwrap().more {}
    }

    /// Closes and opens again.
    pub(crate) async fn reopened(self) -> Self {
        self.storage.close().await;
        drop(self.storage);
        let storage = self.ground.open(self.dir.path()).await;
        Self { storage, ..self }
    }
}

impl Ground {
    pub(crate) async fn open(&self, dir: &Path) -> Storage {
        match self {
            Self::Embedded(tuning) => open_tuned(dir, *tuning).await,
            Self::Postgresql { database, blobs, tuning } => {
                let engine = EngineOptions::Postgresql(database.options.clone());
                let options = Options { engine, blobs: (**blobs).clone(), ..options(dir) };
                let opened = Postgresql::open_tuned(&options, &database.options, *tuning).await;
                Storage { engine: Engine::Postgresql(opened.unwrap()) }
            }
        }
    }
}

fn now() -> UnixTime {
    NOW
}

/// A place in the tests' bucket that nobody had before.
fn bucket() -> Option<S3Options> {
    static PLACES: AtomicU64 = AtomicU64::new(0);
    let bucket = testkit::services::s3()?;
    let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let place = PLACES.fetch_add(1, Ordering::Relaxed);
    Some(S3Options {
        bucket: bucket.name,
        prefix: format!("test/{}-{}-{place}", started.as_millis(), std::process::id()),
        endpoint: Some(bucket.endpoint),
        region: "us-east-1".to_owned(),
        access_key_id: bucket.access_key_id,
        secret_access_key: bucket.secret_access_key,
        allow_http: true,
    })
}

/// Makes a domain with an alias and two accounts.
pub(crate) async fn populate(storage: &Storage) -> (Login, Login) {
    let company = storage.create_company("Acme", NOW).await.unwrap();
    let name = DomainName::parse("example.com").unwrap();
    let change = DomainChange {
        aliases: Some(vec![DomainName::parse("example.net").unwrap()]),
        ..DomainChange::default()
    };
    let new = NewDomain { name, company: company.id, change };
    storage.create_domain(new, NOW).await.unwrap();
    let alice = login(&create(storage, "alice@example.com").await);
    let bob = login(&create(storage, "bob@example.com").await);
    (alice, bob)
}

pub(crate) fn options(dir: &Path) -> Options {
    Options::embedded(dir.to_owned(), 2)
}

pub(crate) async fn open_tuned(dir: &Path, tuning: Tuning) -> Storage {
    let engine = Embedded::open_tuned(options(dir), tuning).await.unwrap();
    Storage { engine: Engine::Embedded(Arc::new(engine)) }
}

pub(crate) async fn create(storage: &Storage, text: &str) -> Account {
    let new = NewAccount {
        address: address(text),
        kind: AccountKind::Local,
        change: AccountChange::default(),
    };
    storage.create_account(new, NOW, history("create")).await.unwrap()
}

pub(crate) fn login(account: &Account) -> Login {
    Login {
        account: account.id,
        address: account.address.clone(),
        epoch: account.epoch,
        protocol: Protocol::Imap,
        credential: Credential::Password,
        name: account.address.to_string(),
        alias: None,
    }
}

pub(crate) fn history(action: &str) -> HistoryEntry {
    HistoryEntry {
        at: NOW,
        account: AccountId(0),
        actor: "admin@example.com".to_owned(),
        peer: Some("192.0.2.1".parse().unwrap()),
        audit: Some(terms::AuditId("a1".to_owned())),
        action: action.to_owned(),
        detail: serde_json::json!({"why": "test"}),
    }
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn folder(text: &str) -> FolderName {
    FolderName::parse(text).unwrap()
}

pub(crate) fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

pub(crate) fn uids(numbers: &[u32]) -> Vec<Uid> {
    numbers.iter().map(|number| uid(*number)).collect()
}

pub(crate) fn numbers(uids: &[Uid]) -> Vec<u32> {
    uids.iter().map(|uid| uid.value()).collect()
}

pub(crate) fn flags(system: &[SystemFlag]) -> Flags {
    system.iter().copied().collect()
}

pub(crate) async fn blob(storage: &Storage, bytes: &[u8]) -> BlobRef {
    let mut writer = storage.blob_writer(Some(bytes.len() as u64));
    writer.write(bytes).await.unwrap();
    writer.finish().await.unwrap()
}

pub(crate) fn entry_of(blob: BlobRef, flags: Flags) -> NewEntry {
    NewEntry {
        blob,
        digest: bytes::Bytes::from_static(b"digest"),
        flags,
        internal_date: InternalDate { at: NOW, offset_minutes: 60 },
    }
}

pub(crate) async fn append(storage: &Storage, login: &Login, name: &str, bytes: &[u8]) -> Uid {
    let new = entry_of(blob(storage, bytes).await, Flags::default());
    storage.append(login, &folder(name), vec![new]).await.unwrap().uids[0].1
}

/// Appends entries; answers their UIDs.
pub(crate) async fn append_all(
    storage: &Storage,
    login: &Login,
    name: &FolderName,
    entries: Vec<NewEntry>,
) -> Vec<Uid> {
    let copied = storage.append(login, name, entries).await.unwrap();
    copied.uids.into_iter().map(|(_, uid)| uid).collect()
}
