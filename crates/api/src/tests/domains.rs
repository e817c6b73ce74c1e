//! `change_domain` and `get_domain`.

use super::world::World;
use serde_json::{Value, json};

const ADMIN: &str = "company@acme.adm";

async fn change(world: &World, domain: &str, attributes: Value) -> Option<u64> {
    let fields = json!({ "domain": domain, "attributes": attributes });
    world.number(ADMIN, "change_domain", fields).await
}

#[tokio::test]
async fn as_provisioning_clients_do() {
    let world = World::new().await;
    // WHMCS and Clientexec: ask, make with empty attributes as PHP writes them, suspend, look.
    let ask = json!({ "domain": "north.example" });
    let answer = world.ask(ADMIN, "get_domain", ask.clone()).await;
    assert_eq!(answer["error_number"], 2);
    assert_eq!(answer["metadata"]["defaults"]["disabled"], false);
    assert!(answer["settable_attribute"].as_array().unwrap().contains(&json!("disabled")));
    let make = json!({ "domain": "north.example", "attributes": [], "create_only": true });
    assert_eq!(world.number(ADMIN, "change_domain", make.clone()).await, None);
    assert_eq!(world.number(ADMIN, "change_domain", make).await, Some(7));
    for (disabled, told) in [(json!(true), true), (json!("0"), false), (json!(1), true)] {
        assert_eq!(change(&world, "NORTH.example", json!({ "disabled": disabled })).await, None);
        let answer = world.ask(ADMIN, "get_domain", ask.clone()).await;
        assert_eq!(answer["attributes"]["disabled"], told);
    }
    let answer = world.ask(ADMIN, "get_domain", ask).await;
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["success", "settable_attribute", "settable_attributes", "attributes", "metadata", "audit"]
    );
    for (name, expected) in [
        ("account", json!("north.example")),
        ("company", json!("acme")),
        ("aliases", json!([])),
        ("workgroup", json!("staff")),
        ("language", json!(null)),
        ("notes_external", json!("")),
    ] {
        assert_eq!(answer["attributes"][name], expected, "{name}");
    }
    assert_eq!(answer["metadata"]["bulletins"], json!({ "manual": [], "auto": [] }));
    assert_eq!(answer["metadata"]["inherit"]["password_strength"], "good");
    assert!(answer["metadata"]["options"]["language"].as_array().unwrap().contains(&json!("en")));
}

#[tokio::test]
async fn what_is_told_can_be_sent_back() {
    let world = World::new().await;
    let ask = json!({ "domain": "a.example" });
    let before = world.ask(ADMIN, "get_domain", ask.clone()).await["attributes"].clone();
    let mut again = before.clone();
    again.as_object_mut().unwrap().remove("account");
    assert_eq!(change(&world, "a.example", again).await, None);
    assert_eq!(world.ask(ADMIN, "get_domain", ask).await["attributes"], before);
    assert_eq!(world.ended(), []);
}

#[tokio::test]
async fn aliases() {
    let world = World::new().await;
    assert_eq!(change(&world, "alias.example", json!({})).await, Some(3));
    let ask = json!({ "domain": "alias.example" });
    assert_eq!(world.number(ADMIN, "get_domain", ask).await, Some(3));
    let make = json!({ "domain": "alias.example", "create_only": true });
    assert_eq!(world.number(ADMIN, "change_domain", make).await, Some(7));
    assert_eq!(change(&world, "b.example", json!({ "aliases": ["alias.example"] })).await, Some(7));
    assert_eq!(change(&world, "b.example", json!({ "aliases": ["c.example"] })).await, Some(7));
    assert_eq!(change(&world, "b.example", json!({ "aliases": ["b.example"] })).await, Some(6));
    assert_eq!(change(&world, "b.example", json!({ "aliases": ["not a domain"] })).await, Some(6));
    assert_eq!(change(&world, "a.example", json!({ "aliases": [] })).await, None);
    assert_eq!(change(&world, "b.example", json!({ "aliases": "Alias.example" })).await, None);
    let ask = json!({ "domain": "b.example" });
    let answer = world.ask(ADMIN, "get_domain", ask).await;
    assert_eq!(answer["attributes"]["aliases"], json!(["alias.example"]));
}

#[tokio::test]
async fn values_are_checked_and_told() {
    let world = World::new().await;
    for (attributes, name, reason) in [
        (json!({ "disabled": "maybe" }), "disabled", "must be true or false"),
        (json!({ "spam_level": "High" }), "spam_level", "unknown attribute"),
        (json!({ "spamlevel": "High" }), "spamlevel", "not supported by this server"),
        (json!({ "catchall": "lee@a.example" }), "catchall", "not supported by this server"),
        (json!({ "regen_passwords": false }), "regen_passwords", "not supported by this server"),
        (
            json!({ "default_password_encoding": "MD5" }),
            "default_password_encoding",
            "not supported by this server",
        ),
        (
            json!({ "quota_maximum": 0 }),
            "quota_maximum",
            "must be a number of megabytes, 1 or more",
        ),
        (
            json!({ "quota": 200, "quota_maximum": 100 }),
            "quota",
            "must not be above quota_maximum, 100 MB",
        ),
        (json!({ "workgroup": "press" }), "workgroup", "is not a workgroup of the domain"),
        (
            json!({ "limit_users": "many" }),
            "limit_users",
            "must be a whole number from 0 to 1000000000",
        ),
    ] {
        for domain in ["a.example", "new.example"] {
            let fields = json!({ "domain": domain, "attributes": attributes });
            let answer = world.ask(ADMIN, "change_domain", fields).await;
            assert_eq!(answer["error_number"], 6, "{attributes}");
            assert_eq!(answer["hints"], json!({ name: reason }), "{attributes}");
        }
    }
    assert_eq!(change(&world, "not a domain", json!({})).await, Some(6));
    let fields = json!({ "attributes": {} });
    assert_eq!(world.number(ADMIN, "change_domain", fields).await, Some(5));
}

#[tokio::test]
async fn companies_of_domains() {
    let world = World::new().await;
    // To one's own: nothing changes. To another, or to one that does not exist: no right to.
    assert_eq!(change(&world, "a.example", json!({ "company": "ACME" })).await, None);
    for company in ["other", "no such company"] {
        assert_eq!(change(&world, "a.example", json!({ "company": company })).await, Some(4));
        assert_eq!(change(&world, "new.example", json!({ "company": company })).await, Some(4));
    }
    let objects = (storage::Role::Company, "acme");
    world.account("both@c.example", Some(objects)).await;
    // A company administrator whose own account is elsewhere makes domains in his company.
    let make = json!({ "domain": "new.example" });
    assert_eq!(world.number("both@c.example", "change_domain", make).await, None);
    let answer = world.ask(ADMIN, "get_domain", json!({ "domain": "new.example" })).await;
    assert_eq!(answer["attributes"]["company"], "acme");
}
