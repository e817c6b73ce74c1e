//! A store with two companies, an API on it, and somebody who notes which sessions were to end.

use crate::{Answer, Api, BoxFuture, LiveSessions, NotConfirmed};
use accounts::{Accounts, Options};
use cluster::{Node, SessionKey};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sessions::{NodeReport, SessionRecord};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use storage::{Account, Company, Domain, DomainChange, Raised, Role, RoleGrant, Storage};
use terms::{
    AccountId, Address, AuditId, DomainName, EndReason, Incarnation, NodeId, Scope, Secret,
    UnixTime,
};

pub(super) const NOW: UnixTime = UnixTime(0x6b02_d91c);
pub(super) const PASSWORD: &str = "pencil75";

/// What would have been ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ended {
    pub(super) raised: Raised,
    pub(super) reason: EndReason,
}

/// Notes, and confirms unless told otherwise.
#[derive(Default)]
pub(super) struct Sessions {
    ended: Mutex<Vec<Ended>>,
    silent: Mutex<bool>,
    live: Mutex<Vec<SessionRecord>>,
}

pub(super) const NODE: Node = Node { id: NodeId(1), incarnation: Incarnation(17) };

impl LiveSessions for Sessions {
    fn end<'a>(
        &'a self,
        raised: &'a Raised,
        reason: EndReason,
        _: &'a AuditId,
        _: Instant,
    ) -> BoxFuture<'a, Result<(), NotConfirmed>> {
        Box::pin(async move {
            self.ended.lock().push(Ended { raised: raised.clone(), reason });
            if *self.silent.lock() { Err(NotConfirmed) } else { Ok(()) }
        })
    }

    fn end_these<'a>(
        &'a self,
        these: &'a [SessionRecord],
        _: EndReason,
        _: &'a AuditId,
        _: Instant,
    ) -> BoxFuture<'a, Vec<NodeReport>> {
        Box::pin(async move {
            let mut report = NodeReport::empty(NODE);
            if *self.silent.lock() {
                report.open = these.to_vec();
            } else {
                report.ended = these.to_vec();
                let mut live = self.live.lock();
                live.retain(|record| !these.iter().any(|one| one.key == record.key));
            }
            vec![report]
        })
    }

    fn of_accounts<'a>(&'a self, accounts: &'a [AccountId]) -> BoxFuture<'a, Vec<SessionRecord>> {
        let live = self.live.lock();
        let of = |id: &AccountId| {
            let id = *id;
            live.iter().filter(move |record| record.session.account == id).cloned()
        };
        let records = accounts.iter().flat_map(of).collect();
        Box::pin(std::future::ready(records))
    }

    fn find(&self, key: SessionKey) -> BoxFuture<'_, Option<SessionRecord>> {
        let found = self.live.lock().iter().find(|record| record.key == key).cloned();
        Box::pin(std::future::ready(found))
    }
}

pub(super) struct World {
    pub(super) api: Api,
    pub(super) storage: Storage,
    pub(super) accounts: Accounts,
    sessions: Arc<Sessions>,
    _folder: tempfile::TempDir,
}

pub(super) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(super) fn domain_name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

/// Every role, over what lies around `a.example`, and the account that holds it.
pub(super) const HOLDERS: [(&str, Option<Role>); 10] = [
    ("company@acme.adm", Some(Role::Company)),
    ("view@acme.adm", Some(Role::CompanyView)),
    ("mail@acme.adm", Some(Role::CompanyMail)),
    ("mail2@acme.adm", Some(Role::CompanyMail2)),
    ("ro@acme.adm", Some(Role::CompanyRo)),
    ("token@acme.adm", Some(Role::CompanyTokenOnly)),
    ("domain@a.example", Some(Role::Domain)),
    ("mail@a.example", Some(Role::Mail)),
    ("group@a.example", Some(Role::Workgroup)),
    ("nobody@a.example", None),
];

impl World {
    /// `acme` has `acme.adm`, `a.example` (alias `alias.example`), `b.example`; `other` has `c.example`.
    /// In `a.example` there are `lee` (alias `l.park`) and `kim`.
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().to_owned();
        let storage = Storage::open(storage::Options::embedded(data_dir, 1)).await.unwrap();
        let accounts = Accounts::new(storage.clone(), Options::default()).unwrap();
        let sessions = Arc::new(Sessions::default());
        let api = Api::new(accounts.clone(), sessions.clone());
        let world = Self { api, storage, accounts, sessions, _folder: folder };
        world.populate().await;
        world
    }

    async fn populate(&self) {
        let acme = self.accounts.ensure_company("acme", NOW).await.unwrap();
        let other = self.accounts.ensure_company("other", NOW).await.unwrap();
        self.domain(&acme, "acme.adm", None).await;
        self.domain(&acme, "a.example", Some("alias.example")).await;
        self.domain(&acme, "b.example", None).await;
        self.domain(&other, "c.example", None).await;
        for (name, role) in HOLDERS {
            let object = match role {
                Some(Role::Domain | Role::Mail) => "a.example",
                Some(Role::Workgroup) => "a.example/staff",
                _ => "acme",
            };
            self.account(name, role.map(|role| (role, object))).await;
        }
        self.account("boss@c.example", Some((Role::Company, "other"))).await;
        for name in ["lee@a.example", "kim@a.example", "bea@b.example", "cay@c.example"] {
            self.account(name, None).await;
        }
        let lee = self.find("lee@a.example").await;
        let aliases = Some(vec![address("l.park@a.example")]);
        let history = accounts::Request::of_service("test", NOW).entry(lee.id, "test");
        let change = storage::AccountChange { aliases, ..Default::default() };
        self.storage.change_account(lee.id, change, history).await.unwrap();
    }

    async fn domain(&self, company: &Company, name: &str, alias: Option<&str>) -> Domain {
        let mut change = DomainChange::default();
        change.attributes.insert("password_strength".into(), json!("weak"));
        change.aliases = Some(alias.into_iter().map(domain_name).collect());
        self.accounts.ensure_domain(company, &domain_name(name), change, NOW).await.unwrap()
    }

    /// Accounts have the same password; hashed once, as weakly as possible.
    pub(super) async fn account(&self, name: &str, role: Option<(Role, &str)>) {
        // SHA-1 of PASSWORD: tests make many accounts.
        let password = Some("{SHA}JZaoUsWhONRlY3hCHdHSHLVJkDg=".to_owned());
        let role = role.map(|(role, object)| RoleGrant { role, objects: vec![object.to_owned()] });
        let change = storage::AccountChange { password, role: Some(role), ..Default::default() };
        let new = storage::NewAccount {
            address: address(name),
            kind: storage::AccountKind::Local,
            change,
        };
        let history = accounts::Request::of_service("test", NOW).entry(terms::AccountId(0), "test");
        self.storage.create_account(new, NOW, history).await.unwrap();
    }

    /// Deletes an account; answers its number.
    pub(super) async fn delete(&self, name: &str) -> terms::AccountId {
        let id = self.find(name).await.id;
        let history = accounts::Request::of_service("test", NOW).entry(id, "test");
        self.storage.delete_account(id, NOW, history).await.unwrap();
        id
    }

    pub(super) async fn find(&self, name: &str) -> Account {
        *self.storage.find(&address(name)).await.unwrap().unwrap().into_account()
    }

    pub(super) async fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.post_from("192.0.2.1".parse().unwrap(), path, body).await
    }

    pub(super) async fn post_from(&self, peer: IpAddr, path: &str, body: &[u8]) -> Answer {
        self.api.receive(path, NOW).answer(body, peer, Instant::now()).await
    }

    /// Asks as `who`, with the fields besides the credentials.
    pub(super) async fn ask(&self, who: &str, method: &str, fields: Value) -> Value {
        let mut body = json!({ "credentials": { "user": who, "password": PASSWORD } });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = self.post(&format!("/api/{method}"), body.to_string().as_bytes()).await;
        assert_eq!(answer.status, 200, "{method} {answer:?}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// The error's number; none is success.
    pub(super) async fn number(&self, who: &str, method: &str, fields: Value) -> Option<u64> {
        let answer = self.ask(who, method, fields).await;
        if answer["success"] == true {
            assert!(answer.get("error_number").is_none() && answer.get("error").is_none());
            return None;
        }
        assert_eq!(answer["success"], false, "{answer}");
        Some(answer["error_number"].as_u64().unwrap())
    }

    /// Somebody is connected.
    pub(super) fn connected(&self, record: SessionRecord) {
        self.sessions.live.lock().push(record);
    }

    /// Who is connected.
    pub(super) fn records(&self) -> Vec<SessionRecord> {
        self.sessions.live.lock().clone()
    }

    /// These are connected again, and no others.
    pub(super) fn put_back(&self, records: Vec<SessionRecord>) {
        *self.sessions.live.lock() = records;
    }

    /// The numbers of the sessions that live.
    pub(super) fn live(&self) -> Vec<u64> {
        self.sessions.live.lock().iter().map(|record| record.key.id.0).collect()
    }

    /// What was to end since the last time this was asked.
    pub(super) fn ended(&self) -> Vec<Ended> {
        std::mem::take(&mut *self.sessions.ended.lock())
    }

    /// From now on sessions cannot be confirmed to have ended, or can again.
    pub(super) fn be_silent(&self, silent: bool) {
        *self.sessions.silent.lock() = silent;
    }

    /// Asserts that exactly these scopes of this account were to end, for this reason, and that its
    /// epoch is on disk.
    pub(super) async fn check_ended(&self, name: &str, scopes: &[Scope], reason: EndReason) {
        let account = self.find(name).await;
        let raised = Raised { account: account.id, epoch: account.epoch, scopes: scopes.to_vec() };
        assert_eq!(self.ended(), [Ended { raised, reason }], "{name}");
    }

    pub(super) async fn logs_in(&self, name: &str, password: &str) -> bool {
        let credentials = accounts::Credentials {
            protocol: terms::Protocol::Imap,
            name: name.to_owned(),
            on_behalf_of: None,
            secret: Secret::new(password),
        };
        self.accounts.log_in(credentials, "192.0.2.9".parse().unwrap(), NOW).await.is_ok()
    }
}

/// The body with the audit id masked.
pub(super) fn masked(answer: &Answer) -> String {
    let body = String::from_utf8(answer.body.clone()).unwrap();
    body.replace(&answer.audit.0, "AUDIT")
}
