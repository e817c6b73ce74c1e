//! `search_users`.

use super::world::World;
use serde_json::{Value, json};

const ADMIN: &str = "company@acme.adm";

/// The names found, and how many match in all.
async fn search(world: &World, who: &str, fields: Value) -> (Vec<String>, u64) {
    let answer = world.ask(who, "search_users", fields.clone()).await;
    assert_eq!(answer["success"], true, "{fields} {answer}");
    let users = answer["users"].as_array().unwrap();
    assert_eq!(answer["count"].as_u64().unwrap(), users.len() as u64);
    let names = users.iter().map(|user| {
        let name = user["user"].as_str().unwrap();
        name.strip_suffix("@a.example").unwrap_or(name).to_owned()
    });
    (names.collect(), answer["total_count"].as_u64().unwrap())
}

async fn check(world: &World, extra: Value, expected: &[&str], total: u64) {
    let mut fields = json!({ "criteria": { "domain": "a.example" } });
    for (name, value) in extra.as_object().unwrap() {
        match fields.get_mut(name) {
            Some(there) => {
                there.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
            }
            None => fields[name] = value.clone(),
        }
    }
    let (names, count) = search(world, ADMIN, fields.clone()).await;
    assert_eq!(
        (names, count),
        (expected.iter().map(|it| (*it).to_owned()).collect(), total),
        "{fields}"
    );
}

#[tokio::test]
async fn criteria_order_and_range() {
    let world = World::new().await;
    let all = ["domain", "group", "kim", "l.park", "lee", "mail", "nobody"];
    check(&world, json!({}), &all, 7).await;
    check(&world, json!({ "range": [], "sort": [], "fields": [] }), &all, 7).await;
    check(&world, json!({ "range": { "first": "0", "limit": "2" } }), &["domain", "group"], 7)
        .await;
    check(&world, json!({ "range": { "first": 5 } }), &["mail", "nobody"], 7).await;
    check(&world, json!({ "range": { "first": 50 } }), &[], 7).await;
    check(&world, json!({ "range": { "Limit": 1 } }), &["domain"], 7).await;
    let descending = json!({ "sort": { "direction": "descending" }, "range": { "limit": 2 } });
    check(&world, descending, &["nobody", "mail"], 7).await;
    let by_type = json!({ "sort": { "by": "type" }, "range": { "limit": 2 } });
    check(&world, by_type, &["l.park", "domain"], 7).await;
    check(&world, json!({ "criteria": { "match": "l*" } }), &["l.park", "lee"], 2).await;
    check(&world, json!({ "criteria": { "match": "L?E@a.example" } }), &["lee"], 1).await;
    check(&world, json!({ "criteria": { "match": "le" } }), &[], 0).await;
    check(&world, json!({ "criteria": { "match": "" } }), &all, 7).await;
    check(&world, json!({ "criteria": { "type": "alias" } }), &["l.park"], 1).await;
    check(&world, json!({ "criteria": { "type": ["alias", "forward"] } }), &["l.park"], 1).await;
    check(&world, json!({ "criteria": { "status": ["suspended"] } }), &[], 0).await;
    check(&world, json!({ "criteria": { "workgroup": "staff", "match": "kim" } }), &["kim"], 1)
        .await;
    check(&world, json!({ "criteria": { "workgroup": "press" } }), &[], 0).await;
    check(&world, json!({ "criteria": { "deleted": "1" } }), &[], 0).await;

    let user = json!({ "user": "lee@a.example" });
    assert_eq!(world.number(ADMIN, "delete_user", user).await, None);
    check(&world, json!({ "criteria": { "deleted": true } }), &["lee"], 1).await;
    check(&world, json!({ "criteria": { "match": "l*" } }), &[], 0).await;
    check(&world, json!({ "criteria": { "match": "l*", "status": "deleted" } }), &["lee"], 1).await;
}

#[tokio::test]
async fn members() {
    let world = World::new().await;
    let fields = json!({
        "criteria": { "domain": "a.example", "match": "l*" },
        "fields": ["createtime", "lastlogin", "forward"],
    });
    let answer = world.ask(ADMIN, "search_users", fields).await;
    assert_eq!(
        answer["users"],
        json!([
            {
                "user": "l.park@a.example", "type": "alias", "workgroup": "staff",
                "status": "active", "alias_target": "lee@a.example",
                "createtime": super::world::NOW.0,
            },
            {
                "user": "lee@a.example", "type": "mailbox", "workgroup": "staff",
                "status": "active", "createtime": super::world::NOW.0,
                "forward_recepient_count": 0,
            },
        ])
    );
}

#[tokio::test]
async fn refusals() {
    let world = World::new().await;
    for (fields, expected) in [
        (json!({}), 5),
        (json!({ "criteria": [] }), 5),
        (json!({ "domain": "a.example" }), 5),
        (json!({ "criteria": "a.example" }), 5),
        (json!({ "criteria": { "domain": "alias.example" } }), 3),
        (json!({ "criteria": { "domain": "free.example" } }), 2),
        (json!({ "criteria": { "domain": "c.example" } }), 9),
        (json!({ "criteria": { "domain": "a.example", "type": ["robot"] } }), 6),
        (json!({ "criteria": { "domain": "a.example" }, "range": { "first": -1 } }), 5),
        (json!({ "criteria": { "domain": "a.example" }, "sort": { "by": "colour" } }), 6),
        (json!({ "criteria": { "domain": "a.example" }, "sort": { "direction": "up" } }), 5),
    ] {
        assert_eq!(
            world.number(ADMIN, "search_users", fields.clone()).await,
            Some(expected),
            "{fields}"
        );
    }
    // A workgroup administrator sees his own workgroup only.
    let fields = json!({ "criteria": { "domain": "a.example", "workgroup": "press" } });
    assert_eq!(world.number("group@a.example", "search_users", fields).await, Some(9));
}
