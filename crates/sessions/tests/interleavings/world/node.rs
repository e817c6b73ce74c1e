//! What nodes do: with logins, with orders and answers, when time passes and when they restart.

use super::{
    ALICE, BOSS, Flaw, Login, Message, Proof, Raise, Reading, Running, Seen, Stage, World, filter,
};
use cluster::{
    Acknowledgement, Arrival, Credential, Grant, Lease, LeaseTerms, Node, Order, OrderId,
};
use sessions::{Action, Event, NodeOutcome, Outcome, Session, Tally};
use std::rc::Rc;
use std::sync::Arc;
use terms::{
    AccountId, AuditId, EndReason, Epoch, Incarnation, NodeId, Protocol, SessionId, UnixTime,
};

impl World {
    /// A session leaves the table of its node; what waited for it last is answered.
    pub(super) fn leave(&mut self, login: usize, id: SessionId) {
        let on = self.logins[login].on;
        self.logins[login].stage = Stage::Over;
        for (ending, tally) in self.node(on).registry.remove(id) {
            if let Some(order) = self.node(on).orders.remove(&ending) {
                self.acknowledge(on, order, &tally);
            }
        }
    }

    fn acknowledge(&mut self, on: usize, order: OrderId, tally: &Tally<usize>) {
        let (found, ended) = (tally.found(), tally.ended().len());
        let answer = Acknowledgement { order, node: self.nodes[on].name, found, ended };
        self.node(on).inbox.answer(answer);
        self.send(Message::Answer(call_of(order), answer));
    }

    fn perform(&mut self, call: usize, actions: Vec<Action>, seen: &mut Seen) {
        for action in actions {
            match action {
                Action::Raise => self.call(call).raise = Raise::Asked,
                Action::ReadMembers => {
                    if self.logouts[call].reading == Reading::No {
                        self.call(call).reading = Reading::Asked;
                    }
                }
                Action::Send { to, order } => {
                    self.call(call).below = Some(order.below);
                    self.send(Message::Order(call, to, order.below));
                }
                Action::Finish(result) => {
                    if self.logouts[call].answer.is_some() {
                        self.broken = Some("answered twice".into());
                    }
                    self.call(call).answer = Some(result.is_ok());
                    self.note_finish(&result.unwrap_or_default(), seen);
                    seen.insert(match self.logouts[call].answer {
                        Some(true) => "logout done",
                        _ => "logout failed",
                    });
                }
            }
        }
    }

    fn note_finish(&mut self, nodes: &[NodeOutcome], seen: &mut Seen) {
        if nodes.iter().any(|outcome| outcome.lease_over) {
            seen.insert("logout done because a lease was over");
        }
        if !nodes.iter().all(NodeOutcome::is_settled) {
            self.broken = Some("success, though a node is not settled".into());
        }
    }

    pub(super) fn handle(&mut self, call: usize, event: Event, seen: &mut Seen) {
        let actions = self.call(call).logout.handle(event);
        self.perform(call, actions, seen);
    }
}

pub(super) fn register(world: &mut World, login: usize, proof: Proof) -> SessionId {
    let on = world.logins[login].on;
    world.node(on).registry.register(session(proof), login).unwrap().id
}

pub(super) fn take(world: &mut World, message: &Message) {
    if let Some(count) = world.bus.get_mut(message) {
        *count -= 1;
        if *count == 0 {
            world.bus.remove(message);
        }
    }
}

pub(super) fn pass_time(world: &mut World, slow: Option<usize>) {
    world.tick += 1;
    for index in 0..world.nodes.len() {
        world.node(index).clock += u64::from(slow != Some(index));
    }
}

/// The node stops dead and starts again, with another name and nothing in memory. The former
/// incarnation's lease stays where it is.
pub(super) fn restart(world: &mut World, index: usize, terms: LeaseTerms) {
    let former = &world.nodes[index];
    let name = Node { id: former.name.id, incarnation: Incarnation(former.name.incarnation.0 + 1) };
    let clock = former.clock;
    let lease = Lease::granted(terms, former.now());
    world.grants.insert(name, Grant::new(terms, world.now()));
    world.nodes[index] = Rc::new(Running { clock, ..Running::new(name, lease) });
    let begun = |login: &&mut Login| login.on == index && login.stage != Stage::NotBegun;
    for login in world.logins.iter_mut().filter(begun) {
        login.stage = Stage::Over;
    }
    for call in world.logouts.iter_mut().filter(|call| call.on == index && call.begun) {
        Rc::make_mut(call).dead = true;
    }
}

pub(super) fn deliver(world: &mut World, message: &Message, flaw: Flaw, seen: &mut Seen) {
    match message {
        Message::Answer(call, _) if world.logouts[*call].dead => {}
        Message::Answer(call, answer) => world.handle(*call, Event::Acknowledged(*answer), seen),
        Message::Order(call, to, below) => {
            match world.nodes.iter().position(|node| node.name == *to) {
                Some(on) => {
                    let order = order(*call, world.logouts[*call].account, *below);
                    carry_out(world, on, &order, flaw, seen);
                }
                None => drop(seen.insert("order to a former incarnation")),
            }
        }
    }
}

/// What a node does with an order.
fn carry_out(world: &mut World, on: usize, order: &Order, flaw: Flaw, seen: &mut Seen) {
    match world.node(on).inbox.receive(order.id) {
        Arrival::New => {}
        Arrival::Running => {
            seen.insert("repeated order");
            return;
        }
        Arrival::Answered(answer) => {
            seen.insert("repeated order");
            world.send(Message::Answer(call_of(order.id), answer));
            return;
        }
    }
    let below = if flaw == Flaw::CompareArrival { Epoch(u64::MAX) } else { order.below };
    let ordered = world.node(on).registry.end(&Order { below, ..order.clone() });
    for login in &ordered.tell {
        let (Stage::Registered(proof, _) | Stage::Rechecked(proof, _, _) | Stage::Live(proof, _)) =
            world.logins[*login].stage
        else {
            world.broken = Some(format!("login {login} is told without having a place"));
            continue;
        };
        if !proof.is_covered(order.account, order.below) {
            world.broken = Some(format!("L4: session {login} is new, and told to end"));
        }
    }
    match ordered.outcome {
        Outcome::Finished(tally) => world.acknowledge(on, order.id, &tally),
        Outcome::Open(ending) => {
            let at_once = flaw == Flaw::AcknowledgeWhenTold
                || (flaw == Flaw::WaitForNewlyTold && ordered.tell.is_empty());
            if at_once {
                let answer = Acknowledgement {
                    order: order.id,
                    node: world.nodes[on].name,
                    found: ordered.tell.len(),
                    ended: ordered.tell.len(),
                };
                world.send(Message::Answer(call_of(order.id), answer));
            }
            world.node(on).orders.insert(ending, order.id);
        }
    }
}

/// Orders are named after the call they come from; which node issues them makes no difference here.
pub(super) fn order_id(number: u64) -> OrderId {
    let issuer = Node { id: NodeId(9), incarnation: Incarnation(9) };
    OrderId { issuer, number }
}

fn call_of(order: OrderId) -> usize {
    usize::try_from(order.number).unwrap() - 1
}

fn order(call: usize, account: AccountId, below: Epoch) -> Order {
    Order {
        id: order_id(u64::try_from(call).unwrap() + 1),
        account,
        below,
        filter: filter(),
        reason: EndReason::LoggedOut,
        audit: AuditId(String::new()),
    }
}

fn session(proof: Proof) -> Arc<Session> {
    let credential = match proof.administrator {
        Some(epoch) => Credential::OnBehalf { administrator: BOSS, epoch },
        None => Credential::Password,
    };
    Arc::new(Session {
        account: ALICE,
        epoch: proof.own,
        protocol: Protocol::Imap,
        peer: ([192, 0, 2, 1], 40000).into(),
        tls: true,
        trusted: true,
        login: "alice".into(),
        on_behalf: None,
        alias: None,
        credential,
        since: UnixTime(0),
    })
}
