//! The form of requests and answers, to the byte.

use super::world::{PASSWORD, World, masked};
use serde_json::json;

const SUCCESS: &str = r#"{"success":true, "audit":"AUDIT"}"#;
const CREDENTIALS: &str = r#"{"success":false,"error_number":1,"error":"Invalid credentials supplied in request", "audit":"AUDIT"}"#;
const NOT_FOUND: &str = r#"{"success":false,"error_number":2,"error":"The requested object does not exist", "audit":"AUDIT"}"#;
const RIGHTS: &str = r#"{"success":false,"error_number":9,"error":"Requestor lacks permission to perform this action on the requested object", "audit":"AUDIT"}"#;
const FORMAT: &str = r#""error_number":5,"error":"Request badly formatted (missing required field, or field is not the correct data type)", "audit":"AUDIT"}"#;

/// `CRED` stands for right credentials of the domain's administrator.
async fn check(world: &World, path: &str, body: &str, status: u16, expected: &str) {
    let credentials =
        format!(r#""credentials":{{"user":"domain@a.example","password":"{PASSWORD}"}}"#);
    let body = body.replace("CRED", &credentials);
    let answer = world.post(path, body.as_bytes()).await;
    let text = masked(&answer);
    assert_eq!(answer.status, status, "{path} {body} {text}");
    if expected.starts_with('{') {
        assert_eq!(text, expected, "{path} {body}");
    } else {
        assert!(text.ends_with(expected), "{path} {body} {text}");
    }
}

#[tokio::test]
async fn logout_user_to_the_byte() {
    let world = World::new().await;
    let rows = [
        (r#"{CRED,"user":"lee@a.example"}"#, SUCCESS),
        (r#"{CRED,"user":"LEE@A.example"}"#, SUCCESS),
        // The toolkit's stray copy of the token, and anything else nobody asked for.
        (r#"{CRED,"user":"lee@a.example","token":"x","colour":["green"]}"#, SUCCESS),
        (r#"{"user":"lee@a.example",CRED}"#, SUCCESS),
        (" \r\n{CRED,\"user\":\"lee@a.example\"}\n", SUCCESS),
        ("\u{feff}{CRED,\"user\":\"lee@a.example\"}", SUCCESS),
        (r#"{CRED,"user":"noone@a.example"}"#, NOT_FOUND),
        (r#"{CRED,"user":"two words@a.example"}"#, NOT_FOUND),
        (r#"{CRED,"user":"*@a.example"}"#, NOT_FOUND),
        (
            r#"{CRED,"user":"l.park@a.example"}"#,
            r#"{"success":false,"error_number":3,"error":"This object is an alias", "audit":"AUDIT"}"#,
        ),
        (
            r#"{CRED,"user":"lee@alias.example"}"#,
            r#"{"success":false,"error_number":3,"error":"This object is an alias", "audit":"AUDIT"}"#,
        ),
        (r#"{CRED,"user":"bea@b.example"}"#, RIGHTS),
        (r#"{CRED,"user":"noone@b.example"}"#, RIGHTS),
        (r#"{CRED,"user":"cay@c.example"}"#, RIGHTS),
        (r#"{CRED,"user":"noone@nowhere.example"}"#, RIGHTS),
        (r#"{CRED,"user":"lee"}"#, RIGHTS),
        (r#"{CRED,"user":"lee@"}"#, RIGHTS),
        (r#"{CRED}"#, FORMAT),
        (r#"{CRED,"user":""}"#, FORMAT),
        (r#"{CRED,"user":null}"#, FORMAT),
        (r#"{CRED,"user":7}"#, FORMAT),
        (r#"{CRED,"user":["lee@a.example"]}"#, FORMAT),
        (r#"{"user":"lee@a.example"}"#, CREDENTIALS),
        (r#"{"credentials":[],"user":"lee@a.example"}"#, CREDENTIALS),
        (r#"{"credentials":"x","user":"lee@a.example"}"#, CREDENTIALS),
        (r#"{"credentials":{"user":"domain@a.example"},"user":"lee@a.example"}"#, CREDENTIALS),
        (r#"{"credentials":{"user":"domain@a.example","password":"wrong"},"user":7}"#, CREDENTIALS),
        (
            r#"{"credentials":{"user":"noone@a.example","password":"pencil75"},"user":7}"#,
            CREDENTIALS,
        ),
        ("[]", CREDENTIALS),
    ];
    for (body, expected) in rows {
        check(&world, "/api/logout_user", body, 200, expected).await;
    }
    let lee = world.find("lee@a.example").await.id;
    let ended = world.ended();
    assert_eq!(ended.len(), 6);
    assert!(ended.iter().all(|it| it.raised.account == lee));
}

#[tokio::test]
async fn below_the_api() {
    let world = World::new().await;
    let good = r#"{CRED,"user":"lee@a.example"}"#;
    for path in ["/api/api/logout_user", "/api//logout_user", "/logout_user", "/api/logout_user/"] {
        check(&world, path, good, 200, SUCCESS).await;
    }
    let rows = [
        ("/api/no_such_method", good, 404),
        ("/api/no_such_method", "not json", 404),
        ("/api/", good, 404),
        ("/", "", 404),
        ("/api/logout_user", "", 400),
        ("/api/logout_user", "not json", 400),
        ("/api/logout_user", "{CRED", 400),
        ("/api/logout_user", "{CRED} {}", 400),
        ("/api/logout_user", "user=lee%40a.example", 400),
        ("/api/logout_user", "7", 200),
        ("/api/logout_user", "[1]", 200),
        ("/api/logout_user", "null", 200),
        ("/api/logout_user", &"[".repeat(10_000), 400),
        ("/api/logout_user", &"{\"a\":".repeat(10_000), 400),
        ("/api/echo", "{}x", 400),
    ];
    for (path, body, status) in rows {
        check(&world, path, body, status, FORMAT).await;
    }
    let bytes = world.post("/api/logout_user", b"{\"user\":\"\xff\"}").await;
    assert_eq!(bytes.status, 400);
    assert_eq!(world.api.wrong_verb("/api/logout_user", super::world::NOW).status, 405);
    assert_eq!(world.api.wrong_verb("/api/no_such_method", super::world::NOW).status, 404);
}

#[tokio::test]
async fn echo_says_what_it_heard_and_no_more() {
    let world = World::new().await;
    let rows = [
        (r#"{"colour":"green","sizes":[1,2]}"#, r#"{"colour":"green","sizes":[1,2]}"#),
        (r#"{"b":1, "a":{"x":null}}"#, r#"{"b":1,"a":{"x":null}}"#),
        (
            r#"{"credentials":{"user":"x","password":"secret"},"colour":"grün"}"#,
            r#"{"colour":"grün"}"#,
        ),
        ("{}", "{}"),
        ("[]", "{}"),
    ];
    for (body, expected) in rows {
        check(&world, "/api/echo", body, 200, expected).await;
    }
}

/// The text-matching clients of section 3.
#[tokio::test]
async fn clients_that_cut_the_text() {
    let world = World::new().await;
    let ask = json!({ "credentials": { "user": "lee@a.example", "password": PASSWORD } });
    let text = masked(&world.post("/api/authenticate", ask.to_string().as_bytes()).await);
    assert_eq!(text, SUCCESS);
    let ask = r#"{CRED,"user":"lee@a.example","attributes":{"quota":"lots"}}"#;
    let expected = r#"{"success":false,"hints":{"quota":"must be a number of bytes, 1 or more"},"error_number":6,"error":"One or more attributes badly formatted", "audit":"AUDIT"}"#;
    check(&world, "/api/change_user", ask, 200, expected).await;
}

/// Situation 24: answers about others' objects are the same whether they exist or not.
#[tokio::test]
async fn strangers_learn_nothing() {
    let world = World::new().await;
    for method in ["get_user", "change_user", "delete_user", "logout_user", "set_role"] {
        for user in ["cay@c.example", "noone@c.example", "noone@nowhere.example", "boss@c.example"]
        {
            let body = format!(
                r#"{{CRED,"user":"{user}","attributes":{{}},"role":"mail","object":"c.example"}}"#
            );
            check(&world, &format!("/api/{method}"), &body, 200, RIGHTS).await;
        }
    }
    for domain in ["c.example", "nowhere.example", "not a domain"] {
        for method in ["get_domain", "change_domain", "search_users"] {
            let body =
                format!(r#"{{CRED,"domain":"{domain}","criteria":{{"domain":"{domain}"}}}}"#);
            check(&world, &format!("/api/{method}"), &body, 200, RIGHTS).await;
        }
    }
    assert!(world.ended().is_empty());
}

/// Promise L7: the answer in the stead of one that does not come.
#[tokio::test]
async fn late_to_the_byte() {
    let world = World::new().await;
    let late = world.api.receive("/api/logout_user", super::world::NOW).late();
    let expected = concat!(
        r#"{"success":false,"error_number":0,"error":"Server error: what was asked could not be "#,
        r#"confirmed in time and may still be carried out; calling again is safe", "audit":"AUDIT"}"#
    );
    assert_eq!((late.status, masked(&late).as_str()), (200, expected));
}

#[tokio::test]
async fn the_description_is_served_to_whoever_gets_it() {
    let world = World::new().await;
    for path in ["/api/openapi.json", "/openapi.json", "/api/api/openapi.json?x"] {
        let answer = world.api.get(path, super::world::NOW);
        let document: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &document["openapi"]), (200, &json!("3.1.0")), "{path}");
        assert_eq!(document["paths"].as_object().unwrap().len(), crate::METHODS.len());
    }
    assert_eq!(world.api.get("/api/logout_user", super::world::NOW).status, 405);
    assert_eq!(world.api.get("/api/none.json", super::world::NOW).status, 404);
    assert_eq!(world.post("/api/openapi.json", b"{}").await.status, 404);
}
