//! `rename_user` and `restore_user`: names that change hands.

use super::world::{Ended, NOW, PASSWORD, World};
use serde_json::{Value, json};
use terms::{EndReason, Scope, UnixTime};

const ADMIN: &str = "company@acme.adm";

#[tokio::test]
async fn a_renamed_account_is_found_under_its_new_name_only() {
    let world = World::new().await;
    let lee = world.find("lee@a.example").await;
    let rename =
        async |fields: Value| world.number("domain@a.example", "rename_user", fields).await;
    let to = |new_name: &str| json!({ "user": "lee@a.example", "new_name": new_name });
    for (fields, number) in [
        (json!({ "user": "lee@a.example" }), Some(5)),
        (json!({ "new_name": "liz@a.example" }), Some(5)),
        (to("liz@b.example"), Some(6)),
        (to("liz@alias.example"), Some(6)),
        (to("l..z"), Some(6)),
        (to("kim@a.example"), Some(7)),
        (to("l.park"), Some(7)),
        (to("lee"), Some(7)),
        (json!({ "user": "l.park@a.example", "new_name": "liz" }), Some(3)),
        (json!({ "user": "noone@a.example", "new_name": "liz" }), Some(2)),
    ] {
        assert_eq!(rename(fields.clone()).await, number, "{fields}");
    }
    assert_eq!(world.ended(), []);
    assert_eq!(rename(to("Liz@A.example")).await, None);
    world.check_ended("liz@a.example", &[Scope::Everything], EndReason::Renamed).await;
    let liz = world.find("liz@a.example").await;
    assert_eq!((liz.id, &liz.aliases), (lee.id, &lee.aliases));
    assert!(!world.logs_in("lee@a.example", PASSWORD).await);
    assert!(world.logs_in("liz@a.example", PASSWORD).await);
    assert!(world.logs_in("l.park@a.example", PASSWORD).await);
    let history = world.storage.history(liz.id, 1).await.unwrap();
    assert_eq!(
        (history[0].action.as_str(), history[0].actor.as_str()),
        ("rename_user", "domain@a.example")
    );
    assert_eq!(history[0].detail, json!({ "new_name": "liz@a.example" }));
    // The old name is free, and a bare local part will do.
    let fields = json!({ "user": "kim@a.example", "new_name": "lee" });
    assert_eq!(world.number(ADMIN, "rename_user", fields).await, None);
    assert!(world.logs_in("lee@a.example", PASSWORD).await);
}

/// The rows of deleted accounts.
async fn deleted(world: &World) -> Vec<Value> {
    let criteria =
        json!({ "criteria": { "domain": "a.example", "deleted": true }, "sort": { "by": "id" } });
    let answer = world.ask(ADMIN, "search_users", criteria).await;
    answer["users"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_deleted_account_comes_back() {
    let world = World::new().await;
    let lee = world.find("lee@a.example").await;
    let user = json!({ "user": "lee@a.example" });
    assert_eq!(world.number(ADMIN, "delete_user", user.clone()).await, None);
    let reasons: Vec<EndReason> =
        world.ended().into_iter().map(|Ended { reason, .. }| reason).collect();
    assert_eq!(reasons, [EndReason::Deleted]);
    // Made again, and deleted again: two of the same name.
    world.account("lee@a.example", None).await;
    assert_eq!(world.number(ADMIN, "delete_user", user).await, None);
    world.ended();
    let rows = deleted(&world).await;
    let names: Vec<&Value> = rows.iter().map(|row| &row["user"]).collect();
    assert_eq!(names, ["lee@a.example", "lee@a.example"]);
    assert_eq!(
        (&rows[0]["id"], &rows[0]["delete_time"]),
        (&json!(lee.id.to_string()), &json!(NOW.0))
    );
    assert_eq!(rows[0]["status"], "deleted");

    world.account("l.park@a.example", None).await;
    let restore = async |fields: Value| world.number(ADMIN, "restore_user", fields).await;
    let with = |id: Value, new_name: &str| json!({ "user": "lee@a.example", "id": id, "new_name": new_name });
    let id = rows[0]["id"].clone();
    for (fields, number) in [
        (json!({ "user": "lee@a.example", "new_name": "lee" }), Some(5)),
        (json!({ "user": "lee@a.example", "id": id }), Some(5)),
        (with(json!(["1"]), "lee"), Some(5)),
        (with(json!("999999"), "lee"), Some(2)),
        (with(json!("no number"), "lee"), Some(2)),
        (with(json!(world.find("kim@a.example").await.id.0), "lee"), Some(2)),
        (json!({ "user": "kim@a.example", "id": id, "new_name": "lee" }), Some(2)),
        (with(id.clone(), "lee@b.example"), Some(6)),
        (with(id.clone(), "kim@a.example"), Some(7)),
        (with(json!(lee.id.0), "lee@a.example"), None),
        // It is not deleted any more.
        (with(id.clone(), "lee@a.example"), Some(2)),
        (json!({ "user": "lee@a.example", "ids": rows[1]["id"], "new_name": "lee" }), Some(7)),
        (json!({ "user": "lee@a.example", "ids": rows[1]["id"], "new_name": "lee2" }), None),
    ] {
        assert_eq!(restore(fields.clone()).await, number, "{fields}");
    }
    let back = world.find("lee@a.example").await;
    assert_eq!((back.id, &*back.aliases), (lee.id, &[][..]));
    assert!(
        world.logs_in("lee@a.example", PASSWORD).await
            && world.logs_in("lee2@a.example", PASSWORD).await
    );
    assert_eq!((deleted(&world).await, world.ended()), (vec![], vec![]));
}

/// For 30 days, and within what the domain's limit allows.
#[tokio::test]
async fn not_for_ever() {
    let world = World::new().await;
    let id = world.delete("lee@a.example").await.to_string();
    let body = json!({
        "credentials": { "user": ADMIN, "password": PASSWORD },
        "user": "lee@a.example", "id": id, "new_name": "lee@a.example",
    });
    let ask = async |after: i64| {
        let now = UnixTime(NOW.0 + after);
        let (body, peer) = (body.to_string(), "192.0.2.1".parse().unwrap());
        let received = world.api.receive("/api/restore_user", now);
        let answer = received.answer(body.as_bytes(), peer, std::time::Instant::now()).await;
        answer.error.map(|number| number as u8)
    };
    let limit = json!({ "domain": "a.example", "attributes": { "limit_users": 5 } });
    assert_eq!(world.number(ADMIN, "change_domain", limit).await, None);
    assert_eq!(ask(0).await, Some(8));
    let limit = json!({ "domain": "a.example", "attributes": { "limit_users": 6 } });
    assert_eq!(world.number(ADMIN, "change_domain", limit).await, None);
    assert_eq!(ask(accounts::RESTORABLE + 1).await, Some(2));
    assert_eq!(ask(accounts::RESTORABLE).await, None);
}
