//! What must be true of an account's record, whatever its clients did and whenever.
//!
//! The clients' clocks are one clock. An event is noted after it was seen and a request before it is sent, so
//! an order covers everything that was confirmed before its `asked`, and nothing that was asked for after its
//! `answered`. In between, both is right.

use super::history::{Answer, Moment, Order, Outcome, Record, Session};
use super::letter::LetterId;
use std::collections::BTreeMap;
use std::time::Duration;

/// A client that reads all the time, on a busy machine, notices the end of its session within this.
const NOTICE: Duration = Duration::from_secs(5);

/// Everything that is wrong. `kept` is what was found in the account at the end.
pub(super) fn judge(record: &Record, kept: &[LetterId]) -> Vec<String> {
    let mut wrongs = record.wrongs.clone();
    for (id, session) in record.sessions.iter().enumerate() {
        let mut wrong = |what: String| wrongs.push(format!("session {id} {what}"));
        judge_login(record, session, &mut wrong);
        judge_end(record, session, &mut wrong);
    }
    for (place, order) in record.orders.iter().enumerate() {
        judge_order(record, place, order, &mut wrongs);
    }
    judge_letters(record, kept, &mut wrongs);
    wrongs
}

/// Old passwords fail after a change was confirmed; the current one works while nothing is being changed.
fn judge_login(record: &Record, session: &Session, wrong: &mut impl FnMut(String)) {
    let Some((at, answer)) = session.answered else { return };
    let newer = |order: &&Order| order.password.is_some_and(|new| new > session.password);
    match answer {
        Answer::Yes => {
            let changed = record
                .orders
                .iter()
                .filter(newer)
                .any(|order| order.answered.is_some_and(|answered| answered <= session.asked));
            if changed {
                wrong(format!("was confirmed with password {}, which is old", session.password));
            }
        }
        Answer::No => {
            let valid_since = record
                .orders
                .iter()
                .find(|order| order.password == Some(session.password))
                .map_or(Some(Moment::ZERO), |order| order.answered);
            let valid = valid_since.is_some_and(|since| since <= session.asked)
                && !record.orders.iter().filter(newer).any(|order| order.asked <= at);
            if valid && !is_covered(record, session.asked, at) {
                wrong(format!("was refused with password {}, which is right", session.password));
            }
        }
        Answer::NotNow => {}
    }
}

/// A session ends by its client, or by an order that was under way after it was asked for.
fn judge_end(record: &Record, session: &Session, wrong: &mut impl FnMut(String)) {
    let Some(ended) = session.ended else { return };
    if session.left.is_none() && !is_covered(record, session.asked, ended) {
        wrong("was ended by the server, and nobody had ordered it".into());
    }
}

/// Whether an order was under way at some time between these two.
fn is_covered(record: &Record, from: Moment, to: Moment) -> bool {
    record
        .orders
        .iter()
        .any(|order| order.asked <= to && order.answered.is_none_or(|answered| from <= answered))
}

/// What an order has made void is over at its answer, and silent from then on.
fn judge_order(record: &Record, place: usize, order: &Order, wrongs: &mut Vec<String>) {
    let Some(obeyed) = order.answered else { return };
    for (id, session) in record.sessions.iter().enumerate() {
        let Some((confirmed, Answer::Yes)) = session.answered else { continue };
        let old_password = order.password.is_some_and(|new| session.password < new);
        let before = confirmed <= order.asked;
        if !before && !old_password || session.asked >= obeyed {
            continue;
        }
        let mut wrong = |what: String| {
            wrongs.push(format!("session {id} {what} order {place} was obeyed"));
        };
        let gone = session.left.into_iter().chain(session.ended).min();
        if gone.is_none_or(|gone| gone > obeyed + NOTICE) {
            wrong("was alive long after".into());
        }
        let arrived =
            order.arrived.iter().find(|(open, _)| *open == id).map(|(_, arrived)| *arrived);
        if let Some(arrived) = arrived {
            if session.arrived > arrived {
                wrong(format!("received {} bytes after", session.arrived - arrived));
            }
            if session.arrived_at_answer > arrived {
                wrong("was confirmed with an old password after".into());
            }
        }
        for (letter, sent) in &record.letters {
            if sent.session == Some(id) && sent.sent > obeyed && sent.outcome != Outcome::Unknown {
                wrong(format!("was answered about letter {} that it sent after", letter.0));
            }
        }
    }
}

/// What was acknowledged is there once, unless it was removed; what was refused or removed is not.
fn judge_letters(record: &Record, kept: &[LetterId], wrongs: &mut Vec<String>) {
    let mut copies: BTreeMap<LetterId, usize> = BTreeMap::new();
    for id in kept {
        *copies.entry(*id).or_default() += 1;
    }
    for id in copies.keys().filter(|id| !record.letters.contains_key(id)) {
        wrongs.push(format!("letter {} is there, and nobody sent it to this account", id.0));
    }
    for (id, letter) in &record.letters {
        let found = copies.get(id).copied().unwrap_or_default();
        let removals = || record.removals.iter().filter(|removal| removal.letters.contains(id));
        let removed = removals().any(|removal| removal.outcome == Outcome::Done);
        let perhaps = removals().any(|removal| removal.outcome == Outcome::Unknown);
        let after_its_end = letter.session.and_then(|id| void_at(record, id));
        let number = id.0;
        match letter.outcome {
            _ if found > 1 => wrongs.push(format!("letter {number} is there {found} times")),
            _ if removed && found > 0 => {
                wrongs.push(format!("letter {number} is there, though its removal was confirmed"));
            }
            Outcome::Refused if found > 0 => {
                wrongs.push(format!("letter {number} is there, though it was refused"));
            }
            Outcome::Done if found == 0 && !removed && !perhaps => {
                wrongs.push(format!("letter {number} is lost, though it was acknowledged"));
            }
            Outcome::Unknown if found > 0 && after_its_end.is_some_and(|end| end < letter.sent) => {
                wrongs.push(format!("letter {number} is there, though its session was over"));
            }
            _ => {}
        }
    }
    for removal in record.removals.iter().filter(|removal| removal.outcome == Outcome::Unknown) {
        let only_here = |id: &&LetterId| {
            record.removals.iter().filter(|other| other.letters.contains(id)).count() == 1
        };
        let mine: Vec<_> = removal.letters.iter().filter(only_here).collect();
        let there = mine.iter().filter(|id| copies.contains_key(id)).count();
        if there != 0 && there != mine.len() {
            wrongs.push(format!(
                "a cut QUIT removed {} of {} messages",
                mine.len() - there,
                mine.len()
            ));
        }
    }
}

/// When the first order was obeyed that made a session void.
fn void_at(record: &Record, id: usize) -> Option<Moment> {
    let (confirmed, _) = record.sessions.get(id)?.answered?;
    let orders = record.orders.iter().filter(|order| confirmed <= order.asked);
    orders.filter_map(|order| order.answered).min()
}

#[cfg(test)]
mod tests;
