//! Input that no proper client sends: the server stays up and bounded, and serves the others.

use crate::client::{Client, Kind};
use crate::house::{House, PASSWORD, TRUSTING};
use crate::wire::Wire;
use server::config::Entrance;
use std::time::Duration;
use tokio::time::{sleep, timeout};

const JOE: &str = "joe@a.example";

/// Bytes that look like nothing.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}

/// Memory of this process that is in use, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// Everybody who behaves is served.
async fn serves(house: &House) {
    for kind in Kind::ALL {
        assert!(house.admits(kind, JOE, PASSWORD).await, "{kind:?}");
    }
    house.log_out(JOE).await;
}

/// Sends bytes, reads whatever is answered, and goes away without a word.
async fn shout(house: &House, entrance: Entrance, bytes: &[u8]) {
    let wire = Wire::connect(house.address(entrance), None).await.unwrap();
    let mut client = Client::plain(Kind::Imap, wire);
    let talking = async {
        for piece in bytes.chunks(16 * 1024) {
            if client.send(piece).await.is_err() {
                break;
            }
            client.at_once();
        }
        let _ = client.send(b"\r\n").await;
        sleep(Duration::from_millis(20)).await;
        client.at_once();
    };
    timeout(Duration::from_secs(20), talking).await.expect("the server takes it or closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_at_every_door() {
    let house = House::open().await;
    for entrance in [
        Entrance::Imap,
        Entrance::Imaps,
        Entrance::Pop3,
        Entrance::Pop3s,
        Entrance::Lmtp,
        Entrance::Api,
        Entrance::Metrics,
    ] {
        for (seed, count) in [(1, 1), (2, 100), (3, 5000), (4, 300_000)] {
            shout(&house, entrance, &noise(seed, count)).await;
        }
        shout(&house, entrance, &[0; 100_000]).await;
        shout(&house, entrance, "\r\n".repeat(50_000).as_bytes()).await;
        shout(&house, entrance, b"a {4294967296+}\r\n").await;
        shout(&house, entrance, b"a LOGIN {99999999999999999999}\r\n").await;
    }
    serves(&house).await;
}

/// The same by clients that are logged in.
#[tokio::test(flavor = "multi_thread")]
async fn noise_after_login() {
    let house = House::open().await;
    for kind in Kind::ALL {
        for seed in 0..6 {
            let mut client = house.enter(kind, JOE).await;
            for piece in noise(seed, 100_000).chunks(8 * 1024) {
                // It is sent away after some of it.
                if client.send(piece).await.is_err() {
                    break;
                }
                client.at_once();
            }
        }
    }
    house.log_out(JOE).await;
    serves(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_without_end_take_no_memory() {
    const CLIENTS: usize = 30;
    const SENT: usize = 2 << 20;
    let house = House::alone(TRUSTING).await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        clients
            .push(house.enter(if number % 2 == 0 { Kind::Imap } else { Kind::Imaps }, JOE).await);
    }
    for _ in 0..CLIENTS / 3 {
        clients.push(house.connect(Kind::Pop3).await);
    }
    let before = resident();
    let line = vec![b'x'; 64 * 1024];
    for client in &mut clients {
        for _ in 0..SENT / line.len() {
            client.send(&line).await.unwrap();
        }
    }
    let after = resident();
    let (all, grown) = (clients.len() * SENT, after.saturating_sub(before));
    println!("{all} bytes of lines without end cost {grown} bytes");
    assert!(grown < all as u64 / 4);
    // The line ends after all, and is refused; what comes after is understood.
    for client in &mut clients {
        let answer = client.say("", if client.kind.is_imap() { "* BAD" } else { "-ERR" }).await;
        assert!(answer.is_ok(), "{answer:?}");
        if client.kind.is_imap() {
            client.say("b NOOP", "b OK").await.unwrap();
        }
    }
    serves(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn literals_beyond_the_limit() {
    let house = House::with(&format!("{TRUSTING}\nmessage_size = \"1MiB\"")).await;
    for kind in [Kind::Imap, Kind::Imaps] {
        let mut client = house.enter(kind, JOE).await;
        for (line, answer) in [
            ("a APPEND INBOX {2000000}", "a NO [TOOBIG]"),
            ("a APPEND INBOX {99999999999999999999}", "a NO [TOOBIG]"),
            ("a LIST \"\" {100000}", "a NO [LIMIT]"),
            ("a APPEND Missing {5}", "a NO [TRYCREATE]"),
        ] {
            let said = client.ask(line).await.unwrap();
            assert!(said.starts_with(answer), "{line}: {said}");
        }
        // Sent unasked, it is skipped, and none of it is taken for a command.
        client.send(b"a APPEND INBOX {2000000+}\r\n").await.unwrap();
        client.send("z LOGOUT\r\n".repeat(200_000).as_bytes()).await.unwrap();
        assert!(client.say("", "a ").await.unwrap().starts_with("a NO [TOOBIG]"));
        // Before login, hardly anything is.
        let mut stranger = house.connect(kind).await;
        stranger.send(b"a LOGIN {70000+}\r\n").await.unwrap();
        let _ = stranger.send(&[b'x'; 70_000]).await;
        assert!(stranger.until_closed().await.end.is_some());
        assert!(client.lives().await);
    }
    assert_eq!(house.messages(JOE).await, 0);
    serves(&house).await;
}

/// Half a command, and then nothing: the connection is gone in the end, and its place with it.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_command_before_login() {
    let house = House::with(&format!("{TRUSTING}\nlogin_timeout = \"1s\"")).await;
    let mut clients = Vec::new();
    for kind in Kind::ALL {
        let mut client = house.connect(kind).await;
        client.send(if kind.is_imap() { b"a LOG" } else { b"USE" }).await.unwrap();
        clients.push(client);
    }
    // Nor does TLS that never begins.
    let silent = Wire::connect(house.address(Entrance::Imaps), None).await.unwrap();
    clients.push(Client::plain(Kind::Imaps, silent));
    for client in clients {
        let seen = client.until_closed().await;
        assert!(seen.end.is_some(), "{seen:?}");
    }
    serves(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_connections() {
    let house = House::with("connections_per_address = 20\nconnections = 60").await;
    let mut inside = house.enter(Kind::Imap, JOE).await;
    let mut flood = Vec::new();
    let mut turned_away = 0;
    for number in 0..300 {
        let kind = Kind::ALL[number % 4];
        let wire = Wire::connect(house.address_of(kind), None).await.unwrap();
        flood.push(Client::plain(kind, wire));
    }
    sleep(Duration::from_millis(200)).await;
    for client in &mut flood {
        turned_away += usize::from(client.at_once().end.is_some());
    }
    assert_eq!(turned_away, 280);
    // Whoever is inside does not notice, and the API has doors of its own.
    assert!(inside.lives().await);
    house.log_out(JOE).await;
    assert!(inside.at_once().end.is_some());
    drop(flood);
    sleep(Duration::from_millis(100)).await;
    serves(&house).await;
}

/// The other doors have limits of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_at_the_doors_of_the_machine() {
    let limits = "lmtp_connections = 5\nhttp_connections = 8\nhttp_header_timeout = \"1s\"";
    let house = House::with(&format!("{TRUSTING}\n{limits}")).await;
    for (entrance, allowed) in [(Entrance::Lmtp, 5), (Entrance::Api, 8)] {
        let mut flood = Vec::new();
        for _ in 0..50 {
            let wire = Wire::connect(house.address(entrance), None).await.unwrap();
            flood.push(Client::plain(Kind::Imap, wire));
        }
        sleep(Duration::from_millis(200)).await;
        let turned_away = flood.iter_mut().filter_map(|client| client.at_once().end).count();
        assert_eq!(turned_away, 50 - allowed, "{}", entrance.name());
        assert!(house.admits(Kind::Imap, JOE, PASSWORD).await);
    }
    // Those at the API said nothing, and have lost their places by now, or will.
    sleep(Duration::from_millis(1200)).await;
    serves(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_does_not_take_all_the_places_of_lmtp() {
    let limits = "lmtp_connections = 5\nlmtp_connections_per_address = 2";
    let house = House::with(limits).await;
    let mut flood = Vec::new();
    for _ in 0..4 {
        let wire = Wire::connect(house.address(Entrance::Lmtp), None).await.unwrap();
        flood.push(Client::plain(Kind::Imap, wire));
    }
    sleep(Duration::from_millis(200)).await;
    let turned_away = flood.iter_mut().filter_map(|client| client.at_once().end).count();
    assert_eq!(turned_away, 2);
    drop(flood);
    sleep(Duration::from_millis(200)).await;
    let wire = Wire::connect(house.address(Entrance::Lmtp), None).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    assert!(Client::plain(Kind::Imap, wire).at_once().end.is_none(), "the places come back");
}

/// Logged in, but never reading: the answers to what it asks do not pile up.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_take_no_memory() {
    let house = House::alone(TRUSTING).await;
    let mut clients = Vec::new();
    for kind in [Kind::Imap, Kind::Imaps, Kind::Pop3] {
        let mut client = house.connect_narrow(kind, Some(4096)).await.unwrap();
        assert!(client.log_in(JOE, PASSWORD).await.unwrap());
        clients.push(client);
    }
    let before = resident();
    for client in &mut clients {
        let line: &[u8] = if client.kind.is_imap() { b"a CAPABILITY\r\n" } else { b"CAPA\r\n" };
        let block = line.repeat(10_000);
        // It is not taken for ever: at some point the server waits for the client to read.
        for _ in 0..1000 {
            if timeout(Duration::from_millis(300), client.send(&block)).await.is_err() {
                break;
            }
        }
    }
    let grown = resident().saturating_sub(before);
    println!("answers that nobody reads cost {grown} bytes");
    assert!(grown < 32 << 20);
    house.log_out(JOE).await;
    serves(&house).await;
}
