//! Which of an account's sessions an act means.

use crate::SessionKey;
use std::collections::BTreeSet;
use std::net::IpAddr;
use terms::{AccountId, Network, Protocol, Scope};

/// Which secret a session was made with, as far as ending it needs to know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    /// The account's own password.
    Password,
    /// The password of an administrator who acts on the account's behalf.
    OnBehalf(AccountId),
    /// An app password, by its id.
    AppPassword(Box<str>),
    /// A token, by the hash it is stored under.
    Token(Box<str>),
}

/// What a filter looks at in a session. None of it changes while the session lives, so a filter
/// gives the same answer at any time.
#[derive(Clone, Copy, Debug)]
pub struct Traits<'a> {
    /// Its name.
    pub key: SessionKey,
    /// Its protocol.
    pub protocol: Protocol,
    /// Where it comes from.
    pub address: IpAddr,
    /// What it was made with.
    pub credential: &'a Credential,
}

/// A condition on sessions. Starts as "all" and only ever narrows: every condition added must hold
/// too, and an empty list of ids or scopes means none, not all.
///
/// ```
/// use cluster::Filter;
/// use terms::Protocol;
/// let filter = Filter::all().protocol(Protocol::Imap).network("192.0.2.0/24".parse().unwrap());
/// # let _ = filter;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Condition {
    /// One of these.
    Keys(BTreeSet<SessionKey>),
    /// One of these.
    Protocols(BTreeSet<Protocol>),
    Network(Network),
    Credential(Credential),
}

impl Filter {
    /// Every session of the account.
    pub fn all() -> Self {
        Self { conditions: Vec::new() }
    }

    /// Those that at least one of the scopes covers.
    pub fn scopes(scopes: &[Scope]) -> Self {
        let mut protocols = BTreeSet::new();
        for scope in scopes {
            match scope {
                Scope::Everything => return Self::all(),
                Scope::Protocol(protocol) => protocols.insert(*protocol),
            };
        }
        Self::all().and(Condition::Protocols(protocols))
    }

    /// Only these sessions.
    pub fn keys(self, keys: impl IntoIterator<Item = SessionKey>) -> Self {
        self.and(Condition::Keys(keys.into_iter().collect()))
    }

    /// Only sessions in this protocol.
    pub fn protocol(self, protocol: Protocol) -> Self {
        self.and(Condition::Protocols([protocol].into()))
    }

    /// Only sessions from this network.
    pub fn network(self, network: Network) -> Self {
        self.and(Condition::Network(network))
    }

    /// Only sessions made with this credential.
    pub fn credential(self, credential: Credential) -> Self {
        self.and(Condition::Credential(credential))
    }

    /// Whether the session is meant.
    pub fn matches(&self, session: &Traits<'_>) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Keys(keys) => keys.contains(&session.key),
            Condition::Protocols(protocols) => protocols.contains(&session.protocol),
            Condition::Network(network) => network.contains(session.address),
            Condition::Credential(credential) => credential == session.credential,
        })
    }

    fn and(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }
}

impl From<Scope> for Filter {
    fn from(scope: Scope) -> Self {
        Self::scopes(&[scope])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Node;
    use terms::{Incarnation, NodeId, SessionId};

    const NODE: Node = Node { id: NodeId(1), incarnation: Incarnation(1) };

    fn key(id: u64) -> SessionKey {
        SessionKey { node: NODE, id: SessionId(id) }
    }

    /// Which of four sessions a filter means.
    fn check(filter: Filter, expected: &[u64]) {
        let token = Credential::Token("beef".into());
        let sessions = [
            (1, Protocol::Imap, "192.0.2.1", &Credential::Password),
            (2, Protocol::Imap, "192.0.2.77", &token),
            (3, Protocol::Pop3, "192.0.3.1", &Credential::Password),
            (4, Protocol::Pop3, "::ffff:192.0.2.1", &token),
        ];
        let matched: Vec<u64> = sessions
            .into_iter()
            .filter(|(id, protocol, address, credential)| {
                filter.matches(&Traits {
                    key: key(*id),
                    protocol: *protocol,
                    address: address.parse().unwrap(),
                    credential,
                })
            })
            .map(|(id, ..)| id)
            .collect();
        assert_eq!(matched, expected, "{filter:?}");
    }

    #[test]
    fn means_what_it_says() {
        let network = |text: &str| text.parse().unwrap();
        check(Filter::all(), &[1, 2, 3, 4]);
        check(Scope::Everything.into(), &[1, 2, 3, 4]);
        check(Scope::Protocol(Protocol::Pop3).into(), &[3, 4]);
        check(Filter::scopes(&[Scope::Protocol(Protocol::Imap), Scope::Everything]), &[1, 2, 3, 4]);
        check(Filter::all().keys([key(2), key(3), key(9)]), &[2, 3]);
        check(Filter::all().network(network("192.0.2.1")), &[1, 4]);
        check(Filter::all().network(network("192.0.2.0/24")), &[1, 2, 4]);
        check(Filter::all().credential(Credential::Password), &[1, 3]);
        check(Filter::all().credential(Credential::Token("beef".into())), &[2, 4]);
    }

    #[test]
    fn is_never_wider_than_asked() {
        check(Filter::scopes(&[]), &[]);
        check(Filter::all().keys([]), &[]);
        check(Filter::all().protocol(Protocol::Imap).protocol(Protocol::Pop3), &[]);
        check(Filter::all().keys([key(1), key(2)]).keys([key(2), key(3)]), &[2]);
        check(Filter::all().credential(Credential::Token("BEEF".into())), &[]);
        check(Filter::all().credential(Credential::AppPassword("beef".into())), &[]);
        let elsewhere = Node { id: NodeId(1), incarnation: Incarnation(2) };
        check(Filter::all().keys([SessionKey { node: elsewhere, id: SessionId(1) }]), &[]);
    }
}
