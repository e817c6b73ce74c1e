//! Where transcripts play: a store in a temporary folder, two accounts, and connections whose host
//! checks passwords by looking.

use carrier::{Attempt, Gone, Host, Input, LoginError, Output, Security};
use folders::Incoming;
use imap::{Context, Limits};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use storage::{
    AccountChange, AccountKind, Credential, DomainChange, HistoryEntry, Login, NewAccount,
    NewDomain, Options, Recipient, Storage,
};
use terms::{AccountId, Address, DomainName, Flags, FolderName, InternalDate, Scope, UnixTime};
use testkit::script::{Script, Stage, Wire};
use tokio::sync::Notify;

/// 2026-11-22 10:00:00 UTC: what every clock shows.
const NOW: UnixTime = UnixTime(1_795_341_600);

/// The password of all accounts.
const PASSWORD: &str = "pencil75";

/// A store with the accounts alice@example.com and bob@example.com.
pub(crate) struct House {
    storage: Storage,
    context: Arc<Context>,
    weather: Arc<Weather>,
    _data: tempfile::TempDir,
}

/// What `do:` lines can change about connections, and see of them.
#[derive(Default)]
struct Weather {
    plain: AtomicBool,
    busy: AtomicBool,
    keepalive: Notify,
    seen: Mutex<Vec<String>>,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with_limits(Limits { message_size: 1_000_000, ..Limits::default() }).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        let data = tempfile::tempdir().unwrap();
        let options = Options::embedded(data.path().to_owned(), 2);
        let storage = Storage::open(options).await.unwrap();
        let company = storage.create_company("demo", NOW).await.unwrap();
        let domain = NewDomain {
            name: DomainName::parse("example.com").unwrap(),
            company: company.id,
            change: DomainChange::default(),
        };
        storage.create_domain(domain, NOW).await.unwrap();
        for name in ["alice", "bob"] {
            let new = NewAccount {
                address: address(name),
                kind: AccountKind::Local,
                change: AccountChange {
                    password: Some("stored elsewhere".to_owned()),
                    ..AccountChange::default()
                },
            };
            storage.create_account(new, NOW, history()).await.unwrap();
        }
        let context = Context {
            storage: storage.clone(),
            hostname: "mail.example.com".to_owned(),
            version: "1.2.3".to_owned(),
            limits,
        };
        let weather = Arc::default();
        Self { storage, context: Arc::new(context), weather, _data: data }
    }

    /// Opens a connection.
    pub(crate) fn connection(&self) -> Wire {
        let host =
            Door { storage: self.storage.clone(), weather: self.weather.clone(), tls: false };
        let context = self.context.clone();
        Wire::start(|input: Input, output: Output| imap::serve(input, output, host, context))
    }

    /// A dialogue that nobody runs yet.
    pub(crate) fn dialogue(
        &self,
        input: Input,
        output: Output,
    ) -> impl Future<Output = carrier::Over> + Send + use<> {
        let host =
            Door { storage: self.storage.clone(), weather: self.weather.clone(), tls: false };
        imap::serve(input, output, host, self.context.clone())
    }

    async fn account(&self, name: &str) -> AccountId {
        self.storage.find(&address(name)).await.unwrap().unwrap().into_account().id
    }

    /// Delivers a message.
    pub(crate) async fn deliver(
        &self,
        message: &[u8],
        name: &str,
        folder: &str,
    ) -> Result<(), String> {
        let recipient = Recipient {
            account: self.account(name).await,
            folder: FolderName::parse(folder).map_err(|error| error.to_string())?,
        };
        let mut incoming = Incoming::new(&self.storage, None);
        incoming.write(message).await.map_err(|error| error.to_string())?;
        let received = incoming.finish().await.map_err(|error| error.to_string())?;
        let date = InternalDate { at: NOW, offset_minutes: 0 };
        let entry = received.into_entry(Flags::default(), date);
        let outcomes = self.storage.deliver(entry, vec![recipient]).await;
        match outcomes.map_err(|error| error.to_string())?.pop() {
            Some(Ok(_)) => Ok(()),
            other => Err(format!("not delivered: {other:?}")),
        }
    }

    async fn set_quota(&self, name: &str, bytes: u64) {
        let change = AccountChange { quota: Some(Some(bytes)), ..AccountChange::default() };
        self.storage.change_account(self.account(name).await, change, history()).await.unwrap();
    }

    async fn log_out(&self, name: &str) {
        let account = self.account(name).await;
        self.storage.raise_epoch(account, Scope::Everything, history()).await.unwrap();
    }
}

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.com")).unwrap()
}

fn history() -> HistoryEntry {
    HistoryEntry {
        at: NOW,
        account: AccountId(0),
        actor: "test".to_owned(),
        peer: None,
        audit: None,
        action: "test".to_owned(),
        detail: serde_json::Value::Null,
    }
}

impl Stage for House {
    async fn connect(&mut self, _name: &str) -> Wire {
        self.connection()
    }

    /// - `deliver FILE to NAME [FOLDER]`
    /// - `deliver N times FILE to NAME [FOLDER]`
    /// - `log out NAME`: raises the account's epoch
    /// - `quota NAME BYTES`
    /// - `no tls`: connections may not send passwords before STARTTLS from now on
    /// - `busy`: logins are unavailable from now on
    /// - `silence`: nothing was said for long
    /// - `seen TEXT`: what operators see of clients and folders, latest
    async fn obey(&mut self, order: &str, script: &Script) -> Result<(), String> {
        let words: Vec<&str> = order.split_whitespace().collect();
        match words.as_slice() {
            ["deliver", file, "to", name, folder @ ..] => {
                let message = script.files.get(*file).ok_or("no such file")?;
                self.deliver(message, name, folder.first().unwrap_or(&"INBOX")).await
            }
            ["deliver", count, "times", file, "to", name, folder @ ..] => {
                let message = script.files.get(*file).ok_or("no such file")?;
                for _ in 0..count.parse::<u32>().map_err(|error| error.to_string())? {
                    self.deliver(message, name, folder.first().unwrap_or(&"INBOX")).await?;
                }
                Ok(())
            }
            ["log", "out", name] => {
                self.log_out(name).await;
                Ok(())
            }
            ["quota", name, bytes] => {
                self.set_quota(name, bytes.parse().map_err(|_| "no number")?).await;
                Ok(())
            }
            ["no", "tls"] => {
                self.weather.plain.store(true, Ordering::Relaxed);
                Ok(())
            }
            ["busy"] => {
                self.weather.busy.store(true, Ordering::Relaxed);
                Ok(())
            }
            ["silence"] => {
                self.weather.keepalive.notify_one();
                Ok(())
            }
            ["seen", ..] => {
                let seen = self.weather.seen.lock().unwrap().last().cloned().unwrap_or_default();
                let wanted = order.strip_prefix("seen ").unwrap_or_default();
                if seen == wanted { Ok(()) } else { Err(format!("seen: {seen}")) }
            }
            _ => Err("what is that?".to_owned()),
        }
    }

    fn answers(&self, sent: &str, line: &[u8]) -> Option<bool> {
        let tag = sent.split(' ').next()?;
        let rest = line.strip_prefix(tag.as_bytes())?;
        Some(rest.starts_with(b" OK"))
    }
}

/// One connection's host.
struct Door {
    storage: Storage,
    weather: Arc<Weather>,
    tls: bool,
}

impl Host for Door {
    fn now(&self) -> UnixTime {
        NOW
    }

    fn security(&self) -> Security {
        let plain = self.weather.plain.load(Ordering::Relaxed);
        Security { tls: self.tls, starttls: !self.tls, plaintext_login: self.tls || !plain }
    }

    async fn start_tls(&mut self) -> Result<(), Gone> {
        self.tls = true;
        Ok(())
    }

    async fn log_in(&mut self, attempt: Attempt) -> Result<Login, LoginError> {
        if self.weather.busy.load(Ordering::Relaxed) {
            return Err(LoginError::Unavailable);
        }
        let name = attempt.on_behalf_of.as_ref().unwrap_or(&attempt.name);
        let address = Address::parse(name).map_err(|_| LoginError::Invalid)?;
        let found = self.storage.find(&address).await.map_err(|_| LoginError::Unavailable)?;
        let account = found.ok_or(LoginError::Invalid)?.into_account();
        if attempt.secret.reveal() != PASSWORD {
            return Err(LoginError::Invalid);
        }
        Ok(Login {
            account: account.id,
            address: account.address,
            epoch: account.epoch,
            protocol: attempt.protocol,
            credential: Credential::Password,
            alias: None,
            name: attempt.name,
        })
    }

    fn client_named(&mut self, name: &str) {
        self.weather.seen.lock().unwrap().push(format!("client {name}"));
    }

    fn folder_opened(&mut self, folder: Option<&FolderName>) {
        let folder = folder.map_or("none", FolderName::as_str);
        self.weather.seen.lock().unwrap().push(format!("folder {folder}"));
    }

    async fn keepalive(&mut self) {
        self.weather.keepalive.notified().await;
    }
}
