//! `set_role`.

use super::world::World;
use serde_json::{Value, json};

const ADMIN: &str = "company@acme.adm";

async fn check(world: &World, who: &str, fields: Value, expected: Option<u64>) {
    let mut asked = json!({ "user": "lee@a.example" });
    asked.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    assert_eq!(world.number(who, "set_role", asked).await, expected, "{who} {fields}");
}

async fn roles(world: &World) -> Value {
    let answer = world.ask(ADMIN, "get_user", json!({ "user": "lee@a.example" })).await;
    answer["metadata"]["roles"].clone()
}

#[tokio::test]
async fn given_and_taken() {
    let world = World::new().await;
    let rows = [
        (json!({ "role": "mail", "object": "A.example" }), json!({ "mail": ["a.example"] })),
        (
            json!({ "role": "domain", "objects": ["a.example", "b.example", "A.EXAMPLE"] }),
            json!({ "domain": ["a.example", "b.example"] }),
        ),
        (
            json!({ "role": "workgroup", "object": "a.example/Staff" }),
            json!({ "workgroup": ["a.example/staff"] }),
        ),
        (json!({ "role": "company_ro", "object": "ACME" }), json!({ "company_ro": ["acme"] })),
        (json!({ "role": null }), json!({})),
        (
            json!({ "role": "company_mail2", "objects": "acme" }),
            json!({ "company_mail2": ["acme"] }),
        ),
        (json!({ "role": "", "object": "anything" }), json!({})),
    ];
    for (fields, expected) in rows {
        check(&world, ADMIN, fields, None).await;
        assert_eq!(roles(&world).await, expected);
    }
}

#[tokio::test]
async fn a_role_works_at_once_and_ends_at_once() {
    let world = World::new().await;
    let kim = json!({ "user": "kim@a.example" });
    assert_eq!(world.number("lee@a.example", "logout_user", kim.clone()).await, Some(9));
    check(&world, ADMIN, json!({ "role": "mail", "object": "a.example" }), None).await;
    assert_eq!(world.number("lee@a.example", "logout_user", kim.clone()).await, None);
    check(&world, ADMIN, json!({ "role": null }), None).await;
    assert_eq!(world.number("lee@a.example", "logout_user", kim).await, Some(9));
}

#[tokio::test]
async fn refusals() {
    let world = World::new().await;
    let domain = "domain@a.example";
    for (who, fields, expected) in [
        (ADMIN, json!({}), 5),
        (ADMIN, json!({ "role": "mail" }), 5),
        (ADMIN, json!({ "role": ["mail"], "object": "a.example" }), 5),
        (ADMIN, json!({ "role": "root", "object": "a.example" }), 6),
        (ADMIN, json!({ "role": "company", "object": "acme" }), 4),
        (ADMIN, json!({ "role": "company_ro", "object": "other" }), 9),
        (ADMIN, json!({ "role": "company_ro", "object": "no such" }), 9),
        (ADMIN, json!({ "role": "mail", "object": "c.example" }), 9),
        (ADMIN, json!({ "role": "mail", "object": "nowhere.example" }), 9),
        (ADMIN, json!({ "role": "mail", "object": "alias.example" }), 3),
        (ADMIN, json!({ "role": "mail", "object": "a.example/staff" }), 6),
        (ADMIN, json!({ "role": "workgroup", "object": "a.example" }), 6),
        (ADMIN, json!({ "role": "workgroup", "object": "a.example/none" }), 2),
        (ADMIN, json!({ "role": "mail", "objects": ["a.example", "c.example"] }), 9),
        (domain, json!({ "role": "domain", "object": "a.example" }), 4),
        (domain, json!({ "role": "mail", "object": "b.example" }), 9),
        (domain, json!({ "role": "company_ro", "object": "acme" }), 9),
    ] {
        check(&world, who, fields, Some(expected)).await;
    }
    assert_eq!(roles(&world).await, json!({}));
    let alias = json!({ "user": "l.park@a.example", "role": "mail", "object": "a.example" });
    assert_eq!(world.number(ADMIN, "set_role", alias).await, Some(3));
}
