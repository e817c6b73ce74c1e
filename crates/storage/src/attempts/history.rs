//! Attempts to log in as lines of an account's history: one line per hour, protocol, address, actor and result, with
//! a count. Bounded per hour and in all.

use super::{Line, hour};
use crate::{AttemptResult, HistoryEntry};
use serde_json::{Value, json};
use terms::{AccountId, Protocol, UnixTime};

/// Lines of an account that are looked at for one to count on.
pub(crate) const RECENT: u64 = 100;
/// Lines of one hour; further addresses are counted together.
const PER_HOUR: usize = 50;
/// Lines of an account that are kept; older ones go.
pub(crate) const KEPT: u64 = 500;

/// A line that is stored.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The engine's number of it.
    pub(crate) id: i64,
    line: Line,
}

/// What becomes of some attempts.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Stored lines that get another detail.
    pub(crate) counted: Vec<(i64, Value)>,
    /// Lines to add.
    pub(crate) new: Vec<HistoryEntry>,
}

impl Stored {
    /// Reads a stored line. None: not one of ours that could be counted on.
    pub(crate) fn read(
        id: i64,
        at: UnixTime,
        actor: String,
        peer: Option<&str>,
        action: &str,
        detail: &Value,
    ) -> Option<Self> {
        let is = |protocol: &Protocol| detail["protocol"] == protocol.name();
        let protocol = [Protocol::Imap, Protocol::Pop3].into_iter().find(is)?;
        let results = [AttemptResult::Succeeded, AttemptResult::Failed];
        let result = results.into_iter().find(|result| result.action() == action)?;
        let peer = peer.map(str::parse).transpose().ok()?;
        let last = UnixTime(detail["last"].as_i64().unwrap_or(at.0));
        let count = detail["count"].as_u64().unwrap_or(0);
        Some(Self { id, line: Line { protocol, peer, actor, result, first: at, last, count } })
    }
}

/// Decides where attempts are counted, given the account's [`RECENT`] latest lines.
pub(crate) fn plan(account: AccountId, recent: Vec<Stored>, attempts: &[Line]) -> Plan {
    struct Known {
        id: Option<i64>,
        line: Line,
        changed: bool,
    }
    let known = recent.into_iter();
    let known = known.map(|it| Known { id: Some(it.id), line: it.line, changed: false });
    let mut known: Vec<Known> = known.collect();
    for attempt in attempts {
        let this_hour = known.iter().filter(|it| it.line.hour() == hour(attempt.first)).count();
        let is_crowded = this_hour >= PER_HOUR && !known.iter().any(|it| it.line.is_like(attempt));
        let mut line = attempt.clone();
        if is_crowded {
            line.peer = None;
        }
        match known.iter_mut().find(|it| it.line.is_like(&line)) {
            Some(like) => {
                like.line.add(&line);
                like.changed = true;
            }
            None => known.push(Known { id: None, line, changed: true }),
        }
    }
    let mut plan = Plan::default();
    for Known { id, line, .. } in known.into_iter().filter(|it| it.changed) {
        let detail =
            json!({ "protocol": line.protocol.name(), "count": line.count, "last": line.last.0 });
        match id {
            Some(id) => plan.counted.push((id, detail)),
            None => plan.new.push(HistoryEntry {
                at: line.first,
                account,
                actor: line.actor,
                peer: line.peer,
                audit: None,
                action: line.result.action().to_owned(),
                detail,
            }),
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(peer: u32, at: i64, count: u64) -> Line {
        Line {
            protocol: Protocol::Imap,
            peer: Some(std::net::IpAddr::V4(peer.into())),
            actor: "a@a.example".to_owned(),
            result: AttemptResult::Failed,
            first: UnixTime(at),
            last: UnixTime(at),
            count,
        }
    }

    #[test]
    fn attempts_are_counted_where_their_like_are() {
        let detail = json!({ "protocol": "imap", "count": 3, "last": 7300 });
        let at = UnixTime(7200);
        let read = |action, detail| {
            Stored::read(7, at, "a@a.example".to_owned(), Some("0.0.0.1"), action, detail)
        };
        let stored = read("login_failed", &detail).unwrap();
        assert!(read("rename", &detail).is_none() && read("login", &json!(null)).is_none());
        let attempts = [line(1, 7400, 2), line(2, 7400, 1), line(1, 10_800, 1)];
        let plan = plan(AccountId(1), vec![stored], &attempts);
        let counted = json!({ "protocol": "imap", "count": 5, "last": 7400 });
        assert_eq!(plan.counted, [(7, counted)]);
        let new: Vec<_> =
            plan.new.iter().map(|it| (it.at.0, it.peer.unwrap().to_string())).collect();
        assert_eq!(new, [(7400, "0.0.0.2".to_owned()), (10_800, "0.0.0.1".to_owned())]);
    }

    #[test]
    fn a_crowded_hour_counts_addresses_together() {
        let attempts: Vec<_> = (0..80).map(|peer| line(peer, 7200, 1)).collect();
        let plan = plan(AccountId(1), Vec::new(), &attempts);
        assert_eq!(plan.new.len(), PER_HOUR + 1);
        let together = plan.new.last().unwrap();
        assert_eq!((together.peer, &together.detail["count"]), (None, &json!(30)));
    }
}
