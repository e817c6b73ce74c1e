//! A node's right to serve, until a time.
//!
//! A silent node may be dead, cut off or merely frozen. Nobody can tell from outside, so nobody
//! tries: each node serves only while its lease lasts, and the others wait until it is certainly
//! over. Two views of the same lease, on two clocks that are never compared:
//!
//! ```text
//!                asked                                 holder stops
//!   holder's       |------------ length - margin -----------|
//!   clock
//!                       granted                                       others conclude
//!   storage's             |------------ length + margin -------------------|
//!   clock
//! ```
//!
//! 1. The holder counts from when it *asked*, storage from when it *granted*, which is later. So the
//!    holder stops first, by at least two margins, however long the answer took to arrive, and
//!    whatever the clocks show. Only their speed matters: two margins must be more than they drift
//!    apart within one length, plus what the holder needs from the check to the last byte.
//! 2. A lease that has lapsed is never renewed, on either side. A node that let it lapse ends all its
//!    sessions and starts over as a new incarnation. So "over" stays true.
//! 3. Whoever concludes that a lease is over has read it from storage after its end, never from
//!    memory: it may have been renewed meanwhile.

use std::time::Duration;

/// A time on one node's own clock, which never goes back. Never compared between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Duration);

/// A time on storage's clock, the one that grants go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreMoment(pub Duration);

/// How long leases are; the same on all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaseTerms {
    length: Duration,
    margin: Duration,
}

/// The margins would eat the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the margin of a lease must be less than half its length")]
pub struct LeaseTermsError;

impl LeaseTerms {
    /// Leases of this length, with this margin on either side.
    pub fn new(length: Duration, margin: Duration) -> Result<Self, LeaseTermsError> {
        if margin >= length / 2 { Err(LeaseTermsError) } else { Ok(Self { length, margin }) }
    }
}

/// The lease has lapsed and cannot be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease has lapsed")]
pub struct Lapsed;

/// The holder's view of its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// None: a node that runs alone needs nobody's leave.
    term: Option<(LeaseTerms, Moment)>,
}

impl Lease {
    /// A lease asked for at `asked`, and granted since.
    pub fn granted(terms: LeaseTerms, asked: Moment) -> Self {
        Self { term: Some((terms, asked)) }
    }

    /// The lease of a node that runs alone: it never ends.
    pub fn alone() -> Self {
        Self { term: None }
    }

    /// Whether the node may serve at `now`. To be asked before anything is sent to a client; when it
    /// says no, every session ends.
    pub fn may_serve(&self, now: Moment) -> bool {
        self.ends().is_none_or(|end| now < end)
    }

    /// When the right to serve ends; None: never.
    pub fn ends(&self) -> Option<Moment> {
        self.term.map(|(terms, asked)| Moment(asked.0 + terms.length - terms.margin))
    }

    /// When to ask for the next one: early enough for two more tries. None: never.
    pub fn renew_at(&self) -> Option<Moment> {
        self.term.map(|(terms, asked)| Moment(asked.0 + (terms.length - terms.margin) / 3))
    }

    /// The lease after a renewal that was asked for at `asked` and whose answer has come at `now`.
    /// An answer that comes after the present lease has ended is no good any more.
    pub fn renewed(&self, asked: Moment, now: Moment) -> Result<Self, Lapsed> {
        match self.term {
            None => Ok(*self),
            Some(_) if !self.may_serve(now) => Err(Lapsed),
            Some((terms, before)) => Ok(Self::granted(terms, before.max(asked))),
        }
    }
}

/// Storage's, and so everybody else's, view of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    /// None: it never ends.
    over: Option<StoreMoment>,
}

impl Grant {
    /// A lease granted at `now`.
    pub fn new(terms: LeaseTerms, now: StoreMoment) -> Self {
        Self { over: Some(StoreMoment(now.0 + terms.length + terms.margin)) }
    }

    /// The grant of a node that runs alone: it never ends.
    pub fn alone() -> Self {
        Self { over: None }
    }

    /// Whether its holder has certainly stopped serving at `now`.
    pub fn is_over(&self, now: StoreMoment) -> bool {
        self.over.is_some_and(|over| over <= now)
    }

    /// The grant after a renewal at `now`; refused once it is over.
    pub fn renewed(&self, terms: LeaseTerms, now: StoreMoment) -> Result<Self, Lapsed> {
        match self.over {
            None => Ok(*self),
            Some(_) if self.is_over(now) => Err(Lapsed),
            Some(_) => Ok((*self).max(Self::new(terms, now))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> LeaseTerms {
        LeaseTerms::new(seconds(10), seconds(2)).unwrap()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(time: u64) -> Moment {
        Moment(seconds(time))
    }

    fn store(time: u64) -> StoreMoment {
        StoreMoment(seconds(time))
    }

    #[test]
    fn the_holder_stops_before_others_conclude() {
        let lease = Lease::granted(terms(), at(100));
        let grant = Grant::new(terms(), store(100)); // answered within no time at all
        let serves: Vec<u64> = (100..120).filter(|time| lease.may_serve(at(*time))).collect();
        let waits: Vec<u64> = (100..120).filter(|time| !grant.is_over(store(*time))).collect();
        assert_eq!(serves.last(), Some(&107));
        assert_eq!(waits.last(), Some(&111));
    }

    #[test]
    fn a_lapsed_lease_stays_lapsed() {
        let lease = Lease::granted(terms(), at(100));
        assert_eq!(lease.renewed(at(105), at(107)), Ok(Lease::granted(terms(), at(105))));
        assert_eq!(lease.renewed(at(105), at(108)), Err(Lapsed));
        let grant = Grant::new(terms(), store(100));
        assert_eq!(grant.renewed(terms(), store(111)), Ok(Grant::new(terms(), store(111))));
        assert_eq!(grant.renewed(terms(), store(112)), Err(Lapsed));
    }

    #[test]
    fn a_late_answer_to_an_earlier_question_shortens_nothing() {
        let lease = Lease::granted(terms(), at(100));
        assert_eq!(lease.renewed(at(99), at(101)), Ok(lease));
        let grant = Grant::new(terms(), store(100));
        assert_eq!(grant.renewed(terms(), store(99)), Ok(grant));
    }

    #[test]
    fn a_node_alone_serves_for_ever() {
        let end_of_time = Duration::MAX;
        assert!(Lease::alone().may_serve(Moment(end_of_time)));
        assert!(!Grant::alone().is_over(StoreMoment(end_of_time)));
        assert_eq!(Lease::alone().renew_at(), None);
    }

    #[test]
    fn there_is_time_for_three_tries() {
        let lease = Lease::granted(LeaseTerms::new(seconds(11), seconds(2)).unwrap(), at(0));
        assert_eq!((lease.renew_at(), lease.ends()), (Some(at(3)), Some(at(9))));
    }

    #[test]
    fn margins_must_leave_something() {
        assert!(LeaseTerms::new(seconds(4), seconds(1)).is_ok());
        assert_eq!(LeaseTerms::new(seconds(4), seconds(2)), Err(LeaseTermsError));
        assert_eq!(LeaseTerms::new(seconds(0), seconds(0)), Err(LeaseTermsError));
    }
}
