//! Clients that do not read, or stop half-way: not a byte of mail after B, and nobody waits for them.

use crate::client::{Client, Kind};
use crate::house::{House, MARK, PASSWORD, message};
use crate::wire::{End, Wire};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// A message that no send and receive buffers of the kernel hold.
const LARGE: usize = 20 << 20;
/// What this kernel may have taken from the server for a client that does not read: the largest send
/// buffer (`net.ipv4.tcp_wmem`), and the client's own.
const MUST_BE_LEFT: u64 = 8 << 20;

/// Asks for the large message.
async fn ask_for_mail(client: &mut Client, times: usize) {
    let line = if client.kind.is_imap() { "b FETCH 1 BODY[]\r\n" } else { "RETR 1\r\n" };
    client.send(line.repeat(times).as_bytes()).await.unwrap();
}

/// Waits until nothing more arrives.
async fn stalled(wire: &Arc<Wire>) {
    let (mut arrived, mut since) = (0, Instant::now());
    while since.elapsed() < Duration::from_millis(150) {
        sleep(Duration::from_millis(10)).await;
        if wire.arrived() != arrived {
            (arrived, since) = (wire.arrived(), Instant::now());
        }
    }
    assert!(arrived > 0, "nothing was sent at all");
}

/// Logs out and answers how much had arrived on each of the wires when the answer was here.
async fn log_out_and_measure(house: &House, wires: &[Arc<Wire>]) -> Vec<u64> {
    let called = house.log_out("joe@a.example").await;
    let arrived = wires.iter().map(|wire| wire.arrived()).collect();
    assert!(called.took() < Duration::from_secs(2), "{:?}", called.took());
    arrived
}

/// Clients that never read, with receive buffers of that size.
async fn never_reads(house: &House, kinds: &[Kind], buffer: Option<u32>) {
    let mut clients = Vec::new();
    for kind in kinds {
        let mut client = house.connect_narrow(*kind, buffer).await.unwrap();
        assert!(client.log_in("joe@a.example", PASSWORD).await.unwrap());
        if kind.is_imap() {
            client.ask("a SELECT INBOX").await.unwrap();
        }
        ask_for_mail(&mut client, 1).await;
        clients.push(client);
    }
    let wires: Vec<_> = clients.iter().map(|client| client.wire.clone()).collect();
    for wire in &wires {
        stalled(wire).await;
    }
    let arrived = log_out_and_measure(house, &wires).await;
    for (client, arrived) in clients.into_iter().zip(arrived) {
        let (kind, wire) = (client.kind, client.wire.clone());
        let seen = client.until_closed().await;
        assert_eq!(seen.end, Some(End::Reset), "{kind:?}: {seen:?}");
        assert_eq!(wire.arrived(), arrived, "{kind:?}: something came after the answer");
        assert!(arrived < LARGE as u64 - MUST_BE_LEFT, "{kind:?}: {arrived} is no stall");
        assert!(!seen.holds("BYE") && !seen.holds("-ERR"), "{kind:?}: words within the mail");
        println!("{kind:?}, buffer {buffer:?}: {arrived} bytes of {LARGE}, then a reset");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s07_client_that_never_reads() {
    let house = House::open().await;
    house.append("joe@a.example", &message(LARGE)).await;
    never_reads(&house, &[Kind::Imap, Kind::Imaps, Kind::Pop3], Some(4096)).await;
    never_reads(&house, &[Kind::Imap, Kind::Imaps, Kind::Pop3s], Some(64 * 1024)).await;
    never_reads(&house, &[Kind::Imaps, Kind::Imap], None).await;
}

/// The owner is back at once, though his dead sessions were in the middle of their literals.
#[tokio::test(flavor = "multi_thread")]
async fn s07_client_that_reads_as_fast_as_it_can() {
    let house = House::open().await;
    house.append("joe@a.example", &message(LARGE)).await;
    let mut broken_off = 0;
    for _ in 0..4 {
        let mut clients = Vec::new();
        for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3] {
            let mut client = house.enter(kind, "joe@a.example").await;
            // More than can be read before the call.
            ask_for_mail(&mut client, 200).await;
            clients.push(client);
        }
        let wires: Vec<_> = clients.iter().map(|client| client.wire.clone()).collect();
        let reading: Vec<_> =
            clients.into_iter().map(|client| tokio::spawn(client.until_closed())).collect();
        while wires.iter().any(|wire| wire.arrived() < 1 << 20) {
            sleep(Duration::from_millis(1)).await;
        }
        let arrived = log_out_and_measure(&house, &wires).await;
        for ((reading, wire), arrived) in reading.into_iter().zip(wires).zip(arrived) {
            let seen = reading.await.unwrap();
            assert!(seen.end.is_some() && seen.holds(MARK));
            assert_eq!(wire.arrived(), arrived, "something came after the answer");
            if seen.end == Some(End::Reset) {
                broken_off += 1;
                assert!(!seen.holds("BYE") && !seen.holds("-ERR"), "words within the mail");
            }
        }
        assert_eq!(house.messages("joe@a.example").await, 1);
    }
    assert!(broken_off >= 6, "{broken_off} of 12 were cut in the middle");
}

/// Its window opens and closes all the time.
#[tokio::test(flavor = "multi_thread")]
async fn s07_client_that_reads_slowly() {
    let house = House::open().await;
    house.append("joe@a.example", &message(LARGE)).await;
    for _ in 0..3 {
        let mut sipping = Vec::new();
        let mut wires = Vec::new();
        for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3] {
            let mut client = house.connect_narrow(kind, Some(8192)).await.unwrap();
            assert!(client.log_in("joe@a.example", PASSWORD).await.unwrap());
            if kind.is_imap() {
                client.ask("a SELECT INBOX").await.unwrap();
            }
            ask_for_mail(&mut client, 1).await;
            wires.push(client.wire.clone());
            sipping.push(tokio::spawn(client.sip_until_closed()));
        }
        while wires.iter().any(|wire| wire.arrived() < 32 * 1024) {
            sleep(Duration::from_millis(1)).await;
        }
        let arrived = log_out_and_measure(&house, &wires).await;
        for ((sipping, wire), arrived) in sipping.into_iter().zip(wires).zip(arrived) {
            assert_eq!(sipping.await.unwrap(), Some(End::Reset));
            assert_eq!(wire.arrived(), arrived, "something came after the answer");
            assert!(arrived < LARGE as u64 - MUST_BE_LEFT);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s07_literal_of_the_client_half_sent() {
    let house = House::open().await;
    for kind in [Kind::Imap, Kind::Imaps] {
        for line in [
            "b APPEND INBOX {1000000+}",
            "b APPEND INBOX (\\Seen) {1000000}",
            "b LIST \"\" {1000+}",
        ] {
            let mut client = house.enter(kind, "joe@a.example").await;
            client.send(format!("{line}\r\n").as_bytes()).await.unwrap();
            if !line.contains('+') {
                client.until("+").await.unwrap();
            }
            client.send(&message(900)[..900]).await.unwrap();
            house.log_out("joe@a.example").await;
            let seen = client.at_once();
            assert_eq!(seen.text(), kind.farewell(), "{line}");
            assert!(seen.end.is_some(), "{line}");
        }
    }
    assert_eq!(house.messages("joe@a.example").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_a_byte_a_minute() {
    let house = House::open().await;
    let mut clients = Vec::new();
    // Half-way through a literal, a line, the greeting of TLS.
    for (kind, half) in [
        (Kind::Imap, "b APPEND INBOX {100+}\r\nS"),
        (Kind::Imaps, "b APPEND INBOX {100+}\r\nS"),
        (Kind::Imap, "b NOO"),
        (Kind::Pop3s, "STA"),
    ] {
        let mut client = house.enter(kind, "joe@a.example").await;
        client.send(half.as_bytes()).await.unwrap();
        clients.push(client);
    }
    sleep(Duration::from_millis(20)).await;
    for client in &mut clients {
        client.send(b"u").await.unwrap();
    }
    let called = house.log_out("joe@a.example").await;
    for client in &mut clients {
        let seen = client.at_once();
        // A reset is right, too: the last byte may not have been read.
        let told = seen.text() == client.kind.farewell();
        assert!(told || (seen.bytes.is_empty() && seen.end == Some(End::Reset)), "{seen:?}");
        assert!(seen.end.is_some());
    }
    assert!(called.took() < Duration::from_secs(1));
    assert_eq!(house.messages("joe@a.example").await, 0);
}

/// The client's window is closed before the call, by what little it was sent.
#[tokio::test(flavor = "multi_thread")]
async fn s08_zero_window_between_commands() {
    let house = House::open().await;
    house.append("joe@a.example", &message(300 * 1024)).await;
    for kind in [Kind::Imap, Kind::Imaps] {
        let mut client = house.connect_narrow(kind, Some(4096)).await.unwrap();
        assert!(client.log_in("joe@a.example", PASSWORD).await.unwrap());
        client.ask("a SELECT INBOX").await.unwrap();
        // The server's side of the kernel takes all of it, so the session idles, at a seam.
        ask_for_mail(&mut client, 1).await;
        client.send(b"c IDLE\r\n").await.unwrap();
        stalled(&client.wire).await;
        let wire = client.wire.clone();
        let arrived = log_out_and_measure(&house, std::slice::from_ref(&wire)).await[0];
        let seen = client.until_closed().await;
        assert_eq!(seen.end, Some(End::Reset), "{kind:?}: what the kernel held was sent");
        assert_eq!(wire.arrived(), arrived, "{kind:?}");
        assert!(!seen.holds("BYE"));
    }
}

/// TLS is told to end, and the client does not answer. Its session is over nevertheless.
#[tokio::test(flavor = "multi_thread")]
async fn s08_close_notify_never_answered() {
    let house = House::open().await;
    let mut clients = Vec::new();
    for kind in [Kind::Imaps, Kind::Pop3s] {
        clients.push(house.enter(kind, "joe@a.example").await);
    }
    let joe = house.account_of("joe@a.example");
    assert_eq!(house.count_of(joe), 2);
    house.log_out("joe@a.example").await;
    // Nothing was read, and nothing answered, on our side of the wires.
    assert_eq!(house.count_of(joe), 0);
    for client in &clients {
        assert_eq!(client.wire.end(), None);
    }
    for client in &mut clients {
        let seen = client.at_once();
        assert_eq!((seen.text().as_str(), seen.end), (client.kind.farewell(), Some(End::Closed)));
    }
}

/// A client that said LOGOUT or QUIT and did not read what came before: it has left, but the kernel goes
/// on sending, until the call.
#[tokio::test(flavor = "multi_thread")]
async fn s08_left_with_mail_on_its_way() {
    let house = House::open().await;
    house.append("joe@a.example", &message(LARGE)).await;
    for (kind, size) in [(Kind::Imap, 1 << 20), (Kind::Imaps, 1 << 20), (Kind::Pop3, 1 << 20)] {
        let user = format!("{}@a.example", format!("{kind:?}").to_lowercase());
        house.account(&user).await;
        house.append(&user, &message(size)).await;
        let mut client = house.connect_narrow(kind, Some(4096)).await.unwrap();
        assert!(client.log_in(&user, PASSWORD).await.unwrap());
        if kind.is_imap() {
            client.ask("a SELECT INBOX").await.unwrap();
        }
        let id = house.account_of(&user);
        ask_for_mail(&mut client, 1).await;
        client.send(if kind.is_imap() { b"c LOGOUT\r\n" } else { b"QUIT\r\n" }).await.unwrap();
        stalled(&client.wire).await;
        assert_eq!(house.count_of(id), 1, "{kind:?}: lost from sight");
        house.log_out(&user).await;
        let arrived = client.wire.arrived();
        assert_eq!(house.count_of(id), 0);
        let wire = client.wire.clone();
        let seen = client.until_closed().await;
        assert_eq!((seen.end, wire.arrived()), (Some(End::Reset), arrived), "{kind:?}");
    }
}
