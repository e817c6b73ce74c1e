//! Whatever a session was logged in by, it is found; and what began later is not.

use crate::client::{Client, Kind};
use crate::house::{ADMIN, House, OPS, PASSWORD};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

/// Logs in by AUTHENTICATE or AUTH PLAIN, possibly on behalf of somebody else.
pub(super) async fn by_plain(house: &House, kind: Kind, other: &str, name: &str) -> Client {
    let mut client = house.connect(kind).await;
    let response = STANDARD.encode(format!("{other}\0{name}\0{PASSWORD}"));
    let line = match kind.is_imap() {
        true => format!("a AUTHENTICATE PLAIN {response}"),
        false => format!("AUTH PLAIN {response}"),
    };
    let answer = client.ask(&line).await.unwrap();
    assert!(answer.starts_with("a OK") || answer.starts_with("+OK"), "{answer}");
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn s05_alias_other_case_other_form_on_behalf() {
    let house = House::open().await;
    house.administrator(ADMIN, "a.example").await;
    let aliases = json!({"aliases": ["joseph@a.example", "j.o.e@a.example"]});
    let body = json!({"user": "joe@a.example", "attributes": aliases});
    house.do_call(OPS, "change_user", body).await;
    let mut joes = vec![
        house.log_in(Kind::Imap, "joe@a.example").await,
        house.log_in(Kind::Imaps, "joseph@a.example").await,
        house.log_in(Kind::Imap, "J.O.E@A.Example").await,
        house.log_in(Kind::Imaps, "JOE@A.EXAMPLE").await,
        // A soft hyphen, and full-width letters.
        by_plain(&house, Kind::Imap, "", "jo\u{ad}e@a.example").await,
        by_plain(&house, Kind::Imap, "", "ｊｏｅ＠a.example").await,
        by_plain(&house, Kind::Imap, "joe@a.example", ADMIN).await,
        by_plain(&house, Kind::Imaps, "Joseph@a.example", ADMIN).await,
        by_plain(&house, Kind::Pop3, "joseph@a.example", ADMIN).await,
    ];
    // A session of the administrator's own is not Joe's.
    let mut admin = house.enter(Kind::Imap, ADMIN).await;
    let joe = house.account_of("joe@a.example");
    assert_eq!(house.count_of(joe), joes.len());
    house.log_out("joe@a.example").await;
    for (index, client) in joes.iter_mut().enumerate() {
        let seen = client.at_once();
        assert_eq!(seen.text(), client.kind.farewell(), "{index}");
        assert!(seen.end.is_some(), "{index}");
    }
    assert_eq!(house.count_of(joe), 0);
    assert!(admin.lives().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn s06_a_login_after_the_answer_stays() {
    let house = House::open().await;
    let mut later = Vec::new();
    for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3] {
        let mut before = house.enter(kind, "joe@a.example").await;
        house.log_out("joe@a.example").await;
        assert!(before.at_once().end.is_some());
        // All those of earlier turns have gone now, as they should.
        later.clear();
        later.push(house.enter(kind, "joe@a.example").await);
        // What of the call might come late has time to come.
        sleep(Duration::from_millis(300)).await;
        for client in &mut later {
            assert!(client.lives().await, "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s05_a_name_is_no_pattern() {
    let house = House::open().await;
    house.account("jane@a.example").await;
    let mut clients = vec![
        house.enter(Kind::Imap, "joe@a.example").await,
        house.enter(Kind::Imaps, "jane@a.example").await,
        house.enter(Kind::Pop3, "jane@a.example").await,
    ];
    for name in [
        "*@a.example",
        "j*@a.example",
        "%@a.example",
        "jo_@a.example",
        "?oe@a.example",
        "*",
        "@a.example",
        "joe@a.example,jane@a.example",
        "joe@a.example\r\njane@a.example",
        "joe@a.example\u{0}",
        "joe'@a.example",
    ] {
        let called = house.call(OPS, "logout_user", json!({"user": name})).await;
        assert!(!called.succeeded(), "{name:?}");
    }
    for client in &mut clients {
        assert!(client.lives().await, "{:?}", client.kind);
    }
}
