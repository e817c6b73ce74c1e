//! Who is connected on this node: the table, and nothing else. No lock, no clock, no task; what it
//! wants done it answers. [`crate::Sessions`] is this table behind a lock.
//!
//! # Why no login slips through
//!
//! A logout raises the account's epoch durably (*raise*), then orders "end all below it" (*order*).
//! A login reads the account with its epoch and checks the credentials (*read*), registers here
//! (*register*), then asks storage whether it still stands (*recheck*), and only then tells the
//! client yes (*confirm*).
//!
//! 1. Storage answers reads and raises one after the other: a read or recheck comes before a raise
//!    or after it, and after it sees the raised epoch.
//! 2. The table takes one call at a time: a register comes before an order or after it.
//! 3. Raise comes before order. Register comes before recheck. (The types see to the latter: see
//!    [`crate::Unconfirmed::confirm`].)
//! 4. So for a login read before the raise: either it registers before the order, and the order
//!    finds it; or it registers after the order, hence after the raise, and so does its recheck,
//!    which sees the raised epoch and refuses. There is no third place for it.
//! 5. A login read after the raise carries the raised epoch or a later one. No order of this logout
//!    covers it, whenever it arrives, because orders compare epochs and nothing else.
//! 6. A session stays in the table until its guard drops, and the guard is dropped last, after its
//!    socket is closed. An ending is finished when every session it found has left the table; that
//!    others may have told such a session to end before makes no difference.
//! 7. Ids grow and are never reused; so "covered, and registered no later than this ending began"
//!    stays true or false for good, and each session is counted once by each ending.
//!
//! All work is proportional to the sessions of the account in question (with the logarithm of the
//! table's size to get there), except for the end of the server.

use crate::limits::Counts;
use crate::{Limits, Refusal, Session};
use cluster::{Node, Order, SessionKey};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use terms::{AccountId, Protocol, SessionId};

/// The live sessions of one node. `L` is the line to a session's connection, whatever that is to
/// the table's owner: the table only keeps it and hands it out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Registry<L> {
    node: Node,
    limits: Limits,
    closed: bool,
    last_session: u64,
    last_ending: u64,
    rows: BTreeMap<(AccountId, SessionId), Row<L>>,
    owners: BTreeMap<SessionId, AccountId>,
    /// Sessions on behalf of others, by their administrators.
    visits: BTreeSet<(AccountId, SessionId)>,
    counts: Counts,
    endings: BTreeMap<EndingId, Tally<L>>,
}

/// One session's place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row<L> {
    /// Who, from where, proved how.
    pub session: Arc<Session>,
    /// How to reach it.
    pub line: L,
    /// It has been ordered to end.
    pub told: bool,
}

/// A row with the name of its session.
pub type Placed<L> = (SessionKey, Row<L>);

/// How an ending stands, and the sessions it waits for.
pub type Standing<'a, L> = (&'a Tally<L>, Vec<Placed<L>>);

/// The name of an ending that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndingId {
    /// None: of all accounts.
    account: Option<AccountId>,
    number: u64,
}

/// What has become of the sessions that one ending found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tally<L> {
    /// None: everything is covered.
    order: Option<Order>,
    /// The latest session there was when the ending began.
    last: SessionId,
    /// How many are still in the table.
    open: usize,
    /// Those that have left it.
    ended: Vec<Placed<L>>,
}

impl<L> Tally<L> {
    /// How many sessions the ending found.
    pub fn found(&self) -> usize {
        self.open + self.ended.len()
    }

    /// How many of them are still in the table.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Those that have left it.
    pub fn ended(&self) -> &[Placed<L>] {
        &self.ended
    }

    fn covers(&self, key: SessionKey, session: &Session) -> bool {
        key.id <= self.last
            && self.order.as_ref().is_none_or(|order| {
                order.covers(session.account, session.epoch, &session.traits(key))
            })
    }
}

/// What an order to end brought about.
#[derive(Debug)]
pub struct Ordered<L> {
    /// The lines of those that are to be told now; the others knew already.
    pub tell: Vec<L>,
    /// Whether there is anything to wait for.
    pub outcome: Outcome<L>,
}

/// Whether an ending goes on.
#[derive(Debug)]
pub enum Outcome<L> {
    /// It goes on until [`Registry::remove`] hands out its tally, or it is forgotten.
    Open(EndingId),
    /// There was nothing to end.
    Finished(Tally<L>),
}

impl<L: Clone> Registry<L> {
    /// An empty table.
    pub fn new(node: Node, limits: Limits) -> Self {
        Self {
            node,
            limits,
            closed: false,
            last_session: 0,
            last_ending: 0,
            rows: BTreeMap::new(),
            owners: BTreeMap::new(),
            visits: BTreeSet::new(),
            counts: Counts::default(),
            endings: BTreeMap::new(),
        }
    }

    /// The node whose sessions these are.
    pub fn node(&self) -> Node {
        self.node
    }

    /// Changes the limits. Sessions beyond them stay; only new ones are refused.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Gives a session its place.
    pub fn register(&mut self, session: Arc<Session>, line: L) -> Result<SessionKey, Refusal> {
        if self.closed {
            return Err(Refusal::Shutdown);
        }
        self.counts.admit(self.limits, &session)?;
        self.last_session += 1;
        let id = SessionId(self.last_session);
        let account = session.account;
        self.counts.add(&session);
        self.owners.insert(id, account);
        if let Some(administrator) = session.administrator() {
            self.visits.insert((administrator, id));
        }
        self.rows.insert((account, id), Row { session, line, told: false });
        Ok(SessionKey { node: self.node, id })
    }

    /// Takes a session out of the table: it is over. Answers the endings that waited for it last.
    /// Does nothing if it is not there.
    pub fn remove(&mut self, id: SessionId) -> Vec<(EndingId, Tally<L>)> {
        let Some(account) = self.owners.remove(&id) else { return Vec::new() };
        let Some(row) = self.rows.remove(&(account, id)) else { return Vec::new() };
        self.counts.subtract(&row.session);
        let administrator = row.session.administrator();
        if let Some(administrator) = administrator {
            self.visits.remove(&(administrator, id));
        }
        let key = SessionKey { node: self.node, id };
        let mut finished = Vec::new();
        // Nobody is his own administrator, but a tally must not count anything twice.
        let administrator = administrator.filter(|administrator| *administrator != account);
        for whose in
            [Some(Some(account)), administrator.map(Some), Some(None)].into_iter().flatten()
        {
            let first = EndingId { account: whose, number: 0 };
            let last = EndingId { account: whose, number: u64::MAX };
            for (ending, tally) in self.endings.range_mut(first..=last) {
                if tally.covers(key, &row.session) {
                    tally.ended.push((key, row.clone()));
                    tally.open -= 1;
                    if tally.open == 0 {
                        finished.push(*ending);
                    }
                }
            }
        }
        finished
            .into_iter()
            .filter_map(|ending| self.endings.remove(&ending).map(|tally| (ending, tally)))
            .collect()
    }

    /// Orders every session that the order covers to end.
    pub fn end(&mut self, order: &Order) -> Ordered<L> {
        let range = (order.account, SessionId(0))..=(order.account, SessionId(u64::MAX));
        self.begin(Some(order), range)
    }

    /// Orders every session to end, and takes no more.
    pub fn end_everything(&mut self) -> Ordered<L> {
        self.closed = true;
        self.begin(None, ..)
    }

    fn begin(
        &mut self,
        order: Option<&Order>,
        range: impl std::ops::RangeBounds<(AccountId, SessionId)>,
    ) -> Ordered<L> {
        let mut tally = Tally {
            order: order.cloned(),
            last: SessionId(self.last_session),
            open: 0,
            ended: Vec::new(),
        };
        let mut tell = Vec::new();
        let mut consider = |id, row: &mut Row<L>| {
            if tally.covers(SessionKey { node: self.node, id }, &row.session) {
                tally.open += 1;
                if !row.told {
                    row.told = true;
                    tell.push(row.line.clone());
                }
            }
        };
        for ((_, id), row) in self.rows.range_mut(range) {
            consider(*id, row);
        }
        for place in visited(&self.visits, &self.owners, order) {
            // In the range above already, if it is a session of the account itself.
            let own = order.is_some_and(|order| order.account == place.0);
            if let Some(row) = self.rows.get_mut(&place).filter(|_| !own) {
                consider(place.1, row);
            }
        }
        if tally.open == 0 {
            return Ordered { tell, outcome: Outcome::Finished(tally) };
        }
        self.last_ending += 1;
        let id = EndingId { account: order.map(|order| order.account), number: self.last_ending };
        self.endings.insert(id, tally);
        Ordered { tell, outcome: Outcome::Open(id) }
    }

    /// How an ending stands that is under way: what has ended so far, and what is still open.
    pub fn standing(&self, ending: EndingId) -> Option<Standing<'_, L>> {
        let tally = self.endings.get(&ending)?;
        let open = |(key, row): &(SessionKey, &Row<L>)| tally.covers(*key, &row.session);
        let copied = |(key, row): (SessionKey, &Row<L>)| (key, row.clone());
        let open = match ending.account {
            Some(account) => {
                let own = self.sessions_of(account);
                let visited = visited(&self.visits, &self.owners, tally.order.as_ref());
                let visited = visited.filter(|place| place.0 != account).filter_map(|place| {
                    let key = SessionKey { node: self.node, id: place.1 };
                    Some((key, self.rows.get(&place)?))
                });
                own.chain(visited).filter(open).map(copied).collect()
            }
            None => self.sessions_after(None).filter(open).map(copied).collect(),
        };
        Some((tally, open))
    }

    /// Nobody waits for this ending any more. Its sessions end all the same.
    pub fn forget(&mut self, ending: EndingId) {
        self.endings.remove(&ending);
    }

    /// The session of this name, if it is in the table.
    pub fn find(&self, key: SessionKey) -> Option<&Row<L>> {
        if key.node != self.node {
            return None;
        }
        self.rows.get(&(*self.owners.get(&key.id)?, key.id))
    }

    /// An account's sessions, oldest first.
    pub fn sessions_of(&self, account: AccountId) -> impl Iterator<Item = (SessionKey, &Row<L>)> {
        self.rows
            .range((account, SessionId(0))..=(account, SessionId(u64::MAX)))
            .map(|((_, id), row)| (SessionKey { node: self.node, id: *id }, row))
    }

    /// All sessions by account, then age; from behind this one on.
    pub fn sessions_after(
        &self,
        after: Option<(AccountId, SessionId)>,
    ) -> impl Iterator<Item = (SessionKey, &Row<L>)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.rows
            .range((start, Bound::Unbounded))
            .map(|((_, id), row)| (SessionKey { node: self.node, id: *id }, row))
    }

    /// The endings under way.
    pub fn endings(&self) -> impl Iterator<Item = &Tally<L>> {
        self.endings.values()
    }

    /// How many sessions an account has.
    pub fn count_of(&self, account: AccountId) -> usize {
        self.counts.of_account(account)
    }

    /// How many sessions there are in a protocol, of all accounts.
    pub fn count_in(&self, protocol: Protocol) -> usize {
        self.counts.of_protocol(protocol)
    }
}

/// The places of the sessions that an order's account has on behalf of others, if the order is about
/// those, too.
fn visited<'a>(
    visits: &'a BTreeSet<(AccountId, SessionId)>,
    owners: &'a BTreeMap<SessionId, AccountId>,
    order: Option<&Order>,
) -> impl Iterator<Item = (AccountId, SessionId)> + use<'a> {
    let administrator = order.filter(|order| order.filter.reaches_others());
    let visits = administrator.map(|order| {
        visits.range((order.account, SessionId(0))..=(order.account, SessionId(u64::MAX)))
    });
    let ids = visits.into_iter().flatten().map(|(_, id)| *id);
    ids.filter_map(|id| Some((*owners.get(&id)?, id)))
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
