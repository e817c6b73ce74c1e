//! `change_user`, `get_user`, `delete_user`.

use super::world::{NOW, World};
use serde_json::{Value, json};

const ADMIN: &str = "company@acme.adm";

async fn change(world: &World, user: &str, attributes: Value) -> Option<u64> {
    world.number(ADMIN, "change_user", json!({ "user": user, "attributes": attributes })).await
}

async fn get(world: &World, user: &str) -> Value {
    world.ask(ADMIN, "get_user", json!({ "user": user })).await
}

#[tokio::test]
async fn made_as_clients_make_them() {
    let world = World::new().await;
    let body = json!({
        "user": "New.Park@A.example", "create_only": 1,
        "attributes": {
            "password": "m0untain+Lake", "name": "Lee Park", "aliases": null,
            "delivery_local": true, "delivery_forward": false, "forward_recipients": [],
            "type": "mailbox", "quota": "5368709120", "title": "", "phone": 5551234,
        },
    });
    assert_eq!(world.number("domain@a.example", "change_user", body.clone()).await, None);
    assert!(world.logs_in("new.park@a.example", "m0untain+Lake").await);
    assert_eq!(world.number("domain@a.example", "change_user", body).await, Some(7));
    let answer = get(&world, "new.park@a.example").await;
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["success", "type", "settable_attributes", "attributes", "metadata", "audit"]);
    assert_eq!(answer["type"], "mailbox");
    let attributes = &answer["attributes"];
    for (name, expected) in [
        ("account", json!("new.park@a.example")),
        ("aliases", json!([])),
        ("name", json!("Lee Park")),
        ("title", json!("")),
        ("phone", json!("5551234")),
        ("workgroup", json!("staff")),
        ("delivery_local", json!(true)),
        ("delivery_forward", json!(false)),
        ("forward_recipients", json!([])),
        ("quota", json!(5_368_709_120_u64)),
        ("service_imap4", json!("enabled")),
        ("type", json!("mailbox")),
        ("language", json!(null)),
    ] {
        assert_eq!(attributes[name], expected, "{name}");
    }
    assert!(attributes.get("password").is_none());
    let metadata = &answer["metadata"];
    for (name, expected) in [
        ("2fa_enabled", json!(false)),
        ("roles", json!({})),
        ("folders", json!(["INBOX", "Drafts", "Sent", "Spam", "Trash"])),
        ("special_folders", json!({ "spam": "Spam" })),
        ("createtime", json!(NOW.0)),
        ("app_passwords", json!([])),
        ("status", json!("active")),
        ("last_login", json!({ "imap4": NOW.0 })),
        (
            "quota",
            json!({ "bytes_max": 5_368_709_120_u64, "bytes_used": 0, "messages_max": 0, "messages_used": 0 }),
        ),
    ] {
        assert_eq!(metadata[name], expected, "{name}");
    }
}

/// What is told can be sent back, and changes nothing.
#[tokio::test]
async fn what_is_told_can_be_sent_back() {
    let world = World::new().await;
    let before = get(&world, "lee@a.example").await["attributes"].clone();
    let mut again = before.clone();
    again.as_object_mut().unwrap().remove("account");
    assert_eq!(change(&world, "lee@a.example", again).await, None);
    let mut after = get(&world, "lee@a.example").await["attributes"].clone();
    // No quota was the domain's default before and is now.
    assert_eq!(after["quota"].take(), Value::Null);
    assert_eq!(after, before);
}

#[tokio::test]
async fn values_are_checked_and_told() {
    let world = World::new().await;
    let rows = [
        (json!({ "colour": "green" }), "colour", "unknown attribute"),
        (json!({ "spam_tag": "x" }), "spam_tag", "unknown attribute"),
        (json!({ "name": "x".repeat(513) }), "name", "must have at most 512 characters"),
        (json!({ "name": ["x"] }), "name", "must be a text"),
        (json!({ "title": "a\u{0}" }), "title", "must not hold control characters"),
        (
            json!({ "language": "xx" }),
            "language",
            "is not one of the languages in metadata.options",
        ),
        (
            json!({ "timezone": "Mars" }),
            "timezone",
            "is not one of the time zones in metadata.options",
        ),
        (
            json!({ "service_imap4": "on" }),
            "service_imap4",
            "must be one of: enabled, disabled, suspended",
        ),
        (json!({ "quota": -1 }), "quota", "must be a number of bytes, 1 or more"),
        (json!({ "quota": 0 }), "quota", "must be a number of bytes, 1 or more"),
        (json!({ "workgroup": "press" }), "workgroup", "is not a workgroup of the domain"),
        (json!({ "aliases": ["x"] }), "aliases", "\"x\" is not an address"),
        (
            json!({ "aliases": "x@b.example" }),
            "aliases",
            "x@b.example is neither in the domain nor in an alias of it",
        ),
        (json!({ "aliases": ["lee@a.example"] }), "aliases", "lee@a.example is the account itself"),
        (json!({ "password": "" }), "password", "must not be empty"),
        (
            json!({ "password": "two words" }),
            "password",
            "a password consists of ASCII letters, digits and symbols, without blanks and quotation marks",
        ),
        (
            json!({ "password": "{DES}abJnggxhB/yWI" }),
            "password",
            "this kind of password hash is not supported by this server",
        ),
        (json!({ "password": "{SHA}x" }), "password", "the password hash is malformed"),
        (json!({ "type": "forward" }), "type", "not supported by this server"),
        (json!({ "delivery_forward": true }), "delivery_forward", "not supported by this server"),
        (json!({ "delivery_local": false }), "delivery_local", "not supported by this server"),
        (
            json!({ "forward_recipients": "x@y.example" }),
            "forward_recipients",
            "not supported by this server",
        ),
        (json!({ "autoresponder": "away" }), "autoresponder", "not supported by this server"),
        (json!({ "sieve": "keep;" }), "sieve", "not supported by this server"),
        (json!({ "spamlevel": "High" }), "spamlevel", "not supported by this server"),
        (json!({ "block": ["*@spam.example"] }), "block", "not supported by this server"),
        (json!({ "reject_spam": 1 }), "reject_spam", "not supported by this server"),
        (json!({ "smtp_sent_limit": 10 }), "smtp_sent_limit", "not supported by this server"),
    ];
    let before = world.find("lee@a.example").await;
    for (attributes, name, reason) in rows {
        // A good attribute beside a bad one is not set either.
        let mut asked = attributes.clone();
        asked["notes_external"] = json!("changed");
        let fields = json!({ "user": "lee@a.example", "attributes": asked });
        let answer = world.ask(ADMIN, "change_user", fields).await;
        assert_eq!(answer["error_number"], 6, "{attributes}");
        assert_eq!(answer["hints"], json!({ name: reason }), "{attributes}");
    }
    assert_eq!(world.find("lee@a.example").await.attributes, before.attributes);
    assert_eq!(world.ended(), []);
}

#[tokio::test]
async fn nothing_may_always_be_asked_for() {
    let world = World::new().await;
    let nothing = json!({
        "delivery_forward": "0", "delivery_autoresponder": 0, "delivery_filter": false,
        "delivery_local": "1", "forward_recipients": "", "allow": [], "block": null,
        "autoresponder": "", "sieve": null, "spamtag": "", "brand": null, "type": "mailbox",
        "filterdelivery": "", "smtp_sent_limit": null, "reject_spam": "false",
    });
    assert_eq!(change(&world, "lee@a.example", nothing).await, None);
}

/// In the order of section 4: rights over attributes, values, uniqueness.
#[tokio::test]
async fn order_of_checks() {
    let world = World::new().await;
    let ask = async |who: &str, user: &str, attributes: Value| {
        let fields = json!({ "user": user, "attributes": attributes, "create_only": true });
        world.number(who, "change_user", fields).await
    };
    let mail = "mail@a.example";
    let both = json!({ "quota": "bad", "name": 7.5, "colour": 1 });
    assert_eq!(ask(mail, "lee@a.example", both).await, Some(4));
    assert_eq!(ask(mail, "lee@a.example", json!({ "colour": 1 })).await, Some(6));
    assert_eq!(ask(mail, "lee@a.example", json!({})).await, Some(7));
    assert_eq!(ask(mail, "l.park@a.example", json!({ "colour": 1 })).await, Some(3));
    assert_eq!(ask(mail, "free@a.example", json!({ "colour": 1 })).await, Some(2));
    assert_eq!(ask(mail, "bea@b.example", json!({ "colour": 1 })).await, Some(9));
    let fields = json!({ "user": "bea@b.example", "attributes": "x" });
    assert_eq!(world.number(mail, "change_user", fields).await, Some(5));
    let fields = json!({ "user": "bea@b.example" });
    assert_eq!(world.number(mail, "change_user", fields).await, Some(5));
    // The values of an account to be made.
    assert_eq!(ask(ADMIN, "bad..name@a.example", json!({})).await, Some(6));
    assert_eq!(ask(ADMIN, "free@alias.example", json!({})).await, Some(6));
}

#[tokio::test]
async fn names_are_unique() {
    let world = World::new().await;
    let taken = json!({ "aliases": ["l.park@a.example"] });
    assert_eq!(change(&world, "kim@a.example", taken.clone()).await, Some(7));
    assert_eq!(change(&world, "third@a.example", taken).await, Some(7));
    assert_eq!(
        change(&world, "kim@a.example", json!({ "aliases": ["lee@a.example"] })).await,
        Some(7)
    );
    let fields = json!({ "user": "lee@a.example" });
    assert_eq!(world.number(ADMIN, "delete_user", fields).await, None);
    assert_eq!(
        change(&world, "kim@a.example", json!({ "aliases": ["L.Park@A.example"] })).await,
        None
    );
    let kim = get(&world, "kim@a.example").await;
    assert_eq!(kim["attributes"]["aliases"], json!(["l.park@a.example"]));
}

#[tokio::test]
async fn a_free_name_is_told_with_what_it_would_get() {
    let world = World::new().await;
    let domain = json!({ "domain": "a.example", "attributes": {
        "quota": 2_000_000, "language": "fr", "service_pop3": "disabled",
    } });
    assert_eq!(world.number(ADMIN, "change_domain", domain).await, None);
    let answer = get(&world, "free@a.example").await;
    assert_eq!(answer["error_number"], 2);
    let defaults = &answer["metadata"]["defaults"];
    assert_eq!(defaults["quota"], 2_000_000);
    assert_eq!(defaults["language"], "fr");
    assert_eq!(defaults["service_pop3"], "disabled");
    assert_eq!(defaults["workgroup"], "staff");
    assert!(answer["settable_attributes"].as_array().unwrap().contains(&json!("password")));
    assert_eq!(change(&world, "free@a.example", json!({ "password": "pencil75" })).await, None);
    let told = get(&world, "free@a.example").await;
    for name in ["quota", "language", "service_pop3", "workgroup"] {
        assert_eq!(told["attributes"][name], defaults[name], "{name}");
    }
    // Who could not make it is told no more than that.
    let answer = world.ask("mail@a.example", "get_user", json!({ "user": "none@a.example" })).await;
    assert_eq!((&answer["error_number"], answer.get("metadata")), (&json!(2), None));
}

#[tokio::test]
async fn quotas() {
    let world = World::new().await;
    let domain = |attributes| json!({ "domain": "a.example", "attributes": attributes });
    let limits = domain(json!({ "quota_maximum": "100" }));
    assert_eq!(world.number(ADMIN, "change_domain", limits).await, None);
    for (quota, stored) in [
        (json!(50), 50 << 20),
        (json!("104857600"), 100 << 20),
        (json!(1_048_576), 1 << 20),
        // Unset: the domain's maximum, as there is no default.
        (json!(null), 100 << 20),
    ] {
        assert_eq!(
            change(&world, "lee@a.example", json!({ "quota": quota })).await,
            None,
            "{quota}"
        );
        assert_eq!(world.find("lee@a.example").await.quota, Some(stored), "{quota}");
    }
    assert_eq!(change(&world, "lee@a.example", json!({ "quota": 101 })).await, Some(6));
    assert_eq!(change(&world, "lee@a.example", json!({ "quota": 104_857_601 })).await, Some(6));
}

#[tokio::test]
async fn a_workgroup_administrator_makes_accounts_in_his_own() {
    let world = World::new().await;
    let fields = json!({ "user": "new@a.example", "attributes": { "password": "pencil75" } });
    assert_eq!(world.number("group@a.example", "change_user", fields).await, None);
    assert_eq!(world.find("new@a.example").await.workgroup, "staff");
}

#[tokio::test]
async fn limits_of_a_domain() {
    let world = World::new().await;
    let (users, aliases) = {
        let domain = world.storage.domain(&super::world::domain_name("a.example")).await;
        world.storage.count_accounts(domain.unwrap().unwrap().id).await.unwrap()
    };
    let limits = json!({ "domain": "a.example", "attributes": {
        "limit_users": users + 1, "limit_aliases": aliases + 1,
    } });
    assert_eq!(world.number(ADMIN, "change_domain", limits).await, None);
    assert_eq!(change(&world, "one@a.example", json!({})).await, None);
    assert_eq!(change(&world, "two@a.example", json!({})).await, Some(8));
    assert_eq!(change(&world, "one@a.example", json!({ "aliases": ["x@a.example"] })).await, None);
    assert_eq!(change(&world, "one@a.example", json!({ "aliases": ["y@a.example"] })).await, None);
    let two = json!({ "aliases": ["x@a.example", "y@a.example"] });
    assert_eq!(change(&world, "one@a.example", two).await, Some(8));
}

/// The strength is the domain's, or the rule of the platform.
#[tokio::test]
async fn strength() {
    let world = World::new().await;
    let set = |strength: Value| json!({ "domain": "a.example", "attributes": { "password_strength": strength } });
    let rows = [
        (json!("weak"), "x", None),
        (json!("medium"), "pencil7", Some(6)),
        (json!("medium"), "pencil75", None),
        (json!(null), "pencil75", Some(6)),
        (json!(null), "m0untain+Lake", None),
        (json!("strong"), "m0untain+Lake", Some(6)),
    ];
    for (strength, password, expected) in rows {
        assert_eq!(world.number(ADMIN, "change_domain", set(strength.clone())).await, None);
        let number = change(&world, "lee@a.example", json!({ "password": password })).await;
        assert_eq!(number, expected, "{strength} {password}");
    }
    assert_eq!(world.number(ADMIN, "change_domain", set(json!("iron"))).await, Some(6));
}

/// Two administrators who switch off different services at the same time both have their way.
#[tokio::test]
async fn services_are_set_one_by_one() {
    let world = World::new().await;
    for round in 0..5 {
        let on = json!({ "service_imap4": "enabled", "service_pop3": "enabled" });
        assert_eq!(change(&world, "lee@a.example", on).await, None);
        let imap4 = change(&world, "lee@a.example", json!({ "service_imap4": "suspended" }));
        let pop3 = change(&world, "lee@a.example", json!({ "service_pop3": "disabled" }));
        assert_eq!(tokio::join!(imap4, pop3), (None, None));
        let services = world.find("lee@a.example").await.services;
        let expected = (storage::ServiceState::Suspended, storage::ServiceState::Disabled);
        assert_eq!((services.imap4, services.pop3), expected, "round {round}");
    }
}
