//! A person's POP3 client: retrieves some messages, marks some, and says QUIT, or does not.

use super::history::{Answer, Outcome, SessionId};
use super::letter::{self, LetterId};
use super::wire::{Silence, Wire};
use super::{Account, Actor};

/// Messages retrieved in one session, at most.
const SOME: usize = 12;

/// The session is over: the server has ended it.
struct Over;

struct Client<'a> {
    account: &'a Account,
    wire: Wire,
    session: SessionId,
    last: String,
}

/// Visits the account once.
pub(super) async fn visit(actor: &mut Actor, account: &Account) {
    let Ok(mut wire) = Wire::connect(actor.soak.site.ports.pop3, None).await else {
        return account.history.wrong("a POP3 connection was refused".into());
    };
    wire.say(format!("USER {}\r\n", account.name).as_bytes()).await;
    if wire.line().await.is_err() || wire.line().await.is_err() {
        return account.history.wrong("a POP3 connection was not greeted".into());
    }
    let (password, secret) = actor.password(account);
    let session = account.history.login(password, &wire, "POP3");
    wire.say(format!("PASS {secret}\r\n").as_bytes()).await;
    let mut client = Client { account, wire, session, last: String::new() };
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
        if !self.answer().await? {
            let answer = if self.last.contains("[AUTH]") { Answer::No } else { Answer::NotNow };
            history.note(format!("session {}: {}", self.session, self.last));
            history.answered(self.session, answer, &self.wire);
            history.leaves(self.session, "not logged in");
            return Ok(());
        }
        history.answered(self.session, Answer::Yes, &self.wire);
        let count = self.count().await?;
        let mut marked = Vec::new();
        for _ in 0..actor.chance.below(SOME).min(count) {
            let number = 1 + actor.chance.below(count);
            if marked.iter().any(|(taken, _)| *taken == number) {
                continue;
            }
            let Some(id) = self.retrieve(number).await? else { continue };
            if actor.chance.percent(70) {
                self.wire.say(format!("DELE {number}\r\n").as_bytes()).await;
                if self.answer().await? {
                    marked.push((number, id));
                }
            }
        }
        if actor.chance.percent(20) {
            actor.pause(200).await;
        }
        if actor.chance.percent(25) {
            history.leaves(self.session, "without QUIT");
            return Ok(());
        }
        let removal = history.removes(marked.into_iter().map(|(_, id)| id).collect());
        history.leaves(self.session, "QUIT");
        self.wire.say(b"QUIT\r\n").await;
        let removed = self.answer().await?;
        if removed {
            history.removed(removal, Outcome::Done);
        } else {
            // Not confirmed: it may have happened.
            history.note(format!("session {}: QUIT: {}", self.session, self.last));
        }
        if self.line().await.is_ok() {
            history.wrong("something was said after QUIT".into());
        }
        Ok(())
    }

    async fn count(&mut self) -> Result<usize, Over> {
        self.wire.say(b"STAT\r\n").await;
        let stat = self.line().await?;
        let stat = String::from_utf8_lossy(&stat).into_owned();
        let count = stat.strip_prefix("+OK ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        if count.is_none() && !stat.starts_with("-ERR [") {
            self.account.history.wrong(format!("STAT was answered {stat}"));
        }
        Ok(count.unwrap_or_default())
    }

    async fn retrieve(&mut self, number: usize) -> Result<Option<LetterId>, Over> {
        self.wire.say(format!("RETR {number}\r\n").as_bytes()).await;
        if !self.answer().await? {
            // Somebody else has removed it, or the session is being ended.
            self.account.history.note(format!("session {}: RETR: {}", self.session, self.last));
            return Ok(None);
        }
        let mut message = Vec::new();
        loop {
            let line = self.line().await?;
            if line == b".\r\n" {
                break;
            }
            message.extend_from_slice(&line);
        }
        let id = letter::id_of(&message);
        if !id.is_some_and(|id| letter::is_whole(&message, id)) {
            self.account.history.wrong(format!("a retrieved message is damaged: {id:?}"));
        }
        Ok(id)
    }

    /// Whether the answer is +OK.
    async fn answer(&mut self) -> Result<bool, Over> {
        let line = self.line().await?;
        self.last = String::from_utf8_lossy(&line).trim().to_owned();
        Ok(line.starts_with(b"+OK"))
    }

    async fn line(&mut self) -> Result<Vec<u8>, Over> {
        match self.wire.line().await {
            Ok(line) => Ok(line),
            Err(silence) => {
                let history = &self.account.history;
                if silence == Silence::Stuck {
                    history.wrong(format!("session {} hears nothing for too long", self.session));
                }
                history.ended(self.session, &silence, &self.last);
                Err(Over)
            }
        }
    }
}
