//! Seeing live sessions and ending them, and not saying so before it is true.

use crate::host::now;
use crate::metrics::Metrics;
use api::{BoxFuture, LiveSessions, NotConfirmed};
use cluster::{Filter, Order, SessionKey};
use futures::future::join_all;
use sessions::{Ending, NodeReport, SessionRecord, Sessions};
use std::collections::BTreeMap;
use std::time::Instant;
use storage::Raised;
use terms::{AccountId, AuditId, EndReason, Epoch};
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

    /// Ends these sessions and no others; no login is made void. What is not over at the deadline is
    /// reported as open; the order stands.
    pub(crate) async fn end_chosen(
        &self,
        these: &[SessionRecord],
        reason: EndReason,
        audit: &AuditId,
        deadline: Instant,
    ) -> NodeReport {
        let started = Instant::now();
        let mut chosen: BTreeMap<AccountId, Vec<&SessionRecord>> = BTreeMap::new();
        for record in these {
            chosen.entry(record.session.account).or_default().push(record);
        }
        let endings: Vec<Ending> = chosen
            .into_iter()
            .map(|(account, records)| {
                let highest = records.iter().map(|record| record.session.epoch.0).max();
                self.sessions.end(&Order {
                    id: self.sessions.new_order_id(),
                    account,
                    below: Epoch(highest.map_or(0, |epoch| epoch.saturating_add(1))),
                    filter: Filter::all().keys(records.iter().map(|record| record.key)),
                    reason,
                    audit: audit.clone(),
                })
            })
            .collect();
        let all = join_all(endings.iter().map(Ending::finished));
        let confirmed = timeout_at(deadline.into(), all).await.is_ok();
        let mut report = NodeReport::empty(self.sessions.node());
        for NodeReport { ended, open, .. } in endings.iter().map(Ending::report) {
            report.ended.extend(ended);
            report.open.extend(open);
        }
        report.log(audit, reason, now());
        self.metrics.sessions_ended(reason, report.ended.len(), started.elapsed());
        if !confirmed {
            self.metrics.logout_unconfirmed();
        }
        report
    }
}

impl LiveSessions for Ender {
    fn end<'a>(
        &'a self,
        raised: &'a Raised,
        reason: EndReason,
        audit: &'a AuditId,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<(), NotConfirmed>> {
        Box::pin(self.end_all(raised, reason, audit, deadline))
    }

    fn end_these<'a>(
        &'a self,
        these: &'a [SessionRecord],
        reason: EndReason,
        audit: &'a AuditId,
        deadline: Instant,
    ) -> BoxFuture<'a, Vec<NodeReport>> {
        Box::pin(async move { vec![self.end_chosen(these, reason, audit, deadline).await] })
    }

    fn of_accounts<'a>(&'a self, accounts: &'a [AccountId]) -> BoxFuture<'a, Vec<SessionRecord>> {
        let records = accounts.iter().flat_map(|account| self.sessions.list(*account)).collect();
        Box::pin(std::future::ready(records))
    }

    fn find(&self, key: SessionKey) -> BoxFuture<'_, Option<SessionRecord>> {
        Box::pin(std::future::ready(self.sessions.find(key)))
    }
}
