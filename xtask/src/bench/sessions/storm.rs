//! What others feel while the clients of a user who was logged out come back again and again.

use super::begin;
use super::logins::come_and_go;
use crate::Outcome;
use crate::bench::client::{Client, Door};
use crate::bench::letter::{Letters, SIZE};
use crate::bench::null::Null;
use crate::bench::table::{self, figure, header, millis, percentile, row};
use crate::site::{PASSWORD, Site, user_name};
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Clients that come back.
const CLIENTS: usize = 50;
/// Addresses that they come from: strangers, not trusted ones.
const ADDRESSES: u8 = 10;
/// How long each storm blows.
const TIME: Duration = Duration::from_secs(8);
/// The other account's client does something so often.
const PACE: Duration = Duration::from_millis(3);
/// The operator repeats the logout so often.
const AGAIN: Duration = Duration::from_millis(500);

/// What the ended user's clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storm {
    Calm,
    /// They log in and leave at once.
    RightPassword,
    /// Their password was changed.
    WrongPassword,
}

pub(super) async fn run(site: &Site) -> Outcome {
    site.settle(0, 2).await?;
    let null = Null::start(site)?;
    begin("Others, during a reconnect storm", site);
    table::print(&format!(
        "{CLIENTS} clients of one account, from {ADDRESSES} addresses, reconnect without a pause for {} s, while \
         the account is logged out every {} ms. Meanwhile a client of another account says NOOP and FETCH in \
         turns every {} ms. The same against the null server is the limit: clients and server share the \
         processors.\n",
        TIME.as_secs(),
        AGAIN.as_millis(),
        PACE.as_millis()
    ));
    header(&[
        "Storm",
        "Attempts/s",
        "Of these logged in",
        "p50, ms",
        "p99, ms",
        "Longest, ms",
        "Null server: attempts/s",
        "p50, ms",
        "p99, ms",
        "Longest, ms",
    ]);
    fill(site)?;
    for (storm, name) in [
        (Storm::Calm, "none"),
        (Storm::RightPassword, "right password"),
        (Storm::WrongPassword, "wrong password"),
    ] {
        let ours = blow(site.ports.imap, storm, Some(site))?;
        let null = blow(null.ports.imap, storm, None)?;
        let mut cells = vec![name.to_owned()];
        cells.push(ours.attempts());
        cells.push(figure(ours.logins as f64 / TIME.as_secs_f64()));
        cells.extend(ours.latencies());
        cells.push(null.attempts());
        cells.extend(null.latencies());
        row(&cells);
    }
    Ok(())
}

struct Felt {
    attempts: u64,
    logins: u64,
    latencies: Vec<Duration>,
}

impl Felt {
    fn attempts(&self) -> String {
        figure(self.attempts as f64 / TIME.as_secs_f64())
    }

    fn latencies(mut self) -> [String; 3] {
        [0.5, 0.99, 1.0].map(|share| figure(millis(percentile(&mut self.latencies, share))))
    }
}

/// What the storm's clients did.
#[derive(Default)]
struct Tally {
    over: AtomicBool,
    attempts: AtomicU64,
    logins: AtomicU64,
}

fn blow(port: u16, storm: Storm, operated: Option<&Site>) -> Result<Felt, String> {
    let runtime = Handle::current();
    let tally = Tally::default();
    std::thread::scope(|scope| {
        if storm != Storm::Calm {
            for index in 0..CLIENTS {
                let tally = &tally;
                scope.spawn(move || come_back(port, storm, index, tally));
            }
        }
        let watched = scope.spawn(|| watch(port));
        let operated = operated.filter(|_| storm != Storm::Calm).map(|site| {
            let over = &tally.over;
            scope.spawn(move || operate(&runtime, site, over))
        });
        std::thread::sleep(TIME);
        tally.over.store(true, Ordering::Relaxed);
        let panicked = |_| Err("a thread panicked".to_owned());
        let latencies = watched.join().unwrap_or_else(panicked)?;
        if let Some(operated) = operated {
            operated.join().unwrap_or_else(|_| Err("the operator panicked".into()))?;
        }
        let (attempts, logins) =
            (tally.attempts.load(Ordering::Relaxed), tally.logins.load(Ordering::Relaxed));
        Ok(Felt { attempts, logins, latencies })
    })
}

/// The operator, who wants that user out.
fn operate(runtime: &Handle, site: &Site, over: &AtomicBool) -> Outcome {
    while !over.load(Ordering::Relaxed) {
        runtime.block_on(site.log_out(0))?;
        std::thread::sleep(AGAIN);
    }
    Ok(())
}

/// A client that comes back whatever happens.
fn come_back(port: u16, storm: Storm, index: usize, tally: &Tally) {
    let from = Ipv4Addr::new(127, 0, 1, 1 + u8::try_from(index).unwrap_or(0) % ADDRESSES);
    let door = Door { from, ..Door::plain(port) };
    while !tally.over.load(Ordering::Relaxed) {
        // Refusals and cut connections are what a storm is made of.
        let visited = match storm {
            Storm::WrongPassword => Client::connect(&door)
                .and_then(|mut client| client.log_in(&user_name(0), "changed since")),
            _ => come_and_go(&door, &user_name(0)),
        };
        tally.attempts.fetch_add(1, Ordering::Relaxed);
        if visited.is_ok() {
            tally.logins.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A client of another account, and how long its commands took.
fn watch(port: u16) -> Result<Vec<Duration>, String> {
    let watch = || -> io::Result<Vec<Duration>> {
        let mut client = Client::connect(&Door::plain(port))?;
        client.log_in(&user_name(1), PASSWORD)?;
        client.imap("SELECT INBOX")?;
        let (started, mut latencies) = (Instant::now(), Vec::new());
        while started.elapsed() < TIME {
            for command in ["NOOP", "FETCH 1:10 (FLAGS UID RFC822.SIZE)"] {
                let asked = Instant::now();
                client.imap(command)?;
                latencies.push(asked.elapsed());
                std::thread::sleep(PACE);
            }
        }
        Ok(latencies)
    };
    watch().map_err(|error| format!("the other account was disturbed: {error}"))
}

fn fill(site: &Site) -> Outcome {
    let fill = || -> io::Result<()> {
        let mut client = Client::connect(&Door::plain(site.ports.imap))?;
        client.log_in(&user_name(1), PASSWORD)?;
        let mut letters = Letters::new(SIZE, 0, 1);
        (0..10).try_for_each(|_| client.append("INBOX", letters.next()))
    };
    fill().map_err(|error| format!("the inbox cannot be filled: {error}"))
}
