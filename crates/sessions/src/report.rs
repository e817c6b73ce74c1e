//! What became of the sessions that an act meant.

use crate::SessionRecord;
use cluster::{Acknowledgement, Node, OrderId};
use terms::{AuditId, EndReason, UnixTime, printable};

/// So many letters of a login name are logged.
const LOGIN_MAX: usize = 100;

/// One node's account of one ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeReport {
    /// Which node.
    pub node: Node,
    /// The sessions that are over.
    pub ended: Vec<SessionRecord>,
    /// The sessions that were told, and are not over.
    pub open: Vec<SessionRecord>,
}

impl NodeReport {
    /// The account of a node that found nothing.
    pub fn empty(node: Node) -> Self {
        Self { node, ended: Vec::new(), open: Vec::new() }
    }

    /// How many sessions the order covered.
    pub fn found(&self) -> usize {
        self.ended.len() + self.open.len()
    }

    /// The same as an answer to the order.
    pub fn acknowledgement(&self, order: OrderId) -> Acknowledgement {
        Acknowledgement { order, node: self.node, found: self.found(), ended: self.ended.len() }
    }

    /// Writes one line per session to the log.
    pub fn log(&self, audit: &AuditId, reason: EndReason, now: UnixTime) {
        for record in &self.ended {
            log_session("session ended", record, audit, reason, now);
        }
        for record in &self.open {
            log_session("session did not end in time", record, audit, reason, now);
        }
    }
}

fn log_session(
    what: &str,
    record: &SessionRecord,
    audit: &AuditId,
    reason: EndReason,
    now: UnixTime,
) {
    let session = &record.session;
    tracing::info!(
        session = %record.key,
        account = %session.account,
        protocol = %session.protocol,
        peer = %session.peer,
        login = printable(&session.login, LOGIN_MAX),
        on_behalf = session.on_behalf.as_deref(),
        client = record.client.as_deref(),
        age_seconds = record.age(now),
        reason = reason.name(),
        audit = %audit,
        "{what}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Session, Sessions};
    use cluster::{Credential, Filter, Order};
    use std::convert::Infallible;
    use std::io::Write;
    use std::pin::pin;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll, Waker};
    use terms::{AccountId, Epoch, Incarnation, NodeId, Protocol, TokenId};

    /// A log kept in memory.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_log_says_who_was_ended_and_nothing_breaks_its_lines() {
        let node = Node { id: NodeId(1), incarnation: Incarnation(7) };
        let sessions = Sessions::new(node, Limits::default());
        let session = Session {
            account: AccountId(5),
            epoch: Epoch(1),
            protocol: Protocol::Pop3,
            peer: "[2001:db8::7]:40000".parse().unwrap(),
            tls: true,
            trusted: false,
            login: "alice\r\nforged".into(),
            on_behalf: Some("admin@example.com".into()),
            alias: None,
            credential: Credential::Token(TokenId(5_424_357)),
            since: UnixTime(1000),
        };
        let unconfirmed = sessions.register(session).unwrap();
        let stands = std::future::ready(Ok::<_, Infallible>(true));
        let mut confirm = pin!(unconfirmed.confirm(stands));
        let Poll::Ready(Ok((guard, _orders))) =
            confirm.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("not confirmed")
        };
        guard.note_client("Thunderbird\nforged");
        let audit = AuditId("a1".into());
        let ending = sessions.end(&Order {
            id: sessions.new_order_id(),
            account: AccountId(5),
            below: Epoch(2),
            filter: Filter::all(),
            reason: EndReason::LoggedOut,
            audit: audit.clone(),
        });

        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            ending.report().log(&audit, EndReason::LoggedOut, UnixTime(1060));
            drop(guard);
            ending.report().log(&audit, EndReason::LoggedOut, UnixTime(1061));
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let line = |what: &str, age: u64| {
            format!(
                " INFO sessions::report: {what} session=1.7.1 account=5 protocol=pop3 \
                 peer=[2001:db8::7]:40000 login=\"alice\u{fffd}\u{fffd}forged\" \
                 on_behalf=\"admin@example.com\" client=\"Thunderbird\u{fffd}forged\" \
                 age_seconds={age} reason=\"logged_out\" audit=a1"
            )
        };
        let expected = [line("session did not end in time", 60), line("session ended", 61)];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        assert!(!text.contains("5424357"), "credentials are not for the log");
    }
}
