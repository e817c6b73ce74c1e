//! Attempts to log in that are not in the history yet.
//!
//! An attempt is no reason for a write: attempts that differ in time only are counted together, per hour,
//! and written every few seconds with others. In a crash the last few seconds' are lost. Whoever guesses
//! at an account from many addresses fills neither memory nor history: beyond a few, addresses are
//! counted together, too.

pub(crate) mod history;

use crate::{AttemptResult, LoginAttempt};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use terms::{AccountId, Protocol, UnixTime};

/// How long attempts wait to be written with others.
const PATIENCE: Duration = Duration::from_secs(3);
/// Accounts with attempts waiting. Those of further ones are not in the history.
const ACCOUNTS: usize = 20_000;
/// Lines of one account waiting; further addresses are counted together.
const LINES: usize = 20;

/// Attempts that differ in time only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) protocol: Protocol,
    /// None: of several addresses.
    pub(crate) peer: Option<IpAddr>,
    pub(crate) actor: String,
    pub(crate) result: AttemptResult,
    pub(crate) first: UnixTime,
    pub(crate) last: UnixTime,
    pub(crate) count: u64,
}

impl Line {
    /// Hours since 1970.
    fn hour(&self) -> i64 {
        hour(self.first)
    }

    fn is_like(&self, other: &Line) -> bool {
        (self.protocol, self.peer, self.result, self.hour())
            == (other.protocol, other.peer, other.result, other.hour())
            && self.actor == other.actor
    }
}

fn hour(at: UnixTime) -> i64 {
    at.0.div_euclid(3600)
}

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: HashMap<AccountId, Vec<Line>>,
    /// Since when something waits.
    since: Option<Instant>,
    /// The store is being closed.
    hurried: bool,
}

impl Attempts {
    /// Notes an attempt.
    pub(crate) fn note(&self, attempt: LoginAttempt) {
        let LoginAttempt { account, protocol, peer, actor, at, result } = attempt;
        let peer = Some(peer.to_canonical());
        let line = Line { protocol, peer, actor, result, first: at, last: at, count: 1 };
        let mut waiting = self.waiting.lock();
        if waiting.lines.len() >= ACCOUNTS && !waiting.lines.contains_key(&account) {
            return;
        }
        waiting.since.get_or_insert_with(Instant::now);
        let lines = waiting.lines.entry(account).or_default();
        if let Some(like) = lines.iter_mut().find(|it| it.is_like(&line)) {
            like.add(&line);
        } else if lines.len() < LINES {
            lines.push(line);
        } else {
            let line = Line { peer: None, ..line };
            // Few: protocols, results and administrators, in an hour or two.
            let is_room = lines.len() < 2 * LINES;
            match lines.iter_mut().find(|it| it.is_like(&line)) {
                Some(like) => like.add(&line),
                None if is_room => lines.push(line),
                None => {}
            }
        }
    }

    /// From now on nothing waits for others.
    pub(crate) fn hurry(&self) {
        self.waiting.lock().hurried = true;
    }

    /// How many accounts have attempts waiting that are due.
    pub(crate) fn due(&self) -> usize {
        let waiting = self.waiting.lock();
        if waiting.is_due() { waiting.lines.len() } else { 0 }
    }

    /// Attempts of up to `most` accounts, if any are due; give them to [`Attempts::written`] once they are.
    pub(crate) fn take(&self, most: usize) -> Vec<(AccountId, Vec<Line>)> {
        let waiting = self.waiting.lock();
        if !waiting.is_due() {
            return Vec::new();
        }
        waiting.lines.iter().take(most).map(|(id, lines)| (*id, lines.clone())).collect()
    }

    /// Forgets what is written now, but for what was counted meanwhile.
    pub(crate) fn written(&self, some: &[(AccountId, Vec<Line>)]) {
        let mut waiting = self.waiting.lock();
        for (id, written) in some {
            let Some(lines) = waiting.lines.get_mut(id) else { continue };
            for line in lines.iter_mut() {
                if let Some(done) = written.iter().find(|it| it.is_like(line)) {
                    line.count = line.count.saturating_sub(done.count);
                    line.first = done.last;
                }
            }
            lines.retain(|line| line.count > 0);
            if lines.is_empty() {
                waiting.lines.remove(id);
            }
        }
        if waiting.lines.is_empty() {
            waiting.since = None;
        }
    }
}

impl Waiting {
    fn is_due(&self) -> bool {
        !self.lines.is_empty()
            && (self.hurried || self.since.is_some_and(|since| since.elapsed() >= PATIENCE))
    }
}

impl Line {
    fn add(&mut self, more: &Line) {
        self.count = self.count.saturating_add(more.count);
        self.last = self.last.max(more.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(account: u64, peer: u32, at: i64, result: AttemptResult) -> LoginAttempt {
        let (account, peer) = (AccountId(account), IpAddr::V4(peer.into()));
        let (protocol, actor) = (Protocol::Imap, "a@a.example".to_owned());
        LoginAttempt { account, protocol, peer, actor, at: UnixTime(at), result }
    }

    #[test]
    fn memory_is_bounded_and_nothing_is_uncounted() {
        let attempts = Attempts::default();
        for peer in 0..1000 {
            attempts.note(attempt(1, peer, 7200, AttemptResult::Failed));
            attempts.note(attempt(1, peer, 7201, AttemptResult::Succeeded));
        }
        attempts.hurry();
        let taken = attempts.take(10);
        assert!(taken[0].1.len() <= LINES + 2);
        assert_eq!(taken[0].1.iter().map(|line| line.count).sum::<u64>(), 2000);
        for account in 0..30_000 {
            attempts.note(attempt(account, 1, 7200, AttemptResult::Failed));
        }
        assert_eq!(attempts.due(), ACCOUNTS);
    }

    #[test]
    fn what_comes_while_it_is_written_is_kept() {
        let attempts = Attempts::default();
        attempts.note(attempt(1, 1, 7200, AttemptResult::Failed));
        assert!(attempts.take(10).is_empty(), "not due yet");
        attempts.hurry();
        let taken = attempts.take(10);
        attempts.note(attempt(1, 1, 7205, AttemptResult::Failed));
        attempts.note(attempt(1, 1, 7206, AttemptResult::Succeeded));
        attempts.written(&taken);
        let left = &attempts.take(10)[0].1;
        let counts: Vec<_> = left.iter().map(|line| (line.result.action(), line.count)).collect();
        assert_eq!(counts, [("login_failed", 1), ("login", 1)]);
        attempts.written(&attempts.take(10));
        assert_eq!(attempts.due(), 0);
    }
}
