//! `app_password` and `generate_token`: other secrets than the password.

use super::world::{PASSWORD, World, masked};
use serde_json::{Value, json};
use terms::{EndReason, Scope};

const ADMIN: &str = "company@acme.adm";
const LEE: &str = "lee@a.example";

async fn add(world: &World, tag: &str) -> String {
    let fields = json!({ "user": LEE, "mode": "add", "tag": tag });
    let answer = world.ask("mail@a.example", "app_password", fields).await;
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["success", "password", "audit"]);
    answer["password"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn app_passwords() {
    let world = World::new().await;
    let (phone, laptop) = (add(&world, "phone").await, add(&world, "my laptop").await);
    assert!(world.logs_in(LEE, &phone).await && world.logs_in(LEE, &laptop).await);
    assert!(!world.logs_in(LEE, PASSWORD).await);
    // The API is the password's.
    assert_eq!(world.number(LEE, "authenticate", json!({})).await, None);
    let body = json!({ "credentials": { "user": LEE, "password": phone } }).to_string();
    let answer = world.post("/api/authenticate", body.as_bytes()).await;
    assert_eq!(answer.error.map(|number| number as u8), Some(1));

    let user = world.ask(ADMIN, "get_user", json!({ "user": LEE })).await;
    let created = super::world::NOW.0;
    let told =
        json!([{ "created": created, "tag": "phone" }, { "created": created, "tag": "my laptop" }]);
    assert_eq!(user["metadata"]["app_passwords"], told);
    assert!(!user.to_string().contains(&phone));

    let ask = async |fields: Value| {
        let mut all = json!({ "user": LEE });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        world.number(ADMIN, "app_password", all).await
    };
    for (fields, number) in [
        (json!({}), Some(5)),
        (json!({ "mode": "remove" }), Some(5)),
        (json!({ "mode": "add", "tag": 7 }), Some(5)),
        (json!({ "mode": "change", "tag": "phone" }), Some(6)),
        (json!({ "mode": "add", "tag": "täg" }), Some(6)),
        (json!({ "mode": "add", "tag": "x".repeat(65) }), Some(6)),
        (json!({ "mode": "add", "tag": "phone" }), Some(7)),
        (json!({ "mode": "remove", "tag": "Phone" }), Some(2)),
        (json!({ "mode": "add", "tag": "" }), None),
        (json!({ "mode": "add" }), None),
        (json!({ "mode": "add" }), Some(8)),
        (json!({ "mode": "add", "tag": "fifth" }), Some(8)),
    ] {
        assert_eq!(ask(fields.clone()).await, number, "{fields}");
    }
    assert_eq!(world.ended(), []);
    let id = world.find(LEE).await.app_passwords[0].id;
    assert_eq!(ask(json!({ "mode": "remove", "tag": "phone" })).await, None);
    world.check_ended(LEE, &[Scope::AppPassword(id)], EndReason::CredentialRevoked).await;
    let lee = world.find(LEE).await;
    let history = world.storage.history(lee.id, 1).await.unwrap();
    assert_eq!((history[0].action.as_str(), history[0].actor.as_str()), ("app_password", ADMIN));
    assert_eq!(history[0].detail, json!({ "mode": "remove", "tag": "phone" }));
    assert!(!world.logs_in(LEE, &phone).await && world.logs_in(LEE, &laptop).await);
    for app_password in lee.app_passwords {
        let fields = json!({ "mode": "remove", "tag": app_password.tag });
        assert_eq!(ask(fields).await, None);
    }
    assert!(!world.logs_in(LEE, &laptop).await && world.logs_in(LEE, PASSWORD).await);
}

async fn token(world: &World, who: &str, mut fields: Value) -> Value {
    fields["user"] = LEE.into();
    world.ask(who, "generate_token", fields).await
}

async fn opens_api(world: &World, token: &str) -> bool {
    let body = json!({ "credentials": { "user": LEE, "token": token } }).to_string();
    world.post("/api/authenticate", body.as_bytes()).await.error.is_none()
}

#[tokio::test]
async fn tokens_by_type() {
    let world = World::new().await;
    // Type, whether also for the API; uses of the API and of mail that succeed out of two tries each.
    for (kind, oma, api, mail) in [
        (None, false, 0, 2),
        (Some("session"), false, 0, 2),
        (Some("session"), true, 2, 2),
        (Some("sso"), false, 0, 1),
        (Some("sso"), true, 1, 0),
        (Some("oma"), false, 2, 0),
        (Some("oma"), true, 2, 0),
    ] {
        let fields = json!({ "reason": "portal", "type": kind, "oma": oma });
        let answer = token(&world, ADMIN, fields).await;
        let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["success", "duration", "token", "audit"]);
        assert_eq!(answer["duration"], 24);
        let text = answer["token"].as_str().unwrap();
        let mut found = (0, 0);
        for _ in 0..2 {
            found.0 += i32::from(opens_api(&world, text).await);
        }
        for _ in 0..2 {
            found.1 += i32::from(world.logs_in(LEE, text).await);
        }
        assert_eq!(found, (api, mail), "{kind:?} {oma}");
        assert!(!world.logs_in("kim@a.example", text).await);
    }
    assert!(world.logs_in(LEE, PASSWORD).await);
    assert_eq!(world.ended(), []);
}

#[tokio::test]
async fn what_may_be_asked_of_a_token() {
    let world = World::new().await;
    for (fields, number) in [
        (json!({}), Some(5)),
        (json!({ "reason": "" }), Some(5)),
        (json!({ "reason": "r", "type": "forever" }), Some(6)),
        (json!({ "reason": "r", "duration": 0 }), Some(6)),
        (json!({ "reason": "r", "duration": 745 }), Some(6)),
        (json!({ "reason": "r", "duration": "soon" }), Some(5)),
        (json!({ "reason": "r", "duration": "744" }), None),
        (json!({ "reason": "r".repeat(513) }), Some(6)),
        (json!({ "reason": "r", "token": "short" }), Some(6)),
        (json!({ "reason": "r", "token": "my-own-token-text" }), None),
        (json!({ "reason": "r", "token": "my-own-token-text" }), Some(7)),
        (json!({ "reason": "r", "type": "sso", "duration": 1 }), None),
    ] {
        let answer = token(&world, "domain@a.example", fields.clone()).await;
        assert_eq!(answer["error_number"].as_u64(), number, "{fields}");
    }
    assert!(world.logs_in(LEE, "my-own-token-text").await);
    let lee = world.find(LEE).await;
    let history = world.storage.history(lee.id, 1).await.unwrap();
    assert_eq!(history[0].action, "generate_token");
    let detail =
        json!({ "reason": "r", "api": false, "mail": true, "once": true, "seconds": 3600 });
    assert_eq!(history[0].detail, detail);
    // To the byte: the token is cut out of the text.
    let body = json!({
        "credentials": { "user": ADMIN, "password": PASSWORD },
        "user": LEE, "reason": "r", "token": "0c9d1e5a77b04f2e8a6b3d2c1f0e9a88",
    });
    let answer = world.post("/api/generate_token", body.to_string().as_bytes()).await;
    let expected = r#"{"success":true,"duration":24,"token":"0c9d1e5a77b04f2e8a6b3d2c1f0e9a88", "audit":"AUDIT"}"#;
    assert_eq!(masked(&answer), expected);
}

/// A token is power: nobody makes one for an account that can do more than he can.
#[tokio::test]
async fn no_token_upwards() {
    let world = World::new().await;
    for (who, user) in [
        ("domain@a.example", ADMIN),
        ("token@acme.adm", ADMIN),
        ("token@acme.adm", "domain@a.example"),
        ("mail@acme.adm", "domain@a.example"),
    ] {
        for kind in ["session", "sso", "oma"] {
            let fields = json!({ "user": user, "reason": "r", "type": kind });
            assert_eq!(world.number(who, "generate_token", fields).await, Some(9), "{who} {user}");
        }
    }
    for who in ["domain@a.example", "mail@acme.adm"] {
        let fields = json!({ "user": ADMIN, "mode": "add" });
        assert_eq!(world.number(who, "app_password", fields).await, Some(9), "{who}");
    }
}

/// The password, suspension and deletion take tokens along; ending sessions and renaming do not.
#[tokio::test]
async fn what_takes_tokens_away() {
    let world = World::new().await;
    let suspended = json!({
        "service_imap4": "suspended", "service_pop3": "suspended", "service_smtpin": "suspended",
        "service_smtprelay": "suspended", "service_smtprelay_webmail": "suspended",
        "service_webmail": "suspended",
    });
    let enabled: serde_json::Map<String, Value> = suspended
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), json!("enabled")))
        .collect();
    let set = |attributes: &Value| json!({ "user": LEE, "attributes": attributes });
    for (method, fields, stays) in [
        ("logout_user", json!({ "user": LEE }), true),
        ("change_user", set(&json!({ "service_pop3": "disabled", "name": "Lee" })), true),
        ("set_role", json!({ "user": LEE, "role": null }), true),
        ("change_user", set(&json!({ "password": "pencil76" })), false),
        ("change_user", set(&suspended), false),
        (
            "change_domain",
            json!({ "domain": "a.example", "attributes": { "disabled": true } }),
            false,
        ),
    ] {
        let answer = token(&world, ADMIN, json!({ "reason": "r", "oma": true })).await;
        let text = answer["token"].as_str().unwrap();
        assert!(world.logs_in(LEE, text).await && opens_api(&world, text).await, "{method}");
        assert_eq!(world.number(ADMIN, method, fields.clone()).await, None, "{method}");
        let undo = json!({ "domain": "a.example", "attributes": { "disabled": false } });
        assert_eq!(world.number(ADMIN, "change_domain", undo).await, None);
        assert_eq!(world.number(ADMIN, "change_user", set(&json!(enabled))).await, None);
        assert_eq!(world.logs_in(LEE, text).await, stays, "{method} {fields}");
        assert_eq!(opens_api(&world, text).await, stays, "{method} {fields}");
    }
    let answer = token(&world, ADMIN, json!({ "reason": "r" })).await;
    let text = answer["token"].as_str().unwrap();
    let id = world.find(LEE).await.id.to_string();
    assert_eq!(world.number(ADMIN, "delete_user", json!({ "user": LEE })).await, None);
    let restore = json!({ "user": LEE, "id": id, "new_name": "lee" });
    assert_eq!(world.number(ADMIN, "restore_user", restore).await, None);
    assert!(!world.logs_in(LEE, text).await && world.logs_in(LEE, "pencil76").await);
}
