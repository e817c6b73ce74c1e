//! Acting a transcript out against live dialogues.

use super::{Action, Pattern, Script, Step};
use carrier::{Drain, Feed, Input, Output};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A server that has not said what is expected by now is not going to.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to listen for what must *not* be said.
const SILENCE: Duration = Duration::from_millis(50);

/// Where a transcript plays: what starts a dialogue, and what `do:` means.
pub trait Stage {
    /// Opens the connection of that name.
    fn connect(&mut self, name: &str) -> impl Future<Output = Wire>;

    /// Does what a `do:` line says.
    ///
    /// # Errors
    /// A sentence saying why that is not possible.
    fn obey(&mut self, order: &str, script: &Script) -> impl Future<Output = Result<(), String>>;

    /// Whether `line` is the final answer to the client's line `sent`, and whether it says yes.
    fn answers(&self, sent: &str, line: &[u8]) -> Option<bool>;
}

/// The client's end of a connection to a dialogue, which runs in a task of its own.
#[derive(Debug)]
pub struct Wire {
    feed: Feed,
    drain: Drain,
    dialogue: JoinHandle<()>,
    /// Whether the dialogue's end was looked at, which can be done once.
    harvested: bool,
    panicked: bool,
    unfinished: Vec<u8>,
    lines: VecDeque<Vec<u8>>,
    bans: Vec<Pattern>,
    passing_over: bool,
    /// A banned line that was said.
    offence: Option<String>,
}

impl Wire {
    /// Starts a dialogue.
    pub fn start<F>(dialogue: impl FnOnce(Input, Output) -> F) -> Wire
    where
        F: Future + Send + 'static,
    {
        let (feed, input) = carrier::input();
        let (output, drain) = carrier::output();
        let dialogue = dialogue(input, output);
        let to_its_end = async move {
            // How it ends shows in what was said.
            let _ = dialogue.await;
        };
        Wire {
            feed,
            drain,
            dialogue: tokio::spawn(to_its_end),
            harvested: false,
            panicked: false,
            unfinished: Vec::new(),
            lines: VecDeque::new(),
            bans: Vec::new(),
            passing_over: false,
            offence: None,
        }
    }

    /// The client sends bytes, as fast as the dialogue takes them. Answers are read meanwhile, so that
    /// a dialogue that waits for its reader cannot make the two wait for each other.
    pub async fn send(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.dialogue.is_finished() {
            let count = self.feed.room().min(bytes.len());
            self.feed.push(&bytes[..count]);
            bytes = &bytes[count..];
            if count == 0 {
                tokio::select! {
                    () = self.feed.wanted() => {}
                    () = self.drain.pending() => self.take_in(),
                    () = tokio::time::sleep(SILENCE) => {}
                }
            }
        }
    }

    /// The server's next line without its CRLF; nothing if none comes.
    pub async fn line(&mut self) -> Option<Vec<u8>> {
        self.line_within(PATIENCE).await
    }

    async fn line_within(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            self.take_in();
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            if self.dialogue.is_finished() && !self.drain.is_pending() {
                return None;
            }
            tokio::select! {
                () = self.drain.pending() => {}
                // The end of a dialogue wakes nobody here.
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
                () = tokio::time::sleep_until(deadline) => return None,
            }
        }
    }

    /// Waits for the dialogue's end. False if it does not come.
    pub async fn ended(&mut self) -> bool {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.dialogue.is_finished() && tokio::time::Instant::now() < deadline {
            self.take_in();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.take_in();
        self.dialogue.is_finished()
    }

    /// Whether the dialogue has ended in a panic.
    pub async fn panicked(&mut self) -> bool {
        if self.dialogue.is_finished() && !self.harvested {
            self.harvested = true;
            self.panicked = (&mut self.dialogue).await.is_err_and(|error| error.is_panic());
        }
        self.panicked
    }

    /// The client closes the connection.
    pub fn hang_up(&mut self) {
        self.feed.close();
    }

    /// Drops the dialogue where it stands.
    pub async fn cut(&mut self) {
        self.dialogue.abort();
        while !self.dialogue.is_finished() {
            tokio::task::yield_now().await;
        }
        self.drain.close();
    }

    fn take_in(&mut self) {
        let bytes = self.drain.offer(|bytes| (bytes.len(), bytes.to_vec()));
        self.unfinished.extend_from_slice(&bytes);
        while let Some(end) = self.unfinished.iter().position(|b| *b == b'\n') {
            let mut line: Vec<u8> = self.unfinished.drain(..=end).collect();
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if self.bans.iter().any(|ban| ban.fits(&line)) {
                self.offence.get_or_insert_with(|| String::from_utf8_lossy(&line).into_owned());
            }
            self.lines.push_back(line);
        }
    }

    /// Before the client speaks again: what was banned must not have been said until now.
    async fn settle(&mut self) -> Result<(), String> {
        if !self.bans.is_empty() {
            tokio::time::sleep(SILENCE).await;
            self.take_in();
            self.bans.clear();
        }
        match self.offence.take() {
            None => Ok(()),
            Some(line) => Err(format!("the server must not say: {line}")),
        }
    }

    async fn expect(&mut self, pattern: &Pattern) -> Result<(), String> {
        let mut passed = Vec::new();
        while let Some(line) = self.line().await {
            if pattern.fits(&line) {
                self.passing_over = false;
                return Ok(());
            }
            passed.push(String::from_utf8_lossy(&line).into_owned());
            if !self.passing_over {
                break;
            }
        }
        let wanted = &pattern.0;
        let said = if passed.is_empty() { "nothing".to_owned() } else { passed.join("\n    ") };
        Err(format!("wanted: {wanted}\n  said: {said}"))
    }

    async fn quietly(&mut self, stage: &impl Stage, sent: &str) -> Result<(), String> {
        self.send(format!("{sent}\r\n").as_bytes()).await;
        loop {
            let Some(line) = self.line().await else { return Err(format!("no answer to {sent}")) };
            match stage.answers(sent, &line) {
                None => {}
                Some(true) => return Ok(()),
                Some(false) => {
                    return Err(format!("{sent}: {}", String::from_utf8_lossy(&line)));
                }
            }
        }
    }
}

/// Plays a transcript to its end.
///
/// # Errors
/// What happened otherwise than written, and at which line.
pub async fn play(script: &Script, stage: &mut impl Stage) -> Result<(), String> {
    let mut wires: BTreeMap<String, Wire> = BTreeMap::new();
    for step in &script.steps {
        act(step, script, stage, &mut wires)
            .await
            .map_err(|problem| format!("line {}: {problem}", step.line))?;
    }
    for (name, wire) in &mut wires {
        let at_end = |problem| format!("at the end, connection {name:?}: {problem}");
        wire.settle().await.map_err(at_end)?;
        wire.take_in();
        if wire.panicked().await {
            return Err(at_end("the dialogue panicked".to_owned()));
        }
        if let Some(line) = wire.lines.pop_front().filter(|_| !wire.passing_over) {
            let line = String::from_utf8_lossy(&line).into_owned();
            return Err(at_end(format!("not accounted for: {line}")));
        }
        if !wire.unfinished.is_empty() {
            return Err(at_end("the server's last line has no end".to_owned()));
        }
        wire.dialogue.abort();
    }
    Ok(())
}

async fn act(
    step: &Step,
    script: &Script,
    stage: &mut impl Stage,
    wires: &mut BTreeMap<String, Wire>,
) -> Result<(), String> {
    let name = match &step.action {
        Action::Do(order) => return stage.obey(order, script).await,
        Action::Send(name, _)
        | Action::Quietly(name, _)
        | Action::Expect(name, _)
        | Action::PassOver(name)
        | Action::Ban(name, _)
        | Action::Closed(name)
        | Action::HangUp(name)
        | Action::Cut(name) => name,
    };
    if !wires.contains_key(name) {
        let wire = stage.connect(name).await;
        wires.insert(name.clone(), wire);
    }
    let Some(wire) = wires.get_mut(name) else { return Err("no connection".to_owned()) };
    match &step.action {
        Action::Send(_, bytes) => {
            wire.settle().await?;
            wire.send(bytes).await;
        }
        Action::Quietly(_, sent) => {
            wire.settle().await?;
            wire.quietly(stage, sent).await?;
        }
        Action::Expect(_, pattern) => wire.expect(pattern).await?,
        Action::PassOver(_) => wire.passing_over = true,
        Action::Ban(_, pattern) => wire.bans.push(pattern.clone()),
        Action::Closed(_) => {
            if !wire.ended().await {
                return Err("the dialogue goes on".to_owned());
            }
            if wire.panicked().await {
                return Err("the dialogue panicked".to_owned());
            }
            if let Some(line) = wire.lines.front().filter(|_| !wire.passing_over) {
                return Err(format!("not accounted for: {}", String::from_utf8_lossy(line)));
            }
        }
        Action::HangUp(_) => wire.hang_up(),
        Action::Cut(_) => wire.cut().await,
        Action::Do(_) => {}
    }
    Ok(())
}
