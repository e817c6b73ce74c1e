//! Nothing that was confirmed is lost, nothing is done by halves, and deliveries go on.

use crate::client::{Client, Kind};
use crate::house::{House, TRUSTING, message};
use server::config::Entrance;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const JOE: &str = "joe@a.example";

/// Appends a message after a while; whether the client was told that it was kept.
async fn append(mut client: Client, message: Arc<Vec<u8>>, after: Duration) -> bool {
    sleep(after).await;
    let mut command = format!("a APPEND INBOX {{{}+}}\r\n", message.len()).into_bytes();
    command.extend_from_slice(&message);
    command.extend_from_slice(b"\r\n");
    // Sending fails if the session has ended in the meantime.
    client.send(&command).await.is_ok() && client.until("a OK").await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_append_whole_or_not_at_all() {
    const TRIES: u64 = 60;
    let house = Arc::new(House::open().await);
    let (mut told, mut untold_kept, mut not_kept) = (0, 0, 0);
    let mut count = 0;
    let message = Arc::new(message(200 * 1024));
    for number in 0..TRIES {
        let kind = if number % 3 == 0 { Kind::Imaps } else { Kind::Imap };
        let client = house.log_in(kind, JOE).await;
        // From all done to nothing begun when the call comes.
        let after = Duration::from_micros(number * 16_000 / TRIES);
        let appending = tokio::spawn(append(client, message.clone(), after));
        sleep(Duration::from_millis(12)).await;
        house.log_out(JOE).await;
        let after = house.messages(JOE).await;
        let was_told = appending.await.unwrap();
        let kept = after - count;
        match (was_told, kept) {
            (true, 1) => told += 1,
            (false, 1) => untold_kept += 1,
            (false, 0) => not_kept += 1,
            _ => panic!("told: {was_told}, kept: {kept}"),
        }
        count = after;
    }
    // Nothing of it took effect later, and what is there is whole.
    assert_eq!(house.messages(JOE).await, count);
    let mut client = house.enter(Kind::Imap, JOE).await;
    for number in 1..=count {
        let line = client.say(&format!("a FETCH {number} RFC822.SIZE"), "* ").await.unwrap();
        client.until("a OK").await.unwrap();
        assert_eq!(line, format!("* {number} FETCH (RFC822.SIZE {})", message.len()));
    }
    println!("{TRIES} tries: {told} told, {untold_kept} kept but not told, {not_kept} not kept");
    assert!(told > 0 && not_kept > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_pipelined_appends_stop_at_the_answer() {
    let house = House::open().await;
    let mut client = house.log_in(Kind::Imap, JOE).await;
    let one = "a APPEND INBOX {12+}\r\nSubject: x\r\n\r\n";
    let sending = tokio::spawn(async move {
        // As many as are taken. It ends with the session.
        while client.send(one.repeat(200).as_bytes()).await.is_ok() {
            client.at_once();
        }
    });
    sleep(Duration::from_millis(100)).await;
    house.log_out(JOE).await;
    let at_answer = house.messages(JOE).await;
    assert!(at_answer > 0);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(house.messages(JOE).await, at_answer, "commands ran on after the answer");
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_marks_without_quit() {
    let house = House::open().await;
    for _ in 0..3 {
        house.append(JOE, &message(1000)).await;
    }
    for kind in [Kind::Pop3, Kind::Pop3s, Kind::Pop3] {
        let mut client = house.log_in(kind, JOE).await;
        for number in 1..=3 {
            assert!(client.ask(&format!("DELE {number}")).await.unwrap().starts_with("+OK"));
        }
        // The maildrop has one holder at a time.
        let mut other = house.connect(kind).await;
        assert!(!other.log_in(JOE, crate::house::PASSWORD).await.unwrap());
        house.log_out(JOE).await;
        let mut owner = house.log_in(kind, JOE).await;
        assert!(owner.ask("STAT").await.unwrap().starts_with("+OK 3 "));
        let seen = client.at_once();
        assert_eq!(seen.text(), kind.farewell());
        owner.leave().await;
    }
    assert_eq!(house.messages(JOE).await, 3);
}

/// QUIT and the call at the same time: all that was marked is gone, or nothing.
#[tokio::test(flavor = "multi_thread")]
async fn s12_cut_inside_update() {
    const TRIES: u64 = 60;
    let house = House::open().await;
    let (mut removed, mut stayed) = (0, 0);
    let mut there = 0;
    for number in 0..TRIES {
        while there < 3 {
            house.append(JOE, b"Subject: x\r\n\r\nx\r\n").await;
            there += 1;
        }
        let mut client = house.log_in(Kind::Pop3, JOE).await;
        for number in 1..=3 {
            client.ask(&format!("DELE {number}")).await.unwrap();
        }
        // From all done to nothing begun when the call comes.
        let after = Duration::from_micros(number * 10_000 / TRIES);
        let quitting = tokio::spawn(async move {
            sleep(after).await;
            let answer = client.ask("QUIT").await;
            answer.is_ok_and(|line| line.starts_with("+OK"))
        });
        sleep(Duration::from_millis(4)).await;
        house.log_out(JOE).await;
        there = house.messages(JOE).await;
        let told = quitting.await.unwrap();
        match there {
            0 => removed += 1,
            3 if !told => stayed += 1,
            _ => panic!("{there} messages are left, told: {told}"),
        }
    }
    println!("{TRIES} tries: removed {removed} times, stayed {stayed} times");
    assert!(removed > 0 && stayed > 0);
}

/// One delivery after the other until told to stop: how many, and the longest.
async fn deliver(mut client: Client, to: String, stop: Arc<AtomicBool>) -> (u64, Duration) {
    let (mut count, mut longest) = (0, Duration::ZERO);
    client.say("LHLO mta.example", "250 ").await.unwrap();
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        client.say("MAIL FROM:<jane@b.example>", "250").await.unwrap();
        client.say(&format!("RCPT TO:<{to}>"), "250").await.unwrap();
        client.say("DATA", "354").await.unwrap();
        client.say("Subject: x\r\n\r\nx\r\n.", "250").await.unwrap();
        count += 1;
        longest = longest.max(started.elapsed());
    }
    (count, longest)
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_deliveries_go_on() {
    let house = House::alone(TRUSTING).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut delivering = Vec::new();
    for _ in 0..2 {
        let wire = crate::wire::Wire::connect(house.address(Entrance::Lmtp), None).await.unwrap();
        let mut client = Client::plain(Kind::Imap, wire);
        client.until("220").await.unwrap();
        delivering.push(tokio::spawn(deliver(client, JOE.to_owned(), stop.clone())));
    }
    for _ in 0..20 {
        let mut clients = Vec::new();
        for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3] {
            clients.push(house.enter(kind, JOE).await);
        }
        clients[0].say("b IDLE", "+").await.unwrap();
        house.log_out(JOE).await;
        assert!(clients.iter_mut().all(|client| client.at_once().end.is_some()));
    }
    stop.store(true, Ordering::Relaxed);
    let mut all = 0;
    for delivering in delivering {
        let (count, longest) = delivering.await.unwrap();
        println!("{count} deliveries, the slowest took {longest:?}");
        assert!(count > 20 && longest < Duration::from_millis(500));
        all += count;
    }
    assert_eq!(house.messages(JOE).await, all);
}
