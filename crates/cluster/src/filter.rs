//! Which of an account's sessions an act means.

use crate::SessionKey;
use std::collections::BTreeSet;
use std::net::IpAddr;
use terms::{Address, Credential, Network, Protocol, Scope};

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
    pub credential: Credential,
    /// The alias that the account was named by, if it was one.
    pub alias: Option<&'a Address>,
}

/// A condition on the sessions of an account, and on those that its owner has at other accounts on
/// their behalf. Starts as "all of the account's own" or as a list of scopes, and only ever narrows:
/// every condition added must hold too, and an empty list of ids or scopes means none, not all.
///
/// ```
/// use cluster::Filter;
/// use terms::Protocol;
/// let filter = Filter::all().protocol(Protocol::Imap).network("192.0.2.0/24".parse().unwrap());
/// # let _ = filter;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter {
    /// At least one of these. None: all of the account's own.
    scopes: Option<BTreeSet<Scope>>,
    /// All of these.
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Condition {
    /// One of these.
    Keys(BTreeSet<SessionKey>),
    Protocol(Protocol),
    Network(Network),
    Credential(Credential),
}

impl Filter {
    /// Every session of the account.
    pub fn all() -> Self {
        Self { scopes: None, conditions: Vec::new() }
    }

    /// Those that at least one of the scopes covers.
    pub fn scopes(scopes: &[Scope]) -> Self {
        Self { scopes: Some(scopes.iter().cloned().collect()), conditions: Vec::new() }
    }

    /// Only these sessions.
    pub fn keys(self, keys: impl IntoIterator<Item = SessionKey>) -> Self {
        self.and(Condition::Keys(keys.into_iter().collect()))
    }

    /// Only sessions in this protocol.
    pub fn protocol(self, protocol: Protocol) -> Self {
        self.and(Condition::Protocol(protocol))
    }

    /// Only sessions from this network.
    pub fn network(self, network: Network) -> Self {
        self.and(Condition::Network(network))
    }

    /// Only sessions made with this credential.
    pub fn credential(self, credential: Credential) -> Self {
        self.and(Condition::Credential(credential))
    }

    /// Whether a session of the account is meant.
    pub fn matches(&self, session: &Traits<'_>) -> bool {
        let in_scope = |scope: &Scope| match scope {
            Scope::Everything => true,
            Scope::Protocol(protocol) => *protocol == session.protocol,
            Scope::AppPassword(id) => Credential::AppPassword(*id) == session.credential,
            Scope::Token(id) => Credential::Token(*id) == session.credential,
            Scope::Alias(alias) => Some(alias) == session.alias,
            Scope::OnBehalf => false,
            Scope::ByAdministrators => matches!(session.credential, Credential::OnBehalf { .. }),
        };
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(in_scope)) && self.holds(session)
    }

    /// Whether a session of another account is meant that the account's owner has on its behalf.
    pub fn matches_on_behalf(&self, session: &Traits<'_>) -> bool {
        self.reaches_others() && self.holds(session)
    }

    /// Whether sessions of other accounts can be meant.
    pub fn reaches_others(&self) -> bool {
        self.scopes.as_ref().is_some_and(|scopes| scopes.contains(&Scope::OnBehalf))
    }

    fn holds(&self, session: &Traits<'_>) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Keys(keys) => keys.contains(&session.key),
            Condition::Protocol(protocol) => *protocol == session.protocol,
            Condition::Network(network) => network.contains(session.address),
            Condition::Credential(credential) => *credential == session.credential,
        })
    }

    fn and(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }
}

impl From<Scope> for Filter {
    fn from(scope: Scope) -> Self {
        Self::scopes(std::slice::from_ref(&scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Node;
    use terms::{AccountId, AppPasswordId, Epoch, Incarnation, NodeId, SessionId, TokenId};

    const NODE: Node = Node { id: NodeId(1), incarnation: Incarnation(1) };

    fn key(id: u64) -> SessionKey {
        SessionKey { node: NODE, id: SessionId(id) }
    }

    /// Which of five sessions a filter means.
    fn check(filter: Filter, expected: &[u64]) {
        let (token, alias) = (Credential::Token(TokenId(7)), alias("al@a.example"));
        let on_behalf = Credential::OnBehalf { administrator: AccountId(3), epoch: Epoch(1) };
        let sessions = [
            (1, Protocol::Imap, "192.0.2.1", Credential::Password, None),
            (2, Protocol::Imap, "192.0.2.77", token, None),
            (3, Protocol::Pop3, "192.0.3.1", Credential::Password, Some(&alias)),
            (4, Protocol::Pop3, "::ffff:192.0.2.1", token, None),
            (5, Protocol::Imap, "2001:db8::1", on_behalf, None),
        ];
        let matched = |meant: fn(&Filter, &Traits<'_>) -> bool| -> Vec<u64> {
            let sessions = sessions.iter().filter(|(id, protocol, address, credential, alias)| {
                let (key, address) = (key(*id), address.parse().unwrap());
                let (protocol, credential, alias) = (*protocol, *credential, *alias);
                meant(&filter, &Traits { key, protocol, address, credential, alias })
            });
            sessions.map(|(id, ..)| *id).collect()
        };
        assert_eq!(matched(Filter::matches), expected, "{filter:?}");
        let others = matched(Filter::matches_on_behalf);
        assert!(others.is_empty() || filter.reaches_others(), "{filter:?}");
    }

    fn alias(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn means_what_it_says() {
        let network = |text: &str| text.parse().unwrap();
        check(Filter::all(), &[1, 2, 3, 4, 5]);
        check(Scope::Everything.into(), &[1, 2, 3, 4, 5]);
        check(Scope::Protocol(Protocol::Pop3).into(), &[3, 4]);
        check(
            Filter::scopes(&[Scope::Protocol(Protocol::Imap), Scope::Everything]),
            &[1, 2, 3, 4, 5],
        );
        check(Filter::all().keys([key(2), key(3), key(9)]), &[2, 3]);
        check(Filter::all().network(network("192.0.2.1")), &[1, 4]);
        check(Filter::all().network(network("192.0.2.0/24")), &[1, 2, 4]);
        check(Filter::all().credential(Credential::Password), &[1, 3]);
        check(Filter::all().credential(Credential::Token(TokenId(7))), &[2, 4]);
        check(Scope::Token(TokenId(7)).into(), &[2, 4]);
        check(Scope::Alias(alias("al@a.example")).into(), &[3]);
        check(Scope::ByAdministrators.into(), &[5]);
        check(
            Filter::scopes(&[Scope::Token(TokenId(7)), Scope::Protocol(Protocol::Imap)]),
            &[1, 2, 4, 5],
        );
    }

    #[test]
    fn is_never_wider_than_asked() {
        check(Filter::scopes(&[]), &[]);
        check(Filter::all().keys([]), &[]);
        check(Filter::all().protocol(Protocol::Imap).protocol(Protocol::Pop3), &[]);
        check(Filter::all().keys([key(1), key(2)]).keys([key(2), key(3)]), &[2]);
        check(Filter::all().credential(Credential::Token(TokenId(8))), &[]);
        check(Filter::all().credential(Credential::AppPassword(AppPasswordId(7))), &[]);
        check(Scope::AppPassword(AppPasswordId(7)).into(), &[]);
        check(Scope::Alias(alias("al@b.example")).into(), &[]);
        check(Scope::OnBehalf.into(), &[]);
        let elsewhere = Node { id: NodeId(1), incarnation: Incarnation(2) };
        check(Filter::all().keys([SessionKey { node: elsewhere, id: SessionId(1) }]), &[]);
    }
}
