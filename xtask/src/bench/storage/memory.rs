//! Memory stays bounded: a large folder, a large message, many sessions in one folder.

use super::Options;
use super::work::{self, fill};
use crate::Outcome;
use crate::bench::client::{Client, Door};
use crate::bench::fleet::Fleet;
use crate::bench::letter::Letters;
use crate::bench::process::Process;
use crate::bench::table::{self, figure, header, heading, row};
use crate::site::{PASSWORD, Site, user_name};
use std::io;
use std::time::Duration;
use tokio::time::sleep;

/// The account with the large folder.
const KEEPER: usize = 7;
/// Messages in it.
const LARGE: usize = 100_000;
/// As large as a message may be.
const HEAVY: usize = 50 << 20;
/// Sessions in the folder at once.
const SESSIONS: usize = 1_000;
/// Allocators give memory back after a while.
const SETTLING: Duration = Duration::from_secs(12);

pub(super) async fn run(site: &Site, options: &Options) -> Outcome {
    let failed = |error: io::Error| format!("memory: {error}");
    let count = LARGE.min(options.largest);
    fill(site.ports, KEEPER, "Large", 0, count).map_err(failed)?;
    let server = Process(site.pid());
    let mut client = work::imap(site.ports, KEEPER).map_err(failed)?;
    client.imap("SELECT INBOX").map_err(failed)?;
    sleep(SETTLING).await;

    heading("Memory");
    table::print("Growth of the server's PSS, settled, and of its peak meanwhile, in kB.\n");
    header(&["Work", "Before", "Growth", "Peak above before"]);
    let folder = table::count(count);
    let step = |client: &mut Client, command: &str| client.imap(command).map(drop);
    observe(server, &format!("SELECT of {folder} messages"), || step(&mut client, "SELECT Large"))
        .await?;
    observe(server, &format!("FETCH flags of {folder} messages"), || {
        step(&mut client, "FETCH 1:* (FLAGS UID)")
    })
    .await?;
    let heavy = Letters::new(HEAVY, 0, 1).next().to_vec();
    observe(server, "APPEND of 50 MiB", || client.append("INBOX", &heavy)).await?;
    step(&mut client, "SELECT INBOX").map_err(failed)?;
    observe(server, "FETCH of 50 MiB", || step(&mut client, "FETCH * (BODY.PEEK[])")).await?;
    // The server puts header fields above what is delivered.
    let lighter = Letters::new(HEAVY - 4096, 0, 1).next().to_vec();
    let mut lmtp = work::lmtp(site.ports).map_err(failed)?;
    let to = user_name(KEEPER);
    observe(server, "LMTP delivery of 50 MiB", || lmtp.deliver(&to, &lighter)).await?;

    let before = server.memory()?;
    server.forget_peak();
    let mut fleet = Fleet::open(&Door::plain(site.ports.imap), SESSIONS, |_| {
        vec![
            (format!("a LOGIN {} {PASSWORD}\r\n", user_name(KEEPER)), "a OK"),
            ("b SELECT Large\r\n".to_owned(), "b OK"),
            ("c IDLE\r\n".to_owned(), "+ "),
        ]
    })
    .await?;
    sleep(SETTLING).await;
    let growth = server.memory()?.saturating_sub(before);
    row(&[
        format!("{} sessions in a folder of {folder} messages", table::count(SESSIONS)),
        figure(before as f64),
        format!("{} ({} each)", figure(growth as f64), figure(growth as f64 / SESSIONS as f64)),
        figure(server.peak()?.saturating_sub(before) as f64),
    ]);
    match fleet.open_count() {
        SESSIONS => Ok(()),
        open => Err(format!("only {open} sessions are still there")),
    }
}

async fn observe(server: Process, name: &str, step: impl FnOnce() -> io::Result<()>) -> Outcome {
    let before = server.memory()?;
    server.forget_peak();
    step().map_err(|error| format!("{name}: {error}"))?;
    let peak = server.peak()?;
    sleep(SETTLING).await;
    row(&[
        name,
        &figure(before as f64),
        &figure(server.memory()? as f64 - before as f64),
        &figure(peak.saturating_sub(before) as f64),
    ]);
    Ok(())
}
