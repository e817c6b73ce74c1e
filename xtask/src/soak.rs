//! `cargo xtask soak`: clients of many accounts do everything at once, while an operator ends their sessions and
//! changes their passwords; then an oracle judges, by what the clients saw, whether the promise was kept.
//!
//! The promise is `docs/LOGOUT.md`; what is checked of it stands in `soak/oracle.rs`. What each client does
//! follows from the seed, how they interleave does not: a seed repeats the load, not the run.

pub(crate) mod chance;
mod deliver;
mod history;
mod imap;
pub(crate) mod letter;
mod operate;
mod oracle;
mod pop3;
pub(crate) mod wire;

use crate::command::say;
use crate::site::{Build, PASSWORD, Site, user_name};
use crate::{Outcome, root, trust};
use chance::Chance;
use clap::Args;
use history::{Answer, History, PasswordId};
use letter::LetterId;
use rustls::ClientConfig;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Accounts.
const ACCOUNTS: usize = 20;
/// Of these, so many hear nothing from the operator: their sessions must never end.
const LEFT_ALONE: usize = 4;
/// IMAP clients of each account.
const IMAP_CLIENTS: usize = 3;
/// Connections over which mail is delivered.
const DELIVERERS: usize = 3;
/// Operators.
const OPERATORS: usize = 5;
/// Nothing takes longer to be answered.
const PATIENCE: Duration = Duration::from_secs(30);
/// Events that are shown of an account where something is wrong; the others are in a file.
const SHOWN: usize = 300;

/// How long, and what.
#[derive(Args)]
pub(crate) struct Options {
    /// How long clients do what they do.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What clients choose to do; a new one each time unless given.
    #[arg(long)]
    seed: Option<u64>,
    /// Against the debug build.
    #[arg(long)]
    debug: bool,
}

/// The short form, against the debug build.
pub(crate) fn short() -> Outcome {
    run(&Options { seconds: 5, seed: None, debug: true })
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Outcome {
    let seed = options.seed.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |since| u64::from(since.subsec_nanos()))
    });
    say(&format!("soak for {} s, seed {seed}", options.seconds));
    let build = if options.debug { Build::Debug } else { Build::Release };
    let site = Site::start(build)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(soak(site, seed, Duration::from_secs(options.seconds)))
}

/// What all actors share.
struct Soak {
    site: Site,
    tls: Arc<ClientConfig>,
    until: Instant,
    letters: AtomicU64,
    /// Wrong, and nobody's in particular.
    wrongs: Mutex<Vec<String>>,
}

impl Soak {
    fn next_letter(&self) -> LetterId {
        LetterId(self.letters.fetch_add(1, Ordering::Relaxed))
    }

    fn wrong(&self, what: String) {
        self.wrongs.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}

/// An account, and all that happened to it.
struct Account {
    number: usize,
    name: String,
    history: History,
    /// Held while its password is changed.
    changing: tokio::sync::Mutex<()>,
}

/// Somebody who does things.
struct Actor {
    soak: Arc<Soak>,
    chance: Chance,
}

impl Actor {
    fn is_over(&self) -> bool {
        Instant::now() >= self.soak.until
    }

    /// Waits up to so many milliseconds.
    async fn pause(&mut self, most: usize) {
        tokio::time::sleep(self.chance.millis(most)).await;
    }

    /// The password to try: the newest one, or now and then an older one.
    fn password(&mut self, account: &Account) -> (PasswordId, String) {
        let (newest, password) = account.history.newest_password();
        if newest > 0 && self.chance.percent(10) {
            let older = self.chance.below(newest);
            return (older, account.history.password(older));
        }
        (newest, password)
    }
}

async fn soak(site: Site, seed: u64, time: Duration) -> Outcome {
    site.settle(0, ACCOUNTS).await?;
    let started = Instant::now();
    let soak = Arc::new(Soak {
        site,
        tls: trust::client()?,
        until: started + time,
        letters: AtomicU64::new(1),
        wrongs: Mutex::default(),
    });
    let accounts: Vec<Arc<Account>> = (0..ACCOUNTS)
        .map(|number| {
            let history = History::new(started, PASSWORD);
            Arc::new(Account {
                number,
                name: user_name(number),
                history,
                changing: Default::default(),
            })
        })
        .collect();
    let mut actors = JoinSet::new();
    let mut names = 0;
    let mut actor = || {
        names += 1;
        Actor { soak: soak.clone(), chance: Chance::new(seed, names) }
    };
    for account in &accounts {
        for _ in 0..IMAP_CLIENTS {
            actors.spawn(repeat_imap(actor(), account.clone()));
        }
        actors.spawn(repeat_pop3(actor(), account.clone()));
    }
    for _ in 0..DELIVERERS {
        actors.spawn(repeat_deliveries(actor(), accounts.clone()));
    }
    for _ in 0..OPERATORS {
        actors.spawn(repeat_orders(actor(), accounts[..ACCOUNTS - LEFT_ALONE].to_vec()));
    }
    let auditor = actor();
    while let Some(done) = actors.join_next().await {
        done.map_err(|error| format!("a client broke down: {error}"))?;
    }
    judge(&auditor, &accounts).await
}

async fn repeat_imap(mut actor: Actor, account: Arc<Account>) {
    while !actor.is_over() {
        imap::visit(&mut actor, &account).await;
    }
}

async fn repeat_pop3(mut actor: Actor, account: Arc<Account>) {
    while !actor.is_over() {
        pop3::visit(&mut actor, &account).await;
        actor.pause(50).await;
    }
}

async fn repeat_deliveries(mut actor: Actor, accounts: Vec<Arc<Account>>) {
    while !actor.is_over() {
        deliver::visit(&mut actor, &accounts).await;
    }
}

async fn repeat_orders(mut actor: Actor, accounts: Vec<Arc<Account>>) {
    while !actor.is_over() {
        actor.pause(500).await;
        let account = &accounts[actor.chance.below(accounts.len())];
        operate::order(&mut actor, account).await;
    }
}

async fn judge(auditor: &Actor, accounts: &[Arc<Account>]) -> Outcome {
    let mut wrongs =
        std::mem::take(&mut *auditor.soak.wrongs.lock().unwrap_or_else(PoisonError::into_inner));
    for wrong in &wrongs {
        say(&format!("soak: {wrong}"));
    }
    for account in accounts {
        let kept = imap::inventory(auditor, account).await?;
        let record = account.history.record();
        let found = oracle::judge(&record, &kept);
        if !found.is_empty() {
            show(account, &record, &found);
            wrongs.extend(found);
        }
    }
    summarize(accounts);
    if wrongs.is_empty() {
        return Ok(());
    }
    say(&format!("the server's log:\n{}", auditor.soak.site.log()));
    Err(format!("soak: {} violations", wrongs.len()))
}

/// Prints what is wrong with an account, and what happened to it.
fn show(account: &Account, record: &history::Record, wrongs: &[String]) {
    let lines: Vec<String> = record
        .events
        .iter()
        .map(|(at, event)| format!("{:>10.6} {event}", at.as_secs_f64()))
        .collect();
    let file = root().join("target").join(format!("soak-{}.log", account.name));
    let kept = std::fs::write(&file, lines.join("\n"));
    let place = kept.map_or_else(|error| error.to_string(), |()| file.display().to_string());
    say(&format!("soak: {}, all {} events are in {place}", account.name, lines.len()));
    for line in &lines[lines.len().saturating_sub(SHOWN)..] {
        say(line);
    }
    for wrong in wrongs {
        say(&format!("soak: {}: {wrong}", account.name));
    }
}

/// What was done: a run in which nothing happened shows nothing.
fn summarize(accounts: &[Arc<Account>]) {
    let (mut confirmed, mut ended, mut orders, mut letters, mut removals) = (0, 0, 0, 0, 0);
    for account in accounts {
        let record = account.history.record();
        let yes = |session: &&history::Session| matches!(session.answered, Some((_, Answer::Yes)));
        confirmed += record.sessions.iter().filter(yes).count();
        let by_server =
            |session: &&history::Session| session.ended.is_some() && session.left.is_none();
        ended += record.sessions.iter().filter(by_server).count();
        orders += record.orders.len();
        letters += record.letters.len();
        removals += record.removals.len();
    }
    say(&format!(
        "soak: {confirmed} sessions, of which {ended} were ended by {orders} orders; {letters} letters, \
         {removals} removals"
    ));
}
