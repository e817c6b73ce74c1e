//! Memory of an idle session: the server process's share of the machine's memory, before and after.

use super::begin;
use crate::Outcome;
use crate::bench::client::{Client, Door};
use crate::bench::fleet::{Fleet, Script};
use crate::bench::letter::{Letters, SIZE};
use crate::bench::logout::script;
use crate::bench::null::Null;
use crate::bench::process::Process;
use crate::bench::table::{self, figure, header, row};
use crate::site::{Build, PASSWORD, Site, user_name};
use crate::trust;
use std::time::Duration;
use tokio::time::sleep;

/// Accounts that the sessions are spread over.
const ACCOUNTS: usize = 100;
/// Messages in each inbox.
const MESSAGES: usize = 10;
/// Sessions that come and go before: first use of code and caches does not count.
const WARM_UP: usize = 500;
/// Allocators give memory back after a while.
const SETTLING: Duration = Duration::from_secs(12);

pub(super) async fn run(build: Build, count: usize) -> Outcome {
    let mut described = false;
    for tls in [false, true] {
        // Each begins with fresh processes: what the other left behind would hide what this one takes.
        let site = Site::start(build)?;
        site.settle(0, ACCOUNTS).await?;
        fill(&site)?;
        let null = Null::start(&site)?;
        if !described {
            described = true;
            begin("Memory of an idle session", &site);
            table::print(&format!(
                "{} sessions of {ACCOUNTS} accounts in IDLE with INBOX ({MESSAGES} messages) selected: growth of the \
                 server's PSS divided by their number. The floor is a bare task that holds a socket. Dovecot \
                 was measured elsewhere: 533 kB plain, 603 kB with TLS; hibernated 13 and 82 kB.\n",
                table::count(count)
            ));
            header(&[
                "Connection",
                "Before, kB",
                "With sessions, kB",
                "kB per session",
                "Floor, kB",
                "Target, kB",
            ]);
        }
        let tls_config = if tls { Some(trust::client()?) } else { None };
        let door = |ports: crate::site::Ports| Door {
            port: if tls { ports.imaps } else { ports.imap },
            tls: tls_config.clone(),
            ..Door::plain(0)
        };
        let user = |index: usize| script(index % ACCOUNTS);
        let (before, after) = measure(Process(site.pid()), &door(site.ports), count, user).await?;
        let (bare, held) =
            measure(Process(null.pid()), &door(null.ports), count, |_| Script::new()).await?;
        let each =
            |before: u64, after: u64| figure(after.saturating_sub(before) as f64 / count as f64);
        row(&[
            if tls { "TLS" } else { "plain" },
            &figure(before as f64),
            &figure(after as f64),
            &each(before, after),
            &each(bare, held),
            if tls { "14" } else { "4" },
        ]);
    }
    Ok(())
}

async fn measure(
    server: Process,
    door: &Door,
    count: usize,
    script: impl Fn(usize) -> Script,
) -> Result<(u64, u64), String> {
    drop(Fleet::open(door, WARM_UP.min(count), &script).await?);
    sleep(SETTLING).await;
    let before = server.memory()?;
    let mut fleet = Fleet::open(door, count, &script).await?;
    sleep(SETTLING).await;
    let after = server.memory()?;
    match fleet.open_count() {
        open if open == count => Ok((before, after)),
        open => Err(format!("only {open} of {count} sessions are still there")),
    }
}

fn fill(site: &Site) -> Outcome {
    let failed = |error: std::io::Error| format!("inboxes cannot be filled: {error}");
    let mut letters = Letters::new(SIZE, 0, 1);
    for user in 0..ACCOUNTS {
        let mut client = Client::connect(&Door::plain(site.ports.imap)).map_err(failed)?;
        client.log_in(&user_name(user), PASSWORD).map_err(failed)?;
        for _ in 0..MESSAGES {
            client.append("INBOX", letters.next()).map_err(failed)?;
        }
    }
    Ok(())
}
