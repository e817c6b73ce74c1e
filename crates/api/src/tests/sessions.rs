//! Seeing who is connected, and ending what was chosen: never wider than asked.

use super::world::{NODE, NOW, PASSWORD, World, masked};
use cluster::SessionKey;
use serde_json::{Value, json};
use sessions::{Session, SessionRecord};
use std::sync::Arc;
use terms::{AppPasswordId, Credential, Epoch, Protocol, SessionId, TokenId, UnixTime};

const ADMIN: &str = "domain@a.example";

/// Who is connected to `world`: number, account, protocol, peer, credential.
async fn crowd() -> World {
    let world = World::new().await;
    let app = Credential::AppPassword(AppPasswordId(7));
    let token = Credential::Token(TokenId(5417));
    let administrator = world.find(ADMIN).await.id;
    let on_behalf = Credential::OnBehalf { administrator, epoch: Epoch(1) };
    for (id, name, protocol, peer, credential) in [
        (1, "lee@a.example", Protocol::Imap, "192.0.2.1:4001", Credential::Password),
        (2, "lee@a.example", Protocol::Imap, "192.0.2.77:4002", app),
        (3, "lee@a.example", Protocol::Pop3, "[2001:db8::7]:4003", app),
        (4, "lee@a.example", Protocol::Pop3, "198.51.100.1:4004", token),
        (5, "lee@a.example", Protocol::Imap, "198.51.100.2:4005", on_behalf),
        (6, "kim@a.example", Protocol::Imap, "192.0.2.1:4006", Credential::Password),
        (7, "bea@b.example", Protocol::Imap, "192.0.2.1:4007", Credential::Password),
        (8, "cay@c.example", Protocol::Pop3, "192.0.2.1:4008", app),
    ] {
        let account = world.find(name).await;
        let session = Session {
            account: account.id,
            epoch: Epoch(1),
            protocol,
            peer: peer.parse().unwrap(),
            tls: id % 2 == 1,
            trusted: false,
            login: name.to_uppercase().into(),
            alias: None,
            on_behalf: (id == 5).then(|| ADMIN.into()),
            credential,
            since: UnixTime(NOW.0 - 100 + id),
        };
        world.connected(SessionRecord {
            key: SessionKey { node: NODE, id: SessionId(id.cast_unsigned()) },
            session: Arc::new(session),
            client: (id == 1).then(|| "Thunderbird \"128\"".into()),
            folder: (id == 1).then(|| "INBOX".into()),
            active: UnixTime(NOW.0 - 7),
            ending: None,
        });
    }
    world
}

async fn post(world: &World, who: &str, method: &str, fields: Value) -> String {
    let mut body = json!({ "credentials": { "user": who, "password": PASSWORD } });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    masked(&world.post(&format!("/api/{method}"), body.to_string().as_bytes()).await)
}

#[tokio::test]
async fn a_list_to_the_byte() {
    let world = crowd().await;
    let lee = json!({ "user": "lee@a.example", "range": { "limit": 2 } });
    let expected = concat!(
        r#"{"success":true,"count":2,"total_count":5,"sessions":["#,
        r#"{"id":"1.17.1","user":"lee@a.example","protocol":"imap","peer":"192.0.2.1:4001","tls":true,"#,
        r#""login":"LEE@A.EXAMPLE","client":"Thunderbird \"128\"","since":1795348697,"idle":7,"#,
        r#""folder":"INBOX","node":"1.17","credential":"password","app_password":null,"#,
        r#""on_behalf":null,"ending":null},"#,
        r#"{"id":"1.17.2","user":"lee@a.example","protocol":"imap","peer":"192.0.2.77:4002","tls":false,"#,
        r#""login":"LEE@A.EXAMPLE","client":null,"since":1795348698,"idle":7,"#,
        r#""folder":null,"node":"1.17","credential":"app_password","app_password":"7","#,
        r#""on_behalf":null,"ending":null}], "audit":"AUDIT"}"#,
    );
    let since = |id: i64| (NOW.0 - 100 + id).to_string();
    let expected = expected.replace("1795348697", &since(1)).replace("1795348698", &since(2));
    assert_eq!(post(&world, "ro@acme.adm", "get_user_sessions", lee).await, expected);
    let nobody = json!({ "user": "nobody@a.example" });
    assert_eq!(
        post(&world, ADMIN, "get_user_sessions", nobody).await,
        r#"{"success":true,"count":0,"total_count":0,"sessions":[], "audit":"AUDIT"}"#
    );
    let behalf = json!({ "user": "lee@a.example", "range": { "first": 4 } });
    let behalf = post(&world, ADMIN, "get_user_sessions", behalf).await;
    assert!(
        behalf.contains(r#""credential":"on_behalf","app_password":null,"on_behalf":"domain@a"#)
    );
    let all = post(&world, ADMIN, "get_user_sessions", json!({ "domain": "a.example" })).await;
    assert!(!all.contains("5417"), "which token it was is nobody's business");
}

#[tokio::test]
async fn a_domain_is_its_own_and_a_workgroup_less() {
    let world = crowd().await;
    let press = Some((storage::Role::Workgroup, "a.example/press"));
    world.account("press@a.example", press).await;
    let ids = async |who: &str, domain: &str| {
        let list = world.ask(who, "get_user_sessions", json!({ "domain": domain })).await;
        let ids = list["sessions"].as_array().unwrap().iter();
        ids.map(|one| one["id"].as_str().unwrap()[5..].to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(ADMIN, "a.example").await, "1 2 3 4 5 6");
    assert_eq!(ids("company@acme.adm", "b.example").await, "7");
    assert_eq!(ids("group@a.example", "a.example").await, "1 2 3 4 5 6");
    assert_eq!(ids("press@a.example", "a.example").await, "");
    for wrong in [json!({}), json!({ "user": "lee@a.example", "domain": "a.example" })] {
        assert_eq!(world.number(ADMIN, "get_user_sessions", wrong).await, Some(5));
    }
    for alias in [json!({ "user": "l.park@a.example" }), json!({ "domain": "alias.example" })] {
        assert_eq!(world.number(ADMIN, "get_user_sessions", alias).await, Some(3));
    }
}

#[tokio::test]
async fn filters_mean_what_they_say() {
    let rows = [
        (json!({ "protocol": "imap" }), vec![1, 2, 5]),
        (json!({ "protocol": "pop3" }), vec![3, 4]),
        (json!({ "network": "192.0.2.0/24" }), vec![1, 2]),
        (json!({ "network": "192.0.2.1" }), vec![1]),
        (json!({ "network": "2001:db8::/32" }), vec![3]),
        (json!({ "network": "203.0.113.0/24" }), vec![]),
        (json!({ "app_password": "7" }), vec![2, 3]),
        (json!({ "app_password": "8" }), vec![]),
        (json!({ "credential": "app_password" }), vec![2, 3]),
        (json!({ "credential": "token" }), vec![4]),
        (json!({ "credential": "on_behalf" }), vec![5]),
        (json!({ "credential": "password" }), vec![1]),
        (json!({ "protocol": "imap", "credential": "app_password" }), vec![2]),
        (json!({ "protocol": "imap", "network": "2001:db8::/32" }), vec![]),
        (json!({ "credential": "password", "app_password": "7" }), vec![]),
    ];
    let world = crowd().await;
    for (filter, expected) in rows {
        let all = world.live();
        let before: Vec<SessionRecord> = world.records();
        let fields = json!({ "user": "lee@a.example", "filter": filter.clone() });
        let answer = world.ask(ADMIN, "end_sessions", fields).await;
        assert_eq!(answer["found"], expected.len(), "{filter}");
        let left = world.live();
        let gone: Vec<u64> = all.into_iter().filter(|id| !left.contains(id)).collect();
        assert_eq!(gone, expected, "{filter}");
        world.put_back(before);
    }
    assert_eq!(world.ended(), [], "no login was made void");
}

#[tokio::test]
async fn never_wider_than_asked() {
    let world = crowd().await;
    let lee = |filter: Value| json!({ "user": "lee@a.example", "filter": filter });
    let rows = [
        (json!({}), 5),
        (json!({ "user": "lee@a.example" }), 5),
        (json!({ "user": "lee@a.example", "protocol": "imap" }), 5),
        (lee(json!(null)), 5),
        (lee(json!("imap")), 5),
        (lee(json!([])), 6),
        (lee(json!({})), 6),
        (lee(json!({ "protocol": "" })), 5),
        (lee(json!({ "protocol": null })), 5),
        (lee(json!({ "protocol": "imap", "network": "" })), 5),
        (lee(json!({ "protocol": "imap", "network": null })), 5),
        (lee(json!({ "protocol": ["imap", "pop3"] })), 5),
        (lee(json!({ "protocol": "IMAP" })), 6),
        (lee(json!({ "protocol": "*" })), 6),
        (lee(json!({ "credential": "any" })), 6),
        (lee(json!({ "app_password": "*" })), 6),
        (lee(json!({ "app_password": "+7" })), 6),
        (lee(json!({ "app_password": 7 })), 5),
        (lee(json!({ "network": "*" })), 6),
        (lee(json!({ "network": "192.0.2.1/24" })), 6),
        (lee(json!({ "protocol": "imap", "colour": "green" })), 6),
        (lee(json!({ "ids": ["1.17.1"] })), 6),
        (json!({ "ids": [] }), 6),
        (json!({ "ids": "" }), 5),
        (json!({ "ids": ["*"] }), 6),
        (json!({ "ids": ["1.17.1", ""] }), 6),
        (json!({ "ids": ["1.17.01"] }), 6),
        (json!({ "ids": [17] }), 5),
        (json!({ "ids": vec!["1.17.1"; 1001] }), 6),
        (json!({ "ids": ["1.17.1"], "user": "lee@a.example" }), 5),
        (json!({ "ids": ["1.17.1"], "filter": { "protocol": "imap" } }), 5),
        (json!({ "user": "*@a.example", "filter": { "protocol": "imap" } }), 2),
        (json!({ "user": "l.park@a.example", "filter": { "protocol": "imap" } }), 3),
    ];
    for (fields, expected) in rows {
        let number = world.number(ADMIN, "end_sessions", fields.clone()).await;
        assert_eq!(number, Some(expected), "{fields}");
    }
    assert_eq!(world.live(), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn ids_to_the_byte() {
    let world = crowd().await;
    // Another company's, one that is gone, another start's: all the same. One twice is one.
    let ids = ["1.17.2", "1.17.6", "1.17.6", "1.17.7", "1.17.8", "1.17.99", "1.16.1", "2.17.1"];
    assert_eq!(
        post(&world, ADMIN, "end_sessions", json!({ "ids": ids })).await,
        concat!(
            r#"{"success":true,"found":2,"closed":2,"refused":0,"#,
            r#""nodes":[{"node":"1.17","found":2,"closed":2,"refused":0}],"#,
            r#""unknown":["1.16.1","1.17.7","1.17.8","1.17.99","2.17.1"], "audit":"AUDIT"}"#
        )
    );
    assert_eq!(world.live(), [1, 3, 4, 5, 7, 8]);
    // Gone is gone: the same again finds nothing.
    assert_eq!(
        post(&world, ADMIN, "end_sessions", json!({ "ids": "1.17.2" })).await,
        concat!(
            r#"{"success":true,"found":0,"closed":0,"refused":0,"#,
            r#""nodes":[{"node":"1.17","found":0,"closed":0,"refused":0}],"#,
            r#""unknown":["1.17.2"], "audit":"AUDIT"}"#
        )
    );
    world.be_silent(true);
    let lee = json!({ "user": "lee@a.example", "filter": { "protocol": "pop3" } });
    assert_eq!(
        post(&world, ADMIN, "end_sessions", lee).await,
        concat!(
            r#"{"success":false,"found":2,"closed":0,"refused":2,"#,
            r#""nodes":[{"node":"1.17","found":2,"closed":0,"refused":2}],"error_number":0,"#,
            r#""error":"Server error: not all sessions could be confirmed as ended in time; "#,
            r#"calling again is safe", "audit":"AUDIT"}"#
        )
    );
}

/// Promise L10. Who ended nothing leaves no line.
#[tokio::test]
async fn history_says_who_and_which() {
    let world = crowd().await;
    let lee = world.find("lee@a.example").await.id;
    let before = world.storage.history(lee, 100).await.unwrap().len();
    let nothing = json!({ "user": "lee@a.example", "filter": { "network": "203.0.113.9" } });
    assert_eq!(world.number(ADMIN, "end_sessions", nothing).await, None);
    let filter = json!({ "network": "192.0.2.0/24", "protocol": "imap" });
    let some = json!({ "user": "lee@a.example", "filter": filter });
    let answer = world.ask(ADMIN, "end_sessions", some).await;
    let ids = json!({ "ids": ["1.17.3", "1.17.6", "1.17.99"] });
    assert_eq!(world.number(ADMIN, "end_sessions", ids).await, None);
    let history = world.storage.history(lee, 100).await.unwrap();
    assert_eq!(history.len(), before + 2);
    let (second, first) = (&history[0], &history[1]);
    assert_eq!((first.action.as_str(), first.actor.as_str()), ("end_sessions", ADMIN));
    assert_eq!(first.peer, Some("192.0.2.1".parse().unwrap()));
    assert_eq!(first.audit.as_ref().map(|it| json!(it.0)), Some(answer["audit"].clone()));
    let filter = json!({ "protocol": "imap", "network": "192.0.2.0/24" });
    assert_eq!(first.detail, json!({ "filter": filter, "sessions": 2 }));
    assert_eq!(second.detail, json!({ "ids": ["1.17.3"], "sessions": 1 }));
}
