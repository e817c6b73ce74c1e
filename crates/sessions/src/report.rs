//! What became of the sessions that an act meant.

use crate::SessionRecord;
use cluster::{Acknowledgement, Node, OrderId};
use terms::{AuditId, EndReason, UnixTime};

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
        login = &*session.login,
        on_behalf = session.on_behalf.as_deref(),
        client = record.client.as_deref(),
        age_seconds = record.age(now),
        reason = reason.name(),
        audit = %audit,
        "{what}"
    );
}
