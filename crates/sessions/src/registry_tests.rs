//! The table step by step: after each step its whole state is printed and compared as text.

use crate::{Limits, Outcome, Refusal, Registry, Session, Tally};
use cluster::{Credential, Filter, Node, Order, OrderId, SessionKey};
use std::fmt::Write;
use std::sync::Arc;
use terms::{
    AccountId, AuditId, EndReason, Epoch, Incarnation, NodeId, Protocol, Scope, SessionId, UnixTime,
};

const NODE: Node = Node { id: NodeId(1), incarnation: Incarnation(1) };

/// A table, and what it answered to the last step.
struct Desk {
    registry: Registry<&'static str>,
    orders: u64,
    said: String,
}

impl Desk {
    fn new(per_account: usize, per_account_and_address: usize) -> Self {
        let limits = Limits { per_account, per_account_and_address };
        Self { registry: Registry::new(NODE, limits), orders: 0, said: String::new() }
    }

    /// `imap alice@3 from 192.0.2.1`: a session in a protocol, of account 1 (alice) or 2 (bob), at an
    /// epoch, from an address; `trusted` may follow, or `by bob@2`: bob at his epoch 2, on behalf.
    fn open(&mut self, text: &'static str) -> &mut Self {
        self.said = match self.registry.register(Arc::new(session(text)), text) {
            Ok(key) => format!("opened {}\n", key.id),
            Err(refusal) => format!("refused: {refusal}\n"),
        };
        self
    }

    fn close(&mut self, id: u64) -> &mut Self {
        self.said.clear();
        for (_, tally) in self.registry.remove(SessionId(id)) {
            self.finished(&tally);
        }
        self
    }

    fn end(&mut self, account: u64, below: u64, filter: impl Into<Filter>) -> &mut Self {
        self.orders += 1;
        let ordered = self.registry.end(&Order {
            id: OrderId { issuer: NODE, number: self.orders },
            account: AccountId(account),
            below: Epoch(below),
            filter: filter.into(),
            reason: EndReason::LoggedOut,
            audit: AuditId("a1".into()),
        });
        self.ordered(ordered)
    }

    fn end_everything(&mut self) -> &mut Self {
        let ordered = self.registry.end_everything();
        self.ordered(ordered)
    }

    fn ordered(&mut self, ordered: crate::Ordered<&'static str>) -> &mut Self {
        self.said = format!("tell {:?}\n", ordered.tell);
        if let Outcome::Finished(tally) = ordered.outcome {
            self.finished(&tally);
        }
        self
    }

    fn finished(&mut self, tally: &Tally<&'static str>) {
        let ids: Vec<u64> = tally.ended().iter().map(|(key, _)| key.id.0).collect();
        writeln!(self.said, "finished {}: {ids:?}", tally.found()).unwrap();
        assert_eq!(tally.open(), 0);
    }

    /// Compares what was said and the state, line by line.
    fn check(&mut self, expected: &[&str]) -> &mut Self {
        let mut state = std::mem::take(&mut self.said);
        for (key, row) in self.registry.sessions_after(None) {
            let told = if row.told { " told" } else { "" };
            writeln!(state, "{} {}{told}", key.id, row.line).unwrap();
        }
        for tally in self.registry.endings() {
            writeln!(state, "waiting for {} of {}", tally.open(), tally.found()).unwrap();
        }
        assert_eq!(state.lines().collect::<Vec<_>>(), expected);
        self.check_derived();
        self
    }

    /// What is kept beside the table agrees with the table.
    fn check_derived(&self) {
        for protocol in [Protocol::Imap, Protocol::Pop3] {
            let sessions = self.registry.sessions_after(None);
            let count = sessions.filter(|(_, row)| row.session.protocol == protocol).count();
            assert_eq!(self.registry.count_in(protocol), count);
        }
        for account in [AccountId(1), AccountId(2)] {
            let count = self.registry.sessions_of(account).count();
            assert_eq!(self.registry.count_of(account), count);
        }
        for (key, row) in self.registry.sessions_after(None) {
            assert_eq!(self.registry.find(key), Some(row));
        }
    }
}

fn session(text: &str) -> Session {
    let mut words = text.split(' ');
    let protocol = match words.next().unwrap() {
        "imap" => Protocol::Imap,
        "pop3" => Protocol::Pop3,
        other => panic!("{other}"),
    };
    let (login, epoch) = words.next().unwrap().split_once('@').unwrap();
    let account = if login == "bob" { AccountId(2) } else { AccountId(1) };
    assert_eq!(words.next(), Some("from"));
    Session {
        account,
        epoch: Epoch(epoch.parse().unwrap()),
        protocol,
        peer: (words.next().unwrap().parse::<std::net::IpAddr>().unwrap(), 40000).into(),
        tls: true,
        trusted: text.ends_with(" trusted"),
        login: login.into(),
        on_behalf: None,
        alias: None,
        credential: match text.split_once(" by bob@") {
            None => Credential::Password,
            Some((_, epoch)) => Credential::OnBehalf {
                administrator: AccountId(2),
                epoch: Epoch(epoch.parse().unwrap()),
            },
        },
        since: UnixTime(1000),
    }
}

/// An administrator's sessions at others go by his own epoch, and only when they are meant.
#[test]
fn an_administrator_loses_his_sessions_at_others() {
    let mut desk = Desk::new(10, 10);
    desk.open("imap alice@9 from 192.0.2.1 by bob@1");
    desk.open("imap alice@1 from 192.0.2.2 by bob@2");
    desk.open("imap alice@1 from 192.0.2.3");
    desk.open("imap bob@1 from 192.0.2.4");
    // His own sessions only.
    desk.end(2, 2, Scope::Everything);
    desk.check(&[
        "tell [\"imap bob@1 from 192.0.2.4\"]",
        "1 imap alice@9 from 192.0.2.1 by bob@1",
        "2 imap alice@1 from 192.0.2.2 by bob@2",
        "3 imap alice@1 from 192.0.2.3",
        "4 imap bob@1 from 192.0.2.4 told",
        "waiting for 1 of 1",
    ]);
    desk.close(4).end(2, 2, Filter::scopes(&[Scope::Everything, Scope::OnBehalf])).check(&[
        "tell [\"imap alice@9 from 192.0.2.1 by bob@1\"]",
        "1 imap alice@9 from 192.0.2.1 by bob@1 told",
        "2 imap alice@1 from 192.0.2.2 by bob@2",
        "3 imap alice@1 from 192.0.2.3",
        "waiting for 1 of 1",
    ]);
    // Both orders wait for the same session, and each counts it once.
    desk.end(1, 2, Scope::Everything).close(1).check(&[
        "finished 1: [1]",
        "2 imap alice@1 from 192.0.2.2 by bob@2 told",
        "3 imap alice@1 from 192.0.2.3 told",
        "waiting for 2 of 2",
    ]);
    desk.end(2, 3, Scope::OnBehalf).close(2).check(&[
        "finished 1: [2]",
        "3 imap alice@1 from 192.0.2.3 told",
        "waiting for 1 of 2",
    ]);
    desk.close(3).check(&["finished 2: [2, 3]"]);
    desk.end(2, 9, Scope::OnBehalf).check(&["tell []", "finished 0: []"]);
}

#[test]
fn a_logout_ends_what_is_below_its_epoch_and_nothing_else() {
    let mut desk = Desk::new(10, 10);
    desk.open("imap alice@3 from 192.0.2.1");
    desk.open("pop3 ALICE@2 from 192.0.2.2");
    desk.open("imap bob@1 from 192.0.2.3");
    desk.open("imap alice@4 from 192.0.2.1");
    desk.end(1, 4, Scope::Everything).check(&[
        r#"tell ["imap alice@3 from 192.0.2.1", "pop3 ALICE@2 from 192.0.2.2"]"#,
        "1 imap alice@3 from 192.0.2.1 told",
        "2 pop3 ALICE@2 from 192.0.2.2 told",
        "4 imap alice@4 from 192.0.2.1",
        "3 imap bob@1 from 192.0.2.3",
        "waiting for 2 of 2",
    ]);
    desk.close(2).check(&[
        "1 imap alice@3 from 192.0.2.1 told",
        "4 imap alice@4 from 192.0.2.1",
        "3 imap bob@1 from 192.0.2.3",
        "waiting for 1 of 2",
    ]);
    // Neither somebody else's session nor a new login is waited for.
    desk.close(3).close(4).close(4).close(99);
    desk.check(&["1 imap alice@3 from 192.0.2.1 told", "waiting for 1 of 2"]);
    desk.close(1).check(&["finished 2: [2, 1]"]);
}

#[test]
fn nothing_to_end_is_finished_at_once() {
    let mut desk = Desk::new(10, 10);
    desk.end(1, 4, Scope::Everything).check(&["tell []", "finished 0: []"]);
    desk.open("imap alice@4 from 192.0.2.1").end(1, 4, Scope::Everything).check(&[
        "tell []",
        "finished 0: []",
        "1 imap alice@4 from 192.0.2.1",
    ]);
}

#[test]
fn each_logout_waits_for_all_that_it_covers() {
    let mut desk = Desk::new(10, 10);
    desk.open("imap alice@1 from 192.0.2.1").open("imap alice@1 from 192.0.2.1");
    desk.end(1, 2, Scope::Everything);
    desk.open("imap alice@2 from 192.0.2.1");
    // The second logout tells only the new one, and waits for all three.
    desk.end(1, 3, Scope::Everything).check(&[
        r#"tell ["imap alice@2 from 192.0.2.1"]"#,
        "1 imap alice@1 from 192.0.2.1 told",
        "2 imap alice@1 from 192.0.2.1 told",
        "3 imap alice@2 from 192.0.2.1 told",
        "waiting for 2 of 2",
        "waiting for 3 of 3",
    ]);
    // The first order once more, late: it tells nobody, and counts what is left to it.
    desk.close(1).end(1, 2, Scope::Everything).check(&[
        "tell []",
        "2 imap alice@1 from 192.0.2.1 told",
        "3 imap alice@2 from 192.0.2.1 told",
        "waiting for 1 of 2",
        "waiting for 2 of 3",
        "waiting for 1 of 1",
    ]);
    desk.close(2).check(&[
        "finished 2: [1, 2]",
        "finished 1: [2]",
        "3 imap alice@2 from 192.0.2.1 told",
        "waiting for 1 of 3",
    ]);
    desk.close(3).check(&["finished 3: [1, 2, 3]"]);
}

#[test]
fn a_login_that_registers_late_is_not_counted() {
    let mut desk = Desk::new(10, 10);
    desk.open("imap alice@1 from 192.0.2.1").end(1, 2, Scope::Everything);
    // It was checked before the raise; its own recheck refuses it. Nobody waits for that.
    desk.open("imap alice@1 from 192.0.2.9")
        .close(2)
        .check(&["1 imap alice@1 from 192.0.2.1 told", "waiting for 1 of 1"]);
    desk.open("imap alice@1 from 192.0.2.9");
    desk.close(1).check(&["finished 1: [1]", "3 imap alice@1 from 192.0.2.9"]);
}

#[test]
fn a_protocol_switched_off_ends_its_sessions_only() {
    let mut desk = Desk::new(10, 10);
    desk.open("imap alice@1 from 192.0.2.1").open("pop3 alice@1 from 192.0.2.1");
    desk.end(1, 2, Scope::Protocol(Protocol::Pop3))
        .close(1)
        .check(&["2 pop3 alice@1 from 192.0.2.1 told", "waiting for 1 of 1"]);
    desk.close(2).check(&["finished 1: [2]"]);
}

#[test]
fn an_operator_ends_one_session() {
    let mut desk = Desk::new(10, 10);
    desk.open("imap alice@1 from 192.0.2.1").open("imap alice@1 from 192.0.2.1");
    let key = SessionKey { node: NODE, id: SessionId(2) };
    desk.end(1, 2, Filter::all().keys([key])).check(&[
        r#"tell ["imap alice@1 from 192.0.2.1"]"#,
        "1 imap alice@1 from 192.0.2.1",
        "2 imap alice@1 from 192.0.2.1 told",
        "waiting for 1 of 1",
    ]);
    // The right id under the wrong account is nobody's.
    desk.end(2, 2, Filter::all().keys([key]));
    assert_eq!(desk.said, "tell []\nfinished 0: []\n");
}

#[test]
fn limits_count_the_table() {
    let mut desk = Desk::new(4, 2);
    desk.open("imap alice@1 from 192.0.2.1").open("pop3 alice@1 from ::ffff:192.0.2.1");
    desk.open("imap alice@1 from 192.0.2.1");
    assert_eq!(
        desk.said,
        "refused: the account has 2 sessions from this address, no more are allowed\n"
    );
    desk.open("imap alice@1 from 192.0.2.1 trusted").open("imap alice@1 from 192.0.2.2");
    desk.open("imap alice@1 from 192.0.2.3 trusted");
    assert_eq!(desk.said, "refused: the account has 4 sessions, no more are allowed\n");
    desk.open("imap bob@1 from 192.0.2.1");
    assert_eq!(desk.said, "opened 5\n");
    // A session that is told to end still counts; one that is over does not.
    desk.end(1, 2, Scope::Everything).open("imap alice@2 from 192.0.2.9");
    assert!(desk.said.starts_with("refused"), "{}", desk.said);
    desk.close(1).open("imap alice@2 from 192.0.2.9");
    assert_eq!(desk.said, "opened 6\n");
    desk.close(2).close(3).close(4).open("imap alice@2 from 192.0.2.1");
    assert_eq!(desk.said, "opened 7\n");
}

#[test]
fn limits_of_zero_admit_nobody() {
    let refused = |limits| {
        let mut registry = Registry::new(NODE, limits);
        registry.register(Arc::new(session("imap alice@1 from 192.0.2.1")), ()).unwrap_err()
    };
    let none = Limits { per_account: 0, per_account_and_address: 0 };
    assert_eq!(refused(none), Refusal::Account(0));
    assert_eq!(refused(Limits { per_account: 1, ..none }), Refusal::Address(0));
}

#[test]
fn the_end_of_the_server_is_the_end_of_all() {
    let mut desk = Desk::new(10, 10);
    desk.open("imap alice@1 from 192.0.2.1").open("imap bob@9 from 192.0.2.1");
    desk.end(1, 2, Scope::Everything);
    desk.end_everything().check(&[
        r#"tell ["imap bob@9 from 192.0.2.1"]"#,
        "1 imap alice@1 from 192.0.2.1 told",
        "2 imap bob@9 from 192.0.2.1 told",
        "waiting for 2 of 2",
        "waiting for 1 of 1",
    ]);
    desk.open("imap alice@2 from 192.0.2.1");
    assert_eq!(desk.said, "refused: the server stops\n");
    desk.close(1).close(2).check(&["finished 2: [1, 2]"]);
}

#[test]
fn a_forgotten_ending_leaves_nothing_behind() {
    let mut desk = Desk::new(10, 10);
    desk.open("imap alice@1 from 192.0.2.1");
    let before = desk.registry.clone();
    let ordered = desk.registry.end(&Order {
        id: OrderId { issuer: NODE, number: 1 },
        account: AccountId(1),
        below: Epoch(2),
        filter: Filter::all(),
        reason: EndReason::LoggedOut,
        audit: AuditId("a1".into()),
    });
    let Outcome::Open(id) = ordered.outcome else { panic!("finished") };
    let (tally, open) = desk.registry.standing(id).unwrap();
    assert_eq!((tally.found(), open.len()), (1, 1));
    desk.registry.forget(id);
    assert!(desk.registry.standing(id).is_none());
    assert_eq!(before.endings().count(), desk.registry.endings().count());
    desk.close(1).check(&[]);
}

#[test]
fn work_follows_the_accounts_sessions() {
    let limits = Limits { per_account: usize::MAX, per_account_and_address: usize::MAX };
    let mut registry = Registry::new(NODE, limits);
    let bob = Arc::new(session("imap bob@1 from 192.0.2.1"));
    for number in 0..20_000 {
        let other = Session { account: AccountId(1000 + number), ..session("imap x@1 from ::1") };
        registry.register(Arc::new(other), ()).unwrap();
    }
    let ids: Vec<_> =
        (0..200).map(|_| registry.register(Arc::clone(&bob), ()).unwrap().id).collect();
    assert_eq!(registry.sessions_of(AccountId(2)).count(), ids.len());
    for id in &ids {
        assert!(registry.remove(*id).is_empty());
    }
    assert_eq!(registry.count_of(AccountId(2)), 0);
    assert_eq!(registry.count_in(Protocol::Imap), 20_000);
}
