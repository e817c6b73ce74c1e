//! `authenticate`, and asking with tokens.

use super::world::{PASSWORD, World, masked};
use serde_json::{Value, json};

async fn with_token(world: &World, key: &str, token: &str, extra: Value) -> Value {
    let mut body = json!({ "credentials": { "user": "domain@a.example" } });
    body["credentials"][key] = json!(token);
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = world.post("/api/authenticate", body.to_string().as_bytes()).await;
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn tokens_stand_in_for_passwords() {
    let world = World::new().await;
    let who = "domain@a.example";
    let asked = json!({ "generate_session_token": "1", "session_token_duration": "600" });
    let answer = world.ask(who, "authenticate", asked).await;
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["success", "session_token", "session_token_duration", "audit"]);
    assert_eq!(answer["session_token_duration"], 600);
    let token = answer["session_token"].as_str().unwrap();
    assert!(token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit()), "{token}");

    for key in ["token", "session_token"] {
        let answer = with_token(&world, key, token, json!({})).await;
        assert_eq!(answer["success"], true, "{key}");
    }
    let other = with_token(&world, "token", "00000000000000000000000000000000", json!({})).await;
    assert_eq!(other["error_number"], 1);
    // The toolkit leaves the token in the body: it is not the text wished for a new one.
    let asked = json!({ "token": token, "generate_session_token": true });
    let answer = with_token(&world, "token", token, asked).await;
    assert_eq!(answer["success"], true, "{answer}");
    assert_ne!(answer["session_token"], token);
    assert_eq!(answer["session_token_duration"], 10800);
}

#[tokio::test]
async fn chosen_texts_and_durations() {
    let world = World::new().await;
    let who = "lee@a.example";
    let ask = |token: &str| json!({ "generate_session_token": true, "token": token });
    let answer = world.ask(who, "authenticate", ask("my-own-token-text")).await;
    assert_eq!(answer["session_token"], "my-own-token-text");
    assert_eq!(world.number(who, "authenticate", ask("my-own-token-text")).await, Some(7));
    assert_eq!(world.number(who, "authenticate", ask("short")).await, Some(6));
    assert_eq!(world.number(who, "authenticate", ask("a blank in it now")).await, Some(6));
    // Not asked for: not looked at.
    assert_eq!(world.number(who, "authenticate", json!({ "token": "short" })).await, None);
    for (duration, number) in [
        (json!(1), None),
        (json!(86400), None),
        (json!(0), Some(6)),
        (json!(86401), Some(6)),
        (json!(1e30), Some(5)),
        (json!("soon"), Some(5)),
        (json!(null), None),
    ] {
        let asked = json!({ "generate_session_token": true, "session_token_duration": duration });
        assert_eq!(world.number(who, "authenticate", asked).await, number, "{duration}");
    }
}

#[tokio::test]
async fn facts_about_the_caller() {
    let world = World::new().await;
    let asked = json!({ "fetch_extra_info": true });
    let answer = world.ask("group@a.example", "authenticate", asked).await;
    let info = &answer["extra_info"];
    assert_eq!(info["roles"], json!({ "workgroup": ["a.example/staff"] }));
    assert_eq!(info["user"], "group@a.example");
    assert_eq!(info["company"], "acme");
    let asked = json!({ "fetch_extra_info": 1 });
    let answer = world.ask("lee@a.example", "authenticate", asked).await;
    assert_eq!(answer["extra_info"]["roles"], json!({}));
}

#[tokio::test]
async fn guessing_is_slowed_and_refused() {
    let world = World::new().await;
    let ask = |password: String| {
        json!({ "credentials": { "user": "lee@a.example", "password": password } }).to_string()
    };
    let mut delay = std::time::Duration::ZERO;
    for guess in 0..10 {
        let answer = world.post("/api/authenticate", ask(format!("guess{guess}")).as_bytes()).await;
        assert_eq!(answer.error.map(|number| number as u8), Some(1));
        assert!(answer.delay >= delay && !answer.delay.is_zero());
        delay = answer.delay;
    }
    let answer = world.post("/api/authenticate", ask(PASSWORD.to_owned()).as_bytes()).await;
    assert_eq!(
        masked(&answer),
        r#"{"success":false,"hints":{"credentials":"too many failed requests, try again later"},"error_number":1,"error":"Invalid credentials supplied in request", "audit":"AUDIT"}"#
    );
    let peer = "192.0.2.2".parse().unwrap();
    let body = ask(PASSWORD.to_owned());
    let answer = world.post_from(peer, "/api/authenticate", body.as_bytes()).await;
    assert_eq!(answer.error, None);
    assert_eq!(answer.actor.as_deref(), Some("lee@a.example"));
}
