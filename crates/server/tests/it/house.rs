//! A whole server in this process, on ports of its own, with accounts made through its API.

use crate::client::{Client, Kind};
use crate::wire::{Tap, Wire};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use serde_json::{Value, json};
use server::assemble::Server;
use server::certificate::Certificates;
use server::config::{Config, Entrance};
use sessions::Sessions;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use storage::Storage;
use tempfile::TempDir;
use terms::{AccountId, Address, Secret, UnixTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "Correct-horse-7";
/// The company's administrator.
pub(crate) const OPS: &str = "ops@acme.adm";
/// The administrator of `a.example`.
pub(crate) const ADMIN: &str = "admin@a.example";
/// Tests come from here; they are many, and are no guessers.
pub(crate) const TRUSTING: &str = "trusted_networks = [\"127.0.0.0/8\"]";

/// Databases that this process has made.
static DATABASES: AtomicU64 = AtomicU64::new(0);

/// Tests that measure time run alone.
static MACHINE: RwLock<()> = RwLock::const_new(());

/// The machine, while this test uses it.
#[expect(dead_code, reason = "held, not looked at")]
enum Share {
    WithOthers(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

/// A running server.
pub(crate) struct House {
    server: Server,
    tls: TlsConnector,
    _dir: TempDir,
    _share: Share,
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    /// When the request was sent.
    pub(crate) asked: Instant,
    /// When the answer was here.
    pub(crate) answered: Instant,
    /// The answer.
    pub(crate) answer: Value,
}

impl Called {
    pub(crate) fn succeeded(&self) -> bool {
        self.answer["success"] == true
    }

    /// The number of the error, if it is one.
    pub(crate) fn error(&self) -> Option<u64> {
        self.answer["error_number"].as_u64()
    }

    pub(crate) fn took(&self) -> Duration {
        self.answered - self.asked
    }
}

impl House {
    /// With the account `joe@a.example`, and no limits per address.
    pub(crate) async fn open() -> Self {
        Self::with(TRUSTING).await
    }

    /// With these limits.
    pub(crate) async fn with(limits: &str) -> Self {
        Self::start(limits, Share::WithOthers(MACHINE.read().await)).await
    }

    /// With mail in a PostgreSQL database and in an object store; none (said aloud): they are not there.
    pub(crate) async fn on_servers() -> Option<Self> {
        let (server, bucket) = (testkit::services::postgresql()?, testkit::services::s3()?);
        let name = format!(
            "posthouse_it_{}_{}",
            std::process::id(),
            DATABASES.fetch_add(1, Ordering::Relaxed)
        );
        let (client, connection) =
            tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let testkit::services::Bucket { endpoint, name: bucket, access_key_id, secret_access_key } =
            bucket;
        Some(
            Self::with(&format!(
                "{TRUSTING}\n[storage]\nengine = \"postgresql\"\nurl = \"{base}/{name}\"\n[storage.blobs]\n\
                 url = \"s3://{bucket}/{name}\"\nendpoint = \"{endpoint}\"\nallow_http = true\n\
                 access_key_id = \"{access_key_id}\"\nsecret_access_key = \"{secret_access_key}\"\n"
            ))
            .await,
        )
    }

    /// While no other test of this kind runs.
    pub(crate) async fn alone(limits: &str) -> Self {
        Self::start(limits, Share::Alone(MACHINE.write().await)).await
    }

    async fn start(limits: &str, share: Share) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("data");
        let mut text = format!("data_dir = {data_dir:?}\nhostname = \"localhost\"\n[listen]\n");
        for entrance in ["imap", "imaps", "pop3", "pop3s", "lmtp", "api", "metrics"] {
            text.push_str(&format!("{entrance} = [\"127.0.0.1:0\"]\n"));
        }
        text.push_str(&format!("[limits]\n{limits}\n"));
        let config = Config::parse("the test's configuration", &text, []).unwrap();
        // The first administrator is made as `posthouse bootstrap` does it; the rest is the API's.
        let options = config.storage.options(&config.data_dir).unwrap();
        let storage = Storage::open(options).await.unwrap();
        let accounts =
            accounts::Accounts::new(storage.clone(), accounts::Options::default()).unwrap();
        let (ops, secret) = (Address::parse(OPS).unwrap(), Secret::new(PASSWORD));
        accounts.bootstrap("Acme", &ops, &secret, UnixTime(1_700_000_000)).await.unwrap();
        drop(accounts);
        storage.close().await;

        let server = Server::start(&config).await.unwrap();
        let tls = trusting(&Certificates::load(&config).unwrap());
        let house = Self { server, tls, _dir: dir, _share: share };
        house.do_call(OPS, "change_domain", json!({"domain": "a.example", "attributes": {}})).await;
        house.account("joe@a.example").await;
        house
    }

    /// Makes an account.
    pub(crate) async fn account(&self, address: &str) {
        self.account_with(address, json!({})).await;
    }

    /// Makes an account with more attributes than its password.
    pub(crate) async fn account_with(&self, address: &str, mut attributes: Value) {
        attributes["password"] = PASSWORD.into();
        let body = json!({"user": address, "create_only": true, "attributes": attributes});
        self.do_call(OPS, "change_user", body).await;
    }

    /// Makes the administrator of a domain.
    pub(crate) async fn administrator(&self, address: &str, domain: &str) {
        self.account(address).await;
        let body = json!({"user": address, "role": "domain", "object": domain});
        self.do_call(OPS, "set_role", body).await;
    }

    /// Calls a method.
    pub(crate) async fn call(&self, caller: &str, method: &str, body: Value) -> Called {
        self.call_with(caller, PASSWORD, method, body).await
    }

    /// Calls a method, with that password.
    pub(crate) async fn call_with(
        &self,
        caller: &str,
        password: &str,
        method: &str,
        mut body: Value,
    ) -> Called {
        body["credentials"] = json!({"user": caller, "password": password});
        let asked = Instant::now();
        let answer = exchange(self.address(Entrance::Api), method, &body).await;
        Called { asked, answered: Instant::now(), answer }
    }

    /// Calls a method that has to succeed.
    pub(crate) async fn do_call(&self, caller: &str, method: &str, body: Value) -> Called {
        let called = self.call(caller, method, body).await;
        assert!(called.succeeded(), "{method}: {}", called.answer);
        called
    }

    /// Ends the sessions of an account. Has to succeed.
    pub(crate) async fn log_out(&self, user: &str) -> Called {
        self.do_call(OPS, "logout_user", json!({"user": user})).await
    }

    /// Gives an account its password anew, so that nothing is remembered of it: the next login takes its
    /// time.
    pub(crate) async fn cool(&self, user: &str) {
        let body = json!({"user": user, "attributes": {"password": PASSWORD}});
        self.do_call(OPS, "change_user", body).await;
    }

    /// A figure of the metrics, as it stands.
    pub(crate) async fn figure(&self, name: &str) -> u64 {
        let mut tcp = TcpStream::connect(self.address(Entrance::Metrics)).await.unwrap();
        tcp.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.unwrap();
        let mut text = String::new();
        tcp.read_to_string(&mut text).await.unwrap();
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        lines.find_map(|rest| rest.strip_prefix(' ')?.parse().ok()).expect("there is that figure")
    }

    /// The server itself.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Stops the server.
    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }

    /// Who is connected.
    pub(crate) fn sessions(&self) -> &Sessions {
        self.server.sessions()
    }

    /// How many sessions an account has, logins included that are not confirmed.
    pub(crate) fn count_of(&self, id: AccountId) -> usize {
        self.sessions().count_of(id)
    }

    /// The number of an account that has a session of this login name.
    pub(crate) fn account_of(&self, login: &str) -> AccountId {
        let page = self.sessions().page(None, 100_000);
        let found = page.iter().find(|record| &*record.session.login == login);
        found.expect("somebody is logged in by that name").session.account
    }

    /// Where everything durable is.
    pub(crate) fn data_dir(&self) -> std::path::PathBuf {
        self._dir.path().join("data")
    }

    /// Where a listener is.
    pub(crate) fn address(&self, entrance: Entrance) -> SocketAddr {
        let mut listeners = self.server.listeners().iter();
        let (_, address) = listeners.find(|(name, _)| *name == entrance).unwrap();
        address.parse().unwrap()
    }

    /// Where mail is reached.
    pub(crate) fn address_of(&self, kind: Kind) -> SocketAddr {
        self.address(match kind {
            Kind::Imap => Entrance::Imap,
            Kind::Imaps => Entrance::Imaps,
            Kind::Pop3 => Entrance::Pop3,
            Kind::Pop3s => Entrance::Pop3s,
        })
    }

    /// Connects and reads the greeting.
    pub(crate) async fn connect(&self, kind: Kind) -> Client {
        self.connect_narrow(kind, None).await.unwrap()
    }

    /// The same with a receive buffer of that size, for clients that do not read.
    pub(crate) async fn connect_narrow(
        &self,
        kind: Kind,
        buffer: Option<u32>,
    ) -> io::Result<Client> {
        let wire = Wire::connect(self.address_of(kind), buffer).await?;
        let mut client = match kind.is_tls() {
            false => Client::plain(kind, wire),
            true => self.secure(kind, wire).await?,
        };
        client.line().await?;
        Ok(client)
    }

    /// Begins TLS on a connection.
    pub(crate) async fn secure(&self, kind: Kind, wire: Arc<Wire>) -> io::Result<Client> {
        let name = ServerName::try_from("localhost").unwrap();
        let stream = self.tls.connect(name, Tap(wire.clone())).await?;
        Ok(Client::secured(kind, wire, stream))
    }

    /// Connects and logs in.
    pub(crate) async fn log_in(&self, kind: Kind, user: &str) -> Client {
        let mut client = self.connect(kind).await;
        assert!(client.log_in(user, PASSWORD).await.unwrap(), "{kind:?} {user}");
        client
    }

    /// Connects, logs in and, by IMAP, selects the inbox.
    pub(crate) async fn enter(&self, kind: Kind, user: &str) -> Client {
        let mut client = self.log_in(kind, user).await;
        if kind.is_imap() {
            client.say("a SELECT INBOX", "a OK").await.unwrap();
        }
        client
    }

    /// Whether that password opens the account.
    pub(crate) async fn admits(&self, kind: Kind, user: &str, password: &str) -> bool {
        let mut client = self.connect(kind).await;
        let admitted = client.log_in(user, password).await.unwrap();
        client.leave().await;
        admitted
    }

    /// How many messages an account's inbox holds, as a new session sees it.
    pub(crate) async fn messages(&self, user: &str) -> u64 {
        let mut client = self.log_in(Kind::Imap, user).await;
        let status = client.say("a STATUS INBOX (MESSAGES)", "* STATUS").await.unwrap();
        client.until("a OK").await.unwrap();
        client.leave().await;
        status.trim_end_matches(')').rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Puts a message into an account's inbox.
    pub(crate) async fn append(&self, user: &str, message: &[u8]) {
        let mut client = self.log_in(Kind::Imap, user).await;
        client.send(format!("a APPEND INBOX {{{}+}}\r\n", message.len()).as_bytes()).await.unwrap();
        client.send(message).await.unwrap();
        client.send(b"\r\n").await.unwrap();
        client.until("a OK").await.unwrap();
        client.leave().await;
    }

    /// Waits until nobody is connected: clients that leave by themselves keep their place until their
    /// side has every byte.
    pub(crate) async fn empty(&self) {
        let started = Instant::now();
        while !self.sessions().page(None, 1).is_empty() {
            assert!(started.elapsed() < Duration::from_secs(10), "somebody stays");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Calls a method as the company's administrator.
pub(crate) async fn ask(api: SocketAddr, method: &'static str, mut body: Value) -> Value {
    body["credentials"] = json!({"user": OPS, "password": PASSWORD});
    exchange(api, method, &body).await
}

async fn exchange(api: SocketAddr, method: &str, body: &Value) -> Value {
    let body = body.to_string();
    let mut tcp = TcpStream::connect(api).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let length = body.len();
    let request = format!(
        "POST /api/{method} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // As a client does that looks at Content-Length: not a moment later than the answer is here.
    let body = loop {
        let read = timeout(Duration::from_secs(30), tcp.read_buf(&mut answer)).await;
        assert_ne!(read.expect("the API answers").unwrap(), 0, "{answer:?}");
        if let Some(body) = whole(&answer) {
            break body;
        }
    };
    serde_json::from_str(body).unwrap()
}

/// The body of an answer over HTTP, once it is whole.
fn whole(answer: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    (body.len() == length.parse::<usize>().unwrap()).then_some(body)
}

/// TLS that trusts this server's certificate and no other.
fn trusting(certificates: &Certificates) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificates.certificate().unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// A message of about that many bytes, with a mark in every line by which it is found again.
pub(crate) fn message(size: usize) -> Vec<u8> {
    let mut message =
        b"From: <jane@b.example>\r\nTo: <joe@a.example>\r\nSubject: of some size\r\n\r\n".to_vec();
    while message.len() < size {
        message.extend_from_slice(
            b"MAIL is what must not be sent when nobody may read it any more.\r\n",
        );
    }
    message
}

/// What is in every line of [`message`], and in nothing that we say.
pub(crate) const MARK: &str = "MAIL is what must not";
