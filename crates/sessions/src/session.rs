//! What a session is: the part that never changes, and the line to its connection.

use cluster::{Credential, SessionKey, Traits};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use terms::{AccountId, Address, AuditId, EndReason, Epoch, Protocol, UnixTime, printable};
use tokio::sync::Notify;

/// The longest client name kept, in letters. RFC 2971 §3.3 allows 1024, operators need fewer.
const CLIENT_NAME_MAX: usize = 200;

/// A login that asks for its place in the registry: who, from where, proved how. Never changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// Whose session it is.
    pub account: AccountId,
    /// The account's epoch as read before the credentials were checked.
    pub epoch: Epoch,
    /// What it speaks.
    pub protocol: Protocol,
    /// The client's address.
    pub peer: SocketAddr,
    /// Whether the connection is inside TLS.
    pub tls: bool,
    /// The peer is in a trusted network (webmail, a proxy): no limit per address.
    pub trusted: bool,
    /// The name as the client wrote it: an alias, another letter case.
    pub login: Box<str>,
    /// The alias that the name is, if it is not the account's own address.
    pub alias: Option<Box<Address>>,
    /// The administrator who logged in on the account's behalf.
    pub on_behalf: Option<Box<str>>,
    /// What proved the login.
    pub credential: Credential,
    /// Since when.
    pub since: UnixTime,
}

impl Session {
    /// The administrator whose password proved the login, if it is on behalf of the account.
    pub fn administrator(&self) -> Option<AccountId> {
        match self.credential {
            Credential::OnBehalf { administrator, .. } => Some(administrator),
            Credential::Password | Credential::AppPassword(_) | Credential::Token(_) => None,
        }
    }

    /// What filters look at.
    pub fn traits(&self, key: SessionKey) -> Traits<'_> {
        Traits {
            key,
            protocol: self.protocol,
            address: self.peer.ip(),
            credential: self.credential,
            alias: self.alias.as_deref(),
        }
    }
}

/// An order to end, as a session gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Why; the client is told.
    pub reason: EndReason,
    /// Under which name the log has it. None when the server stops.
    pub audit: Option<AuditId>,
}

/// The line between a session's connection and the registry: orders one way, news for operators the
/// other. Neither way takes the registry's lock.
#[derive(Debug)]
pub(crate) struct Line {
    end: OnceLock<Arc<End>>,
    bell: Notify,
    confirmed: AtomicBool,
    active: AtomicI64,
    words: Mutex<Words>,
}

#[cfg(test)]
pub(crate) const LINE_SIZE: usize = size_of::<Line>();

/// What changes seldom and has no fixed size.
#[derive(Debug, Default)]
struct Words {
    client: Option<Box<str>>,
    folder: Option<Box<str>>,
}

impl Line {
    pub(crate) fn new(since: UnixTime) -> Self {
        Self {
            end: OnceLock::new(),
            bell: Notify::new(),
            confirmed: AtomicBool::new(false),
            active: AtomicI64::new(since.0),
            words: Mutex::default(),
        }
    }

    /// Tells the session to end. The first order's reason stays.
    pub(crate) fn tell(&self, end: &Arc<End>) {
        if self.end.set(Arc::clone(end)).is_ok() {
            self.bell.notify_waiters();
        }
    }

    pub(crate) fn told(&self) -> Option<&Arc<End>> {
        self.end.get()
    }

    /// Waits for an order to end. May be dropped and called again; any number may wait.
    pub(crate) async fn wait(&self) -> Arc<End> {
        loop {
            // The waiter must be in place before the look, or a bell between the two is missed:
            // `notified` counts from its making on for `notify_waiters`.
            let bell = self.bell.notified();
            if let Some(end) = self.told() {
                return Arc::clone(end);
            }
            bell.await;
        }
    }

    pub(crate) fn confirm(&self) {
        self.confirmed.store(true, Ordering::Release);
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirmed.load(Ordering::Acquire)
    }

    pub(crate) fn note_activity(&self, now: UnixTime) {
        self.active.store(now.0, Ordering::Relaxed);
    }

    pub(crate) fn note_client(&self, name: &str) {
        self.words.lock().client = Some(printable(name, CLIENT_NAME_MAX).into());
    }

    pub(crate) fn note_folder(&self, name: Option<&str>) {
        self.words.lock().folder = name.map(Box::from);
    }
}

/// A session as operators see it: in lists, in the feed, in reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its name.
    pub key: SessionKey,
    /// Who, from where, proved how.
    pub session: Arc<Session>,
    /// What the client said of itself (IMAP ID).
    pub client: Option<Box<str>>,
    /// The folder it has open.
    pub folder: Option<Box<str>>,
    /// When the client was last heard.
    pub active: UnixTime,
    /// It has been ordered to end, for this reason.
    pub ending: Option<EndReason>,
}

impl SessionRecord {
    pub(crate) fn new(key: SessionKey, session: &Arc<Session>, line: &Line) -> Self {
        let words = line.words.lock();
        Self {
            key,
            session: Arc::clone(session),
            client: words.client.clone(),
            folder: words.folder.clone(),
            active: UnixTime(line.active.load(Ordering::Relaxed)),
            ending: line.told().map(|end| end.reason),
        }
    }

    /// For how many seconds it has been logged in; 0 if the clock was set back.
    pub fn age(&self, now: UnixTime) -> u64 {
        seconds_between(self.session.since, now)
    }

    /// For how many seconds nothing was heard; 0 if the clock was set back.
    pub fn idle(&self, now: UnixTime) -> u64 {
        seconds_between(self.active, now)
    }
}

fn seconds_between(earlier: UnixTime, later: UnixTime) -> u64 {
    u64::try_from(later.0.saturating_sub(earlier.0)).unwrap_or(0)
}
