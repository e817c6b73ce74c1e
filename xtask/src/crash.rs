//! `cargo xtask crash`: clients of a running server do everything at once, the server is killed at a random moment,
//! its store is checked, it is started again, and all that it had acknowledged must be there.
//!
//! Each actor is the only one to work on what is its own, so it knows exactly what must be found after a kill: what
//! was acknowledged, and of what it was waiting for, all or nothing. Killing a process loses nothing that the kernel
//! has taken: what a loss of power does is simulated by the tests of `storage`. What actors choose and when the
//! kills come follows from the seed; how far the server gets until then does not.

mod folders;
mod imap;
mod inbox;
mod operator;
mod person;

use crate::command::say;
use crate::site::{Build, Site};
use crate::soak::chance::Chance;
use crate::soak::letter::LetterId;
use crate::{Outcome, site};
use clap::Args;
use inbox::Inbox;
use operator::Operator;
use person::Person;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Accounts whose folders are worked on over IMAP.
const PEOPLE: usize = 4;
/// Accounts to which mail is delivered.
const INBOXES: usize = 3;
/// Connections over which it is.
const DELIVERERS: usize = 3;
/// The server is killed within so many milliseconds.
const LIFE_MILLIS: usize = 900;
/// So many times in a hundred it is killed once more while it opens its store, within so many milliseconds.
const AGAIN_SHARE: usize = 20;
const OPENING_MILLIS: usize = 60;

/// Purging and compaction run all the time, with nothing to wait for.
const SETTINGS: &str = "[storage]\nretention = \"1ms\"\ntidy_every = \"200ms\"\n";

/// How often, and what.
#[derive(Args)]
pub(crate) struct Options {
    /// How many times the server is killed at work.
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// What actors choose, and when the kills come; a new one each time unless given.
    #[arg(long)]
    seed: Option<u64>,
    /// The debug build.
    #[arg(long)]
    debug: bool,
}

/// The short form, of the debug build.
pub(crate) fn short() -> Outcome {
    run(&Options { kills: 5, seed: None, debug: true })
}

/// Runs it.
pub(crate) fn run(options: &Options) -> Outcome {
    let seed = options.seed.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |since| u64::from(since.subsec_nanos()))
    });
    say(&format!("crash: {} kills, seed {seed}", options.kills));
    let build = if options.debug { Build::Debug } else { Build::Release };
    let mut site = Site::start_with(build, SETTINGS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let outcome = runtime.block_on(crash(&mut site, seed, options.kills));
    if outcome.is_err() {
        say(&format!("the server's log ends:\n{}", tail(&site.log())));
        say(&format!("what it left is in {}", site.keep().display()));
    }
    outcome
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// Numbers of letters, each given once in a run.
#[derive(Clone)]
struct Letters(Arc<AtomicU64>);

impl Letters {
    fn next(&self) -> LetterId {
        LetterId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Everybody who works on the server.
struct Actors {
    people: Vec<Person>,
    inboxes: Vec<Arc<Inbox>>,
    operator: Operator,
    letters: Letters,
    seed: u64,
}

async fn crash(site: &mut Site, seed: u64, kills: u64) -> Outcome {
    site.settle(0, PEOPLE + INBOXES).await?;
    let letters = Letters(Arc::new(AtomicU64::new(1)));
    let mut actors = Actors {
        people: (0..PEOPLE).map(|user| Person::new(user, letters.clone())).collect(),
        inboxes: (PEOPLE..PEOPLE + INBOXES).map(|user| Arc::new(Inbox::new(user))).collect(),
        operator: Operator::new(PEOPLE + INBOXES),
        letters,
        seed,
    };
    actors.audit(site).await?;
    let mut chance = Chance::new(seed, 0);
    let (started, mut again) = (Instant::now(), 0);
    for kill in 1..=kills {
        let life = Duration::from_millis(5) + chance.millis(LIFE_MILLIS);
        let work = actors.work(site, kill);
        tokio::time::sleep(life).await;
        site.kill()?;
        actors = work.over().await?;
        site.check_storage()?;
        if chance.percent(AGAIN_SHARE) {
            site.start_and_kill(chance.millis(OPENING_MILLIS))?;
            again += 1;
        }
        site.start_again()?;
        actors
            .audit(site)
            .await
            .map_err(|problem| format!("after kill {kill} (seed {seed}): {problem}"))?;
        if kill.is_multiple_of(20) {
            say(&format!("crash: {kill} of {kills} kills, {}", actors.done()));
        }
    }
    say(&format!(
        "crash: {kills} kills at work and {again} while opening, in {} s: {}; nothing acknowledged was lost, \
         nothing was half-done (seed {seed})",
        started.elapsed().as_secs(),
        actors.done()
    ));
    Ok(())
}

/// Actors at work, until their server is gone.
struct Work {
    people: JoinSet<(usize, Person)>,
    operator: JoinSet<Operator>,
    others: JoinSet<()>,
    rest: (Vec<Arc<Inbox>>, Letters, u64),
}

impl Actors {
    /// Begins. The actors' choices are of this `life` of the server.
    fn work(self, site: &Site, life: u64) -> Work {
        let Self { people, inboxes, operator, letters, seed } = self;
        let (ports, mut names) = (site.ports, life * 1000);
        let mut chance = || {
            names += 1;
            Chance::new(seed, names)
        };
        let mut work = Work {
            people: JoinSet::new(),
            operator: JoinSet::new(),
            others: JoinSet::new(),
            rest: (inboxes.clone(), letters.clone(), seed),
        };
        for (place, person) in people.into_iter().enumerate() {
            let chance = chance();
            work.people.spawn(async move { (place, person.work(ports, chance).await) });
        }
        work.operator.spawn(operator.work(site.administration(), chance()));
        for inbox in &inboxes {
            work.others.spawn(inbox::retrieve(inbox.clone(), ports, chance()));
        }
        for _ in 0..DELIVERERS {
            let (inboxes, letters) = (inboxes.clone(), letters.clone());
            work.others.spawn(inbox::deliver(inboxes, letters, ports, chance()));
        }
        work
    }

    /// Compares what is there with what was acknowledged.
    async fn audit(&mut self, site: &Site) -> Outcome {
        for person in &mut self.people {
            person.audit(site.ports).await?;
        }
        for inbox in &self.inboxes {
            inbox.audit(site.ports).await?;
        }
        self.operator.audit(site.ports).await
    }

    /// What was acknowledged so far.
    fn done(&self) -> String {
        let acts: u64 = self.people.iter().map(Person::done).sum();
        let (delivered, removed) = self
            .inboxes
            .iter()
            .map(|inbox| inbox.done())
            .fold((0, 0), |(delivered, removed), (more, less)| (delivered + more, removed + less));
        format!(
            "{acts} changes over IMAP, {delivered} deliveries, {removed} removals over POP3, {} administrative acts \
             acknowledged",
            self.operator.done()
        )
    }
}

impl Work {
    /// Waits until everybody has noticed that the server is gone.
    async fn over(mut self) -> Result<Actors, String> {
        let failed = |error| format!("an actor broke down: {error}");
        let mut people = Vec::new();
        while let Some(person) = self.people.join_next().await {
            people.push(person.map_err(failed)?);
        }
        people.sort_by_key(|(place, _)| *place);
        while let Some(other) = self.others.join_next().await {
            other.map_err(failed)?;
        }
        let operator = self.operator.join_next().await.ok_or("the operator is gone")?;
        let (inboxes, letters, seed) = self.rest;
        Ok(Actors {
            people: people.into_iter().map(|(_, person)| person).collect(),
            inboxes,
            operator: operator.map_err(failed)?,
            letters,
            seed,
        })
    }
}

/// The login name of an account.
fn name(user: usize) -> String {
    site::user_name(user)
}
