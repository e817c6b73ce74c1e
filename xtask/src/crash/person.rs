//! A person who alone works on an account's folders over IMAP, and knows what must be in them.

use super::folders::{Act, Entry, Folder, Folders};
use super::imap::{Answer, Cut, Imap};
use super::{Letters, name};
use crate::Outcome;
use crate::site::{PASSWORD, Ports};
use crate::soak::chance::Chance;
use crate::soak::letter;
use std::collections::BTreeSet;

/// See the module's head.
pub(super) struct Person {
    user: usize,
    letters: Letters,
    /// As acknowledged.
    folders: Folders,
    /// What was asked for, and not answered yet.
    waiting: Option<Act>,
    /// UIDVALIDITYs that folders had: they do not come back.
    validities: BTreeSet<u32>,
    done: u64,
    /// What was answered as it should not be.
    wrongs: Vec<String>,
    /// Nothing was found yet.
    is_new: bool,
}

impl Person {
    pub(super) fn new(user: usize, letters: Letters) -> Self {
        Self {
            user,
            letters,
            folders: Folders::default(),
            waiting: None,
            validities: BTreeSet::new(),
            done: 0,
            wrongs: Vec::new(),
            is_new: true,
        }
    }

    /// How many changes were acknowledged.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Works until the server is gone.
    pub(super) async fn work(mut self, ports: Ports, mut chance: Chance) -> Self {
        // It ends by being cut off, which is what everybody waits for.
        let _ = self.act_on(ports, &mut chance).await;
        self
    }

    async fn act_on(&mut self, ports: Ports, chance: &mut Chance) -> Result<(), Cut> {
        let mut imap = self.log_in(ports).await?;
        let mut selected: Option<String> = None;
        while self.wrongs.is_empty() {
            let act = Act::choose(&self.folders, chance, || self.letters.next());
            match act.selected() {
                Some(folder) if selected.as_deref() != Some(folder) => {
                    let answer = imap.command(&format!("SELECT {folder}")).await?;
                    self.expect_ok(&answer, "SELECT");
                    selected = Some(folder.to_owned());
                }
                None if selected.take().is_some() => {
                    let answer = imap.command("UNSELECT").await?;
                    self.expect_ok(&answer, "UNSELECT");
                }
                _ => {}
            }
            let command = act.command();
            self.waiting = Some(act.clone());
            let answer = match &act {
                Act::Append { letter, .. } => {
                    imap.command_with(&command, &letter::write(*letter)).await?
                }
                _ => imap.command(&command).await?,
            };
            self.expect_ok(&answer, &command);
            if answer.is_ok() {
                act.apply(&mut self.folders);
                self.done += 1;
            }
            self.waiting = None;
        }
        Ok(())
    }

    async fn log_in(&mut self, ports: Ports) -> Result<Imap, Cut> {
        let mut imap = Imap::connect(ports.imap).await?;
        let answer = imap.command(&format!("LOGIN {} {PASSWORD}", name(self.user))).await?;
        self.expect_ok(&answer, "LOGIN");
        Ok(imap)
    }

    fn expect_ok(&mut self, answer: &Answer, command: &str) {
        if !answer.is_ok() {
            self.wrongs.push(format!("{command} was answered {}", answer.status));
        }
    }

    /// Compares what is there with what was acknowledged, and goes on from there.
    pub(super) async fn audit(&mut self, ports: Ports) -> Outcome {
        let found = self.look(ports).await.map_err(|cut| cut.problem("looking around"));
        let found = found.unwrap_or_else(|problem| {
            self.wrongs.push(problem);
            Folders::default()
        });
        if let Some(wrong) = self.wrongs.first() {
            return Err(format!("{}: {wrong}", name(self.user)));
        }
        if !self.is_new
            && let Some(problem) = self.judge(&found)
        {
            return Err(format!("{}: {problem}", name(self.user)));
        }
        let validities = found.0.values().filter_map(|folder| folder.validity);
        self.validities.extend(validities);
        (self.folders, self.waiting, self.is_new) = (found, None, false);
        Ok(())
    }

    fn judge(&self, found: &Folders) -> Option<String> {
        let mut expected = self.folders.clone();
        let mut problem = expected.difference(found);
        if let (Some(_), Some(act)) = (&problem, &self.waiting) {
            act.apply(&mut expected);
            let after = expected.difference(found);
            problem = after.map(|after| {
                let before = problem.unwrap_or_default();
                format!("{act:?} was done by half: without it, {before}; with it, {after}")
            });
        }
        if problem.is_some() {
            return problem;
        }
        let new = expected.0.iter().filter(|(_, folder)| folder.validity.is_none());
        for (name, _) in new {
            let validity = found.0[name].validity;
            if validity.is_some_and(|it| self.validities.contains(&it)) {
                return Some(format!("{name}: UIDVALIDITY {validity:?} came back"));
            }
        }
        None
    }

    async fn look(&mut self, ports: Ports) -> Result<Folders, Cut> {
        let mut imap = self.log_in(ports).await?;
        let listed = imap.command("LIST \"\" *").await?;
        self.expect_ok(&listed, "LIST");
        let mut folders = Folders::default();
        for (line, _) in listed.lines.iter().filter(|(line, _)| !line.contains("\\NonExistent")) {
            let name = line.rsplit(' ').next().unwrap_or_default().trim_matches('"').to_owned();
            let folder = self.read(&mut imap, &name).await?;
            folders.0.insert(name, folder);
        }
        Ok(folders)
    }

    async fn read(&mut self, imap: &mut Imap, name: &str) -> Result<Folder, Cut> {
        let opened = imap.command(&format!("EXAMINE {name}")).await?;
        self.expect_ok(&opened, "EXAMINE");
        let code = |code: &str| {
            let line = opened.lines.iter().find_map(|(line, _)| line.split(code).nth(1));
            line.and_then(|rest| rest.split(']').next()?.trim().parse().ok())
        };
        let mut folder = Folder {
            validity: code("[UIDVALIDITY"),
            uid_next: code("[UIDNEXT").unwrap_or(0),
            entries: Default::default(),
        };
        let fetched = imap.command("UID FETCH 1:* (UID FLAGS BODY.PEEK[])").await?;
        self.expect_ok(&fetched, "FETCH");
        for (line, body) in fetched.lines.iter().filter(|(line, _)| line.contains(" FETCH (")) {
            let uid = line.split("UID ").nth(1).and_then(|rest| {
                rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
            });
            let flags = line.split("FLAGS (").nth(1).and_then(|rest| rest.split(')').next());
            let flags = flags.unwrap_or_default().split_ascii_whitespace();
            let flags = flags.filter(|flag| *flag != "\\Recent").map(str::to_owned).collect();
            match (uid, letter::id_of(body)) {
                (Some(uid), Some(letter)) if letter::is_whole(body, letter) => {
                    folder.entries.insert(uid, Entry { letter, flags });
                }
                other => self.wrongs.push(format!("{name}: a damaged message: {other:?}")),
            }
        }
        Ok(folder)
    }
}
