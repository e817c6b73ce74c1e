//! The transcripts in `scripts/`, and what they are played on: a store, some accounts, a stopped clock.

use crate::{Context, Limits, serve};
use std::sync::Arc;
use storage::{
    AccountChange, AccountKind, Credential, DomainChange, EntryQuery, HistoryEntry, Login,
    NewAccount, NewDomain, Options, ServiceState, Services, Storage,
};
use terms::{AccountId, Address, DomainId, DomainName, FolderName, Protocol, Scope, Uid, UnixTime};
use testkit::script::{Script, Stage, Wire, play};

/// 2026-11-22 12:00 UTC.
const NOW: UnixTime = UnixTime(1_795_348_800);

/// A store with `pat`, `green`, `mary` and others of `foo.edu` alias `foo.example`, and dialogues over it.
struct Place {
    storage: Storage,
    domain: DomainId,
    context: Arc<Context>,
    _data_dir: tempfile::TempDir,
}

impl Place {
    async fn new(limits: Limits) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let options = Options::embedded(data_dir.path().to_owned(), 2);
        let storage = Storage::open(options).await.unwrap();
        let company = storage.create_company("demo", NOW).await.unwrap();
        let aliases = Some(vec![DomainName::parse("foo.example").unwrap()]);
        let domain = NewDomain {
            name: DomainName::parse("foo.edu").unwrap(),
            company: company.id,
            change: DomainChange { aliases, ..DomainChange::default() },
        };
        let domain = storage.create_domain(domain, NOW).await.unwrap();
        let hostname = "mail.foo.edu".to_owned();
        let context = Arc::new(Context::new(storage.clone(), hostname, limits, |_| {}));
        let place = Self { storage, domain: domain.id, context, _data_dir: data_dir };
        let smtpin = |smtpin| Some(Services { smtpin, ..Services::default() });
        let plain = AccountChange::default;
        place.create("pat", AccountKind::Local, plain()).await;
        let quota = Some(Some(1));
        place.create("green", AccountKind::Local, AccountChange { quota, ..plain() }).await;
        let aliases = Some(vec![address("mary.ann"), address("m")]);
        place.create("mary", AccountKind::Local, AccountChange { aliases, ..plain() }).await;
        let services = smtpin(ServiceState::Disabled);
        place.create("disabled", AccountKind::Local, AccountChange { services, ..plain() }).await;
        let services = smtpin(ServiceState::Suspended);
        place.create("suspended", AccountKind::Local, AccountChange { services, ..plain() }).await;
        place.create("forward", AccountKind::Forward, plain()).await;
        place.create("filter", AccountKind::Filter, plain()).await;
        place
    }

    async fn create(&self, name: &str, kind: AccountKind, change: AccountChange) {
        let account = NewAccount { address: address(name), kind, change };
        self.storage.create_account(account, NOW, history()).await.unwrap();
    }

    fn start(&self) -> Wire {
        let context = self.context.clone();
        Wire::start(|input, output| serve(input, output, || NOW, context))
    }

    async fn account(&self, name: &str) -> AccountId {
        self.storage.find(&address(name)).await.unwrap().unwrap().into_account().id
    }

    /// The messages of an account's inbox.
    async fn inbox(&self, name: &str) -> Vec<Vec<u8>> {
        let account = self.storage.find(&address(name)).await.unwrap().unwrap().into_account();
        let login = Login {
            account: account.id,
            address: account.address,
            epoch: account.epoch,
            protocol: Protocol::Imap,
            credential: Credential::Password,
            alias: None,
            name: name.to_owned(),
        };
        let inbox = self.storage.folder(&login, &FolderName::inbox()).await.unwrap();
        let all = Uid::MIN..=Uid::MAX;
        let entries =
            self.storage.entries(&login, inbox.id, all, 1_000, EntryQuery::Plain).await.unwrap();
        let mut messages = Vec::new();
        for entry in entries {
            assert!(entry.flags.is_empty());
            assert_eq!(entry.internal_date.at, NOW);
            let length = entry.blob.size as usize;
            let bytes = self
                .storage
                .read_blob(&login, inbox.id, entry.uid, entry.blob, 0, length)
                .await
                .unwrap();
            messages.push(bytes.to_vec());
        }
        messages
    }
}

impl Stage for Place {
    async fn connect(&mut self, _name: &str) -> Wire {
        self.start()
    }

    async fn obey(&mut self, order: &str, script: &Script) -> Result<(), String> {
        let words: Vec<&str> = order.split(' ').collect();
        match words.as_slice() {
            [name, "has", count, "messages"] => {
                let messages = self.inbox(name).await.len();
                if messages.to_string() != *count {
                    return Err(format!("there are {messages}"));
                }
            }
            [name, "has", file] => {
                let file = script.files.get(*file).ok_or("no such file")?;
                let messages = self.inbox(name).await;
                let latest = messages.last().ok_or("there is none")?;
                if latest != file {
                    return Err(format!("the latest is: {}", String::from_utf8_lossy(latest)));
                }
            }
            ["delete", name] => {
                let account = self.account(name).await;
                self.storage.delete_account(account, NOW, history()).await.unwrap();
            }
            ["log", "out", name] => {
                let account = self.account(name).await;
                self.storage.raise_epoch(account, Scope::Everything, history()).await.unwrap();
            }
            ["disable", "domain"] => {
                let change = DomainChange { disabled: Some(true), ..DomainChange::default() };
                self.storage.change_domain(self.domain, change).await.unwrap();
            }
            ["stop", "storage"] => self.storage.close().await,
            _ => return Err("not understood".to_owned()),
        }
        Ok(())
    }

    fn answers(&self, _sent: &str, line: &[u8]) -> Option<bool> {
        let yes = line.starts_with(b"2") || line.starts_with(b"3");
        (line.get(3) == Some(&b' ')).then_some(yes)
    }
}

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@foo.edu")).unwrap()
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

async fn check(script: &str) {
    let script = Script::parse(script).unwrap();
    let limits = Limits { message_size: 200, recipients: 4, bad_commands: 4 };
    let mut place = Place::new(limits).await;
    if let Err(problem) = play(&script, &mut place).await {
        panic!("{problem}");
    }
}

macro_rules! scripts {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            check(include_str!(concat!("../scripts/", stringify!($name), ".txt"))).await;
        }
    )*};
}

scripts!(
    bad_commands cut domain_disabled lhlo logout mail_parameters null_sender pipelining recipients
    refused_recipients rfc2033 sequence storage_stopped too_large too_many_recipients
);

/// Begins a message to `pat`, up to the answer to DATA.
async fn begun(place: &Place) -> Wire {
    let mut wire = place.start();
    wire.send(b"LHLO x.y\r\nMAIL FROM:<>\r\nRCPT TO:<pat@foo.edu>\r\nDATA\r\n").await;
    loop {
        let line = wire.line().await.expect("an answer");
        if line.starts_with(b"354") {
            return wire;
        }
        assert!(line.starts_with(b"2"), "{line:?}");
    }
}

/// What is stored of a message behind the header fields that we put before it.
fn behind_trace(stored: &[u8]) -> &[u8] {
    let end = b"12:00:00 +0000\r\n";
    let at = stored.windows(end.len()).position(|window| window == end).unwrap();
    &stored[at + end.len()..]
}

#[tokio::test]
async fn every_byte_comes_through() {
    let place = Place::new(Limits::default()).await;
    let mut message: Vec<u8> = b"Subject: bytes\r\n\r\n".to_vec();
    for _ in 0..8_000 {
        message.extend((0..=255u8).filter(|byte| *byte != b'\r'));
    }
    message.extend_from_slice(b"\n.\n\n.\r\nend\r\r\n");
    let mut wire = begun(&place).await;
    wire.send(&message).await;
    wire.send(b".\r\nQUIT\r\n").await;
    assert!(wire.line().await.unwrap().starts_with(b"250"));
    assert!(wire.line().await.unwrap().starts_with(b"221"));
    assert!(wire.ended().await);
    let inbox = place.inbox("pat").await;
    assert!(inbox.len() == 1 && behind_trace(&inbox[0]) == message);
}

/// What some servers take for the end of a message is content here, and so are commands behind it.
#[tokio::test]
async fn nothing_can_be_smuggled_behind_a_false_end() {
    let place = Place::new(Limits::default()).await;
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\r\n\0.\r\n", "\r\n.\0\r\n"] {
        let before = place.inbox("mary").await.len();
        let mut wire = begun(&place).await;
        let smuggled = "MAIL FROM:<>\r\nRCPT TO:<mary@foo.edu>\r\nDATA\r\nhello\r\n";
        wire.send(format!("a: b\r\n\r\nc{end}{smuggled}.\r\nQUIT\r\n").as_bytes()).await;
        assert!(wire.line().await.unwrap().starts_with(b"250 2.0.0 <pat@foo.edu>"), "{end:?}");
        assert!(wire.line().await.unwrap().starts_with(b"221"), "{end:?}");
        assert_eq!(place.inbox("mary").await.len(), before, "{end:?}");
    }
}

#[tokio::test]
async fn a_dialogue_may_move_between_threads() {
    fn check<T: Send>(_: &T) {}
    let place = Place::new(Limits::default()).await;
    let (_feed, input) = carrier::input();
    let (output, _drain) = carrier::output();
    check(&serve(input, output, || NOW, place.context.clone()));
}

mod noise {
    use super::*;
    use proptest::prelude::*;

    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            "(LHLO|MAIL FROM:|RCPT TO:|DATA|RSET|NOOP|VRFY|HELP) ?",
            "(<pat@foo.edu>|<>|<\"|x.y|SIZE=1| BODY=8BITMIME)",
            "[ -~]{0,8}",
            Just("\r\n".to_owned()),
            Just("\r\n.\r\n".to_owned()),
            Just("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<pat@foo.edu>\r\nDATA\r\n".to_owned()),
            Just("\0\n".to_owned()),
        ]
    }

    /// Whatever a client sends, the dialogue lives until it goes, and never panics.
    #[test]
    fn is_answered() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let limits = Limits { bad_commands: 1_000, ..Limits::default() };
        let place = runtime.block_on(Place::new(limits));
        proptest!(|(words in proptest::collection::vec(word(), 0..60))| {
            runtime.block_on(async {
                let mut wire = place.start();
                wire.send(words.concat().as_bytes()).await;
                wire.hang_up();
                assert!(wire.ended().await, "the dialogue goes on");
                assert!(!wire.panicked().await);
            });
        });
    }
}
