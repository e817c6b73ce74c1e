//! Records made by hand: right ones, and one for each way in which the promise can be broken.

use super::*;
use crate::soak::history::{Letter, Removal};

fn at(seconds: u64) -> Moment {
    Moment::from_secs(seconds)
}

/// Confirmed at 2, with the first password.
fn session() -> Session {
    Session {
        password: 0,
        asked: at(1),
        answered: Some((at(2), Answer::Yes)),
        arrived_at_answer: 10,
        left: None,
        ended: None,
        arrived: 100,
    }
}

/// Asked for at 5, obeyed at 6, when a hundred bytes had arrived on session 0.
fn order(password: Option<usize>) -> Order {
    Order { password, asked: at(5), answered: Some(at(6)), arrived: vec![(0, 100)] }
}

fn letter(outcome: Outcome) -> Letter {
    Letter { sent: at(3), session: Some(0), outcome }
}

#[track_caller]
fn check(record: &Record, kept: &[u64], expected: &[&str]) {
    let kept: Vec<LetterId> = kept.iter().copied().map(LetterId).collect();
    assert_eq!(judge(record, &kept), expected);
}

fn of(sessions: Vec<Session>, orders: Vec<Order>) -> Record {
    Record { sessions, orders, ..Record::default() }
}

#[test]
fn ends() {
    let ended = |seconds| Session { ended: Some(at(seconds)), ..session() };
    check(&of(vec![ended(6)], vec![order(None)]), &[], &[]);
    check(&of(vec![ended(7)], vec![order(None)]), &[], &[]);
    let nobody = "session 0 was ended by the server, and nobody had ordered it";
    check(&of(vec![ended(4)], vec![order(None)]), &[], &[nobody]);
    check(&of(vec![ended(4)], vec![]), &[], &[nobody]);
    // Asked for after the answer: the order, however late, does not touch it.
    let late = Session { asked: at(7), answered: Some((at(8), Answer::Yes)), ..ended(9) };
    check(&of(vec![late], vec![order(None)]), &[], &[nobody]);
    // In between, both is right.
    let racing = Session { asked: at(4), answered: Some((at(6), Answer::Yes)), ..ended(7) };
    check(&of(vec![racing.clone()], vec![order(None)]), &[], &[]);
    check(&of(vec![Session { ended: None, ..racing }], vec![order(None)]), &[], &[]);

    let alive = "session 0 was alive long after order 0 was obeyed";
    check(&of(vec![session()], vec![order(None)]), &[], &[alive]);
    check(&of(vec![Session { left: Some(at(3)), ..session() }], vec![order(None)]), &[], &[]);
}

#[test]
fn bytes() {
    let loud = Session { ended: Some(at(6)), arrived: 101, ..session() };
    let what = "session 0 received 1 bytes after order 0 was obeyed";
    check(&of(vec![loud], vec![order(None)]), &[], &[what]);
}

#[test]
fn passwords() {
    let login = |password, asked, answer, answered| Session {
        password,
        asked: at(asked),
        answered: Some((at(answered), answer)),
        ended: Some(at(30)),
        left: Some(at(answered)),
        ..session()
    };
    let changed = || vec![order(Some(1))];
    let old = "session 0 was confirmed with password 0, which is old";
    check(&of(vec![login(0, 7, Answer::Yes, 8)], changed()), &[], &[old]);
    check(&of(vec![login(0, 7, Answer::No, 8)], changed()), &[], &[]);
    check(&of(vec![login(1, 7, Answer::Yes, 8)], changed()), &[], &[]);
    let refused = "session 0 was refused with password 1, which is right";
    check(&of(vec![login(1, 7, Answer::No, 8)], changed()), &[], &[refused]);
    check(&of(vec![login(1, 4, Answer::No, 5)], changed()), &[], &[]);
    check(&of(vec![login(0, 4, Answer::No, 5)], changed()), &[], &[]);
    let refused = "session 0 was refused with password 0, which is right";
    check(&of(vec![login(0, 3, Answer::No, 4)], changed()), &[], &[refused]);

    // Confirmed while the change was under way: it has to go with the others.
    let racing = Session { answered: Some((at(6), Answer::Yes)), asked: at(5), ..session() };
    let confirmed =
        Session { arrived_at_answer: 120, arrived: 120, ended: Some(at(7)), ..racing.clone() };
    let received = "session 0 received 20 bytes after order 0 was obeyed";
    let late = "session 0 was confirmed with an old password after order 0 was obeyed";
    check(&of(vec![confirmed], changed()), &[], &[received, late]);
    let alive = "session 0 was alive long after order 0 was obeyed";
    check(&of(vec![racing], changed()), &[], &[alive]);
}

#[test]
fn letters() {
    let with = |outcome, removals: &[Outcome]| Record {
        letters: [(LetterId(1), letter(outcome))].into(),
        removals: removals
            .iter()
            .map(|outcome| Removal { letters: vec![LetterId(1)], outcome: *outcome })
            .collect(),
        ..Record::default()
    };
    check(&with(Outcome::Done, &[]), &[1], &[]);
    check(&with(Outcome::Done, &[]), &[], &["letter 1 is lost, though it was acknowledged"]);
    check(&with(Outcome::Done, &[]), &[1, 1], &["letter 1 is there 2 times"]);
    check(&with(Outcome::Unknown, &[]), &[1], &[]);
    check(&with(Outcome::Unknown, &[]), &[], &[]);
    check(&with(Outcome::Unknown, &[]), &[1, 1], &["letter 1 is there 2 times"]);
    check(&with(Outcome::Refused, &[]), &[1], &["letter 1 is there, though it was refused"]);
    check(&with(Outcome::Done, &[Outcome::Done]), &[], &[]);
    let back = "letter 1 is there, though its removal was confirmed";
    check(&with(Outcome::Done, &[Outcome::Done]), &[1], &[back]);
    check(&with(Outcome::Done, &[Outcome::Unknown]), &[1], &[]);
    check(&with(Outcome::Done, &[Outcome::Unknown]), &[], &[]);
    let lost = "letter 1 is lost, though it was acknowledged";
    check(&with(Outcome::Done, &[Outcome::Refused]), &[], &[lost]);
    let foreign = "letter 2 is there, and nobody sent it to this account";
    check(&with(Outcome::Unknown, &[]), &[2], &[foreign]);
}

#[test]
fn a_cut_quit_removes_all_or_nothing() {
    let record = Record {
        letters: [1, 2].map(|id| (LetterId(id), letter(Outcome::Done))).into(),
        removals: vec![Removal {
            letters: vec![LetterId(1), LetterId(2)],
            outcome: Outcome::Unknown,
        }],
        ..Record::default()
    };
    check(&record, &[1, 2], &[]);
    check(&record, &[], &[]);
    check(&record, &[2], &["a cut QUIT removed 1 of 2 messages"]);
}

#[test]
fn what_a_dead_session_sends() {
    let ended = Session { ended: Some(at(6)), ..session() };
    let mut record = of(vec![ended], vec![order(None)]);
    record.letters.insert(LetterId(1), Letter { sent: at(7), ..letter(Outcome::Unknown) });
    check(&record, &[], &[]);
    check(&record, &[1], &["letter 1 is there, though its session was over"]);
    record.letters.insert(LetterId(1), Letter { sent: at(7), ..letter(Outcome::Done) });
    let answered = "session 0 was answered about letter 1 that it sent after order 0 was obeyed";
    check(&record, &[1], &[answered]);
}
