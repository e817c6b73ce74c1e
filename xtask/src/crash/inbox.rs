//! An inbox to which mail is delivered over LMTP, and from which it is taken over POP3.

use super::imap::Imap;
use super::{Letters, name};
use crate::Outcome;
use crate::site::{PASSWORD, Ports};
use crate::soak::chance::Chance;
use crate::soak::letter::{self, LetterId};
use crate::soak::wire::{Silence, Wire};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Messages removed by one POP3 session, at most.
const SOME: usize = 25;

/// What is known of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Sent; no answer yet.
    Sent,
    /// Acknowledged: it is there.
    There,
    /// About to be removed.
    Leaving,
    /// It is not there and must not come back.
    Gone,
}

/// See the module's head.
pub(super) struct Inbox {
    user: usize,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    letters: BTreeMap<LetterId, Fate>,
    delivered: u64,
    removed: u64,
    wrongs: Vec<String>,
}

impl Inbox {
    pub(super) fn new(user: usize) -> Self {
        Self { user, record: Mutex::default() }
    }

    /// How many deliveries and removals were acknowledged.
    pub(super) fn done(&self) -> (u64, u64) {
        let record = self.record();
        (record.delivered, record.removed)
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, letter: LetterId, fate: Fate) {
        self.record().letters.insert(letter, fate);
    }

    fn wrong(&self, what: String) {
        self.record().wrongs.push(what);
    }

    /// Compares what is there with what was acknowledged, and goes on from there.
    pub(super) async fn audit(&self, ports: Ports) -> Outcome {
        let problem = |what: String| format!("{}: {what}", name(self.user));
        let found = self.look(ports).await.map_err(problem)?;
        let mut record = self.record();
        if let Some(wrong) = record.wrongs.first() {
            return Err(problem(wrong.clone()));
        }
        if let Some(letter) = found.keys().find(|letter| !record.letters.contains_key(letter)) {
            return Err(problem(format!("{letter:?} is there, and nobody sent it")));
        }
        let mut leaving = Vec::new();
        for (letter, fate) in &mut record.letters {
            let copies = found.get(letter).copied().unwrap_or(0);
            match (*fate, copies) {
                (_, 2..) => return Err(problem(format!("{letter:?} is there {copies} times"))),
                (Fate::There, 0) => return Err(problem(format!("{letter:?} is lost"))),
                (Fate::Gone, 1) => return Err(problem(format!("{letter:?} came back"))),
                (Fate::Leaving, _) => leaving.push(copies),
                _ => {}
            }
            *fate = if copies == 1 { Fate::There } else { Fate::Gone };
        }
        if leaving.windows(2).any(|two| two[0] != two[1]) {
            return Err(problem(format!("a cut QUIT removed some, and not all: {leaving:?}")));
        }
        Ok(())
    }

    async fn look(&self, ports: Ports) -> Result<BTreeMap<LetterId, usize>, String> {
        let work = async {
            let mut imap = Imap::connect(ports.imap).await?;
            imap.command(&format!("LOGIN {} {PASSWORD}", name(self.user))).await?;
            imap.command("EXAMINE INBOX").await?;
            imap.command("UID FETCH 1:* (BODY.PEEK[])").await
        };
        let fetched = work.await.map_err(|cut: super::imap::Cut| cut.problem("looking"))?;
        if !fetched.is_ok() {
            return Err(format!("FETCH was answered {}", fetched.status));
        }
        let mut found = BTreeMap::new();
        for (_, body) in fetched.lines.iter().filter(|(line, _)| line.contains(" FETCH (")) {
            match letter::id_of(body) {
                Some(id) if letter::is_whole(body, id) => *found.entry(id).or_default() += 1,
                id => return Err(format!("a damaged message: {id:?}")),
            }
        }
        Ok(found)
    }
}

/// Delivers letters to one or several inboxes until the server is gone.
pub(super) async fn deliver(
    inboxes: Vec<Arc<Inbox>>,
    letters: Letters,
    ports: Ports,
    mut chance: Chance,
) {
    // It ends by being cut off.
    let _ = deliver_on(&inboxes, &letters, ports, &mut chance).await;
}

async fn deliver_on(
    inboxes: &[Arc<Inbox>],
    letters: &Letters,
    ports: Ports,
    chance: &mut Chance,
) -> Result<(), Silence> {
    let mut wire = Wire::connect(ports.lmtp, None).await.map_err(|_| Silence::Closed)?;
    wire.say(b"LHLO mta.example\r\n").await;
    reply(&mut wire).await?;
    reply(&mut wire).await?;
    loop {
        let letter = letters.next();
        let count = 1 + chance.below(inboxes.len());
        let first = chance.below(inboxes.len());
        let some: Vec<_> = inboxes.iter().cycle().skip(first).take(count).collect();
        let mut envelope = "MAIL FROM:<a@sender.example>\r\n".to_owned();
        for inbox in &some {
            envelope.push_str(&format!("RCPT TO:<{}>\r\n", name(inbox.user)));
            inbox.set(letter, Fate::Sent);
        }
        envelope.push_str("DATA\r\n");
        wire.say(envelope.as_bytes()).await;
        for _ in 0..some.len() + 2 {
            let said = reply(&mut wire).await?;
            if !said.starts_with(['2', '3']) {
                some[0].wrong(format!("a delivery was refused: {said}"));
                return Ok(());
            }
        }
        let mut data = letter::write(letter);
        data.extend_from_slice(b".\r\n");
        wire.say(&data).await;
        for inbox in &some {
            let said = reply(&mut wire).await?;
            if said.starts_with("250") {
                inbox.set(letter, Fate::There);
                inbox.record().delivered += 1;
            } else {
                inbox.wrong(format!("{letter:?} was refused: {said}"));
            }
        }
    }
}

/// The last line of a reply.
async fn reply(wire: &mut Wire) -> Result<String, Silence> {
    loop {
        let line = wire.line().await?;
        if line.get(3) != Some(&b'-') {
            return Ok(String::from_utf8_lossy(&line).trim().to_owned());
        }
    }
}

/// Takes letters out of an inbox until the server is gone.
pub(super) async fn retrieve(inbox: Arc<Inbox>, ports: Ports, mut chance: Chance) {
    while inbox.record().wrongs.is_empty() {
        if retrieve_once(&inbox, ports, &mut chance).await.is_err() {
            break;
        }
        tokio::time::sleep(chance.millis(60)).await;
    }
}

async fn retrieve_once(inbox: &Inbox, ports: Ports, chance: &mut Chance) -> Result<(), Silence> {
    let mut wire = Wire::connect(ports.pop3, None).await.map_err(|_| Silence::Closed)?;
    let login = format!("USER {}\r\nPASS {PASSWORD}\r\nSTAT\r\n", name(inbox.user));
    wire.say(login.as_bytes()).await;
    let mut said = String::new();
    for _ in 0..4 {
        said = String::from_utf8_lossy(&wire.line().await?).trim().to_owned();
        if !said.starts_with("+OK") {
            inbox.wrong(format!("a POP3 login was answered {said}"));
            return Ok(());
        }
    }
    let count = said.split(' ').nth(1).and_then(|count| count.parse().ok()).unwrap_or(0);
    let mut marked = Vec::new();
    for number in 1..=(1 + chance.below(SOME)).min(count) {
        wire.say(format!("RETR {number}\r\nDELE {number}\r\n").as_bytes()).await;
        let mut text = Vec::new();
        loop {
            let line = wire.line().await?;
            if line == b".\r\n" {
                break;
            }
            text.extend_from_slice(&line);
        }
        let dele = wire.line().await?;
        match letter::id_of(&text) {
            Some(id) if letter::is_whole(&text, id) && dele.starts_with(b"+OK") => marked.push(id),
            id => inbox.wrong(format!("message {number} is damaged or kept: {id:?}")),
        }
    }
    for letter in &marked {
        inbox.set(*letter, Fate::Leaving);
    }
    wire.say(b"QUIT\r\n").await;
    let said = wire.line().await?;
    if said.starts_with(b"+OK") {
        for letter in &marked {
            inbox.set(*letter, Fate::Gone);
        }
        inbox.record().removed += marked.len() as u64;
    } else {
        inbox.wrong(format!("QUIT was answered {}", String::from_utf8_lossy(&said)));
    }
    Ok(())
}
