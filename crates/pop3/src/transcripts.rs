//! The transcripts in `scripts/`, and what they are played on: a store, three accounts, a host
//! without sockets.

use crate::{Context, Limits, serve};
use carrier::{Attempt, Gone, Host, LoginError, Security};
use folders::{Incoming, MaildropLocks};
use std::sync::Arc;
use storage::{
    AccountChange, Credential, DomainChange, HistoryEntry, Login, NewAccount, NewDomain, Options,
    Recipient, Storage,
};
use terms::{
    AccountId, Address, DomainName, Flags, FolderName, InternalDate, Protocol, Scope, Secret,
    SystemFlag, Uid, UnixTime,
};
use testkit::script::{Script, Stage, Wire, play};

/// Everybody's.
const PASSWORD: &str = "tanstaaf";

/// A store with `mrose`, `mary` and `tim` of `example.com`, and dialogues over it.
pub(crate) struct Place {
    pub(crate) context: Arc<Context>,
    _data_dir: tempfile::TempDir,
}

impl Place {
    pub(crate) async fn new(limits: Limits) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let options = Options::embedded(data_dir.path().to_owned(), 2);
        let storage = Storage::open(options).await.unwrap();
        let company = storage.create_company("demo", UnixTime(0)).await.unwrap();
        let domain = NewDomain {
            name: DomainName::parse("example.com").unwrap(),
            company: company.id,
            change: DomainChange::default(),
        };
        storage.create_domain(domain, UnixTime(0)).await.unwrap();
        for name in ["mrose", "mary", "tim"] {
            let account = NewAccount {
                address: address(name),
                kind: storage::AccountKind::Local,
                change: AccountChange::default(),
            };
            storage.create_account(account, UnixTime(0), history()).await.unwrap();
        }
        let hostname = "mail.example.com".to_owned();
        let context = Context { storage, locks: MaildropLocks::default(), hostname, limits };
        Self { context: Arc::new(context), _data_dir: data_dir }
    }

    pub(crate) fn start(&self, security: Security) -> Wire {
        let host = Desk { storage: self.context.storage.clone(), security };
        let context = self.context.clone();
        Wire::start(|input, output| serve(input, output, host, context))
    }

    pub(crate) async fn deliver(&self, name: &str, message: &[u8]) {
        let storage = &self.context.storage;
        let mut incoming = Incoming::new(storage, None);
        for chunk in message.chunks(64 * 1024) {
            incoming.write(chunk).await.unwrap();
        }
        let date = InternalDate { at: UnixTime(0), offset_minutes: 0 };
        let entry = incoming.finish().await.unwrap().into_entry(Flags::default(), date);
        let account = self.login(name).await.account;
        let recipient = Recipient { account, folder: FolderName::inbox() };
        let outcomes = storage.deliver(entry, vec![recipient]).await.unwrap();
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }

    pub(crate) async fn login(&self, name: &str) -> Login {
        login(&self.context.storage, name, Protocol::Imap).await.unwrap()
    }

    /// The inbox as another session finds it: `1 2s`, UIDs with an `s` for seen.
    async fn inbox(&self, name: &str) -> String {
        let storage = &self.context.storage;
        let login = self.login(name).await;
        let inbox = storage.folder(&login, &FolderName::inbox()).await.unwrap();
        let all = Uid::MIN..=Uid::MAX;
        let query = storage::EntryQuery::Plain;
        let entries = storage.entries(&login, inbox.id, all, 1_000, query).await.unwrap();
        let shown = |entry: &storage::Entry| {
            let seen = if entry.flags.has(SystemFlag::Seen) { "s" } else { "" };
            format!("{}{seen}", entry.uid)
        };
        entries.iter().map(shown).collect::<Vec<_>>().join(" ")
    }
}

impl Stage for Place {
    /// A connection whose name begins with `plain` is not under TLS yet.
    async fn connect(&mut self, name: &str) -> Wire {
        let tls = !name.starts_with("plain");
        self.start(Security { tls, starttls: !tls, plaintext_login: tls })
    }

    async fn obey(&mut self, order: &str, script: &Script) -> Result<(), String> {
        let storage = &self.context.storage;
        let words: Vec<&str> = order.split(' ').collect();
        match words.as_slice() {
            ["deliver", file, "to", name] => {
                let message = script.files.get(*file).ok_or("no such file")?;
                self.deliver(name, message).await;
            }
            ["deliver", "text", text, "to", name] => {
                let text = text.replace("\\r", "\r").replace("\\n", "\n").replace('_', " ");
                self.deliver(name, text.as_bytes()).await;
            }
            ["inbox", name, "is", expected @ ..] => {
                let inbox = self.inbox(name).await;
                if inbox != expected.join(" ") {
                    return Err(format!("the inbox is: {inbox}"));
                }
            }
            ["expunge", uid, "of", name] => {
                let login = self.login(name).await;
                let inbox = storage.folder(&login, &FolderName::inbox()).await.unwrap();
                let uid = Uid::new(uid.parse().unwrap()).unwrap();
                storage.expunge(&login, inbox.id, vec![uid]).await.unwrap();
            }
            ["raise", "epoch", "of", name] => {
                let account = self.login(name).await.account;
                storage.raise_epoch(account, Scope::Everything, history()).await.unwrap();
            }
            // A client is silent from its STLS to the end of the handshake; ours takes no time.
            ["shake", "hands"] => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            ["stop", "storage"] => storage.close().await,
            _ => return Err("not understood".to_owned()),
        }
        Ok(())
    }

    fn answers(&self, _sent: &str, line: &[u8]) -> Option<bool> {
        Some(line.starts_with(b"+OK"))
    }
}

/// A host without a connection. Switching TLS on only changes what it says of itself.
struct Desk {
    storage: Storage,
    security: Security,
}

impl Host for Desk {
    fn now(&self) -> UnixTime {
        UnixTime(0)
    }

    fn security(&self) -> Security {
        self.security
    }

    async fn start_tls(&mut self) -> Result<(), Gone> {
        self.security = Security { tls: true, starttls: false, plaintext_login: true };
        Ok(())
    }

    async fn log_in(&mut self, attempt: Attempt) -> Result<Login, LoginError> {
        assert!(self.security.plaintext_login, "credentials were taken without protection");
        assert_eq!(attempt.protocol, Protocol::Pop3);
        if attempt.secret.reveal() != PASSWORD {
            return Err(LoginError::Invalid);
        }
        match attempt.name.as_str() {
            "suspended" => return Err(LoginError::NotAllowed),
            "busy" => return Err(LoginError::Throttled),
            "crowd" => return Err(LoginError::TooManySessions),
            "broken" => return Err(LoginError::Unavailable),
            _ => {}
        }
        let name = attempt.on_behalf_of.as_deref().unwrap_or(&attempt.name);
        login(&self.storage, name, attempt.protocol).await
    }

    fn client_named(&mut self, _name: &str) {}

    fn folder_opened(&mut self, folder: Option<&FolderName>) {
        assert!(folder.is_some_and(FolderName::is_inbox));
    }

    async fn keepalive(&mut self) {
        std::future::pending().await
    }
}

async fn login(storage: &Storage, name: &str, protocol: Protocol) -> Result<Login, LoginError> {
    let address =
        Address::parse(&format!("{name}@example.com")).map_err(|_| LoginError::Invalid)?;
    let found = storage.find(&address).await.map_err(|_| LoginError::Unavailable)?;
    let account = found.ok_or(LoginError::Invalid)?.into_account();
    Ok(Login {
        account: account.id,
        address: account.address.clone(),
        epoch: account.epoch,
        protocol,
        credential: Credential::Password,
        alias: None,
        name: name.to_owned(),
    })
}

pub(crate) fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.com")).unwrap()
}

fn history() -> HistoryEntry {
    HistoryEntry {
        at: UnixTime(0),
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
    let limits = Limits { bad_commands: 4, failed_logins: 3, messages: 1_200 };
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
    auth bad_commands capa cut dele in_use listing logout noop_rset pipelining read_ahead removed_meanwhile
    retr rfc1939 stls storage_stopped top update user_pass
);

const TLS: Security = Security { tls: true, starttls: false, plaintext_login: true };

/// Logs in as `mrose`, up to the last answer.
async fn entered(place: &Place) -> Wire {
    let mut wire = place.start(TLS);
    wire.send(format!("USER mrose\r\nPASS {PASSWORD}\r\n").as_bytes()).await;
    for _ in 0..3 {
        let line = wire.line().await.unwrap();
        assert!(line.starts_with(b"+OK"), "{line:?}");
    }
    wire
}

/// A reply of several lines behind its first: what the client makes of it.
async fn body(wire: &mut Wire) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = wire.line().await.expect("the reply ends");
        match line.strip_prefix(b".") {
            Some([]) => return body,
            Some(stuffed) => body.extend_from_slice(stuffed),
            None => body.extend_from_slice(&line),
        }
        body.extend_from_slice(b"\r\n");
    }
}

#[tokio::test]
async fn a_message_of_many_chunks_comes_whole() {
    let place = Place::new(Limits::default()).await;
    let mut message = b"Subject: big\r\n\r\n".to_vec();
    for line in 0..60_000 {
        message.extend_from_slice(format!("{}line {line}\r\n", ".".repeat(line % 4)).as_bytes());
    }
    place.deliver("mrose", &message).await;
    let mut wire = entered(&place).await;
    wire.send(b"RETR 1\r\nTOP 1 50000\r\n").await;
    wire.line().await.unwrap();
    assert!(body(&mut wire).await == message);
    wire.line().await.unwrap();
    let top = body(&mut wire).await;
    assert!(message.starts_with(&top) && top.ends_with(b"line 49999\r\n"));
}

#[tokio::test]
async fn a_message_expunged_while_it_is_sent_is_sent_to_its_end() {
    let place = Place::new(Limits::default()).await;
    let message = [&b"Subject: big\r\n\r\n"[..], &b"0123456789abcd\r\n".repeat(700_000)].concat();
    for (round, command) in (1..).zip(["RETR 1\r\n", "TOP 1 700000\r\n"]) {
        place.deliver("mrose", &message).await;
        let mut wire = entered(&place).await;
        wire.send(command.as_bytes()).await;
        assert!(wire.line().await.unwrap().starts_with(b"+OK"));
        let (storage, other) = (&place.context.storage, place.login("mrose").await);
        let inbox = storage.folder(&other, &FolderName::inbox()).await.unwrap();
        let gone = storage.expunge(&other, inbox.id, vec![Uid::new(round).unwrap()]).await;
        assert_eq!(gone.unwrap().len(), 1);
        assert!(body(&mut wire).await == message);
        wire.send(b"RETR 1\r\nQUIT\r\n").await;
        assert!(wire.line().await.unwrap().starts_with(b"-ERR"));
        assert_eq!(wire.line().await.unwrap(), b"+OK goodbye");
        assert!(wire.ended().await);
    }
}

#[tokio::test]
async fn every_message_of_a_full_maildrop_is_listed_and_removed() {
    let place = Place::new(Limits::default()).await;
    let count = 2_500;
    let message = b"Subject: one of many\r\n\r\n";
    futures::future::join_all((0..count).map(|_| place.deliver("mrose", message))).await;
    let mut wire = entered(&place).await;
    wire.send(b"LIST\r\nUIDL\r\n").await;
    for _ in 0..2 {
        wire.line().await.unwrap();
        let listing = body(&mut wire).await;
        assert_eq!(listing.split(|byte| *byte == b'\n').count(), count + 1);
    }
    let commands: String = (1..=count).map(|n| format!("RETR {n}\r\nDELE {n}\r\n")).collect();
    wire.send(commands.as_bytes()).await;
    wire.send(b"QUIT\r\n").await;
    for _ in 0..count {
        assert_eq!(wire.line().await.unwrap(), b"+OK 24 octets");
        assert!(body(&mut wire).await == message);
        assert_eq!(wire.line().await.unwrap(), b"+OK marked");
    }
    assert_eq!(wire.line().await.unwrap(), b"+OK goodbye");
    assert!(wire.ended().await);
    assert_eq!(place.inbox("mrose").await, "");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_waited_for() {
    let place = Place::new(Limits::default()).await;
    place.deliver("mrose", &b"0123456789abcdef".repeat(100_000)).await;
    let (feed, input) = carrier::input();
    let (output, drain) = carrier::output();
    let host = Desk { storage: place.context.storage.clone(), security: TLS };
    let dialogue = tokio::spawn(serve(input, output, host, place.context.clone()));
    let commands = "RETR 1\r\n".repeat(100);
    feed.push(format!("USER mrose\r\nPASS {PASSWORD}\r\n{commands}QUIT\r\n").as_bytes());
    let waiting = || drain.offer(|bytes| (0, bytes.len()));
    while waiting() < 64 * 1024 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(waiting() < 256 * 1024, "{} bytes are held for the client", waiting());
    assert!(!drain.is_at_seam(), "a farewell must not come in the midst of a message");
    // Cut there: the maildrop is free, and nothing was changed.
    dialogue.abort();
    assert!(dialogue.await.is_err_and(|error| error.is_cancelled()));
    entered(&place).await;
    assert_eq!(place.inbox("mrose").await, "1");
}

/// However far UPDATE has come when the session is cut: all that was marked goes, or nothing.
#[tokio::test]
async fn a_cut_inside_update_halves_nothing() {
    let place = Place::new(Limits::default()).await;
    let (mut kept, mut removed) = (0, 0);
    for patience in 0..60 {
        place.deliver("mrose", b"a: 1\r\n").await;
        place.deliver("mrose", b"a: 2\r\n").await;
        let all = place.inbox("mrose").await;
        let mut wire = entered(&place).await;
        let marks: String = (1..=all.split(' ').count()).map(|n| format!("DELE {n}\r\n")).collect();
        wire.send(marks.as_bytes()).await;
        for _ in marks.lines() {
            assert_eq!(wire.line().await.unwrap(), b"+OK marked");
        }
        wire.send(b"QUIT\r\n").await;
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        wire.cut().await;
        // What was handed to storage may be on its way still; it goes before what is asked now.
        place.deliver("mary", b"a: b\r\n").await;
        let left = place.inbox("mrose").await;
        assert!(left == all || left.is_empty(), "left of {all}: {left}");
        if left.is_empty() {
            removed += 1
        } else {
            kept += 1
        }
        entered(&place).await.cut().await;
    }
    assert!(kept > 0 && removed > 0, "the race did not happen: {kept} kept, {removed} removed");
}

#[tokio::test]
async fn a_dialogue_may_move_between_threads() {
    fn check<T: Send>(_: &T) {}
    let place = Place::new(Limits::default()).await;
    let (_feed, input) = carrier::input();
    let (output, _drain) = carrier::output();
    let host = Desk { storage: place.context.storage.clone(), security: TLS };
    check(&serve(input, output, host, place.context.clone()));
}

#[test]
fn passwords_do_not_show() {
    let command = crate::wire::parse(b"PASS tanstaaf").unwrap();
    assert!(!format!("{command:?}").contains("tanstaaf"));
    assert!(!format!("{:?}", Secret::new("tanstaaf")).contains("tanstaaf"));
}

mod noise {
    use super::*;
    use proptest::prelude::*;

    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            "(USER|PASS|STAT|LIST|RETR|DELE|RSET|TOP|UIDL|AUTH|STLS|CAPA|NOOP) ?",
            "(mrose|tanstaaf|PLAIN|1|2|0|=|\\*)",
            "[ -~]{0,8}",
            Just("\r\n".to_owned()),
            Just("USER mrose\r\nPASS tanstaaf\r\n".to_owned()),
            Just("\0\r\n".to_owned()),
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
                place.deliver("mrose", b"a: b\r\n\r\nc\r\n").await;
                let mut wire = place.start(TLS);
                wire.send(words.concat().as_bytes()).await;
                wire.hang_up();
                assert!(wire.ended().await, "the dialogue goes on");
                assert!(!wire.panicked().await);
            });
        });
    }
}
