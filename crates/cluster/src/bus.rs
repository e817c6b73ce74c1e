//! How orders reach a node: by a bus that may lose, repeat, delay and reorder them. The bus itself
//! is the shell's affair (today a call within the one node); what is here makes its faults harmless
//! on the receiving side. The sending side repeats an order until it is answered.

use crate::{Acknowledgement, OrderId};
use std::collections::{BTreeSet, VecDeque};

/// How many orders a node remembers, under way and answered each. Beyond that one is forgotten, the
/// lowest in name or the first answered, and a repetition of it is carried out once more: harmless,
/// only its counts start over.
const MEMORY: usize = 1024;

/// What a node has been ordered so far in this incarnation. Lost with it, and rightly: a restarted
/// node has no sessions, and orders are addressed to incarnations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Inbox {
    running: BTreeSet<OrderId>,
    answered: VecDeque<Acknowledgement>,
}

/// What to do with an order that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Carry it out, and answer when its sessions are over.
    New,
    /// It is being carried out; its answer will come.
    Running,
    /// It was carried out. The answer was lost, or this order is late: answer again.
    Answered(Acknowledgement),
}

impl Inbox {
    /// An order has arrived.
    pub fn receive(&mut self, order: OrderId) -> Arrival {
        if let Some(answer) = self.answered.iter().find(|answer| answer.order == order) {
            return Arrival::Answered(*answer);
        }
        if !self.running.insert(order) {
            return Arrival::Running;
        }
        if self.running.len() > MEMORY {
            self.running.pop_first();
        }
        Arrival::New
    }

    /// An order is carried out; this is the answer.
    pub fn answer(&mut self, answer: Acknowledgement) {
        self.running.remove(&answer.order);
        self.answered.push_back(answer);
        if self.answered.len() > MEMORY {
            self.answered.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Node;
    use terms::{Incarnation, NodeId};

    const NODE: Node = Node { id: NodeId(1), incarnation: Incarnation(1) };

    fn order(number: u64) -> OrderId {
        OrderId { issuer: NODE, number }
    }

    fn answer(number: u64) -> Acknowledgement {
        Acknowledgement { order: order(number), node: NODE, found: 3, ended: 3 }
    }

    #[test]
    fn an_order_is_carried_out_once_and_answered_as_often_as_asked() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.receive(order(1)), Arrival::New);
        assert_eq!(inbox.receive(order(1)), Arrival::Running);
        assert_eq!(inbox.receive(order(2)), Arrival::New);
        inbox.answer(answer(1));
        assert_eq!(inbox.receive(order(1)), Arrival::Answered(answer(1)));
        assert_eq!(inbox.receive(order(1)), Arrival::Answered(answer(1)));
        assert_eq!(inbox.receive(order(2)), Arrival::Running);
    }

    #[test]
    fn memory_is_bounded() {
        let mut inbox = Inbox::default();
        let many = u64::try_from(3 * MEMORY).unwrap();
        for number in 0..many {
            assert_eq!(inbox.receive(order(number)), Arrival::New);
        }
        for number in 0..many {
            inbox.answer(answer(number));
        }
        assert!(inbox.running.len() <= MEMORY && inbox.answered.len() <= MEMORY);
        assert_eq!(inbox.receive(order(many - 1)), Arrival::Answered(answer(many - 1)));
        assert_eq!(inbox.receive(order(0)), Arrival::New);
    }
}
