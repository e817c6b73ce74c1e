//! How cost grows: with the messages of a folder, and with accounts.

use super::read::{drop_caches, opening};
use super::work::{self, fill};
use super::{ACCOUNTS, Options};
use crate::Outcome;
use crate::bench::letter::{Letters, SIZE};
use crate::bench::load;
use crate::bench::process::Process;
use crate::bench::table::{self, figure, header, heading, millis, row};
use crate::site::{Site, user_name};
use std::io;
use std::time::Duration;

/// The account whose folder grows.
const GROWER: usize = 8;
/// Messages in the folder, as it grows.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Accounts that deliveries are spread over.
const SPREADS: [usize; 3] = [1, 100, 10_000];
/// How long each run takes.
const TIME: Duration = Duration::from_secs(2);
/// Times that something quick is done, for its median.
const TIMES: usize = 50;
/// Connections that deliver.
const CONNECTIONS: usize = 16;

pub(super) async fn run(site: &mut Site, options: &Options) -> Outcome {
    heading("How it grows with the messages of a folder");
    table::print(
        "One client; medians. Messages beyond 10,000 are copies, which share their bytes. \"Cold\": the server \
         restarted and, where that is allowed, the kernel's page cache dropped; once.\n",
    );
    header(&[
        "Messages",
        "SELECT, ms",
        "SELECT cold, ms",
        "UID FETCH 10 in the middle, ms",
        "STORE a flag, ms",
        "EXPUNGE of one, ms",
        "APPEND, messages/s",
        "Server's PSS after the cold SELECT, kB",
    ]);
    let mut has = 0;
    for size in SIZES.into_iter().filter(|size| *size <= options.largest) {
        fill(site.ports, GROWER, "Growing", has, size)
            .map_err(|error| format!("filling a folder: {error}"))?;
        has = size + appended(site, size)?;
    }
    spread(site, options).await
}

/// One row; answers how many messages it has added.
fn appended(site: &mut Site, size: usize) -> Result<usize, String> {
    site.restart()?;
    drop_caches();
    let mut client = work::imap(site.ports, GROWER).map_err(|error| error.to_string())?;
    let cold = opening(&mut client, "Growing", 1)?;
    let memory = Process(site.pid()).memory()?;
    let select = opening(&mut client, "Growing", TIMES)?;
    let (first, last) = (size / 2, size / 2 + 9);
    let fetch = format!("UID FETCH {first}:{last} (FLAGS UID RFC822.SIZE ENVELOPE)");
    let fetched = load::latency(TIMES, || client.imap(&fetch).map(drop))?;
    let mut turn = 0;
    let stored = load::latency(TIMES, || {
        turn += 1;
        let sign = if turn % 2 == 0 { '-' } else { '+' };
        client.imap(&format!("STORE {first} {sign}FLAGS (\\Seen)")).map(drop)
    })?;
    let mut expunged = Vec::new();
    for _ in 0..TIMES {
        client.imap("STORE * +FLAGS.SILENT (\\Deleted)").map_err(|error| error.to_string())?;
        expunged.push(load::latency(1, || client.imap("EXPUNGE").map(drop))?);
    }
    let mut letters = Letters::new(SIZE, size, 1);
    let mut added = 0;
    let load = load::run(
        Process(site.pid()),
        TIME,
        vec![|| {
            added += 1;
            client.append("Growing", letters.next()).map(|()| 1)
        }],
    )?;
    row(&[
        table::count(size),
        figure(millis(select)),
        figure(millis(cold)),
        figure(millis(fetched)),
        figure(millis(stored)),
        figure(millis(table::percentile(&mut expunged, 0.5))),
        figure(load.per_second),
        figure(memory as f64),
    ]);
    Ok(added.max(TIMES) - TIMES)
}

async fn spread(site: &Site, options: &Options) -> Outcome {
    heading("How it grows with accounts");
    table::print(&format!(
        "LMTP deliveries of 10 KiB over {CONNECTIONS} connections, to one account after the other; and one client \
         that logs in to one account and out again.\n"
    ));
    header(&["Accounts", "Messages/s", "Server CPU per message, µs", "Login and logout, ms"]);
    let mut has = ACCOUNTS;
    for accounts in SPREADS.into_iter().filter(|accounts| *accounts <= options.accounts) {
        if has < accounts {
            site.administration().make(has, accounts - has).await?;
            has = accounts;
        }
        let workers = (0..CONNECTIONS).map(|index| -> io::Result<_> {
            let mut client = work::lmtp(site.ports)?;
            let (mut letters, mut turn) = (Letters::new(SIZE, index, CONNECTIONS), index);
            Ok(move || {
                turn += CONNECTIONS;
                client.deliver(&user_name(turn % accounts), letters.next()).map(|()| 1)
            })
        });
        let workers = workers.collect::<io::Result<Vec<_>>>().map_err(|error| error.to_string())?;
        let load = load::run(Process(site.pid()), TIME, workers)?;
        let login = load::latency(TIMES, || work::imap(site.ports, 0)?.imap("LOGOUT").map(drop))?;
        row(&[
            table::count(accounts),
            figure(load.per_second),
            figure(load.cpu_micros),
            figure(millis(login)),
        ]);
    }
    Ok(())
}
