//! The logout procedure: raise the epoch, order every node to end what is below it, hear from each,
//! and only then say that it is done. A pure state machine: events in, actions out; time is what
//! the conductor ([`crate::Sessions::log_out`] for one node) makes into events.
//!
//! ```text
//!            Raised           Members                  all settled
//!  Raising ─────────► Reading ───────► Asking ──────────────────────────► Finish(Ok)
//!     │                  │              │  ▲ │
//!     │                  │       Remind │  │ │ Acknowledged, Members: a node is settled when it has
//!     │                  │              └──┘ │ confirmed, or when its lease is over
//!     └─────── Deadline, NotRaised ──────────┴───────────────────────────► Finish(Err)
//! ```
//!
//! 1. Nothing is ordered before the raised epoch is on disk. A crash at any step leaves nothing
//!    done, or a raised epoch and a call that can be repeated.
//! 2. The members are read *after* the raise. A node that gets its first lease later takes only
//!    logins that carry the raised epoch, so it need not be asked; all others are in that reading.
//! 3. A node is settled by its own final acknowledgement of this order, or by a reading of the
//!    members that says its lease is over: always a fresh reading, never memory, as a lease may have
//!    been renewed. A newer incarnation of a node settles nothing.
//! 4. Success needs every node settled. There is no other way to it: no count of retries, no
//!    "probably gone", no deadline leads there.
//! 5. After the finish every event is ignored: late answers change nothing that was said.

use cluster::{Acknowledgement, Filter, Membership, Node, Order, OrderId};
use std::collections::BTreeMap;
use std::fmt;
use terms::{AccountId, AuditId, EndReason, Epoch};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// Whose sessions.
    pub account: AccountId,
    /// Which of them.
    pub filter: Filter,
    /// What the clients are told.
    pub reason: EndReason,
    /// Under which name the log has it.
    pub audit: AuditId,
}

/// What happens to a logout.
#[derive(Clone, Debug)]
pub enum Event {
    /// The account's epoch is raised, on disk, to this.
    Raised(Epoch),
    /// The epoch could not be raised.
    NotRaised,
    /// The members, as read after they were asked for.
    Members(Membership),
    /// A node answers.
    Acknowledged(Acknowledgement),
    /// Some time has passed without an answer.
    Remind,
    /// All the time there was has passed.
    Deadline,
}

/// What a logout wants done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Raise the account's epoch in storage, durably.
    Raise,
    /// Read the members from storage: now, not from memory.
    ReadMembers,
    /// Send the order to this node; it may be lost.
    Send {
        /// To whom.
        to: Node,
        /// The order.
        order: Order,
    },
    /// Answer the caller. The last action.
    Finish(Result<Vec<NodeOutcome>, Failure>),
}

/// What one node made of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeOutcome {
    /// Which node.
    pub node: Node,
    /// What it said last.
    pub answer: Option<Acknowledgement>,
    /// Its lease is over: it has ended its own, whatever it said.
    pub lease_over: bool,
}

impl NodeOutcome {
    /// Whether none of the order's sessions is left there.
    pub fn is_settled(&self) -> bool {
        self.lease_over || self.answer.is_some_and(|answer| answer.is_final())
    }
}

impl fmt::Display for NodeOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.node;
        match self.answer {
            _ if self.lease_over => write!(f, "node {node}: its lease is over"),
            None => write!(f, "node {node}: silent"),
            Some(Acknowledgement { found, ended, .. }) => {
                write!(f, "node {node}: {ended} of {found} sessions ended")
            }
        }
    }
}

/// Why a logout is not confirmed. Calling again is safe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// It is not known that the epoch was raised; no session was ordered to end.
    NotRaised,
    /// The epoch is raised, but it is not known which nodes there are; none was ordered.
    NoMembers,
    /// These nodes have not confirmed that their sessions are over.
    Unconfirmed(Vec<NodeOutcome>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotRaised => f.write_str("the account's epoch could not be raised in time"),
            Failure::NoMembers => f.write_str("the nodes could not be found out in time"),
            Failure::Unconfirmed(nodes) => {
                f.write_str("not confirmed in time")?;
                for (index, node) in nodes.iter().enumerate() {
                    write!(f, "{} {node}", if index == 0 { ":" } else { ";" })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Failure {}

/// A logout under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Logout {
    id: OrderId,
    request: Request,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// The epoch is not known to be raised.
    Raising,
    /// It is; which nodes there are is not known.
    Reading(Epoch),
    /// They have been ordered.
    Asking { order: Order, nodes: BTreeMap<Node, NodeOutcome> },
    /// The caller has been answered.
    Finished,
}

impl Logout {
    /// Begins a logout whose order will have this name, and says what to do first.
    pub fn begin(id: OrderId, request: Request) -> (Self, Vec<Action>) {
        (Self { id, request, stage: Stage::Raising }, vec![Action::Raise])
    }

    /// Whether the caller has been answered.
    pub fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Finished)
    }

    /// Takes an event and says what to do next.
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        match (&mut self.stage, event) {
            (Stage::Raising, Event::Raised(below)) => {
                self.stage = Stage::Reading(below);
                vec![Action::ReadMembers]
            }
            (Stage::Raising, Event::NotRaised | Event::Deadline) => {
                self.finish(Err(Failure::NotRaised))
            }
            (Stage::Reading(below), Event::Members(members)) => {
                let below = *below;
                self.ask(below, &members)
            }
            (Stage::Reading(_), Event::Remind) => vec![Action::ReadMembers],
            (Stage::Reading(_), Event::Deadline) => self.finish(Err(Failure::NoMembers)),
            (Stage::Asking { order, nodes }, Event::Acknowledged(answer)) => {
                // Only the answer to this order, from a node that was asked; and not a late word
                // about how far it was over its last word.
                if answer.order == order.id
                    && let Some(outcome) = nodes.get_mut(&answer.node)
                    && !outcome.is_settled()
                {
                    outcome.answer = Some(answer);
                }
                self.look()
            }
            (Stage::Asking { nodes, .. }, Event::Members(members)) => {
                for outcome in nodes.values_mut().filter(|outcome| !outcome.is_settled()) {
                    outcome.lease_over = !members.may_serve(outcome.node);
                }
                self.look()
            }
            (Stage::Asking { order, nodes }, Event::Remind) => {
                let silent = nodes.values().filter(|outcome| !outcome.is_settled());
                let again =
                    silent.map(|outcome| Action::Send { to: outcome.node, order: order.clone() });
                again.chain([Action::ReadMembers]).collect()
            }
            (Stage::Asking { nodes, .. }, Event::Deadline) => {
                let open =
                    nodes.values().filter(|outcome| !outcome.is_settled()).copied().collect();
                self.finish(Err(Failure::Unconfirmed(open)))
            }
            // Late, or repeated, or meant for a stage that is over.
            (Stage::Raising, Event::Members(_) | Event::Acknowledged(_) | Event::Remind)
            | (Stage::Reading(_), Event::Raised(_) | Event::NotRaised | Event::Acknowledged(_))
            | (Stage::Asking { .. }, Event::Raised(_) | Event::NotRaised)
            | (Stage::Finished, _) => Vec::new(),
        }
    }

    fn ask(&mut self, below: Epoch, members: &Membership) -> Vec<Action> {
        let Request { account, filter, reason, audit } = self.request.clone();
        let order = Order { id: self.id, account, below, filter, reason, audit };
        let outcome = |node| NodeOutcome { node, answer: None, lease_over: false };
        let nodes: BTreeMap<_, _> = members.serving().map(|node| (node, outcome(node))).collect();
        let send = |to: &Node| Action::Send { to: *to, order: order.clone() };
        let mut actions: Vec<Action> = nodes.keys().map(send).collect();
        self.stage = Stage::Asking { order, nodes };
        // No member at all: nothing can be left anywhere.
        actions.extend(self.look());
        actions
    }

    /// Finishes if every node is settled.
    fn look(&mut self) -> Vec<Action> {
        match &self.stage {
            Stage::Asking { nodes, .. } if nodes.values().all(NodeOutcome::is_settled) => {
                let nodes = nodes.values().copied().collect();
                self.finish(Ok(nodes))
            }
            _ => Vec::new(),
        }
    }

    fn finish(&mut self, result: Result<Vec<NodeOutcome>, Failure>) -> Vec<Action> {
        self.stage = Stage::Finished;
        vec![Action::Finish(result)]
    }
}
