//! What the clients of one account saw and did, each as it happened to them, for the oracle to judge.

use super::letter::LetterId;
use super::wire::{Meter, Silence, Wire};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Since the run began.
pub(super) type Moment = Duration;

/// The number of a password of an account: each is newer than those below it. 0 is the first.
pub(super) type PasswordId = usize;

/// The place of a session in its account's history.
pub(super) type SessionId = usize;

/// Everything about an account.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// For a person to read, in the order in which it was seen.
    pub(super) events: Vec<(Moment, String)>,
    pub(super) sessions: Vec<Session>,
    pub(super) orders: Vec<Order>,
    pub(super) letters: BTreeMap<LetterId, Letter>,
    pub(super) removals: Vec<Removal>,
    /// What a client saw to be wrong by itself.
    pub(super) wrongs: Vec<String>,
}

/// A connection on which a login was tried.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) password: PasswordId,
    /// Before the first byte of the credentials was sent.
    pub(super) asked: Moment,
    /// When the answer to the login was read, and what it was.
    pub(super) answered: Option<(Moment, Answer)>,
    /// Bytes that had arrived then.
    pub(super) arrived_at_answer: u64,
    /// When the client said that it leaves, or just went.
    pub(super) left: Option<Moment>,
    /// When the server was found to have ended it.
    pub(super) ended: Option<Moment>,
    /// Bytes that arrived in all.
    pub(super) arrived: u64,
}

/// The answer to a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The session is confirmed.
    Yes,
    /// Name or password are wrong.
    No,
    /// Not now: in use, or the login was overtaken.
    NotNow,
}

/// An order to end sessions: a logout or a change of password.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The new password, if that is what it was.
    pub(super) password: Option<PasswordId>,
    /// Before the first byte of the request was sent.
    pub(super) asked: Moment,
    /// When the answer, success, was read.
    pub(super) answered: Option<Moment>,
    /// Bytes that had arrived, at the answer, on each connection that was open then.
    pub(super) arrived: Vec<(SessionId, u64)>,
}

/// A message that somebody sent.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) sent: Moment,
    /// Who appended it; nobody's session if it was delivered.
    pub(super) session: Option<SessionId>,
    pub(super) outcome: Outcome,
}

/// What became of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The answer never came: it may have happened, or not.
    Unknown,
    Done,
    Refused,
}

/// Messages that a POP3 session marked before it said QUIT.
#[derive(Clone, Debug)]
pub(super) struct Removal {
    pub(super) letters: Vec<LetterId>,
    pub(super) outcome: Outcome,
}

/// An account's record, written by many clients.
pub(super) struct History {
    started: Instant,
    record: Mutex<Record>,
    open: Mutex<Vec<(SessionId, Weak<Meter>)>>,
    /// The passwords that were ever asked for; the last one is valid, or becomes it.
    passwords: Mutex<Vec<String>>,
}

impl History {
    pub(super) fn new(started: Instant, password: &str) -> Self {
        Self {
            started,
            record: Mutex::default(),
            open: Mutex::default(),
            passwords: Mutex::new(vec![password.to_owned()]),
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.started.elapsed()
    }

    /// Notes an event for a person to read.
    pub(super) fn note(&self, event: String) {
        self.record().events.push((self.now(), event));
    }

    /// Notes that something is wrong.
    pub(super) fn wrong(&self, what: String) {
        let mut record = self.record();
        record.events.push((self.now(), format!("WRONG: {what}")));
        record.wrongs.push(what);
    }

    /// The newest password, or the one that is becoming it.
    pub(super) fn newest_password(&self) -> (PasswordId, String) {
        let passwords = lock(&self.passwords);
        let newest = passwords.len().saturating_sub(1);
        (newest, passwords.get(newest).cloned().unwrap_or_default())
    }

    /// One of those that were ever valid.
    pub(super) fn password(&self, id: PasswordId) -> String {
        lock(&self.passwords).get(id).cloned().unwrap_or_default()
    }

    /// A login is about to be asked for on this connection.
    pub(super) fn login(&self, password: PasswordId, wire: &Wire, how: &str) -> SessionId {
        let mut record = self.record();
        let id = record.sessions.len();
        record.sessions.push(Session {
            password,
            asked: self.now(),
            answered: None,
            arrived_at_answer: 0,
            left: None,
            ended: None,
            arrived: 0,
        });
        record.events.push((self.now(), format!("session {id}: {how}, password {password}")));
        lock(&self.open).push((id, wire.meter()));
        id
    }

    /// The login was answered.
    pub(super) fn answered(&self, id: SessionId, answer: Answer, wire: &Wire) {
        let (now, arrived) = (self.now(), wire.arrived());
        self.session(id, format!("login answered {answer:?}"), |session| {
            session.answered = Some((now, answer));
            session.arrived_at_answer = arrived;
        });
    }

    /// Whether the login was answered with yes.
    pub(super) fn is_confirmed(&self, id: SessionId) -> bool {
        let record = self.record();
        let answered = record.sessions.get(id).and_then(|session| session.answered);
        matches!(answered, Some((_, Answer::Yes)))
    }

    /// The client says that it leaves, or goes without a word.
    pub(super) fn leaves(&self, id: SessionId, how: &str) {
        let now = self.now();
        self.session(id, format!("leaves: {how}"), |session| session.left = Some(now));
    }

    /// The server has ended it.
    pub(super) fn ended(&self, id: SessionId, how: &Silence, last: &str) {
        let now = self.now();
        self.session(id, format!("ended by the server: {how:?} {last}"), |session| {
            session.ended.get_or_insert(now);
        });
    }

    /// Nothing will be read from it any more.
    pub(super) fn over(&self, id: SessionId, wire: &Wire) {
        let arrived = wire.arrived();
        self.session(id, format!("over after {arrived} bytes"), |session| {
            session.arrived = arrived
        });
        lock(&self.open).retain(|(open, _)| *open != id);
    }

    /// An order is about to be given. Answers its place, and the new password if one is to be set.
    pub(super) fn order(&self, password: Option<String>) -> usize {
        let mut record = self.record();
        let password = password.map(|password| {
            let mut passwords = lock(&self.passwords);
            passwords.push(password);
            passwords.len() - 1
        });
        let what = password.map_or("logout".to_owned(), |id| format!("change to password {id}"));
        let place = record.orders.len();
        let asked = self.now();
        record.orders.push(Order { password, asked, answered: None, arrived: Vec::new() });
        record.events.push((self.now(), format!("order {place}: {what}")));
        place
    }

    /// The order was answered with success, at this very moment.
    pub(super) fn obeyed(&self, place: usize) {
        let answered = self.now();
        let open = lock(&self.open).clone();
        let arrived = open
            .into_iter()
            .filter_map(|(id, meter)| Some((id, meter.upgrade()?.arrived())))
            .collect();
        let mut record = self.record();
        record.events.push((answered, format!("order {place}: success")));
        if let Some(order) = record.orders.get_mut(place) {
            (order.answered, order.arrived) = (Some(answered), arrived);
        }
    }

    /// A letter is about to be sent.
    pub(super) fn sends(&self, id: LetterId, session: Option<SessionId>) {
        let mut record = self.record();
        let letter = Letter { sent: self.now(), session, outcome: Outcome::Unknown };
        record.letters.insert(id, letter);
        record.events.push((self.now(), format!("letter {} is sent ({session:?})", id.0)));
    }

    /// A letter was acknowledged or refused.
    pub(super) fn sent(&self, id: LetterId, outcome: Outcome) {
        let mut record = self.record();
        record.events.push((self.now(), format!("letter {}: {outcome:?}", id.0)));
        if let Some(letter) = record.letters.get_mut(&id) {
            letter.outcome = outcome;
        }
    }

    /// QUIT is about to be said with these marked. Answers the place of the removal.
    pub(super) fn removes(&self, letters: Vec<LetterId>) -> usize {
        let mut record = self.record();
        record.events.push((self.now(), format!("QUIT with {letters:?} marked")));
        record.removals.push(Removal { letters, outcome: Outcome::Unknown });
        record.removals.len() - 1
    }

    /// QUIT was answered.
    pub(super) fn removed(&self, place: usize, outcome: Outcome) {
        let mut record = self.record();
        record.events.push((self.now(), format!("QUIT answered: {outcome:?}")));
        if let Some(removal) = record.removals.get_mut(place) {
            removal.outcome = outcome;
        }
    }

    /// The record so far.
    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    fn session(&self, id: SessionId, event: String, change: impl FnOnce(&mut Session)) {
        let mut record = self.record();
        record.events.push((self.now(), format!("session {id}: {event}")));
        if let Some(session) = record.sessions.get_mut(id) {
            change(session);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
