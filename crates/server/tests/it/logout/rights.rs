//! Who may end whose sessions, and what a stranger learns: nothing.

use crate::client::Kind;
use crate::house::{ADMIN, House, OPS, PASSWORD, TRUSTING};
use serde_json::{Value, json};
use std::time::Duration;

const JOE: &str = "joe@a.example";
const OTHER_ADMIN: &str = "admin@b.example";

async fn two_domains(limits: &str) -> House {
    let house = match limits {
        "alone" => House::alone(TRUSTING).await,
        _ => House::open().await,
    };
    house.do_call(OPS, "change_domain", json!({"domain": "b.example", "attributes": {}})).await;
    house.administrator(ADMIN, "a.example").await;
    house.administrator(OTHER_ADMIN, "b.example").await;
    house.account("eve@b.example").await;
    house.account("jane@a.example").await;
    let aliases = json!({"user": JOE, "attributes": {"aliases": ["joseph@a.example"]}});
    house.do_call(OPS, "change_user", aliases).await;
    house
}

/// An answer without what differs from each to each.
fn answer(mut answer: Value) -> Value {
    assert!(answer.as_object_mut().unwrap().remove("audit").is_some());
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_who_may_and_who_may_not() {
    let house = two_domains("").await;
    let mut sessions = vec![
        house.enter(Kind::Imap, JOE).await,
        house.enter(Kind::Pop3s, JOE).await,
        house.enter(Kind::Imap, "jane@a.example").await,
        house.enter(Kind::Imap, ADMIN).await,
        house.enter(Kind::Imap, OPS).await,
    ];
    // Caller, user, number of the error.
    let rows = [
        // The administrator of another domain: what exists and what does not look the same.
        (OTHER_ADMIN, json!(JOE), 9),
        (OTHER_ADMIN, json!("nobody@a.example"), 9),
        (OTHER_ADMIN, json!("joseph@a.example"), 9),
        (OTHER_ADMIN, json!(ADMIN), 9),
        (OTHER_ADMIN, json!("x@unknown.example"), 9),
        (OTHER_ADMIN, json!("no address"), 9),
        (OTHER_ADMIN, json!("x@"), 9),
        // In his own domain he may know.
        (ADMIN, json!("nobody@a.example"), 2),
        (ADMIN, json!("joseph@a.example"), 3),
        (ADMIN, json!(OPS), 9),
        // Users without a role.
        ("jane@a.example", json!(JOE), 9),
        ("jane@a.example", json!("nobody@a.example"), 9),
        ("jane@a.example", json!("joseph@a.example"), 9),
        ("jane@a.example", json!("eve@b.example"), 9),
        ("eve@b.example", json!(JOE), 9),
        // Shape comes before rights.
        (OTHER_ADMIN, json!(""), 5),
        (OTHER_ADMIN, json!(7), 5),
        (OTHER_ADMIN, json!(null), 5),
        (OTHER_ADMIN, json!([JOE]), 5),
    ];
    for (caller, user, error) in rows {
        let called = house.call(caller, "logout_user", json!({"user": user})).await;
        assert_eq!(called.error(), Some(error), "{caller} {user}: {}", called.answer);
    }
    let called = house.call(OTHER_ADMIN, "logout_user", json!({})).await;
    assert_eq!(called.error(), Some(5));
    for password in ["wrong", ""] {
        let called = house.call_with(ADMIN, password, "logout_user", json!({"user": JOE})).await;
        assert_eq!(called.error(), Some(1));
    }
    for session in &mut sessions {
        assert!(session.lives().await, "a stranger's call had an effect");
    }

    // Those who may.
    for caller in [ADMIN, OPS] {
        let mut joe = house.enter(Kind::Imap, JOE).await;
        house.do_call(caller, "logout_user", json!({"user": "JOE@a.Example"})).await;
        assert!(joe.at_once().end.is_some());
    }
    assert!(sessions[0].at_once().end.is_some() && sessions[1].at_once().end.is_some());
    // Nobody is logged in: that is no error.
    house.do_call(ADMIN, "logout_user", json!({"user": JOE})).await;
    // Himself. His calls go on.
    house.do_call(ADMIN, "logout_user", json!({"user": ADMIN})).await;
    assert!(sessions[3].at_once().end.is_some());
    house.do_call(ADMIN, "logout_user", json!({"user": ADMIN})).await;
    assert!(sessions[2].lives().await && sessions[4].lives().await);
}

/// To the letter and, as far as can be measured, to the moment.
#[tokio::test(flavor = "multi_thread")]
async fn s24_not_yours_and_not_there_answer_the_same() {
    let house = two_domains("alone").await;
    let names = [JOE, "nobody@a.example", "joseph@a.example", "nobody@nowhere.example"];
    for caller in [OTHER_ADMIN, "eve@b.example"] {
        let mut times = vec![Vec::new(); names.len()];
        let mut said = Vec::new();
        for _ in 0..40 {
            for (name, times) in names.iter().zip(&mut times) {
                let called = house.call(caller, "logout_user", json!({"user": name})).await;
                times.push(called.took());
                said.push(answer(called.answer));
            }
        }
        assert!(said.windows(2).all(|two| two[0] == two[1]), "{caller}");
        let medians: Vec<Duration> = times
            .into_iter()
            .map(|mut times| {
                times.sort();
                times[times.len() / 2]
            })
            .collect();
        println!("{caller}: medians {medians:?}");
        let (fastest, slowest) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
        assert!(*slowest < *fastest * 2 + Duration::from_millis(1), "{medians:?}");
    }
}

/// The call changes nothing but sessions.
#[tokio::test(flavor = "multi_thread")]
async fn s24_nothing_else_changes() {
    let house = two_domains("").await;
    let before = house.do_call(ADMIN, "get_user", json!({"user": JOE})).await;
    house.log_out(JOE).await;
    let after = house.do_call(ADMIN, "get_user", json!({"user": JOE})).await;
    assert_eq!(answer(before.answer)["attributes"], answer(after.answer)["attributes"]);
    for kind in Kind::ALL {
        assert!(house.admits(kind, JOE, PASSWORD).await);
        assert!(house.admits(kind, "joseph@a.example", PASSWORD).await);
    }
}
