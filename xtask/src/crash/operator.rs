//! An administrator who alone makes, changes and deletes some accounts over the API, and knows which of them can log
//! in, and how.

use super::imap::{Cut, Imap};
use super::name;
use crate::Outcome;
use crate::site::{Administration, Ports};
use crate::soak::chance::Chance;

/// Accounts.
const SLOTS: usize = 3;

/// See the module's head.
pub(super) struct Operator {
    first: usize,
    /// The password of each account that is there.
    passwords: [Option<String>; SLOTS],
    /// One that was replaced, or whose account was deleted: it must not work.
    former: [Option<String>; SLOTS],
    /// An account's password as it was asked for: none if it is being deleted.
    waiting: Option<(usize, Option<String>)>,
    done: u64,
    wrongs: Vec<String>,
}

impl Operator {
    /// Of the accounts from number `first` on.
    pub(super) fn new(first: usize) -> Self {
        let (passwords, former) = ([const { None }; SLOTS], [const { None }; SLOTS]);
        Self { first, passwords, former, waiting: None, done: 0, wrongs: Vec::new() }
    }

    /// How many acts were acknowledged.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Works until the server is gone.
    pub(super) async fn work(mut self, api: Administration, mut chance: Chance) -> Self {
        while self.wrongs.is_empty() && self.act(&api, &mut chance).await {
            tokio::time::sleep(chance.millis(40)).await;
        }
        self
    }

    /// One act; false if the server is gone.
    async fn act(&mut self, api: &Administration, chance: &mut Chance) -> bool {
        let slot = chance.below(SLOTS);
        let user = self.first + slot;
        let wanted = match &self.passwords[slot] {
            Some(same) if chance.percent(40) => Some(same.clone()),
            Some(_) if chance.percent(30) => None,
            _ => Some(format!("pencil{}", chance.below(1 << 40))),
        };
        let is_logout = wanted.is_some() && wanted == self.passwords[slot];
        self.waiting = Some((slot, wanted.clone()));
        let answer = match &wanted {
            Some(_) if is_logout => api.log_out(user).await,
            Some(password) => api.set_password(user, password).await,
            None => api.delete(user).await,
        };
        match answer {
            Ok(()) => {
                if !is_logout {
                    self.former[slot] = std::mem::replace(&mut self.passwords[slot], wanted);
                }
                self.waiting = None;
                self.done += 1;
                true
            }
            // What is not an answer is a server that is gone.
            Err(problem) if problem.contains("\"success\":false") => {
                self.wrongs.push(problem);
                false
            }
            Err(_) => false,
        }
    }

    /// Compares who can log in with what was acknowledged, and goes on from there.
    pub(super) async fn audit(&mut self, ports: Ports) -> Outcome {
        if let Some(wrong) = self.wrongs.first() {
            return Err(format!("an act of the administrator: {wrong}"));
        }
        for slot in 0..SLOTS {
            let user = self.first + slot;
            let known = self.passwords[slot].clone();
            let asked = self.waiting.take_if(|(waiting, _)| *waiting == slot);
            let asked = asked.map(|(_, password)| password).filter(|asked| *asked != known);
            let mut works = Vec::new();
            let candidates = [known.clone(), asked.clone().flatten(), self.former[slot].take()];
            for password in candidates.into_iter().flatten() {
                if logs_in(ports, user, &password).await.map_err(|cut| cut.problem("LOGIN"))? {
                    works.push(password);
                }
            }
            let fits = |state: &Option<String>| works.iter().eq(state.iter());
            self.passwords[slot] = match asked {
                _ if fits(&known) => known,
                Some(asked) if fits(&asked) => asked,
                other => {
                    return Err(format!(
                        "{}: {works:?} log in, though {known:?} was acknowledged and {other:?} asked for",
                        name(user)
                    ));
                }
            };
        }
        Ok(())
    }
}

async fn logs_in(ports: Ports, user: usize, password: &str) -> Result<bool, Cut> {
    let mut imap = Imap::connect(ports.imap).await?;
    Ok(imap.command(&format!("LOGIN {} {password}", name(user))).await?.is_ok())
}
