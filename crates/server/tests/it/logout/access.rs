//! What takes access away ends exactly the sessions that it is about: app passwords, tokens, names,
//! administrators' rights.

use super::names::by_plain;
use crate::client::{Client, Kind};
use crate::house::{ADMIN, House, OPS, PASSWORD};
use serde_json::{Value, json};

const JOE: &str = "joe@a.example";

/// Logs in with that secret and, by IMAP, selects the inbox.
async fn enter(house: &House, kind: Kind, name: &str, secret: &str) -> Client {
    let mut client = house.connect(kind).await;
    assert!(client.log_in(name, secret).await.unwrap(), "{kind:?} {name}");
    if kind.is_imap() {
        client.say("a SELECT INBOX", "a OK").await.unwrap();
    }
    client
}

/// When the answer is here, these are over, each with its word, and those go on.
async fn check(ended: Vec<Client>, told: &str, stay: &mut [Client]) {
    for mut client in ended {
        let seen = client.at_once();
        let word = if client.kind.is_imap() { "* BYE [" } else { "-ERR [" };
        assert!(seen.text().starts_with(word) && seen.holds(told), "{:?} {seen:?}", client.kind);
        assert!(seen.end.is_some(), "{:?} {seen:?}", client.kind);
    }
    for client in stay {
        assert!(client.lives().await, "{:?}", client.kind);
    }
}

async fn app_password(house: &House, tag: &str) -> String {
    let body = json!({"user": JOE, "mode": "add", "tag": tag});
    let called = house.do_call(OPS, "app_password", body).await;
    called.answer["password"].as_str().unwrap().to_owned()
}

async fn token(house: &House, fields: Value) -> String {
    let mut body = json!({"user": JOE, "reason": "test"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let called = house.do_call(OPS, "generate_token", body).await;
    called.answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_a_removed_app_password_ends_its_sessions_only() {
    let house = House::open().await;
    let token = token(&house, json!({})).await;
    // Begun before there was an app password: it goes on.
    let own = house.enter(Kind::Imap, JOE).await;
    let (phone, laptop) =
        (app_password(&house, "phone").await, app_password(&house, "laptop").await);
    for kind in Kind::ALL {
        assert!(!house.admits(kind, JOE, PASSWORD).await, "{kind:?}");
        assert!(house.admits(kind, JOE, &phone).await, "{kind:?}");
        assert!(house.admits(kind, JOE, &token).await, "{kind:?}");
    }
    let mut stay = vec![
        own,
        enter(&house, Kind::Imaps, JOE, &laptop).await,
        enter(&house, Kind::Imap, JOE, &token).await,
    ];
    let ended = vec![
        enter(&house, Kind::Imap, JOE, &phone).await,
        enter(&house, Kind::Imaps, "Joe@A.example", &phone).await,
        enter(&house, Kind::Pop3s, JOE, &phone).await,
    ];
    let remove = |tag: &str| json!({"user": JOE, "mode": "remove", "tag": tag});
    house.do_call(OPS, "app_password", remove("phone")).await;
    check(ended, "", &mut stay).await;
    assert!(!house.admits(Kind::Imap, JOE, &phone).await);
    assert!(house.admits(Kind::Imap, JOE, &laptop).await);
    assert!(!house.admits(Kind::Imap, JOE, PASSWORD).await);
    let ended = vec![stay.remove(1)];
    house.do_call(OPS, "app_password", remove("laptop")).await;
    check(ended, "", &mut stay).await;
    assert!(house.admits(Kind::Imap, JOE, PASSWORD).await);
    // All of them, whatever they were made with.
    house.log_out(JOE).await;
    check(stay, "ended by an administrator", &mut []).await;
    house.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_with_its_sessions() {
    let house = House::open().await;
    let (session, sso) =
        (token(&house, json!({})).await, token(&house, json!({"type": "sso"})).await);
    let by_token = vec![
        enter(&house, Kind::Imap, JOE, &session).await,
        enter(&house, Kind::Pop3, JOE, &session).await,
        enter(&house, Kind::Imaps, JOE, &sso).await,
    ];
    assert!(!house.admits(Kind::Imap, JOE, &sso).await, "it is used up");
    let change = json!({"user": JOE, "attributes": {"password": "Another-horse-8"}});
    house.do_call(OPS, "change_user", change).await;
    check(by_token, "", &mut []).await;
    assert!(!house.admits(Kind::Imap, JOE, &session).await);
    assert!(house.admits(Kind::Imap, JOE, "Another-horse-8").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_account_is_logged_out_and_has_its_mail() {
    let house = House::open().await;
    house.append(JOE, b"Subject: kept\r\n\r\nkept\r\n").await;
    house.account("jane@a.example").await;
    let mut jane = [house.enter(Kind::Imap, "jane@a.example").await];
    let ended = vec![house.enter(Kind::Imap, JOE).await, house.enter(Kind::Pop3s, JOE).await];
    house.do_call(OPS, "rename_user", json!({"user": JOE, "new_name": "josephine"})).await;
    check(ended, "renamed", &mut jane).await;
    assert!(!house.admits(Kind::Imap, JOE, PASSWORD).await);
    assert_eq!(house.messages("josephine@a.example").await, 1);
    // Somebody else has the name now, and nothing else of hers.
    house.account(JOE).await;
    assert_eq!(house.messages(JOE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_account_has_its_mail() {
    let house = House::open().await;
    house.append(JOE, b"Subject: kept\r\n\r\nkept\r\n").await;
    let ended = vec![house.enter(Kind::Imap, JOE).await, house.enter(Kind::Pop3, JOE).await];
    house.do_call(OPS, "delete_user", json!({"user": JOE})).await;
    check(ended, "deleted", &mut []).await;
    assert!(!house.admits(Kind::Imap, JOE, PASSWORD).await);
    let criteria = json!({"criteria": {"domain": "a.example", "deleted": true}});
    let found = house.do_call(OPS, "search_users", criteria).await;
    let id = found.answer["users"][0]["id"].clone();
    let body = json!({"user": JOE, "id": id, "new_name": JOE});
    house.do_call(OPS, "restore_user", body).await;
    assert_eq!(house.messages(JOE).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_alias_ends_the_sessions_by_it_only() {
    let house = House::open().await;
    let aliases = |aliases: Value| json!({"user": JOE, "attributes": {"aliases": aliases}});
    let two = aliases(json!(["joseph@a.example", "joey@a.example"]));
    house.do_call(OPS, "change_user", two).await;
    let mut stay =
        vec![house.enter(Kind::Imap, JOE).await, house.enter(Kind::Imaps, "joey@a.example").await];
    let ended = vec![
        house.enter(Kind::Imap, "Joseph@A.example").await,
        by_plain(&house, Kind::Imaps, "", "jo\u{ad}seph@a.example").await,
        by_plain(&house, Kind::Pop3, "joseph@a.example", OPS).await,
    ];
    house.do_call(OPS, "change_user", aliases(json!(["joey@a.example"]))).await;
    check(ended, "", &mut stay).await;
    assert!(!house.admits(Kind::Imap, "joseph@a.example", PASSWORD).await);
}

/// What takes an administrator's power ends his sessions at others, and no others there.
#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_loses_his_sessions_at_others() {
    let house = House::open().await;
    house.administrator(ADMIN, "a.example").await;
    let mut stay =
        vec![house.enter(Kind::Imap, JOE).await, by_plain(&house, Kind::Imaps, JOE, OPS).await];
    let services = ["imap4", "pop3", "smtpin", "smtprelay", "smtprelay_webmail", "webmail"];
    let all = |state: &str| -> serde_json::Map<String, Value> {
        services.iter().map(|name| (format!("service_{name}"), json!(state))).collect()
    };
    let grant = json!({"user": ADMIN, "role": "domain", "object": "a.example"});
    let set = |attributes: Value| ("change_user", json!({"user": ADMIN, "attributes": attributes}));
    for (method, body) in [
        ("set_role", grant.clone()),
        ("set_role", json!({"user": ADMIN, "role": "workgroup", "object": "a.example/staff"})),
        ("set_role", json!({"user": ADMIN, "role": null})),
        set(json!({"password": PASSWORD})),
        set(json!(all("suspended"))),
        ("delete_user", json!({"user": ADMIN})),
    ] {
        house.do_call(OPS, "set_role", grant.clone()).await;
        let (enable, enabled) = set(json!(all("enabled")));
        house.do_call(OPS, enable, enabled).await;
        let visits = vec![
            by_plain(&house, Kind::Imap, JOE, ADMIN).await,
            by_plain(&house, Kind::Pop3, JOE, ADMIN).await,
        ];
        // Ending his own sessions takes nothing from him.
        house.log_out(ADMIN).await;
        check(vec![], "", &mut stay).await;
        house.do_call(OPS, method, body).await;
        check(visits, "", &mut stay).await;
    }
}
