//! Noise: lines out of the grammar's words, in every state, and bytes of any kind. Nothing panics,
//! nothing hangs, and no session says more than it may.

use crate::stage::House;
use testkit::script::Wire;

/// Random numbers from a seed (SplitMix64): the same noise every time.
pub(crate) struct Chooser(u64);

impl Chooser {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    pub(crate) fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const COMMANDS: &[&str] = &[
    "CAPABILITY",
    "NOOP",
    "ID NIL",
    "STARTTLS",
    "LOGIN",
    "AUTHENTICATE PLAIN",
    "NAMESPACE",
    "SELECT",
    "EXAMINE",
    "CREATE",
    "DELETE",
    "RENAME",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "LIST",
    "LSUB",
    "STATUS",
    "APPEND",
    "CHECK",
    "CLOSE",
    "UNSELECT",
    "EXPUNGE",
    "UID EXPUNGE",
    "SEARCH",
    "UID SEARCH",
    "FETCH",
    "UID FETCH",
    "STORE",
    "UID STORE",
    "COPY",
    "UID COPY",
    "MOVE",
    "UID MOVE",
    "IDLE",
    "DONE",
    "UID",
];

const WORDS: &[&str] = &[
    "INBOX",
    "Trash",
    "\"\"",
    "*",
    "%",
    "1",
    "1:*",
    "2:1",
    "4294967295",
    "0",
    "1,3:4,*",
    "(FLAGS)",
    "FLAGS",
    "+FLAGS",
    "-FLAGS.SILENT",
    "(\\Seen)",
    "(\\Deleted $x)",
    "ALL",
    "FULL",
    "BODY[]",
    "ENVELOPE",
    "BODYSTRUCTURE",
    "BODY.PEEK[1.2.HEADER]<3.4>",
    "BODY[HEADER.FIELDS (From)]",
    "RFC822.TEXT",
    "NOT",
    "OR",
    "UNSEEN",
    "(",
    ")",
    "TEXT",
    "hello",
    "SINCE",
    "1-Feb-2020",
    "UID",
    "CHARSET",
    "UTF-8",
    "x/y",
    "(MESSAGES)",
    "{5}",
    "{5+}",
    "{99999999999}",
    "{70000+}",
    "\"a b\"",
    "\\Seen",
    "&AOk-",
    "&&",
    "alice",
    "\u{fc}",
    "\0",
    "[",
    "]",
    "NIL",
    "\"unfinished",
];

fn line(chooser: &mut Chooser) -> String {
    let mut line = format!("t{}", chooser.below(100));
    line.push(' ');
    line.push_str(chooser.of(COMMANDS));
    for _ in 0..chooser.below(6) {
        line.push(' ');
        line.push_str(chooser.of(WORDS));
    }
    line.push_str("\r\n");
    line
}

fn bytes(chooser: &mut Chooser) -> Vec<u8> {
    (0..chooser.below(80)).map(|_| u8::try_from(chooser.below(256)).unwrap()).collect()
}

const MESSAGE: &[u8] = b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\n\r\nhello\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n--b--\r\n";

/// Brings a connection into one of the states, then makes noise on it.
async fn noisy(house: &House, seed: u64) -> Result<(), String> {
    let mut chooser = Chooser::new(seed);
    let mut wire = house.connection();
    let opening = [
        "",
        "a LOGIN alice@example.com pencil75\r\n",
        "a LOGIN alice@example.com pencil75\r\nb SELECT INBOX\r\n",
        "a LOGIN alice@example.com pencil75\r\nb EXAMINE INBOX\r\n",
        "a LOGIN alice@example.com pencil75\r\nb SELECT INBOX\r\nc IDLE\r\n",
    ];
    let opening = opening[chooser.below(opening.len())];
    wire.send(opening.as_bytes()).await;
    for _ in 0..30 {
        match chooser.below(12) {
            0 => wire.send(&bytes(&mut chooser)).await,
            1 => wire.send(b"DONE\r\n").await,
            _ => wire.send(line(&mut chooser).as_bytes()).await,
        }
    }
    finish(&mut wire).await
}

/// The client leaves; the dialogue must end, and must have spoken in lines.
async fn finish(wire: &mut Wire) -> Result<(), String> {
    wire.hang_up();
    if !wire.ended().await {
        return Err("hangs".to_owned());
    }
    if wire.panicked().await {
        return Err("panicked".to_owned());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_does_no_harm() {
    let house = House::with_limits(imap::Limits {
        bad_commands: 1000,
        bad_commands_before_login: 1000,
        failed_logins: 1000,
        ..imap::Limits::default()
    })
    .await;
    for _ in 0..5 {
        house.deliver(MESSAGE, "alice", "INBOX").await.unwrap();
    }
    for seed in 0..150 {
        if let Err(problem) = noisy(&house, seed).await {
            panic!("seed {seed}: {problem}");
        }
    }
}
