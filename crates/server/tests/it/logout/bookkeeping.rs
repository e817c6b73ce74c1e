//! Who is counted: everybody who is there, and nobody who is not.

use crate::client::{Client, Kind};
use crate::house::{House, PASSWORD, TRUSTING};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use terms::{AccountId, Protocol};
use tokio::time::sleep;

const JOE: &str = "joe@a.example";
/// Of one account.
const SESSIONS: usize = 500;

/// Clients that come and go, as fast as they can, until told to stop.
async fn come_and_go(
    house: Arc<House>,
    kind: Kind,
    user: String,
    stop: Arc<AtomicBool>,
    came: Arc<AtomicU64>,
) {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut client = house.connect(kind).await;
        // Whether it is admitted or ended in between is the call's business.
        if client.log_in(&user, PASSWORD).await.unwrap_or(false) {
            came.fetch_add(1, Ordering::Relaxed);
            client.lives().await;
        }
        turn += 1;
        match turn % 3 {
            0 => drop(client.leave().await),
            1 => drop(client),
            // Leaves without waiting.
            _ => drop(client.send(b"z LOGOUT\r\nQUIT\r\n").await),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_five_hundred_sessions_and_others_that_come_and_go() {
    let house = Arc::new(House::with(&format!("{TRUSTING}\nsessions_per_account = 2000")).await);
    house.account("jane@a.example").await;
    let (stop, came) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut storm = Vec::new();
    for (kind, user) in [
        (Kind::Imap, JOE),
        (Kind::Imaps, JOE),
        (Kind::Pop3, JOE),
        (Kind::Imap, "jane@a.example"),
        (Kind::Pop3s, "jane@a.example"),
    ] {
        let (house, stop, came) = (house.clone(), stop.clone(), came.clone());
        storm.push(tokio::spawn(come_and_go(house, kind, user.to_owned(), stop, came)));
    }
    let mut jane = house.enter(Kind::Imap, "jane@a.example").await;
    let mut clients = Vec::new();
    for round in 0..2 {
        clients.clear();
        for number in 0..SESSIONS {
            let kind = if number % 10 == 0 { Kind::Imaps } else { Kind::Imap };
            clients.push(house.enter(kind, JOE).await);
        }
        // The storm's own POP3 session may hold the maildrop; IMAP sessions are what counts here.
        let joe = house.account_of(JOE);
        assert!(house.count_of(joe) >= SESSIONS);
        let called = house.log_out(JOE).await;
        let open = clients
            .iter_mut()
            .filter_map(|client| client.at_once().end.is_none().then_some(()))
            .count();
        assert_eq!(open, 0, "in round {round}");
        println!(
            "{SESSIONS} of {JOE} were ended in {:?}, {} had come and gone",
            called.took(),
            came.load(Ordering::Relaxed)
        );
        assert!(called.took() < Duration::from_secs(2));
        assert!(jane.lives().await);
    }
    stop.store(true, Ordering::Relaxed);
    for one in storm {
        one.await.unwrap();
    }
    jane.leave().await;
    house.empty().await;
    assert!(came.load(Ordering::Relaxed) > 20, "nobody came and went");
    assert_eq!(house.sessions().count_in(Protocol::Imap), 0);
    assert_eq!(house.sessions().count_in(Protocol::Pop3), 0);
}

/// Five hundred at once, each in a task of its own, all of them ended by one call.
#[tokio::test(flavor = "multi_thread")]
async fn s16_time_follows_the_sessions_of_the_account() {
    let house = House::alone(&format!("{TRUSTING}\nsessions_per_account = 1000")).await;
    for number in 0..5 {
        house.account(&format!("other{number}@a.example")).await;
    }
    let mut others = Vec::new();
    let mut alone = Vec::new();
    for round in 0..2 {
        // The fastest of several, first alone, then among others.
        let mut fastest = Duration::MAX;
        for _ in 0..5 {
            let mut joe = house.enter(Kind::Imap, JOE).await;
            let called = house.log_out(JOE).await;
            assert!(joe.at_once().end.is_some());
            fastest = fastest.min(called.took());
        }
        alone.push(fastest);
        if round == 0 {
            for number in 0..500 {
                others.push(
                    house.log_in(Kind::Imap, &format!("other{}@a.example", number % 5)).await,
                );
            }
        }
    }
    println!("one session ended in {:?} alone, in {:?} among 500 others", alone[0], alone[1]);
    assert!(alone[1] < alone[0] * 3 + Duration::from_millis(5), "{alone:?}");
    assert_eq!(house.sessions().count_in(Protocol::Imap), 500);
    for mut other in others {
        assert!(other.at_once().end.is_none());
    }
}

/// As many as are allowed, logged out, and as many again at once.
#[tokio::test(flavor = "multi_thread")]
async fn s17_the_owner_is_not_locked_out_by_his_dead_sessions() {
    const LIMIT: usize = 12;
    let house = House::with(&format!("{TRUSTING}\nsessions_per_account = {LIMIT}")).await;
    let mut id: Option<AccountId> = None;
    for _ in 0..3 {
        let mut clients: Vec<Client> = Vec::new();
        for number in 0..LIMIT {
            clients.push(house.enter(Kind::ALL[number % 2], JOE).await);
        }
        for kind in [Kind::Imap, Kind::Pop3] {
            assert!(!house.admits(kind, JOE, PASSWORD).await, "more than the limit");
        }
        // None of them reads, some are busy.
        for client in clients.iter_mut().step_by(3) {
            client.send(b"b IDLE\r\n").await.unwrap();
        }
        let joe = *id.get_or_insert_with(|| house.account_of(JOE));
        house.log_out(JOE).await;
        assert_eq!(house.count_of(joe), 0);
    }
    let mut clients = Vec::new();
    for number in 0..LIMIT {
        clients.push(house.enter(Kind::ALL[number % 2], JOE).await);
    }
    assert_eq!(house.count_of(house.account_of(JOE)), LIMIT);
}

/// Clients that reconnect in a tight loop: every session that was there is over, each time.
#[tokio::test(flavor = "multi_thread")]
async fn s27_a_storm_of_reconnecting_clients() {
    let house = Arc::new(House::open().await);
    let (stop, came) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut storm = Vec::new();
    for number in 0..20 {
        let (house, stop, came) = (house.clone(), stop.clone(), came.clone());
        storm.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let mut client = house.connect(Kind::ALL[number % 2]).await;
                if client.log_in(JOE, PASSWORD).await.unwrap_or(false) {
                    came.fetch_add(1, Ordering::Relaxed);
                    client.until_closed().await;
                }
            }
        }));
    }
    let mut slowest = Duration::ZERO;
    let mut calls = 0;
    while calls < 5 {
        sleep(Duration::from_millis(40)).await;
        let mut settled = house.connect(Kind::Imap).await;
        if !settled.log_in(JOE, PASSWORD).await.unwrap_or(false) {
            continue;
        }
        let called = house.log_out(JOE).await;
        assert!(settled.at_once().end.is_some());
        slowest = slowest.max(called.took());
        calls += 1;
    }
    stop.store(true, Ordering::Relaxed);
    for one in storm {
        while !one.is_finished() {
            house.log_out(JOE).await;
            sleep(Duration::from_millis(5)).await;
        }
        one.await.unwrap();
    }
    let came = came.load(Ordering::Relaxed);
    println!("{calls} calls during a storm of {came} logins, the slowest took {slowest:?}");
    assert!(came > 20 && slowest < Duration::from_secs(2));
    house.empty().await;
}
