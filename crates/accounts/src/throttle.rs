//! Who has guessed wrong too often: slower answers first, then none for a while.
//!
//! A pure structure: time is passed in, waiting is the caller's. Counted are
//! - *pairs* of account and network: after [`PAIR`]`.limit` failures the network is refused for this account;
//! - *networks* (one IPv4 address, an IPv6 /64): after [`NETWORK`]`.limit` it is refused for every account;
//! - *accounts* over all networks: failures of a guesser with many networks get slower, but nobody is
//!   refused for them, or strangers could lock an owner out of his own mail.
//!
//! A success clears the pair, never the network: a guesser with an account of his own gains nothing
//! by logging in to it in between. Counters fade with time. While someone is refused, nothing is
//! checked and nothing is counted, so even a client that keeps trying gets another chance.

mod generations;

use generations::Generations;
use std::net::IpAddr;
use std::time::Duration;
use terms::{AccountId, Network, UnixTime};

/// How failures of one kind are treated.
#[derive(Clone, Copy, Debug)]
struct Rule {
    /// At this many, refuse.
    limit: u32,
    /// One failure is forgiven in this many seconds.
    forgiven_in: i64,
    /// For how many seconds.
    refused_for: i64,
}

const PAIR: Rule = Rule { limit: 10, forgiven_in: 60, refused_for: 300 };
const NETWORK: Rule = Rule { limit: 100, forgiven_in: 10, refused_for: 300 };
const ACCOUNT: Rule = Rule { limit: u32::MAX, forgiven_in: 10, refused_for: 0 };

/// Failures of an account over all networks beyond which every further one is slow.
const ACCOUNT_SLOW: u32 = 30;
/// The first failure's delay; each further one doubles it.
const DELAY_FIRST: Duration = Duration::from_millis(250);
/// The longest delay.
const DELAY_MAX: Duration = Duration::from_secs(4);

/// Whom an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claimed {
    /// An account that exists, by whatever name.
    Account(AccountId),
    /// A name that does not exist, as a hash.
    Stranger(u64),
}

/// Whether an attempt may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Look,
    /// No: refuse without looking.
    Refuse,
}

/// What a wrong secret counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A new guess.
    Guess,
    /// The same wrong secret as before: a client with an outdated password, not a guesser.
    Repeated,
}

/// The counters.
#[derive(Debug)]
pub struct Throttle {
    trusted: Vec<Network>,
    pairs: Generations<(Claimed, Network), Counter>,
    networks: Generations<Network, Counter>,
    accounts: Generations<Claimed, Counter>,
}

impl Throttle {
    /// Remembers about `capacity` counters of each kind. Attempts from `trusted` networks are neither
    /// counted nor refused: they come from a service that throttles by itself.
    pub fn new(trusted: Vec<Network>, capacity: usize) -> Self {
        Self {
            trusted,
            pairs: Generations::new(capacity),
            networks: Generations::new(capacity),
            accounts: Generations::new(capacity),
        }
    }

    /// Whether an attempt for `whom` from `peer` may be looked at.
    pub fn check(&mut self, whom: Claimed, peer: IpAddr, now: UnixTime) -> Verdict {
        if self.trusts(peer) {
            return Verdict::Look;
        }
        let network = Network::of_client(peer);
        let pair = self.pairs.get(&(whom, network)).is_some_and(|c| c.refuses(now, PAIR));
        let network = self.networks.get(&network).is_some_and(|c| c.refuses(now, NETWORK));
        if pair || network { Verdict::Refuse } else { Verdict::Look }
    }

    /// Notes a wrong secret; answers how long to wait before saying so.
    pub fn failed(
        &mut self,
        whom: Claimed,
        peer: IpAddr,
        now: UnixTime,
        failure: Failure,
    ) -> Duration {
        if self.trusts(peer) {
            return Duration::ZERO;
        }
        let network = Network::of_client(peer);
        let pair = self.pairs.entry((whom, network));
        if failure == Failure::Repeated {
            return delay(pair.level(now, PAIR).max(1));
        }
        let tries = pair.count(now, PAIR);
        self.networks.entry(network).count(now, NETWORK);
        let all = self.accounts.entry(whom).count(now, ACCOUNT);
        if all > ACCOUNT_SLOW { DELAY_MAX } else { delay(tries) }
    }

    /// Notes a right secret.
    pub fn succeeded(&mut self, whom: Claimed, peer: IpAddr) {
        self.pairs.remove(&(whom, Network::of_client(peer)));
    }

    fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(peer))
    }
}

/// Failures of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    failures: u32,
    since: UnixTime,
    refused_until: Option<UnixTime>,
}

impl Counter {
    fn refuses(&self, now: UnixTime, rule: Rule) -> bool {
        // The second condition: a clock that was set back must not lengthen the wait.
        self.refused_until
            .is_some_and(|until| now < until && until.0.saturating_sub(now.0) <= rule.refused_for)
    }

    /// Failures not yet forgiven.
    fn level(&self, now: UnixTime, rule: Rule) -> u32 {
        let seconds = now.0.saturating_sub(self.since.0).max(0);
        let forgiven = u32::try_from(seconds / rule.forgiven_in).unwrap_or(u32::MAX);
        self.failures.saturating_sub(forgiven)
    }

    /// One more; answers how many there are.
    fn count(&mut self, now: UnixTime, rule: Rule) -> u32 {
        let failures = self.level(now, rule).saturating_add(1);
        // What is left of a partly forgiven failure starts anew; a few seconds do not matter.
        *self = Counter { failures, since: now, refused_until: self.refused_until };
        if failures >= rule.limit {
            self.refused_until = Some(UnixTime(now.0.saturating_add(rule.refused_for)));
            // Afterwards half the tries, or a guesser gets the full number every time.
            self.failures = rule.limit / 2;
        }
        failures
    }
}

/// The delay of the n-th failure.
fn delay(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    DELAY_FIRST.saturating_mul(1 << doublings).min(DELAY_MAX)
}

/// What one guesser is assumed to have: one IPv4 address, or one IPv6 /64.
#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Claimed = Claimed::Account(AccountId(1));
    const BOB: Claimed = Claimed::Account(AccountId(2));

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn throttle() -> Throttle {
        Throttle::new(vec!["10.0.0.0/8".parse().unwrap()], 1000)
    }

    /// Fails `times` times at `now`; the verdict afterwards.
    fn fail(throttle: &mut Throttle, whom: Claimed, peer: &str, now: i64, times: u32) -> Verdict {
        for _ in 0..times {
            throttle.failed(whom, ip(peer), UnixTime(now), Failure::Guess);
        }
        throttle.check(whom, ip(peer), UnixTime(now))
    }

    #[test]
    fn delays_grow_then_refusal_then_another_chance() {
        let mut throttle = throttle();
        let mut delays = Vec::new();
        for _ in 0..PAIR.limit {
            assert_eq!(throttle.check(ALICE, ip("192.0.2.1"), UnixTime(0)), Verdict::Look);
            let delay = throttle.failed(ALICE, ip("192.0.2.1"), UnixTime(0), Failure::Guess);
            delays.push(delay.as_millis());
        }
        assert_eq!(delays, [250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000]);
        assert_eq!(throttle.check(ALICE, ip("192.0.2.1"), UnixTime(299)), Verdict::Refuse);
        assert_eq!(throttle.check(ALICE, ip("192.0.2.1"), UnixTime(300)), Verdict::Look);
        // Half were left, five minutes forgave those: the count starts anew.
        assert_eq!(fail(&mut throttle, ALICE, "192.0.2.1", 300, PAIR.limit - 1), Verdict::Look);
        assert_eq!(fail(&mut throttle, ALICE, "192.0.2.1", 300, 1), Verdict::Refuse);
    }

    #[test]
    fn only_the_guesser_is_refused() {
        let mut throttle = throttle();
        assert_eq!(fail(&mut throttle, ALICE, "192.0.2.1", 0, 10), Verdict::Refuse);
        assert_eq!(throttle.check(ALICE, ip("192.0.2.2"), UnixTime(0)), Verdict::Look);
        assert_eq!(throttle.check(BOB, ip("192.0.2.1"), UnixTime(0)), Verdict::Look);
        // However many networks guess, the owner's own is not refused.
        for network in 0..200 {
            fail(&mut throttle, ALICE, &format!("198.51.100.{network}"), 0, 9);
        }
        assert_eq!(throttle.check(ALICE, ip("192.0.2.2"), UnixTime(0)), Verdict::Look);
        // But they are slowed from their first try on.
        let delay = throttle.failed(ALICE, ip("203.0.113.5"), UnixTime(0), Failure::Guess);
        assert_eq!(delay, DELAY_MAX);
    }

    #[test]
    fn a_network_that_guesses_for_everyone_is_refused_for_everyone() {
        let mut throttle = throttle();
        for account in 0..u64::from(NETWORK.limit) {
            let whom = Claimed::Stranger(account);
            assert_eq!(throttle.check(whom, ip("2001:db8::1"), UnixTime(0)), Verdict::Look);
            throttle.failed(
                whom,
                ip(&format!("2001:db8::{account:x}")),
                UnixTime(0),
                Failure::Guess,
            );
        }
        assert_eq!(throttle.check(ALICE, ip("2001:db8::ffff"), UnixTime(1)), Verdict::Refuse);
        assert_eq!(throttle.check(ALICE, ip("2001:db8:0:1::1"), UnixTime(1)), Verdict::Look);
    }

    #[test]
    fn success_clears_the_pair_and_not_the_network() {
        let mut throttle = throttle();
        for _ in 0..20 {
            fail(&mut throttle, ALICE, "192.0.2.1", 0, 9);
            throttle.succeeded(ALICE, ip("192.0.2.1"));
        }
        assert_eq!(throttle.check(BOB, ip("192.0.2.1"), UnixTime(0)), Verdict::Refuse);
        let mut throttle = self::throttle();
        fail(&mut throttle, ALICE, "192.0.2.1", 0, 9);
        throttle.succeeded(ALICE, ip("::ffff:192.0.2.1"));
        assert_eq!(fail(&mut throttle, ALICE, "192.0.2.1", 0, 9), Verdict::Look);
    }

    #[test]
    fn an_outdated_client_is_slowed_but_not_refused() {
        let mut throttle = throttle();
        let peer = ip("192.0.2.1");
        throttle.failed(ALICE, peer, UnixTime(0), Failure::Guess);
        for _ in 0..1000 {
            let delay = throttle.failed(ALICE, peer, UnixTime(0), Failure::Repeated);
            assert_eq!(delay, DELAY_FIRST);
        }
        assert_eq!(throttle.check(ALICE, peer, UnixTime(0)), Verdict::Look);
    }

    #[test]
    fn time_forgives_and_a_clock_set_back_does_not_punish() {
        let mut throttle = throttle();
        assert_eq!(fail(&mut throttle, ALICE, "192.0.2.1", 1000, 9), Verdict::Look);
        assert_eq!(fail(&mut throttle, ALICE, "192.0.2.1", 1000 + 9 * 60, 9), Verdict::Look);
        assert_eq!(fail(&mut throttle, ALICE, "192.0.2.1", 1000 + 9 * 60, 1), Verdict::Refuse);
        assert_eq!(throttle.check(ALICE, ip("192.0.2.1"), UnixTime(0)), Verdict::Look);
    }

    #[test]
    fn trusted_networks_are_exempt() {
        let mut throttle = throttle();
        assert_eq!(fail(&mut throttle, ALICE, "10.1.2.3", 0, 1000), Verdict::Look);
        assert_eq!(
            throttle.failed(ALICE, ip("10.1.2.3"), UnixTime(0), Failure::Guess).as_secs(),
            0
        );
    }
}
