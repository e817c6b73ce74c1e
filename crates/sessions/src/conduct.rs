//! The logout procedure as one node conducts it that runs alone: what goes over a bus between nodes
//! is a call here. The deadline is the caller's future, so that no clock is needed.

use crate::logout::{Action, Event, Failure, Logout, NodeOutcome, Request};
use crate::{NodeReport, Sessions};
use cluster::Membership;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use terms::Epoch;

/// A logout that was carried out: every session it was about is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What each node confirmed.
    pub nodes: Vec<NodeOutcome>,
    /// The sessions of this node.
    pub local: NodeReport,
}

/// A logout that is not confirmed. Calling again is safe, and repeats only what is not done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError<E> {
    /// The epoch was not raised, for this reason. No session was ordered to end.
    #[error("the account's epoch could not be raised: {0}")]
    Raise(E),
    /// The deadline came first.
    #[error("{failure}")]
    Late {
        /// What is not confirmed.
        failure: Failure,
        /// The sessions of this node, as far as they were ordered to end.
        local: Option<NodeReport>,
    },
}

impl Sessions {
    /// Makes logins void and ends their sessions; answers when they are over, or at the deadline.
    ///
    /// `raise` raises the account's epoch durably, alone or in one transaction with the change that
    /// takes access away, and answers the raised epoch. It has not begun before this is called. If
    /// the deadline comes while it is under way, the epoch may or may not be raised later.
    ///
    /// Dropping this future gives up waiting; sessions that were told end all the same.
    pub async fn log_out<E>(
        &self,
        request: Request,
        raise: impl Future<Output = Result<Epoch, E>>,
        deadline: impl Future<Output = ()>,
    ) -> Result<Report, LogoutError<E>> {
        let mut raise = pin!(raise);
        let mut deadline = pin!(deadline);
        let mut local = None;
        let (mut logout, actions) = Logout::begin(self.new_order_id(), request);
        let mut actions = VecDeque::from(actions);
        loop {
            let action = actions.pop_front();
            let event = match action {
                Some(Action::Raise) => tokio::select! {
                    biased;
                    raised = &mut raise => match raised {
                        Ok(epoch) => Event::Raised(epoch),
                        Err(error) => return Err(LogoutError::Raise(error)),
                    },
                    () = &mut deadline => Event::Deadline,
                },
                Some(Action::ReadMembers) => Event::Members(Membership::alone(self.node())),
                Some(Action::Send { order, .. }) => {
                    let ending = self.end(&order);
                    let in_time = tokio::select! {
                        biased;
                        () = ending.finished() => true,
                        () = &mut deadline => false,
                    };
                    let report = ending.report();
                    let answer = Event::Acknowledged(report.acknowledgement(order.id));
                    local = Some(report);
                    actions.extend(logout.handle(answer));
                    if in_time {
                        continue;
                    }
                    Event::Deadline
                }
                Some(Action::Finish(Ok(nodes))) => {
                    let local = local.unwrap_or_else(|| NodeReport::empty(self.node()));
                    return Ok(Report { nodes, local });
                }
                Some(Action::Finish(Err(failure))) => {
                    return Err(LogoutError::Late { failure, local });
                }
                // Not so in a procedure of one node; but if it were, then nothing more would come.
                None => Event::Deadline,
            };
            actions.extend(logout.handle(event));
        }
    }
}
