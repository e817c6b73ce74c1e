//! Several clients work on one folder at random. Each keeps its own picture of it from what it is told,
//! as a mail program does; what it is told must always make sense, and in the end all pictures must be
//! the same.

use crate::noise::Chooser;
use crate::stage::House;
use std::collections::BTreeMap;
use testkit::script::Wire;

/// What a client believes.
struct Client {
    wire: Wire,
    /// For each message: its UID and flags, as far as told.
    messages: Vec<Picture>,
    tags: u32,
    /// The message of which the latest line told.
    fetching: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Picture {
    uid: Option<u32>,
    flags: Option<Vec<String>>,
}

impl Client {
    async fn enter(house: &House) -> Client {
        let mut client =
            Client { wire: house.connection(), messages: Vec::new(), tags: 0, fetching: 0 };
        client.wire.line().await.unwrap();
        client.run("LOGIN alice@example.com pencil75").await;
        client.run("SELECT INBOX").await;
        client.run("FETCH 1:* (UID FLAGS)").await;
        client
    }

    /// Sends a command and takes in what comes until its answer.
    async fn run(&mut self, command: &str) {
        self.tags += 1;
        let tag = format!("t{}", self.tags);
        self.wire.send(format!("{tag} {command}\r\n").as_bytes()).await;
        self.expect_silence_to_work(command);
        loop {
            let line = self.wire.line().await.expect(command);
            let line = String::from_utf8(line).unwrap();
            if let Some(answer) = line.strip_prefix(&format!("{tag} ")) {
                assert!(
                    !answer.starts_with("BAD") || self.messages.is_empty(),
                    "{command}: {line}"
                );
                return;
            }
            self.take_in(command, &line);
        }
    }

    /// After STORE .SILENT a client knows the flags without being told.
    fn expect_silence_to_work(&mut self, command: &str) {
        let words: Vec<&str> = command.split(' ').collect();
        let (by_uid, set, how, flag) = match words.as_slice() {
            ["STORE", set, how, flag] => (false, *set, *how, *flag),
            ["UID", "STORE", set, how, flag] => (true, *set, *how, *flag),
            _ => return,
        };
        let (Some(how), Some((from, to))) = (how.strip_suffix(".SILENT"), set.split_once(':'))
        else {
            return;
        };
        let largest = if by_uid {
            // A message without known UID has the largest of all.
            self.messages.last().map_or(0, |picture| picture.uid.unwrap_or(u32::MAX))
        } else {
            u32::try_from(self.messages.len()).unwrap()
        };
        let number = |text: &str| text.parse().unwrap_or(largest);
        let range = number(from).min(number(to))..=number(from).max(number(to));
        for (picture, seq) in self.messages.iter_mut().zip(1..) {
            match if by_uid { picture.uid } else { Some(seq) } {
                Some(number) if !range.contains(&number) => {}
                Some(_) => {
                    if let Some(flags) = &mut picture.flags {
                        flags.retain(|known| known != flag);
                        if how == "+FLAGS" {
                            flags.push(flag.to_owned());
                            flags.sort();
                        }
                    }
                }
                None => picture.flags = None,
            }
        }
    }

    fn take_in(&mut self, command: &str, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["*", count, "EXISTS"] => {
                let count: usize = count.parse().unwrap();
                assert!(count >= self.messages.len(), "{command}: {line}");
                self.messages.resize(count, Picture::default());
            }
            ["*", seq, "EXPUNGE"] => {
                let numbers_stay = ["FETCH", "STORE", "SEARCH"];
                assert!(!numbers_stay.iter().any(|name| command.starts_with(name)), "{command}");
                self.messages.remove(seq.parse::<usize>().unwrap() - 1);
            }
            ["*", seq, "FETCH", ..] => {
                self.fetching = seq.parse().unwrap();
                self.fetched(self.fetching, line);
            }
            // What follows a literal.
            [first, ..] if *first != "*" => self.fetched(self.fetching, line),
            ["*", "SEARCH", numbers @ ..] if !command.starts_with("UID") => {
                assert!(numbers.iter().all(|n| n.parse::<usize>().unwrap() <= self.messages.len()));
            }
            _ => {}
        }
    }

    fn fetched(&mut self, seq: usize, line: &str) {
        let picture = &mut self.messages[seq - 1];
        if let Some((_, rest)) = line.split_once("UID ") {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let uid: u32 = digits.parse().unwrap();
            assert!(picture.uid.is_none_or(|known| known == uid), "{line}: was {picture:?}");
            picture.uid = Some(uid);
        }
        if let Some((_, rest)) = line.split_once("FLAGS (") {
            let (flags, _) = rest.split_once(')').unwrap();
            let flags = flags.split(' ').filter(|flag| !flag.is_empty() && *flag != "\\Recent");
            let mut flags: Vec<String> = flags.map(str::to_owned).collect();
            flags.sort();
            picture.flags = Some(flags);
        }
    }

    /// Something at random, sensible in what this client knows.
    fn command(&self, chooser: &mut Chooser) -> String {
        let count = self.messages.len();
        let one = chooser.below(count.max(1)) + 1;
        let other = chooser.below(count.max(1)) + 1;
        let uid = chooser.below(60) + 1;
        let flag = chooser.of(&["\\Seen", "\\Flagged", "$Work", "$Home", "\\Deleted", "\\Deleted"]);
        let how = chooser.of(&["+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT", "-FLAGS.SILENT"]);
        match chooser.below(14) {
            _ if count == 0 => "APPEND INBOX {1+}\r\nx".to_owned(),
            0..3 => format!("STORE {one}:{other} {how} {flag}"),
            3 => format!("UID STORE {uid}:* {how} {flag}"),
            4 => "EXPUNGE".to_owned(),
            5 => format!("UID EXPUNGE {uid}:{}", uid + 5),
            6 => format!("FETCH {one}:{other} (FLAGS UID)"),
            7 => format!("UID FETCH {uid}:* FLAGS"),
            8 => format!("FETCH {one} BODY[]"),
            9 => format!("COPY {one} INBOX"),
            10 => format!("MOVE {one} {}", chooser.of(&["INBOX", "Trash"])),
            11 => "SEARCH UNSEEN".to_owned(),
            12 => "APPEND INBOX (\\Flagged) {1+}\r\nx".to_owned(),
            _ => "NOOP".to_owned(),
        }
    }

    /// What it believes, once it has heard all news and asked for what it was not told.
    async fn belief(&mut self) -> BTreeMap<u32, Vec<String>> {
        self.run("NOOP").await;
        let told = self.messages.clone();
        self.run("UID FETCH 1:* (UID FLAGS)").await;
        for (before, after) in told.iter().zip(&self.messages) {
            let right = before.flags.is_none() || before.flags == after.flags;
            assert!(right, "believed {before:?}, is {after:?}");
        }
        assert_eq!(told.len(), self.messages.len());
        let pictures = self.messages.iter();
        pictures.map(|p| (p.uid.unwrap(), p.flags.clone().unwrap())).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_clients_agree_in_the_end() {
    for seed in 0..12 {
        let house = House::new().await;
        for _ in 0..8 {
            house.deliver(b"Subject: x\r\n\r\ny\r\n", "alice", "INBOX").await.unwrap();
        }
        let mut chooser = Chooser::new(seed);
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(Client::enter(&house).await);
        }
        for _ in 0..60 {
            let client = &mut clients[chooser.below(3)];
            let command = client.command(&mut chooser);
            client.run(&command).await;
        }
        let mut beliefs = Vec::new();
        for client in &mut clients {
            beliefs.push(client.belief().await);
        }
        assert_eq!(beliefs[0], beliefs[1], "seed {seed}");
        assert_eq!(beliefs[0], beliefs[2], "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_at_the_same_time() {
    let house = House::new().await;
    for _ in 0..8 {
        house.deliver(b"Subject: x\r\n\r\ny\r\n", "alice", "INBOX").await.unwrap();
    }
    let mut working = tokio::task::JoinSet::new();
    for seed in 0..4 {
        let mut client = Client::enter(&house).await;
        working.spawn(async move {
            let mut chooser = Chooser::new(seed);
            for _ in 0..80 {
                let command = client.command(&mut chooser);
                client.run(&command).await;
            }
            client
        });
    }
    let mut clients = working.join_all().await;
    let mut beliefs = Vec::new();
    for client in &mut clients {
        beliefs.push(client.belief().await);
    }
    assert!(beliefs.windows(2).all(|pair| pair[0] == pair[1]));
}
