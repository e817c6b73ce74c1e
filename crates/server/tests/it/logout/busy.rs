//! L7 when mail has no processor left, and what is under way when the server stops.

use crate::client::Kind;
use crate::house::{House, OPS, TRUSTING};
use serde_json::json;
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const JOE: &str = "joe@a.example";
const BOUND: Duration = Duration::from_millis(1000);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(600);

/// Keeps every thread that serves mail busy, as endless loops in dialogues would.
struct Busy(Arc<(Mutex<bool>, Condvar)>);

impl Busy {
    async fn begin(house: &House) -> Self {
        let mail = house.server().mail_executor();
        let threads = mail.metrics().num_workers();
        let all_there = Arc::new(Barrier::new(threads + 1));
        let over = Arc::new((Mutex::new(false), Condvar::new()));
        for _ in 0..threads {
            let (all_there, over) = (all_there.clone(), over.clone());
            mail.spawn(async move {
                all_there.wait();
                let begun = over.0.lock().unwrap();
                let _over = over.1.wait_while(begun, |over| !*over).unwrap();
            });
        }
        tokio::task::spawn_blocking(move || all_there.wait()).await.unwrap();
        Self(over)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_in_time_and_honest_when_every_thread_of_mail_is_busy() {
    let house = House::alone(&format!("{TRUSTING}\nlogout_timeout = \"1s\"")).await;
    house.account("eve@a.example").await;
    let mut joe = house.enter(Kind::Imap, JOE).await;
    let mut other = house.enter(Kind::Pop3s, OPS).await;

    let busy = Busy::begin(&house).await;
    // Who has no session is logged out as ever, and the rest of the API does not notice.
    let called = house.log_out("eve@a.example").await;
    assert!(called.took() < SLACK, "{:?}", called.took());
    let called = house.do_call(OPS, "get_user", json!({"user": JOE})).await;
    assert!(called.took() < SLACK, "{:?}", called.took());
    // Joe's session cannot be over while nobody can end it.
    let called = house.call(OPS, "logout_user", json!({"user": JOE})).await;
    assert!(called.took() < BOUND + SLACK, "{:?}", called.took());
    assert_eq!(called.error(), Some(0), "{}", called.answer);
    let text = called.answer["error"].as_str().unwrap();
    assert!(text.contains("confirmed") && text.ends_with("calling again is safe"), "{text}");
    assert!(joe.at_once().end.is_none());

    drop(busy);
    house.log_out(JOE).await;
    let seen = joe.at_once();
    assert!(seen.end.is_some() && seen.text().starts_with("* BYE"), "{seen:?}");
    assert!(other.lives().await);
}

/// What the API was asked for before the server stops is done, and answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_requests_of_the_api() {
    let house = House::open().await;
    let address = house.address(server::config::Entrance::Api);
    let database = rusqlite::Connection::open(house.data_dir().join("posthouse.db")).unwrap();
    // Storage writes nothing for a while.
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let asking = tokio::spawn(crate::house::ask(address, "logout_user", json!({"user": JOE})));
    sleep(Duration::from_millis(150)).await;
    let begun = Instant::now();
    let (_, answer) = tokio::join!(house.stop(), async {
        sleep(Duration::from_millis(300)).await;
        database.execute_batch("ROLLBACK").unwrap();
        asking.await.unwrap()
    });
    assert_eq!(answer["success"], true, "{answer}");
    assert!(begun.elapsed() > Duration::from_millis(300), "the stop did not wait");
}
