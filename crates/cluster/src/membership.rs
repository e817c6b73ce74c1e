//! Which nodes may serve, and so must answer.

use crate::{Grant, Node, StoreMoment};
use std::collections::BTreeMap;

/// The leases as storage had them at one moment. A value, not a view: it says nothing about later.
///
/// A node writes its lease here before it takes its first login and removes it only after its last
/// session is over. A restarted node is another entry: its former incarnation stays until that
/// lease is over, because only the lease says that nothing of it is left, wherever it may run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Membership {
    read: StoreMoment,
    grants: BTreeMap<Node, Grant>,
}

impl Membership {
    /// The leases as read at `read`, by storage's clock.
    pub fn new(read: StoreMoment, grants: impl IntoIterator<Item = (Node, Grant)>) -> Self {
        Self { read, grants: grants.into_iter().collect() }
    }

    /// One node and no other, for ever.
    pub fn alone(node: Node) -> Self {
        Self::new(StoreMoment(std::time::Duration::ZERO), [(node, Grant::alone())])
    }

    /// Whether the node may have had sessions at that moment. Once it may not, it never may again.
    pub fn may_serve(&self, node: Node) -> bool {
        self.grants.get(&node).is_some_and(|grant| !grant.is_over(self.read))
    }

    /// All that may.
    pub fn serving(&self) -> impl Iterator<Item = Node> {
        self.grants.iter().filter(|(_, grant)| !grant.is_over(self.read)).map(|(node, _)| *node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LeaseTerms;
    use std::time::Duration;
    use terms::{Incarnation, NodeId};

    fn node(id: u64, incarnation: u64) -> Node {
        Node { id: NodeId(id), incarnation: Incarnation(incarnation) }
    }

    #[test]
    fn each_incarnation_counts_until_its_own_lease_is_over() {
        let terms = LeaseTerms::new(Duration::from_secs(10), Duration::from_secs(2)).unwrap();
        let at = |seconds| StoreMoment(Duration::from_secs(seconds));
        let grants = [
            (node(1, 1), Grant::new(terms, at(9))),
            (node(2, 4), Grant::new(terms, at(0))),
            (node(2, 5), Grant::new(terms, at(3))), // restarted at once
        ];
        let serving = |read| -> Vec<String> {
            Membership::new(at(read), grants).serving().map(|node| node.to_string()).collect()
        };
        assert_eq!(serving(11), ["1.1", "2.4", "2.5"]);
        assert_eq!(serving(12), ["1.1", "2.5"]);
        assert_eq!(serving(15), ["1.1"]);
        assert_eq!(serving(21), [""; 0]);
        assert!(!Membership::new(at(0), grants).may_serve(node(3, 1)), "never heard of it");
    }

    #[test]
    fn a_node_alone_is_the_only_member() {
        let membership = Membership::alone(node(1, 1));
        assert_eq!(membership.serving().collect::<Vec<_>>(), [node(1, 1)]);
    }
}
