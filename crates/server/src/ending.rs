//! Ending the sessions whose logins were made void, and not saying so before it is true.

use crate::host::now;
use crate::metrics::Metrics;
use api::{BoxFuture, EndSessions, NotConfirmed};
use cluster::{Filter, Order};
use sessions::Sessions;
use std::time::Instant;
use storage::Raised;
use terms::{AuditId, EndReason};
use tokio::time::timeout_at;

/// Ends sessions on every node (there is one).
#[derive(Clone, Debug)]
pub(crate) struct Ender {
    /// Who is connected.
    pub(crate) sessions: Sessions,
    /// What operators see.
    pub(crate) metrics: Metrics,
}

impl Ender {
    /// Ends every session of the account whose login the raised epoch made void. The epoch is on
    /// disk. Answers when they are over: dialogue dropped, socket closed.
    ///
    /// # Errors
    /// [`NotConfirmed`] at the deadline. The order stands; asking again is safe.
    pub(crate) async fn end_all(
        &self,
        raised: &Raised,
        reason: EndReason,
        audit: &AuditId,
        deadline: Instant,
    ) -> Result<(), NotConfirmed> {
        let started = Instant::now();
        let ending = self.sessions.end(&Order {
            id: self.sessions.new_order_id(),
            account: raised.account,
            below: raised.epoch,
            filter: Filter::scopes(&raised.scopes),
            reason,
            audit: audit.clone(),
        });
        let confirmed = timeout_at(deadline.into(), ending.finished()).await.is_ok();
        let report = ending.report();
        report.log(audit, reason, now());
        self.metrics.sessions_ended(reason, report.ended.len(), started.elapsed());
        if confirmed {
            return Ok(());
        }
        self.metrics.logout_unconfirmed();
        Err(NotConfirmed)
    }
}

impl EndSessions for Ender {
    fn end<'a>(
        &'a self,
        raised: &'a Raised,
        reason: EndReason,
        audit: &'a AuditId,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<(), NotConfirmed>> {
        Box::pin(self.end_all(raised, reason, audit, deadline))
    }
}
