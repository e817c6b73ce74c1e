//! Sessions ended in the middle, and clients that do not read: what was asked for happened whole or not
//! at all, and nothing piles up.

use crate::stage::House;
use carrier::Drain;
use std::time::Duration;
use testkit::script::Wire;

const MESSAGE: &[u8] = b"Subject: x\r\n\r\ny\r\n";

async fn logged_in(house: &House) -> Wire {
    let mut wire = house.connection();
    wire.send(b"a LOGIN alice@example.com pencil75\r\nb SELECT INBOX\r\n").await;
    answer(&mut wire, "b").await;
    wire
}

/// Reads up to the answer, and returns what came before it.
async fn answer(wire: &mut Wire, tag: &str) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let line = String::from_utf8(wire.line().await.unwrap()).unwrap();
        if let Some(answer) = line.strip_prefix(&format!("{tag} ")) {
            assert!(answer.starts_with("OK"), "{line}");
            return lines;
        }
        lines.push(line);
    }
}

async fn count(wire: &mut Wire, folder: &str) -> usize {
    wire.send(format!("s STATUS {folder} (MESSAGES)\r\n").as_bytes()).await;
    let lines = answer(wire, "s").await;
    let line = lines.iter().find(|line| line.starts_with("* STATUS ")).unwrap();
    let (_, number) = line.rsplit_once(' ').unwrap();
    number.trim_end_matches(')').parse().unwrap()
}

/// A cut session's last operation may still be on its way to the disk.
async fn settled(wire: &mut Wire, folders: [&str; 2]) -> [usize; 2] {
    let mut before = None;
    loop {
        let now = [count(wire, folders[0]).await, count(wire, folders[1]).await];
        if before == Some(now) {
            return now;
        }
        before = Some(now);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_command_is_carried_out_whole_or_not_at_all() {
    const COUNT: usize = 300;
    let house = House::new().await;
    for _ in 0..COUNT {
        house.deliver(MESSAGE, "alice", "INBOX").await.unwrap();
    }
    let mut watcher = house.connection();
    watcher.send(b"a LOGIN alice@example.com pencil75\r\n").await;
    answer(&mut watcher, "a").await;
    let (mut whole, mut not_at_all) = (0, 0);
    for step in 0..200 {
        if whole > 5 && not_at_all > 5 {
            break;
        }
        let mut wire = logged_in(&house).await;
        wire.send(b"c UID MOVE 1:* Trash\r\n").await;
        spin(Duration::from_micros(step % 16 * 20)).await;
        wire.cut().await;
        match settled(&mut watcher, ["INBOX", "Trash"]).await {
            [COUNT, 0] => not_at_all += 1,
            [0, COUNT] => {
                whole += 1;
                watcher.send(b"b SELECT Trash\r\nc UID MOVE 1:* INBOX\r\n").await;
                answer(&mut watcher, "c").await;
            }
            halves => panic!("{halves:?}"),
        }
    }
    assert!(whole > 0 && not_at_all > 0, "{whole} whole, {not_at_all} not at all: no race");
}

/// Waits more exactly than the runtime's timer does.
async fn spin(duration: Duration) {
    let start = std::time::Instant::now();
    while start.elapsed() < duration {
        tokio::task::yield_now().await;
    }
}

/// Waits until the dialogue says no more, with nobody reading; answers how much is unsent.
async fn piled_up(drain: &Drain) -> usize {
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let now = drain.offer(|bytes| (0, bytes.len()));
        if now == before && now > 0 {
            return now;
        }
        before = now;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_gets_little_and_no_bye_in_a_literal() {
    let house = House::new().await;
    let large = [MESSAGE, &vec![b'x'; 900_000]].concat();
    for _ in 0..3 {
        house.deliver(&large, "alice", "INBOX").await.unwrap();
    }
    for _ in 0..2000 {
        house.deliver(MESSAGE, "alice", "Spam").await.unwrap();
    }
    let check = async |commands: &str, at_seam: bool| {
        let (feed, input) = carrier::input();
        let (output, drain) = carrier::output();
        let dialogue = tokio::spawn(house.dialogue(input, output));
        feed.push(b"a LOGIN alice@example.com pencil75\r\n");
        feed.push(commands.as_bytes());
        let unsent = piled_up(&drain).await;
        assert!(unsent < 300_000, "{commands}: {unsent}");
        assert_eq!(drain.is_at_seam(), at_seam, "{commands}");
        dialogue.abort();
    };
    check("b SELECT INBOX\r\nc FETCH 1:3 BODY.PEEK[]\r\n", false).await;
    check("b SELECT Spam\r\nc FETCH 1:* (FLAGS ENVELOPE)\r\n", true).await;
    check("b SELECT Spam\r\nc STORE 1:* +FLAGS \\Seen\r\n", true).await;
    check(&format!("b SELECT Spam\r\n{}", "c UID SEARCH ALL\r\n".repeat(100)), true).await;
}

/// A message that goes while the answers before it wait for a slow client: RFC 2180 §4.1.2 for numbers,
/// RFC 3501 §6.4.8 for UIDs. It is further behind than messages are read ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_expunged_before_its_turn_is_passed_over() {
    const SMALL: u32 = 150;
    let check = async |command: &str, expected: &str| {
        let house = House::new().await;
        house.deliver(&[MESSAGE, &vec![b'x'; 900_000]].concat(), "alice", "INBOX").await.unwrap();
        for _ in 2..=SMALL {
            house.deliver(MESSAGE, "alice", "INBOX").await.unwrap();
        }
        let mut slow = logged_in(&house).await;
        slow.send(format!("c {command} 1:* BODY.PEEK[]\r\n").as_bytes()).await;
        let first = slow.line().await.unwrap();
        assert!(first.starts_with(b"* 1 FETCH "), "{command}");
        let mut other = logged_in(&house).await;
        let gone = SMALL - 1;
        other.send(format!("d STORE {gone} +FLAGS (\\Deleted)\r\ne EXPUNGE\r\n").as_bytes()).await;
        answer(&mut other, "e").await;
        let mut answers = vec![1];
        let reply = loop {
            let line = String::from_utf8(slow.line().await.unwrap()).unwrap();
            if let Some(reply) = line.strip_prefix("c ") {
                break reply.to_owned();
            }
            if let Some((number, _)) = line[..line.len().min(20)].split_once(" FETCH ") {
                answers.push(number[2..].parse().unwrap());
            }
        };
        let expected_answers: Vec<u32> = (1..=SMALL).filter(|number| *number != gone).collect();
        assert_eq!(answers, expected_answers, "{command}");
        assert!(reply.starts_with(expected), "{command}: {reply}");
    };
    check("FETCH", "NO [EXPUNGEISSUED] ").await;
    check("UID FETCH", "OK ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_comes_whole() {
    let house = House::new().await;
    let body: Vec<u8> = (0..20_000).flat_map(|n| format!("line {n}\r\n").into_bytes()).collect();
    let message = [b"Subject: x\r\n\r\n", body.as_slice()].concat();
    house.deliver(&message, "alice", "INBOX").await.unwrap();
    let mut wire = logged_in(&house).await;
    wire.send(b"c FETCH 1 (BODY.PEEK[TEXT] UID)\r\n").await;
    let lines = answer(&mut wire, "c").await;
    assert_eq!(lines[0], format!("* 1 FETCH (BODY[TEXT] {{{}}}", body.len()));
    assert_eq!(lines.len(), 20_002);
    assert!(lines[1..20_001].iter().enumerate().all(|(n, line)| *line == format!("line {n}")));
    assert_eq!(lines[20_001], " UID 1)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_expunged_while_it_is_sent_is_sent_to_its_end() {
    let house = House::new().await;
    let large = [MESSAGE, &b"0123456789abcd\r\n".repeat(700_000)].concat();
    for _ in 0..2 {
        house.deliver(&large, "alice", "INBOX").await.unwrap();
    }
    let mut reader = logged_in(&house).await;
    // The text of the first is read after its whole, when the other session has long expunged it.
    reader.send(b"c FETCH 1 (BODY.PEEK[] BODY.PEEK[TEXT])\r\n").await;
    let head = String::from_utf8(reader.line().await.unwrap()).unwrap();
    assert_eq!(head, format!("* 1 FETCH (BODY[] {{{}}}", large.len()));

    let mut other = logged_in(&house).await;
    other.send(b"c STORE 1:* +FLAGS.SILENT \\Deleted\r\nd EXPUNGE\r\n").await;
    let told = answer(&mut other, "d").await;
    assert!(told.contains(&"* 2 EXPUNGE".to_owned()), "{told:?}");

    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != ")") {
        lines.push(String::from_utf8(reader.line().await.expect("the literal goes on")).unwrap());
    }
    let text = large.len() - b"Subject: x\r\n\r\n".len();
    let whole = String::from_utf8(large).unwrap();
    let (_, body) = whole.split_once("\r\n\r\n").unwrap();
    let expected = format!("{whole} BODY[TEXT] {{{text}}}\r\n{body})");
    assert!(lines.join("\r\n") == expected);
    // EXPUNGE is not told in answer to FETCH (RFC 3501 §7.4.1).
    let told = answer(&mut reader, "c").await;
    assert!(!told.iter().any(|line| line.ends_with("EXPUNGE")), "{told:?}");
    reader.send(b"d FETCH 2 BODY.PEEK[]\r\n").await;
    let refused = String::from_utf8(reader.line().await.unwrap()).unwrap();
    assert!(refused.starts_with("d NO [EXPUNGEISSUED]"), "{refused}");
    reader.send(b"e NOOP\r\n").await;
    let told = answer(&mut reader, "e").await;
    assert_eq!(told, ["* 2 EXPUNGE", "* 1 EXPUNGE", "* 0 RECENT"]);
}
