//! A store in a temporary directory, with two accounts.

use crate::embedded::{Embedded, tuning::Tuning};
use crate::storage::Engine;
use crate::{
    Account, AccountChange, AccountKind, BlobRef, Credential, DomainChange, HistoryEntry, Login,
    NewAccount, NewDomain, NewEntry, Options, Storage,
};
use std::path::Path;
use std::sync::Arc;
use terms::{
    AccountId, Address, DomainName, Flags, FolderName, InternalDate, Protocol, SystemFlag, Uid,
    UnixTime,
};

/// A store in a directory that goes with it.
pub(crate) struct Place {
    pub(crate) storage: Storage,
    pub(crate) alice: Login,
    pub(crate) bob: Login,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) tuning: Tuning,
}

pub(crate) const NOW: UnixTime = UnixTime(1_790_000_000);

impl Place {
    pub(crate) async fn new() -> Self {
        Self::tuned(Tuning::default()).await
    }

    pub(crate) async fn tuned(tuning: Tuning) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let storage = open_tuned(dir.path(), tuning).await;
        let (alice, bob) = populate(&storage).await;
        Self { storage, alice, bob, dir, tuning }
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
        let storage = open_tuned(self.dir.path(), self.tuning).await;
        Self { storage, ..self }
    }
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

/// The engine behind it.
pub(crate) fn engine(storage: &Storage) -> &Embedded {
    let Engine::Embedded(engine) = &storage.engine else { panic!("another engine") };
    engine
}
