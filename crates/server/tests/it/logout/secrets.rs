//! Passwords that change, services that are switched off: the same act, the same promise.

use crate::client::Kind;
use crate::house::{House, OPS, PASSWORD};
use serde_json::json;

const JOE: &str = "joe@a.example";

/// Whether a password is good, by every way in.
async fn check(house: &House, password: &str, good: bool) {
    for kind in Kind::ALL {
        assert_eq!(house.admits(kind, JOE, password).await, good, "{kind:?}");
    }
    let called = house.call_with(JOE, password, "authenticate", json!({})).await;
    assert_eq!(called.succeeded(), good, "{}", called.answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn s25_password_change_and_logout_with_a_warm_cache() {
    let house = House::open().await;
    let passwords = [PASSWORD, "Another-horse-8", "Yet-another-9", PASSWORD];
    for (round, two) in passwords.windows(2).enumerate() {
        let (old, new) = (two[0], two[1]);
        // Warm, twice.
        check(&house, old, true).await;
        check(&house, old, true).await;
        let mut before = house.connect(Kind::Imap).await;
        assert!(before.log_in(JOE, old).await.unwrap());
        let change = json!({"user": JOE, "attributes": {"password": new}});
        if round % 2 == 0 {
            house.do_call(OPS, "change_user", change).await;
            let seen = before.at_once();
            assert!(seen.text().starts_with("* BYE [AUTHENTICATIONFAILED] "), "{seen:?}");
            check(&house, old, false).await;
            house.log_out(JOE).await;
        } else {
            house.log_out(JOE).await;
            assert!(before.at_once().end.is_some());
            check(&house, old, true).await;
            house.do_call(OPS, "change_user", change).await;
        }
        check(&house, old, false).await;
        check(&house, new, true).await;
    }
}

/// A guess that was wrong is not remembered as wrong when it becomes right.
#[tokio::test(flavor = "multi_thread")]
async fn s25_a_wrong_password_becomes_right() {
    let house = House::open().await;
    for _ in 0..2 {
        check(&house, "Another-horse-8", false).await;
    }
    let change = json!({"user": JOE, "attributes": {"password": "Another-horse-8"}});
    house.do_call(OPS, "change_user", change).await;
    check(&house, "Another-horse-8", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_a_protocol_switched_off_ends_its_sessions_only() {
    let house = House::open().await;
    for (service, off, on) in [
        ("service_pop3", [Kind::Pop3, Kind::Pop3s], [Kind::Imap, Kind::Imaps]),
        ("service_imap4", [Kind::Imap, Kind::Imaps], [Kind::Pop3, Kind::Pop3s]),
    ] {
        for state in ["disabled", "suspended"] {
            for (off, on) in off.into_iter().zip(on) {
                let mut stays = house.enter(on, JOE).await;
                let mut ends = house.enter(off, JOE).await;
                let change = json!({"user": JOE, "attributes": {service: state}});
                house.do_call(OPS, "change_user", change).await;
                let seen = ends.at_once();
                let told = if off.is_imap() { "* BYE [CONTACTADMIN] " } else { "-ERR [SYS/PERM] " };
                assert!(seen.text().starts_with(told) && seen.end.is_some(), "{seen:?}");
                assert!(stays.lives().await, "{service} {state} ended {on:?}");
                assert!(!house.admits(off, JOE, PASSWORD).await);
                stays.leave().await;
                let change = json!({"user": JOE, "attributes": {service: "enabled"}});
                house.do_call(OPS, "change_user", change).await;
                assert!(house.admits(off, JOE, PASSWORD).await);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_domain_ends_its_sessions_only() {
    let house = House::open().await;
    house.do_call(OPS, "change_domain", json!({"domain": "b.example", "attributes": {}})).await;
    house.account("eve@b.example").await;
    let mut eve = house.enter(Kind::Imap, "eve@b.example").await;
    let mut joes = vec![house.enter(Kind::Imap, JOE).await, house.enter(Kind::Pop3s, JOE).await];
    let disabled = json!({"domain": "a.example", "attributes": {"disabled": true}});
    house.do_call(OPS, "change_domain", disabled).await;
    for joe in &mut joes {
        let seen = joe.at_once();
        assert!(seen.end.is_some() && seen.holds("domain"), "{seen:?}");
    }
    assert!(eve.lives().await);
    assert!(!house.admits(Kind::Imap, JOE, PASSWORD).await);
}
