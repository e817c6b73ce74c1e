//! What ends sessions, and that nothing is called done before they are over.

use super::world::{NOW, World, address, domain_name, masked};
use crate::error::ErrorNumber;
use serde_json::json;
use storage::{Role, RoleGrant};
use terms::{EndReason, Protocol, Scope};

const ADMIN: &str = "company@acme.adm";
const OWN: &[Scope] = &[Scope::Everything];
const ALL: &[Scope] = &[Scope::Everything, Scope::OnBehalf];
const RIGHTS: &[Scope] = &[Scope::OnBehalf, Scope::ByAdministrators];
const IMAP: Scope = Scope::Protocol(Protocol::Imap);
const POP3: Scope = Scope::Protocol(Protocol::Pop3);

#[tokio::test]
async fn what_ends_which_sessions() {
    let world = World::new().await;
    let change = |attributes| json!({ "user": "lee@a.example", "attributes": attributes });
    let all_suspended = json!({
        "service_imap4": "suspended", "service_pop3": "suspended", "service_smtpin": "suspended",
        "service_smtprelay": "suspended", "service_smtprelay_webmail": "suspended",
        "service_webmail": "suspended",
    });
    let rows: Vec<(serde_json::Value, &[Scope], EndReason)> = vec![
        (json!({ "password": "pencil76" }), ALL, EndReason::PasswordChanged),
        (
            json!({ "password": "{MD5}5f4dcc3b5aa765d61d8327deb882cf99" }),
            ALL,
            EndReason::PasswordChanged,
        ),
        (json!({ "service_imap4": "disabled" }), &[IMAP], EndReason::ServiceOff),
        // Asked again: ended again, in case it was not confirmed.
        (json!({ "service_imap4": "disabled" }), &[IMAP], EndReason::ServiceOff),
        (
            json!({ "service_imap4": "enabled", "service_pop3": "suspended" }),
            &[POP3],
            EndReason::ServiceOff,
        ),
        (all_suspended, &[IMAP, POP3, Scope::OnBehalf], EndReason::ServiceOff),
    ];
    for (attributes, scopes, reason) in rows {
        assert_eq!(world.number(ADMIN, "change_user", change(attributes.clone())).await, None);
        world.check_ended("lee@a.example", scopes, reason).await;
    }
    let harmless = json!({
        "name": "Lee", "aliases": ["l.park@a.example", "ll@a.example"], "quota": 5_000_000, "notes_external": "x", "title": "",
        "service_imap4": "enabled", "service_pop3": "enabled",
    });
    assert_eq!(world.number(ADMIN, "change_user", change(harmless)).await, None);
    assert_eq!(world.number(ADMIN, "change_user", change(json!([]))).await, None);
    assert_eq!(world.ended(), []);
    let alias = |name: &str| Scope::Alias(address(name));
    let lost = [alias("l.park@a.example"), alias("l.park@alias.example")];
    let aliases = json!({ "aliases": ["ll@a.example"] });
    assert_eq!(world.number(ADMIN, "change_user", change(aliases)).await, None);
    world.check_ended("lee@a.example", &lost, EndReason::Renamed).await;
    let role = json!({ "user": "lee@a.example", "role": "mail", "object": "a.example" });
    assert_eq!(world.number(ADMIN, "set_role", role).await, None);
    world.check_ended("lee@a.example", RIGHTS, EndReason::CredentialRevoked).await;
    let role = json!({ "user": "lee@a.example", "role": null });
    assert_eq!(world.number(ADMIN, "set_role", role).await, None);
    world.check_ended("lee@a.example", RIGHTS, EndReason::CredentialRevoked).await;

    let user = json!({ "user": "lee@a.example" });
    assert_eq!(world.number(ADMIN, "logout_user", user.clone()).await, None);
    world.check_ended("lee@a.example", OWN, EndReason::LoggedOut).await;

    let id = world.find("lee@a.example").await.id;
    assert_eq!(world.number(ADMIN, "delete_user", user.clone()).await, None);
    let ended = world.ended();
    assert_eq!(
        (ended.len(), ended[0].raised.account, ended[0].reason),
        (1, id, EndReason::Deleted)
    );
    for method in ["logout_user", "delete_user", "get_user"] {
        assert_eq!(world.number(ADMIN, method, user.clone()).await, Some(2), "{method}");
    }
    assert_eq!(world.ended(), []);
}

#[tokio::test]
async fn a_disabled_domain_ends_all_of_its_own_and_no_others() {
    let world = World::new().await;
    let disable = json!({ "domain": "a.example", "attributes": { "disabled": true } });
    for _ in 0..2 {
        assert_eq!(world.number(ADMIN, "change_domain", disable.clone()).await, None);
        let mut ended: Vec<_> = world
            .ended()
            .into_iter()
            .map(|it| {
                assert_eq!(
                    (it.reason, it.raised.scopes.as_slice()),
                    (EndReason::DomainDisabled, ALL)
                );
                it.raised.account
            })
            .collect();
        ended.sort();
        let mut expected = Vec::new();
        for name in ["domain", "mail", "group", "nobody", "lee", "kim"] {
            expected.push(world.find(&format!("{name}@a.example")).await.id);
        }
        expected.sort();
        assert_eq!(ended, expected);
    }
    assert!(!world.logs_in("lee@a.example", "pencil75").await);
    // Its administrator is out as well.
    let user = json!({ "user": "lee@a.example" });
    assert_eq!(world.number("domain@a.example", "get_user", user.clone()).await, Some(1));
    let status = world.ask(ADMIN, "get_user", user).await["metadata"]["status"].clone();
    assert_eq!(status, "suspended");
    let enable = json!({ "domain": "a.example", "attributes": { "disabled": "0" } });
    assert_eq!(world.number(ADMIN, "change_domain", enable).await, None);
    assert_eq!(world.ended(), []);
    assert!(world.logs_in("lee@a.example", "pencil75").await);
}

#[tokio::test]
async fn a_lost_alias_of_a_domain_ends_the_sessions_by_it() {
    let world = World::new().await;
    let aliases = json!({ "domain": "a.example", "attributes": { "aliases": [] } });
    assert_eq!(world.number(ADMIN, "change_domain", aliases.clone()).await, None);
    let ended = world.ended();
    assert_eq!(ended.len(), 6);
    let lee = world.find("lee@a.example").await;
    let of_lee = ended.iter().find(|it| it.raised.account == lee.id).unwrap();
    let lost = ["lee@alias.example", "l.park@alias.example"].map(|it| Scope::Alias(address(it)));
    assert_eq!((&of_lee.raised.scopes[..], of_lee.reason), (&lost[..], EndReason::Renamed));
    assert_eq!(world.number(ADMIN, "change_domain", aliases).await, None);
    assert_eq!(world.ended(), []);
}

/// Who could open an account as its administrator may have lost the right to.
#[tokio::test]
async fn what_moves_out_of_an_administrators_reach_is_closed_to_him() {
    let world = World::new().await;
    let domain = world.storage.domain(&domain_name("a.example")).await.unwrap().unwrap();
    world.account("two@a.example", Some((Role::Company, "acme"))).await;
    let both = RoleGrant { role: Role::Company, objects: vec!["acme".into(), "other".into()] };
    let two = world.find("two@a.example").await;
    let history = accounts::Request::of_service("test", NOW).entry(two.id, "test");
    let change = storage::AccountChange { role: Some(Some(both)), ..Default::default() };
    world.storage.change_account(two.id, change, history).await.unwrap();
    let moved = json!({ "domain": "a.example", "attributes": { "company": "other" } });
    assert_eq!(world.number("two@a.example", "change_domain", moved.clone()).await, None);
    let ended = world.ended();
    assert_eq!(ended.len() as u64, world.storage.count_accounts(domain.id).await.unwrap().0);
    for one in ended {
        let found = (one.raised.scopes.as_slice(), one.reason);
        assert_eq!(found, (RIGHTS, EndReason::CredentialRevoked));
    }
    assert_eq!(world.number("two@a.example", "change_domain", moved).await, None);
    assert_eq!(world.ended(), [], "there already");
    // The same workgroup again.
    let group = json!({ "user": "lee@a.example", "attributes": { "workgroup": "staff" } });
    assert_eq!(world.number("two@a.example", "change_user", group).await, None);
    assert_eq!(world.ended(), []);
}

/// Promise L7: never success on hope; L8: what was done stays, and the call can be repeated.
#[tokio::test]
async fn not_confirmed_is_no_success() {
    let world = World::new().await;
    let calls = [
        ("logout_user", json!({ "user": "lee@a.example" })),
        (
            "change_user",
            json!({ "user": "lee@a.example", "attributes": { "password": "pencil76" } }),
        ),
        (
            "change_user",
            json!({ "user": "lee@a.example", "attributes": { "service_pop3": "disabled" } }),
        ),
        ("change_domain", json!({ "domain": "a.example", "attributes": { "disabled": true } })),
    ];
    for (method, fields) in calls {
        let before = world.find("lee@a.example").await.epoch;
        world.be_silent(true);
        let mut body = fields.clone();
        body["credentials"] = json!({ "user": ADMIN, "password": "pencil75" });
        let answer = world.post(&format!("/api/{method}"), body.to_string().as_bytes()).await;
        let expected = r#"{"success":false,"error_number":0,"error":"Server error: not all sessions could be confirmed as ended in time; calling again is safe", "audit":"AUDIT"}"#;
        assert_eq!(masked(&answer), expected, "{method}");
        assert_eq!((answer.status, answer.error), (200, Some(ErrorNumber::Server)));
        let first = world.ended();
        let between = world.find("lee@a.example").await.epoch;
        assert!(between > before, "{method}: the epoch was raised");
        // Asked again, it is done again, and this time confirmed.
        world.be_silent(false);
        assert_eq!(world.number(ADMIN, method, fields).await, None, "{method}");
        let second = world.ended();
        assert_eq!(first.len(), second.len(), "{method}");
        assert!(world.find("lee@a.example").await.epoch > between, "{method}");
    }
}

/// Promise L10: the account's history says who, from where, under which id; never secrets.
#[tokio::test]
async fn history_says_who() {
    let world = World::new().await;
    let change =
        json!({ "user": "lee@a.example", "attributes": { "password": "pencil76", "name": "Lee" } });
    assert_eq!(world.number("mail@a.example", "change_user", change).await, None);
    let answer =
        world.ask("domain@a.example", "logout_user", json!({ "user": "lee@a.example" })).await;
    let id = world.find("lee@a.example").await.id;
    let history = world.storage.history(id, 2).await.unwrap();
    let (logout, change) = (&history[0], &history[1]);
    assert_eq!(
        (logout.action.as_str(), logout.actor.as_str()),
        ("logout_user", "domain@a.example")
    );
    assert_eq!(logout.peer, Some("192.0.2.1".parse().unwrap()));
    assert_eq!(logout.audit.as_ref().map(|it| json!(it.0)), Some(answer["audit"].clone()));
    assert_eq!((change.action.as_str(), change.actor.as_str()), ("change_user", "mail@a.example"));
    assert_eq!(change.detail, json!({ "attributes": ["password", "name"] }));
}
