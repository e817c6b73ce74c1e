//! Every interleaving of logins, logouts, a faulty bus, lease, drifting clocks and restarts, on
//! one, two and three nodes, with the real registry, inbox, lease and logout procedure in it.
//!
//! `world.rs` is the pretend world: what may happen next in a state, and what must hold in each.
//! `world/steps.rs` and `world/node.rs` are its moving parts, `explore.rs` walks through all of it.
//! Here are the settings, and the flaws that must be found:
//! a checker that lets a flawed procedure pass would prove nothing about ours.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "all of it is a test, which the lints do not see outside of test functions"
)]

mod explore;
mod world;

use explore::{Violation, explore, walk};
use world::{Budget, ELSEWHERE, Flaw, Seen, Setting};

/// How many random walks.
const WALKS: u64 = 2000;

/// Two logins and two logouts at once, one node, messages repeated.
fn one_node() -> Setting {
    Setting {
        logins: &[0, 0],
        logouts: &[0, 0],
        nodes: 1,
        budget: Budget { repeats: 1, ..Budget::none() },
        ..Setting::simple()
    }
}

/// A login of the account's own and one on its behalf; a logout of the account and one of the
/// administrator, whose sessions at others end with it.
fn on_behalf() -> Setting {
    Setting { on_behalf: &[1], about_administrator: &[1], ..one_node() }
}

/// A login on each of two nodes, and a bus that loses and repeats.
fn two_nodes() -> Setting {
    Setting {
        logins: &[0, 1],
        logouts: &[0],
        nodes: 2,
        budget: Budget { losses: 1, repeats: 1, reminders: 1, ..Budget::none() },
        ..Setting::simple()
    }
}

/// A login on a node that renews its lease or does not, and whose clock may be slow. The logout is
/// called elsewhere, on a node that has no sessions. (A lost message is one that takes for ever.)
fn a_node_with_a_lease() -> Setting {
    Setting {
        logins: &[0],
        logouts: &[ELSEWHERE],
        nodes: 1,
        last_tick: 5,
        budget: Budget { reminders: 1, renewals: 1, drifts: 1, ..Budget::none() },
        ..Setting::simple()
    }
}

/// The same with a node that may restart at any step.
fn a_node_that_restarts() -> Setting {
    let budget = Budget { reminders: 1, restarts: 1, ..Budget::none() };
    Setting { budget, ..a_node_with_a_lease() }
}

/// Explores a setting and checks that everything named was really seen.
fn check(name: &str, setting: &Setting, must_happen: &[&str]) {
    let summary = explore(setting).unwrap_or_else(|violation| panic!("{name}: {violation}"));
    println!("{name}: {summary}");
    assert!(summary.interleavings > 1_000_000, "{name}: {summary}");
    for what in must_happen {
        assert!(summary.seen.contains(what), "{name}: never happened: {what}");
    }
}

#[test]
fn one_node_keeps_the_promise_in_every_interleaving() {
    check(
        "one node",
        &one_node(),
        &[
            "logout done",
            "logout failed",
            "session ended by order",
            "session left by itself",
            "login refused at the recheck",
            "login refused because told",
            "login confirmed after the raise",
            "repeated order",
        ],
    );
}

/// A session on behalf carries two epochs, read one after the other.
#[test]
fn sessions_on_behalf_end_with_the_account_and_with_the_administrator() {
    check(
        "on behalf",
        &on_behalf(),
        &[
            "logout done",
            "session ended by order",
            "session left by itself",
            "login refused at the recheck",
            "login refused because told",
            "login confirmed after the raise",
            "login confirmed after the administrator's raise",
        ],
    );
}

#[test]
fn two_nodes_keep_the_promise_over_a_faulty_bus() {
    check(
        "two nodes",
        &two_nodes(),
        &[
            "logout done",
            "logout failed",
            "session ended by order",
            "login refused at the recheck",
            "login confirmed after the raise",
            "repeated order",
            "lost message",
            "reminded",
        ],
    );
}

#[test]
fn a_silent_node_is_waited_for_until_its_lease_is_over() {
    check(
        "a node with a lease",
        &a_node_with_a_lease(),
        &[
            "logout done",
            "logout failed",
            "logout done because a lease was over",
            "session ended by order",
            "login refused at the recheck",
            "lease renewed",
            "renewal refused",
        ],
    );
    check(
        "a node that restarts",
        &a_node_that_restarts(),
        &[
            "logout done",
            "logout failed",
            "logout done because a lease was over",
            "node restarted",
            "order to a former incarnation",
            "login confirmed after the raise",
        ],
    );
}

/// A flawed procedure must be found out, and for the right reason.
fn must_fail(name: &str, setting: Setting, flaw: Flaw, promise: &str) {
    let violation: Violation = match explore(&Setting { flaw, ..setting }) {
        Ok(summary) => panic!("{name} was not found out: {summary}"),
        Err(violation) => violation,
    };
    println!("{name}: {violation}");
    assert!(violation.what.starts_with(promise), "{name}: {violation}");
}

#[test]
fn flaws_are_found_out() {
    use Flaw::*;
    must_fail("recheck before registering", one_node(), RecheckBeforeRegister, "L1");
    must_fail("no recheck", one_node(), NoRecheck, "L1");
    must_fail("recheck the account only", on_behalf(), RecheckAccountOnly, "L1");
    must_fail("register the account's epoch only", on_behalf(), RegisterAccountOnly, "L1");
    must_fail("acknowledge when told", one_node(), AcknowledgeWhenTold, "L1");
    must_fail("order before the raise", one_node(), OrderBeforeRaise, "L1");
    must_fail("end whoever is there on arrival", one_node(), CompareArrival, "L4");
    must_fail("wait only for those newly told", one_node(), WaitForNewlyTold, "L1");
    must_fail("success at the deadline", one_node(), SuccessAtDeadline, "L1");
    must_fail("fail to answer", two_nodes(), NoDeadline, "L7");
    must_fail("ask one node only", two_nodes(), AskOneNode, "L1");
    let lease = a_node_with_a_lease();
    must_fail("members before the raise", a_node_that_restarts(), MembersBeforeRaise, "L1");
    let budget = Budget { renewals: 2, ..lease.budget };
    must_fail("leases from memory", Setting { budget, ..lease }, RememberLeases, "L1");
    must_fail("no margin", lease, NoMargin, "L1");
    must_fail("renew a lapsed lease", lease, RenewLapsed, "L1");
}

/// A world too large to be explored in full is walked through at random.
#[test]
fn three_nodes_keep_the_promise_on_random_walks() {
    let setting = Setting {
        logins: &[0, 1, 2, 1, 2],
        logouts: &[0, 1, 2],
        nodes: 3,
        last_tick: 12,
        budget: Budget { losses: 3, repeats: 3, reminders: 4, renewals: 6, drifts: 1, restarts: 2 },
        ..Setting::simple()
    };
    let mut seen = Seen::new();
    for seed in 0..WALKS {
        if let Err(violation) = walk(&setting, seed, &mut seen) {
            panic!("seed {seed}: {violation}");
        }
    }
    println!("{WALKS} walks; seen: {seen:?}");
    for what in [
        "logout done",
        "logout failed",
        "logout done because a lease was over",
        "session ended by order",
        "login refused at the recheck",
        "login confirmed after the raise",
        "lease renewed",
        "order to a former incarnation",
    ] {
        assert!(seen.contains(what), "never happened: {what}");
    }
}
