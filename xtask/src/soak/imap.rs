//! A person's IMAP client: logs in, looks around, idles, fetches, appends, and leaves, one way or another.

use super::history::{Answer, Outcome, SessionId};
use super::letter;
use super::wire::{Silence, Wire};
use super::{Account, Actor};
use std::time::Duration;

/// The tag of every command.
const TAG: &[u8] = b"t ";
/// Messages that are fetched whole at once, without reading what comes.
const BULK: usize = 300;

/// The session is over: the server has ended it.
struct Over;

/// A client that is logged in.
struct Client<'a> {
    account: &'a Account,
    wire: Wire,
    session: SessionId,
    exists: usize,
    /// The last thing that was said beside answers, which may be why it is over.
    last: String,
}

/// The answer to a command.
#[derive(PartialEq, Eq)]
enum Reply {
    Ok,
    No,
}

/// Visits the account once.
pub(super) async fn visit(actor: &mut Actor, account: &Account) {
    let tls = actor.chance.percent(40).then(|| actor.soak.tls.clone());
    let port = if tls.is_some() { actor.soak.site.ports.imaps } else { actor.soak.site.ports.imap };
    let how = if tls.is_some() { "IMAP, TLS" } else { "IMAP" };
    let Ok(mut wire) = Wire::connect(port, tls).await else {
        return account.history.wrong("an IMAP connection was refused".into());
    };
    if wire.line().await.is_err() {
        return account.history.wrong("an IMAP connection was not greeted".into());
    }
    let (password, secret) = actor.password(account);
    let session = account.history.login(password, &wire, how);
    wire.say(format!("t LOGIN {} {secret}\r\n", account.name).as_bytes()).await;
    let mut client = Client { account, wire, session, exists: 0, last: String::new() };
    let _ = client.live(actor).await;
    account.history.over(session, &client.wire);
    drop(client);
    if !account.history.is_confirmed(session) {
        // Whoever guesses without a pause keeps everybody's password hashing waiting.
        actor.pause(300).await;
    }
}

impl Client<'_> {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Over> {
        let history = &self.account.history;
        match self.answer().await? {
            Reply::Ok => history.answered(self.session, Answer::Yes, &self.wire),
            Reply::No => {
                let answer = if self.last.contains("AUTHENTICATIONFAILED") {
                    Answer::No
                } else {
                    Answer::NotNow
                };
                history.answered(self.session, answer, &self.wire);
                return self.leave(actor).await;
            }
        }
        self.command("SELECT INBOX").await?;
        for _ in 0..actor.chance.below(25) {
            if actor.is_over() {
                break;
            }
            match actor.chance.below(100) {
                0..30 => self.idle(actor).await?,
                30..50 => self.append(actor).await?,
                50..75 => self.fetch(actor).await?,
                75..83 => self.bulk(actor).await?,
                83..93 => {
                    self.command("NOOP").await?;
                }
                _ => self.burst(actor).await?,
            }
        }
        self.leave(actor).await
    }

    async fn idle(&mut self, actor: &mut Actor) -> Result<(), Over> {
        self.wire.say(b"t IDLE\r\n").await;
        loop {
            let line = self.line().await?;
            if line.starts_with(b"+") {
                break;
            }
            self.untagged(&line);
        }
        let until = tokio::time::Instant::now() + actor.chance.millis(400);
        loop {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            let heard = self.wire.hears_within(left).await;
            if !heard.map_err(|silence| self.end(&silence))? {
                break;
            }
            let line = self.line().await?;
            self.untagged(&line);
        }
        self.wire.say(b"DONE\r\n").await;
        self.answer().await.map(drop)
    }

    async fn append(&mut self, actor: &mut Actor) -> Result<(), Over> {
        let id = actor.soak.next_letter();
        let text = letter::write(id);
        let mut command = format!("t APPEND INBOX {{{}+}}\r\n", text.len()).into_bytes();
        command.extend_from_slice(&text);
        command.extend_from_slice(b"\r\n");
        self.account.history.sends(id, Some(self.session));
        self.wire.say(&command).await;
        match self.answer().await? {
            Reply::Ok => self.account.history.sent(id, Outcome::Done),
            Reply::No => {
                self.account.history.sent(id, Outcome::Refused);
                self.unless_ending("APPEND was refused").await?;
            }
        }
        Ok(())
    }

    /// A single message, read with care.
    async fn fetch(&mut self, actor: &mut Actor) -> Result<(), Over> {
        if self.exists == 0 {
            return self.command("NOOP").await.map(drop);
        }
        let number = 1 + actor.chance.below(self.exists);
        // What others have removed meanwhile may be refused (RFC 9051 §7.1, EXPUNGEISSUED).
        self.command(&format!("FETCH {number} (UID BODY.PEEK[])")).await.map(drop)
    }

    /// Many messages, which nobody reads for a while.
    async fn bulk(&mut self, actor: &mut Actor) -> Result<(), Over> {
        if self.exists == 0 {
            return Ok(());
        }
        let first = self.exists.saturating_sub(actor.chance.below(BULK)).max(1);
        self.wire
            .say(format!("t FETCH {first}:{} (BODY.PEEK[])\r\n", self.exists).as_bytes())
            .await;
        actor.pause(300).await;
        self.answer().await.map(drop)
    }

    /// Several commands at once.
    async fn burst(&mut self, actor: &mut Actor) -> Result<(), Over> {
        let count = 2 + actor.chance.below(8);
        self.wire
            .say("t NOOP\r\nt STATUS INBOX (MESSAGES UIDNEXT)\r\n".repeat(count).as_bytes())
            .await;
        for _ in 0..2 * count {
            self.answer().await?;
        }
        Ok(())
    }

    async fn leave(&mut self, actor: &mut Actor) -> Result<(), Over> {
        if actor.chance.percent(30) {
            self.account.history.leaves(self.session, "without a word");
            return Ok(());
        }
        self.account.history.leaves(self.session, "LOGOUT");
        self.wire.say(b"t LOGOUT\r\n").await;
        self.answer().await?;
        if self.line().await.is_ok() {
            self.account.history.wrong("something was said after LOGOUT".into());
        }
        Ok(())
    }

    async fn command(&mut self, command: &str) -> Result<Reply, Over> {
        self.wire.say(format!("t {command}\r\n").as_bytes()).await;
        self.answer().await
    }

    /// Reads until the answer to a command.
    async fn answer(&mut self) -> Result<Reply, Over> {
        loop {
            let line = self.line().await?;
            let Some(answer) = line.strip_prefix(TAG) else {
                self.untagged(&line);
                continue;
            };
            if answer.starts_with(b"OK") {
                return Ok(Reply::Ok);
            }
            self.last = String::from_utf8_lossy(answer).trim().to_owned();
            if !answer.starts_with(b"NO") {
                self.account.history.wrong(format!("a command was answered {}", self.last));
            }
            self.account.history.note(format!("session {}: {}", self.session, self.last));
            return Ok(Reply::No);
        }
    }

    /// A refusal is right only if the session is being ended: then the end comes soon.
    async fn unless_ending(&mut self, what: &str) -> Result<(), Over> {
        let said = self.last.clone();
        let heard = self.wire.hears_within(Duration::from_secs(5)).await;
        heard.map_err(|silence| self.end(&silence))?;
        let line = self.line().await?;
        self.untagged(&line);
        if !line.starts_with(b"* BYE") {
            self.account.history.wrong(format!("{what}: {said}"));
        }
        Ok(())
    }

    /// The next line, with its literals checked and left out.
    async fn line(&mut self) -> Result<Vec<u8>, Over> {
        let mut whole = Vec::new();
        loop {
            let line = match self.wire.line().await {
                Ok(line) => line,
                Err(silence) => return Err(self.end(&silence)),
            };
            whole.extend_from_slice(&line);
            let Some(size) = literal_size(&line) else { return Ok(whole) };
            let message = match self.wire.bytes(size).await {
                Ok(message) => message,
                Err(silence) => return Err(self.end(&silence)),
            };
            match letter::id_of(&message) {
                Some(id) if letter::is_whole(&message, id) => {}
                id => self.account.history.wrong(format!("a fetched message is damaged: {id:?}")),
            }
        }
    }

    fn untagged(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line).trim().to_owned();
        let mut words = text.split(' ').skip(1);
        match (words.next(), words.next()) {
            (Some("BYE"), _) => self.last = text,
            (Some(number), Some("EXISTS")) => self.exists = number.parse().unwrap_or(self.exists),
            (Some(_), Some("EXPUNGE")) => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
    }

    fn end(&mut self, silence: &Silence) -> Over {
        let history = &self.account.history;
        if *silence == Silence::Stuck {
            history.wrong(format!("session {} hears nothing for too long", self.session));
        }
        let rest = String::from_utf8_lossy(self.wire.rest()).into_owned();
        if rest.contains("* BYE") {
            history.wrong(format!("session {}: a goodbye in the middle of a reply", self.session));
        }
        history.ended(self.session, silence, &self.last);
        Over
    }
}

fn literal_size(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}\r\n")?;
    let open = line.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(&line[open + 1..]).ok()?.parse().ok()
}

/// What is kept in an inbox: the letters' numbers, repeated if they are there more than once.
pub(super) async fn inventory(
    actor: &Actor,
    account: &Account,
) -> Result<Vec<super::letter::LetterId>, String> {
    let failed = |what: &str| format!("{}: the inbox cannot be listed: {what}", account.name);
    let mut wire = Wire::connect(actor.soak.site.ports.imap, None)
        .await
        .map_err(|error| failed(&error.to_string()))?;
    let (_, secret) = account.history.newest_password();
    let commands = format!(
        "t LOGIN {} {secret}\r\nt EXAMINE INBOX\r\nt UID FETCH 1:* (BODY.PEEK[])\r\nt LOGOUT\r\n",
        account.name
    );
    wire.say(commands.as_bytes()).await;
    let (mut kept, mut answers) = (Vec::new(), 0);
    while answers < 4 {
        let line = wire.line().await.map_err(|_| failed("cut"))?;
        if let Some(size) = literal_size(&line) {
            let message = wire.bytes(size).await.map_err(|_| failed("cut"))?;
            match letter::id_of(&message) {
                Some(id) if letter::is_whole(&message, id) => kept.push(id),
                id => account.history.wrong(format!("a kept message is damaged: {id:?}")),
            }
        } else if let Some(answer) = line.strip_prefix(TAG) {
            answers += 1;
            if !answer.starts_with(b"OK") {
                return Err(failed(&String::from_utf8_lossy(answer)));
            }
        }
    }
    Ok(kept)
}
