//! Who is meant when we speak of a node, and of a session on one.

use std::fmt;
use std::str::FromStr;
use terms::{Incarnation, NodeId, SessionId};

/// A node in one of its starts. Sessions belong to an incarnation: none survives a restart, so what
/// is addressed to an earlier start must never be taken for the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Which copy of the server.
    pub id: NodeId,
    /// Its n-th start.
    pub incarnation: Incarnation,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.incarnation)
    }
}

/// The name of one session, unique over all nodes and all their starts. Written
/// `node.incarnation.session`, as in `1.17.20345`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey {
    /// Where it is (or was).
    pub node: Node,
    /// Which of that node's.
    pub id: SessionId,
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.node, self.id)
    }
}

/// The text is no session key: three numbers with dots between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a session id")]
pub struct ParseSessionKeyError;

impl FromStr for SessionKey {
    type Err = ParseSessionKeyError;

    fn from_str(text: &str) -> Result<Self, ParseSessionKeyError> {
        let mut numbers = text.split('.').map(number);
        let mut next = || numbers.next().flatten().ok_or(ParseSessionKeyError);
        let key = Self {
            node: Node { id: NodeId(next()?), incarnation: Incarnation(next()?) },
            id: SessionId(next()?),
        };
        if numbers.next().is_some() { Err(ParseSessionKeyError) } else { Ok(key) }
    }
}

/// Digits only: `u64`'s own parser would take `+7`, and one session would have two names.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_key_reads_as_it_is_written() {
        let key = SessionKey {
            node: Node { id: NodeId(1), incarnation: Incarnation(17) },
            id: SessionId(20345),
        };
        assert_eq!(key.to_string(), "1.17.20345");
        assert_eq!("1.17.20345".parse(), Ok(key));
    }

    #[test]
    fn nothing_else_is_a_session_key() {
        for text in [
            "", "1", "1.2", "1.2.3.4", "1.2.", ".1.2", "1.2.+3", "1.2.03", "1.2.x", "1.2.-3",
            "1..3",
        ] {
            assert_eq!(text.parse::<SessionKey>(), Err(ParseSessionKeyError), "{text}");
        }
        assert!("1.2.99999999999999999999".parse::<SessionKey>().is_err());
    }
}
