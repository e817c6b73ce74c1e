//! The registry as connections and operators use it: the table behind a lock that is held for the
//! table's own work only, never while somebody is woken, and never across an await.
//!
//! No task, no timer, no clock: who waits here brings his own deadline.

use crate::registry::{EndingId, Ordered, Outcome, Placed, Registry, Row, Tally};
use crate::report::NodeReport;
use crate::session::Line;
use crate::watch::{Feed, Watch};
use crate::{End, Limits, Refusal, Session, SessionRecord};
use cluster::{Node, Order, OrderId, SessionKey};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use terms::{AccountId, EndReason, Protocol, SessionId, UnixTime};
use tokio::sync::Notify;

/// The live sessions of this node. Clones are the same registry.
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    node: Node,
    table: Mutex<Table>,
    feed: Feed,
    last_order: AtomicU64,
}

struct Table {
    registry: Registry<Arc<Line>>,
    /// Who waits for which ending.
    waiting: BTreeMap<EndingId, Arc<Slot>>,
}

/// Where a finished tally is put down for whoever waits.
#[derive(Default)]
struct Slot {
    tally: OnceLock<Tally<Arc<Line>>>,
    bell: Notify,
}

impl Sessions {
    /// An empty registry.
    pub fn new(node: Node, limits: Limits) -> Self {
        let table = Table { registry: Registry::new(node, limits), waiting: BTreeMap::new() };
        Self {
            shared: Arc::new(Shared {
                node,
                table: Mutex::new(table),
                feed: Feed::new(),
                last_order: AtomicU64::new(0),
            }),
        }
    }

    /// The node whose sessions these are.
    pub fn node(&self) -> Node {
        self.shared.node
    }

    /// Changes the limits. Sessions beyond them stay; only new ones are refused.
    pub fn set_limits(&self, limits: Limits) {
        self.shared.table.lock().registry.set_limits(limits);
    }

    /// Gives a login its place. From here on orders reach it; the client must not be told yes before
    /// [`Unconfirmed::confirm`].
    pub fn register(&self, session: Session) -> Result<Unconfirmed, Refusal> {
        let session = Arc::new(session);
        let line = Arc::new(Line::new(session.since));
        let key =
            self.shared.table.lock().registry.register(Arc::clone(&session), Arc::clone(&line))?;
        Ok(Unconfirmed { guard: Guard { shared: Arc::clone(&self.shared), key, session, line } })
    }

    /// A name for an order that this node gives.
    pub fn new_order_id(&self) -> OrderId {
        let number = self.shared.last_order.fetch_add(1, Ordering::Relaxed) + 1;
        OrderId { issuer: self.shared.node, number }
    }

    /// Orders every session that the order covers to end. They have been told when this returns; to
    /// see them gone, wait for the [`Ending`]. Sessions end even if nobody waits.
    #[must_use = "told is not gone: wait for the ending"]
    pub fn end(&self, order: &Order) -> Ending {
        let end = End { reason: order.reason, audit: Some(order.audit.clone()) };
        self.begin(end, |registry| registry.end(order))
    }

    /// Orders every session to end because the server stops, and takes no more.
    #[must_use = "told is not gone: wait for the ending"]
    pub fn shutdown(&self) -> Ending {
        self.begin(End { reason: EndReason::Shutdown, audit: None }, Registry::end_everything)
    }

    fn begin(
        &self,
        end: End,
        order: impl FnOnce(&mut Registry<Arc<Line>>) -> Ordered<Arc<Line>>,
    ) -> Ending {
        let slot = Arc::new(Slot::default());
        let mut table = self.shared.table.lock();
        let Ordered { tell, outcome } = order(&mut table.registry);
        let id = match outcome {
            Outcome::Open(id) => {
                table.waiting.insert(id, Arc::clone(&slot));
                Some(id)
            }
            Outcome::Finished(tally) => {
                let _ = slot.tally.set(tally);
                None
            }
        };
        drop(table);
        let end = Arc::new(end);
        for line in tell {
            line.tell(&end);
        }
        Ending { shared: Arc::clone(&self.shared), id, slot }
    }

    /// The session of this name.
    pub fn find(&self, key: SessionKey) -> Option<SessionRecord> {
        let table = self.shared.table.lock();
        table.registry.find(key).filter(|row| row.line.is_confirmed()).map(|row| record(key, row))
    }

    /// An account's sessions, oldest first. Logins still to be confirmed are not shown.
    pub fn list(&self, account: AccountId) -> Vec<SessionRecord> {
        let table = self.shared.table.lock();
        let sessions = table.registry.sessions_of(account);
        confirmed(sessions).collect()
    }

    /// Sessions of all accounts, at most `limit` of them, from behind `after` on: the account and
    /// session that ended the page before. In pages, because the lock is held for each.
    pub fn page(&self, after: Option<(AccountId, SessionId)>, limit: usize) -> Vec<SessionRecord> {
        let table = self.shared.table.lock();
        let sessions = table.registry.sessions_after(after);
        confirmed(sessions).take(limit).collect()
    }

    /// How many sessions an account has, those included that are being confirmed or are ending.
    pub fn count_of(&self, account: AccountId) -> usize {
        self.shared.table.lock().registry.count_of(account)
    }

    /// How many sessions there are in a protocol, of all accounts.
    pub fn count_in(&self, protocol: Protocol) -> usize {
        self.shared.table.lock().registry.count_in(protocol)
    }

    /// Sessions that open and end from now on.
    pub fn watch(&self) -> Watch {
        self.shared.feed.subscribe()
    }
}

#[cfg(test)]
impl Sessions {
    /// How many endings somebody waits for.
    fn waiting(&self) -> usize {
        let table = self.shared.table.lock();
        assert_eq!(table.registry.endings().count(), table.waiting.len());
        table.waiting.len()
    }
}

fn record(key: SessionKey, row: &Row<Arc<Line>>) -> SessionRecord {
    SessionRecord::new(key, &row.session, &row.line)
}

fn confirmed<'a>(
    rows: impl Iterator<Item = (SessionKey, &'a Row<Arc<Line>>)>,
) -> impl Iterator<Item = SessionRecord> {
    rows.filter(|(_, row)| row.line.is_confirmed()).map(|(key, row)| record(key, row))
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("node", &self.shared.node).finish_non_exhaustive()
    }
}

/// A login that has its place but may have been overtaken: ask storage once more, then tell the
/// client. Dropping it gives the place back.
#[derive(Debug)]
#[must_use = "dropping it gives the place back"]
pub struct Unconfirmed {
    guard: Guard,
}

/// Why a registered login is not confirmed after all.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError<E> {
    /// It was overtaken by an act that makes it void, or ordered to end already.
    #[error("the login was overtaken and is void")]
    Void,
    /// Whether it stands could not be found out.
    #[error(transparent)]
    Unknown(E),
}

impl Unconfirmed {
    /// What the client said of itself before it logged in (IMAP ID).
    pub fn note_client(&self, name: &str) {
        self.guard.note_client(name);
    }

    /// Asks `stands` (storage, never a cache) whether the login still stands, and only then lets it
    /// in. It is a future so that it cannot have been asked before the login was registered: a
    /// future does nothing before it is first polled. On failure the place is free again.
    pub async fn confirm<E>(
        self,
        stands: impl Future<Output = Result<bool, E>>,
    ) -> Result<(Guard, Orders), ConfirmError<E>> {
        let stands = stands.await.map_err(ConfirmError::Unknown)?;
        let guard = self.guard;
        if !stands || guard.line.told().is_some() {
            return Err(ConfirmError::Void);
        }
        guard.line.confirm();
        guard.shared.feed.opened(|| guard.record());
        let orders = Orders { line: Arc::clone(&guard.line) };
        Ok((guard, orders))
    }
}

/// A session's place in the registry. While it lives, the session counts as live; dropping it says
/// "nothing of this session is left", so drop it last: after its dialogue, and after its socket is
/// closed.
pub struct Guard {
    shared: Arc<Shared>,
    key: SessionKey,
    session: Arc<Session>,
    line: Arc<Line>,
}

impl Guard {
    /// The session's name.
    pub fn key(&self) -> SessionKey {
        self.key
    }

    /// Who, from where, proved how.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The session as operators see it.
    pub fn record(&self) -> SessionRecord {
        SessionRecord::new(self.key, &self.session, &self.line)
    }

    /// The client was heard. Cheap: no lock.
    pub fn note_activity(&self, now: UnixTime) {
        self.line.note_activity(now);
    }

    /// What the client said of itself (IMAP ID). Cut to a sensible length, control characters
    /// replaced.
    pub fn note_client(&self, name: &str) {
        self.line.note_client(name);
    }

    /// Which folder is open now.
    pub fn note_folder(&self, name: Option<&str>) {
        self.line.note_folder(name);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut table = self.shared.table.lock();
        let finished: Vec<_> = table
            .registry
            .remove(self.key.id)
            .into_iter()
            .filter_map(|(ending, tally)| {
                let slot = table.waiting.remove(&ending)?;
                // Under the lock, so that an ending is always in the table or in its slot.
                let _ = slot.tally.set(tally);
                Some(slot)
            })
            .collect();
        drop(table);
        for slot in finished {
            slot.bell.notify_waiters();
        }
        if self.line.is_confirmed() {
            self.shared.feed.ended(|| self.record());
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({})", self.key)
    }
}

/// Where a session's orders arrive. Clones hear the same.
#[derive(Clone, Debug)]
pub struct Orders {
    line: Arc<Line>,
}

impl Orders {
    /// Waits for the order to end; for one arm of a `select!`. Once it has come, answers at once,
    /// any number of times. Never answers if none comes.
    pub async fn end(&self) -> Arc<End> {
        self.line.wait().await
    }

    /// Whether the order to end has come; for a busy connection, between two slices of work.
    pub fn pending(&self) -> Option<&End> {
        self.line.told().map(Arc::as_ref)
    }
}

/// Sessions on their way out. Dropping it only means that nobody waits for them.
pub struct Ending {
    shared: Arc<Shared>,
    /// None: it was finished from the start.
    id: Option<EndingId>,
    slot: Arc<Slot>,
}

impl Ending {
    /// Waits until every session found is over: its guard dropped. Bring a deadline.
    pub async fn finished(&self) {
        loop {
            // As in `Line::wait`: first the ear, then the look.
            let bell = self.slot.bell.notified();
            if self.is_finished() {
                return;
            }
            bell.await;
        }
    }

    /// Whether every session found is over.
    pub fn is_finished(&self) -> bool {
        self.slot.tally.get().is_some()
    }

    /// How it stands: at the end, or when the deadline has come.
    pub fn report(&self) -> NodeReport {
        let records = |rows: Rows| rows.iter().map(|(key, row)| record(*key, row)).collect();
        let (ended, open) = self.rows();
        NodeReport { node: self.shared.node, ended: records(ended), open: records(open) }
    }

    fn rows(&self) -> (Rows, Rows) {
        let table = self.shared.table.lock();
        let standing = self.id.and_then(|id| table.registry.standing(id));
        match (self.slot.tally.get(), standing) {
            (Some(tally), _) => {
                drop(table);
                (tally.ended().to_vec(), Vec::new())
            }
            (None, Some((tally, open))) => (tally.ended().to_vec(), open),
            // Not so while this handle lives: it alone forgets its ending.
            (None, None) => (Vec::new(), Vec::new()),
        }
    }
}

type Rows = Vec<Placed<Arc<Line>>>;

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let mut table = self.shared.table.lock();
            table.registry.forget(id);
            table.waiting.remove(&id);
        }
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
