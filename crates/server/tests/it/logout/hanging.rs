//! Storage that hangs: the answer comes within the bound and is no success; what was asked is done when
//! storage comes back.

use crate::client::Kind;
use crate::house::{ADMIN, House, OPS, PASSWORD, TRUSTING};
use rusqlite::Connection;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const JOE: &str = "joe@a.example";
const BOUND: Duration = Duration::from_millis(600);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(600);

/// Holds the database's write lock: whoever writes hangs, for as long as SQLite waits for a lock (5 s).
struct Hang(Connection);

impl Hang {
    fn begin(house: &House) -> Self {
        let database = Connection::open(house.data_dir().join("posthouse.db")).unwrap();
        database.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(database)
    }

    fn end(self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s09_storage_hangs_while_the_epoch_is_raised() {
    let house = House::alone(&format!("{TRUSTING}\nlogout_timeout = \"600ms\"")).await;
    house.account(ADMIN).await;
    let acts = [
        ("logout_user", json!({"user": JOE})),
        ("change_user", json!({"user": JOE, "attributes": {"password": PASSWORD}})),
        (
            "change_user",
            json!({"user": JOE, "attributes": {"service_imap4": "enabled", "service_pop3": "disabled"}}),
        ),
        ("change_domain", json!({"domain": "a.example", "attributes": {"disabled": true}})),
        ("delete_user", json!({"user": JOE})),
    ];
    for (method, body) in acts {
        let enable = json!({"domain": "a.example", "attributes": {"disabled": false}});
        house.do_call(OPS, "change_domain", enable).await;
        let services = json!({"user": JOE, "attributes": {"service_pop3": "enabled"}});
        house.do_call(OPS, "change_user", services).await;
        let mut joe = house.log_in(Kind::Pop3, JOE).await;
        let mut other = house.enter(Kind::Imap, OPS).await;

        let hang = Hang::begin(&house);
        let called = house.call(OPS, method, body).await;
        assert!(called.took() < BOUND + SLACK, "{method}: {:?}", called.took());
        assert_eq!(called.error(), Some(0), "{method}: {}", called.answer);
        let text = called.answer["error"].as_str().unwrap();
        assert!(text.contains("could not be confirmed") && text.ends_with("calling again is safe"));
        // Nothing is on disk, so nothing was ordered.
        assert!(joe.at_once().end.is_none(), "{method}");

        hang.end();
        let back = Instant::now();
        while joe.at_once().end.is_none() {
            assert!(
                back.elapsed() < Duration::from_secs(5),
                "{method}: the session outlives it all"
            );
            sleep(Duration::from_millis(5)).await;
        }
        assert!(other.lives().await, "{method}");
        other.leave().await;
    }
}

/// Called again while it hangs, and after it: the first success is true.
#[tokio::test(flavor = "multi_thread")]
async fn s09_calling_again_is_safe() {
    let house = House::alone(&format!("{TRUSTING}\nlogout_timeout = \"600ms\"")).await;
    let mut clients = Vec::new();
    for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3s] {
        clients.push(house.enter(kind, JOE).await);
    }
    let hang = Hang::begin(&house);
    for _ in 0..3 {
        assert_eq!(house.call(OPS, "logout_user", json!({"user": JOE})).await.error(), Some(0));
    }
    hang.end();
    house.log_out(JOE).await;
    for client in &mut clients {
        assert_eq!(client.at_once().text(), client.kind.farewell());
    }
    // Logins after the success stay, whatever of the calls before was still under way.
    let mut again = house.enter(Kind::Imap, JOE).await;
    sleep(Duration::from_millis(100)).await;
    assert!(again.lives().await);
}
