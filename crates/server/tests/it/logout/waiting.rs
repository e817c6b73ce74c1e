//! Clients that wait, and clients that are busy: all are told, at once, and in their protocol's words.

use crate::client::{Client, Kind};
use crate::house::{House, OPS, PASSWORD, TRUSTING};
use crate::wire::Wire;
use server::config::Entrance;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// From the request to the last word on the client's side.
const AT_ONCE: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread")]
async fn s15_idle_is_told_and_closed_at_once() {
    let house = House::alone(TRUSTING).await;
    let mut slowest = Duration::ZERO;
    for _ in 0..10 {
        let mut clients = Vec::new();
        for kind in [Kind::Imap, Kind::Imaps, Kind::Imap] {
            let mut client = house.enter(kind, "joe@a.example").await;
            client.say("b IDLE", "+").await.unwrap();
            clients.push(client);
        }
        clients.push(house.enter(Kind::Pop3s, "joe@a.example").await);
        let watched: Vec<_> = clients
            .into_iter()
            .map(|client| (client.kind, tokio::spawn(client.until_closed())))
            .collect();
        let called = house.log_out("joe@a.example").await;
        for (kind, watched) in watched {
            let seen = watched.await.unwrap();
            assert_eq!(seen.text(), kind.farewell());
            assert!(seen.end.is_some());
            let took = seen.at - called.asked;
            assert!(took < AT_ONCE, "{kind:?}: {took:?}");
            slowest = slowest.max(took);
        }
    }
    println!("40 idle sessions were told and closed, the slowest after {slowest:?}");
}

/// Asks as fast as it is answered, until the server closes; answers how often, and the last line.
async fn busy(mut client: Client) -> (Kind, u64, String) {
    let line = if client.kind.is_imap() { "a STATUS INBOX (MESSAGES)" } else { "LIST 1" };
    let mut done = 0;
    while client.ask(line).await.is_ok() {
        done += 1;
    }
    (client.kind, done, client.last)
}

/// Contract L9: a client that asks storage all the time hears why its session ends, too. Those who
/// cannot be told, because an answer is under way, are few.
#[tokio::test(flavor = "multi_thread")]
async fn l9_busy_sessions_are_told() {
    let house = House::open().await;
    house.append("joe@a.example", b"Subject: x\r\n\r\nx\r\n").await;
    let (mut told, mut silent, mut commands) = (0, 0, 0);
    for _ in 0..25 {
        let mut clients = Vec::new();
        for kind in [Kind::Imap, Kind::Imaps, Kind::Imap, Kind::Pop3] {
            clients.push(tokio::spawn(busy(house.enter(kind, "joe@a.example").await)));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        house.log_out("joe@a.example").await;
        for client in clients {
            let (kind, done, last) = client.await.unwrap();
            commands += done;
            match last == kind.farewell() {
                true => told += 1,
                false => silent += 1,
            }
        }
    }
    println!("{told} were told, {silent} were not; they had done {commands} commands");
    assert!(told >= 90, "{told} of 100");
}

/// Nobody else notices: those of others, and those not logged in.
#[tokio::test(flavor = "multi_thread")]
async fn l5_others_go_on_without_a_pause() {
    let house = House::alone(TRUSTING).await;
    house.account("jane@a.example").await;
    let mut waiting = Vec::new();
    for kind in Kind::ALL {
        waiting.push(house.connect(kind).await);
    }
    let jane = house.enter(Kind::Imap, "jane@a.example").await;
    let stop = Arc::new(AtomicBool::new(false));
    let watched = tokio::spawn(pauses(jane, stop.clone()));
    for _ in 0..20 {
        let mut joes = Vec::new();
        for kind in [Kind::Imap, Kind::Imap, Kind::Pop3] {
            joes.push(house.enter(kind, "joe@a.example").await);
        }
        house.log_out("joe@a.example").await;
    }
    stop.store(true, Ordering::Relaxed);
    let (answers, longest) = watched.await.unwrap();
    println!("during 20 calls Jane had {answers} answers, the slowest after {longest:?}");
    assert!(answers > 100 && longest < Duration::from_millis(250), "{answers} {longest:?}");
    for mut client in waiting {
        assert!(client.at_once().bytes.is_empty());
        assert!(client.log_in("jane@a.example", PASSWORD).await.unwrap());
        client.leave().await;
    }
}

/// Asks until told to stop: how many answers, and the longest wait for one.
async fn pauses(mut client: Client, stop: Arc<AtomicBool>) -> (u64, Duration) {
    let (mut answers, mut longest) = (0, Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        assert!(client.lives().await);
        answers += 1;
        longest = longest.max(asked.elapsed());
    }
    (answers, longest)
}

/// Whoever asked and went away: it is done all the same. Whoever only said his last word gets his
/// answer.
#[tokio::test(flavor = "multi_thread")]
async fn l8_the_caller_hangs_up() {
    let house = House::open().await;
    let body = format!(
        "{{\"credentials\":{{\"user\":\"{OPS}\",\"password\":\"{PASSWORD}\"}},\"user\":\"joe@a.example\"}}"
    );
    let length = body.len();
    let request = format!(
        "POST /api/logout_user HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    for turn in 0..10 {
        let joe = house.enter(Kind::Imap, "joe@a.example").await;
        let wire = Wire::connect(house.address(Entrance::Api), None).await.unwrap();
        let mut caller = Client::plain(Kind::Imap, wire);
        caller.send(request.as_bytes()).await.unwrap();
        if turn % 2 == 0 {
            caller.half_close().await.unwrap();
            let answer = caller.gather(|text| text.contains("\"success\":true,")).await;
            assert_eq!(answer.end, None, "{answer:?}");
        }
        drop(caller);
        let seen = joe.until_closed().await;
        assert_eq!(seen.text(), Kind::Imap.farewell());
    }
}
