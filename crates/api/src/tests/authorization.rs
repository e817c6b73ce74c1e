//! Every method, asked by every role. A method without rows here fails the test.

use super::world::{HOLDERS, World};
use crate::METHODS;

/// Method, fields (`TARGET` is an account in `a.example`, workgroup `staff`, a new one for everyone
/// who asks; `GONE` such a one that was deleted, `ID` its id; `HOLDER` the number of who asks), and the error's number (`.` for success) for each holder: company, company_view,
/// company_mail, company_mail2, company_ro, company_token_only, domain, mail, workgroup, nobody.
const ROWS: &[(&str, &str, &str)] = &[
    ("echo", r#"{}"#, ".........."),
    ("authenticate", r#"{}"#, ".........."),
    ("get_domain", r#"{"domain":"a.example"}"#, ".....9.999"),
    ("get_domain", r#"{"domain":"b.example"}"#, ".....99999"),
    ("get_domain", r#"{"domain":"c.example"}"#, "9999999999"),
    ("get_domain", r#"{"domain":"free.example"}"#, "2999999999"),
    ("change_domain", r#"{"domain":"a.example","attributes":{"language":"fr"}}"#, "..9999.999"),
    ("change_domain", r#"{"domain":"a.example","attributes":{"disabled":false}}"#, ".499994999"),
    ("change_domain", r#"{"domain":"a.example","attributes":{"limit_users":99}}"#, ".499994999"),
    ("change_domain", r#"{"domain":"b.example","attributes":{"language":"fr"}}"#, "..99999999"),
    ("change_domain", r#"{"domain":"c.example","attributes":{"language":"fr"}}"#, "9999999999"),
    ("change_domain", r#"{"domain":"new-HOLDER.example","attributes":{}}"#, ".999999999"),
    ("get_user", r#"{"user":"TARGET"}"#, ".....9...9"),
    ("get_user", r#"{"user":"bea@b.example"}"#, ".....99999"),
    ("get_user", r#"{"user":"cay@c.example"}"#, "9999999999"),
    ("get_user", r#"{"user":"free@a.example"}"#, "2222222229"),
    ("get_user", r#"{"user":"nobody@a.example"}"#, ".....9...."),
    ("change_user", r#"{"user":"TARGET","attributes":{"name":"T"}}"#, "....99...9"),
    ("change_user", r#"{"user":"TARGET","attributes":{"password":"pencil76"}}"#, "...499...9"),
    ("change_user", r#"{"user":"TARGET","attributes":{"quota":9999999}}"#, ".44499.4.9"),
    ("change_user", r#"{"user":"TARGET","attributes":{"service_pop3":"disabled"}}"#, "....99...9"),
    ("change_user", r#"{"user":"free-TARGET","attributes":{}}"#, ".22222.2.9"),
    ("change_user", r#"{"user":"bea@b.example","attributes":{"name":"T"}}"#, "....999999"),
    ("change_user", r#"{"user":"cay@c.example","attributes":{"name":"T"}}"#, "9999999999"),
    ("delete_user", r#"{"user":"TARGET"}"#, ".99999.9.9"),
    ("delete_user", r#"{"user":"cay@c.example"}"#, "9999999999"),
    ("rename_user", r#"{"user":"TARGET","new_name":"new-TARGET"}"#, ".99999.9.9"),
    ("rename_user", r#"{"user":"bea@b.example","new_name":"bea@b.example"}"#, "7999999999"),
    ("rename_user", r#"{"user":"cay@c.example","new_name":"cya@c.example"}"#, "9999999999"),
    ("rename_user", r#"{"user":"free@a.example","new_name":"new"}"#, "2222222229"),
    ("restore_user", r#"{"user":"GONE","id":"ID","new_name":"new-GONE"}"#, ".99999.9.9"),
    ("restore_user", r#"{"user":"free@a.example","id":"1","new_name":"new"}"#, "2222222229"),
    ("restore_user", r#"{"user":"cay@c.example","id":"ID","new_name":"new"}"#, "9999999999"),
    ("app_password", r#"{"user":"TARGET","mode":"add"}"#, "...999...9"),
    ("app_password", r#"{"user":"TARGET","mode":"remove","tag":"x"}"#, "2229992229"),
    ("app_password", r#"{"user":"free@a.example","mode":"add"}"#, "2222222229"),
    ("app_password", r#"{"user":"bea@b.example","mode":"remove","tag":"x"}"#, "2229999999"),
    ("app_password", r#"{"user":"cay@c.example","mode":"add"}"#, "9999999999"),
    ("generate_token", r#"{"user":"TARGET","reason":"r"}"#, "...99..999"),
    ("generate_token", r#"{"user":"TARGET","reason":"r","type":"sso"}"#, "...99..999"),
    ("generate_token", r#"{"user":"TARGET","reason":"r","type":"oma","oma":true}"#, "...99..999"),
    ("generate_token", r#"{"user":"TARGET","reason":"r","oma":true}"#, ".449944999"),
    ("generate_token", r#"{"user":"free@a.example","reason":"r"}"#, "2222222229"),
    ("generate_token", r#"{"user":"bea@b.example","reason":"r"}"#, "...99.9999"),
    ("generate_token", r#"{"user":"cay@c.example","reason":"r"}"#, "9999999999"),
    ("search_users", r#"{"criteria":{"domain":"a.example"}}"#, ".....9...9"),
    ("search_users", r#"{"criteria":{"domain":"b.example"}}"#, ".....99999"),
    ("search_users", r#"{"criteria":{"domain":"c.example"}}"#, "9999999999"),
    ("set_role", r#"{"user":"TARGET","role":"mail","object":"a.example"}"#, ".99999.999"),
    ("set_role", r#"{"user":"TARGET","role":"company","object":"acme"}"#, "4999999999"),
    ("set_role", r#"{"user":"TARGET","role":null}"#, ".99999.999"),
    ("logout_user", r#"{"user":"TARGET"}"#, "....99...9"),
    ("logout_user", r#"{"user":"bea@b.example"}"#, "....999999"),
    ("logout_user", r#"{"user":"cay@c.example"}"#, "9999999999"),
    ("logout_user", r#"{"user":"free@a.example"}"#, "2222222229"),
    ("logout_user", r#"{"user":"company@acme.adm"}"#, "....999999"),
    ("logout_user", r#"{"user":"nobody@a.example"}"#, "....99...9"),
    ("get_user_sessions", r#"{"user":"TARGET"}"#, ".....9...9"),
    ("get_user_sessions", r#"{"user":"bea@b.example"}"#, ".....99999"),
    ("get_user_sessions", r#"{"user":"cay@c.example"}"#, "9999999999"),
    ("get_user_sessions", r#"{"user":"free@a.example"}"#, "2222222229"),
    ("get_user_sessions", r#"{"user":"nobody@a.example"}"#, ".....9...9"),
    ("get_user_sessions", r#"{"domain":"a.example"}"#, ".....9...9"),
    ("get_user_sessions", r#"{"domain":"b.example"}"#, ".....99999"),
    ("get_user_sessions", r#"{"domain":"c.example"}"#, "9999999999"),
    ("get_user_sessions", r#"{"domain":"free.example"}"#, "2999999999"),
    ("end_sessions", r#"{"user":"TARGET","filter":{"protocol":"imap"}}"#, "....99...9"),
    ("end_sessions", r#"{"user":"bea@b.example","filter":{"protocol":"imap"}}"#, "....999999"),
    ("end_sessions", r#"{"user":"cay@c.example","filter":{"protocol":"imap"}}"#, "9999999999"),
    ("end_sessions", r#"{"user":"free@a.example","filter":{"protocol":"imap"}}"#, "2222992229"),
    ("end_sessions", r#"{"ids":["1.17.9"]}"#, "....99...9"),
];

#[tokio::test]
async fn every_method_and_every_role() {
    let world = World::new().await;
    for method in METHODS {
        assert!(ROWS.iter().any(|row| row.0 == method.name), "{} has no rows", method.name);
    }
    for (index, (method, fields, expected)) in ROWS.iter().enumerate() {
        let mut found = String::new();
        for (holder, (who, _)) in HOLDERS.iter().enumerate() {
            let target = format!("t-{index}-{holder}@a.example");
            if fields.contains("\"TARGET\"") {
                world.account(&target, None).await;
            }
            let mut fields =
                fields.replace("TARGET", &target).replace("HOLDER", &holder.to_string());
            if fields.contains("GONE") {
                world.account(&target, None).await;
                let id = world.delete(&target).await;
                fields = fields.replace("GONE", &target).replace("ID", &id.to_string());
            }
            let fields = serde_json::from_str(&fields).unwrap();
            found.push(if *method == "echo" {
                '.'
            } else {
                match world.number(who, method, fields).await {
                    None => '.',
                    Some(number) => char::from_digit(number as u32, 10).unwrap(),
                }
            });
        }
        assert_eq!(found, *expected, "{method} {fields}");
    }
}

/// Nobody takes over an account that can do more than he can.
#[tokio::test]
async fn no_way_up() {
    use storage::Role;
    let world = World::new().await;
    world.account("chief@a.example", Some((Role::Company, "acme"))).await;
    for who in ["domain@a.example", "mail@a.example", "group@a.example", "mail@acme.adm"] {
        let ask =
            |method: &'static str, fields: serde_json::Value| world.number(who, method, fields);
        let user = "chief@a.example";
        let password =
            serde_json::json!({ "user": user, "attributes": { "password": "pencil76" } });
        assert_eq!(ask("change_user", password).await, Some(4), "{who}");
        let role = serde_json::json!({ "user": user, "role": null });
        assert_eq!(ask("set_role", role).await, Some(9), "{who}");
        let delete = serde_json::json!({ "user": user });
        assert_eq!(ask("delete_user", delete).await, Some(9), "{who}");
    }
    assert!(world.logs_in("chief@a.example", super::world::PASSWORD).await);
}
