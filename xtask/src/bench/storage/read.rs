//! How fast mail goes out: FETCH, RETR, SELECT and SEARCH.

use super::work::{self, fill};
use super::{Options, Ports, compare};
use crate::Outcome;
use crate::bench::client::Client;
use crate::bench::letter::{MARK, RARE, SIZE};
use crate::bench::load::{self, Load};
use crate::bench::null::Null;
use crate::bench::process::Process;
use crate::bench::table::{self, figure, header, heading, median, millis, row};
use crate::site::Site;
use std::io;
use std::time::{Duration, Instant};

/// The account that reads.
const READER: usize = 9;
/// The account with the largest folder.
const KEEPER: usize = 10;
/// How long each run takes.
const TIME: Duration = Duration::from_secs(2);
/// Commands that are sent ahead where POP3 is pipelined.
const AHEAD: usize = 100;
/// Messages of the folder that is opened. Dovecot's figures are for these.
const LARGE: usize = 100_000;
/// Times that something quick is done, for its median.
const TIMES: usize = 50;

pub(super) fn run(site: &mut Site, null: &Null, options: &Options) -> Outcome {
    let failed = |error: io::Error| format!("reading: {error}");
    let (count, runs) = (options.messages, options.runs);
    fill(site.ports, READER, "INBOX", 0, count).map_err(failed)?;
    heading("Mail that goes out");
    table::print(&format!(
        "One client; {} messages of 10 KiB. Medians of {runs} runs of at least {} s. \"Cold\": the \
         server restarted and the kernel's page cache dropped. Dovecot was measured elsewhere.\n",
        table::count(count),
        TIME.as_secs()
    ));
    header(&[
        "Work",
        "Posthouse",
        "Server CPU per message, µs",
        "Null server",
        "Dovecot",
        "Times Dovecot",
    ]);

    let every = format!("FETCH 1:{count} (FLAGS UID RFC822.SIZE ENVELOPE)");
    let work = compare(site, null, runs, |server, ports| fetch(server, ports, &every, 1.0))?;
    rate("FETCH flags, UID, size, ENVELOPE, warm: messages/s", work, 1.0, Some(114_000.0));
    // A million bytes to the MB.
    let megabytes = SIZE as f64 / 1e6;
    let bodies = format!("FETCH 1:{count} (BODY.PEEK[])");
    let work = compare(site, null, runs, |server, ports| fetch(server, ports, &bodies, 1.0))?;
    rate("FETCH whole bodies, warm: MB/s", work, megabytes, Some(670.0));
    cold_bodies(site, &bodies, count, runs)?;
    let work = compare(site, null, runs, |server, ports| retrieve(server, ports, count, 1))?;
    rate("POP3 RETR one at a time: messages/s", work, 1.0, Some(13_750.0));
    let work = compare(site, null, runs, |server, ports| retrieve(server, ports, count, AHEAD))?;
    rate("POP3 RETR pipelined: messages/s", work, 1.0, Some(35_200.0));
    select(site, runs)?;
    search(site, count).map_err(failed)
}

/// A row whose figures are rates: more is better.
fn rate(name: &str, (ours, nothing): (Load, Load), unit: f64, dovecot: Option<f64>) {
    row(&[
        name,
        &figure(ours.per_second * unit),
        &figure(ours.cpu_micros),
        &figure(nothing.per_second * unit),
        &dovecot.map(figure).unwrap_or_default(),
        &dovecot.map(|dovecot| figure(ours.per_second * unit / dovecot)).unwrap_or_default(),
    ]);
}

/// A row whose figures are times: less is better.
fn time(name: &str, ours: Duration, dovecot: Option<f64>) {
    row(&[
        name,
        &format!("{} ms", figure(millis(ours))),
        "",
        "",
        &dovecot.map(|dovecot| format!("{} ms", figure(dovecot))).unwrap_or_default(),
        &dovecot.map(|dovecot| figure(dovecot / millis(ours))).unwrap_or_default(),
    ]);
}

fn fetch(server: Process, ports: Ports, command: &str, unit: f64) -> Result<Load, String> {
    let open = || -> io::Result<Client> {
        let mut client = work::imap(ports, READER)?;
        client.imap("SELECT INBOX")?;
        client.imap(command)?;
        Ok(client)
    };
    let mut client = open().map_err(|error| format!("{command}: {error}"))?;
    let mut load = load::run(server, TIME, vec![|| client.imap(command)])?;
    load.per_second *= unit;
    Ok(load)
}

fn cold_bodies(site: &mut Site, command: &str, count: usize, runs: usize) -> Outcome {
    let mut rates = Vec::new();
    for _ in 0..runs.min(3) {
        site.restart()?;
        if !drop_caches() {
            row(&["FETCH whole bodies, cold: not measured, needs root", "", "", "", "465", ""]);
            return Ok(());
        }
        let read = || -> io::Result<f64> {
            let mut client = work::imap(site.ports, READER)?;
            client.imap("SELECT INBOX")?;
            let started = Instant::now();
            client.imap(command)?;
            Ok((count * SIZE) as f64 / 1e6 / started.elapsed().as_secs_f64())
        };
        rates.push(read().map_err(|error| format!("{command}: {error}"))?);
    }
    let ours = median(rates);
    let name = "FETCH whole bodies, cold: MB/s";
    row(&[name, &figure(ours), "", "", "465", &figure(ours / 465.0)]);
    Ok(())
}

/// Retrieves the whole maildrop again and again, with so many commands sent ahead.
fn retrieve(server: Process, ports: Ports, count: usize, ahead: usize) -> Result<Load, String> {
    let mut client = work::pop3(ports, READER).map_err(|error| format!("POP3: {error}"))?;
    let batches: Vec<(usize, String)> = (1..=count)
        .step_by(ahead)
        .map(|first| {
            let last = (first + ahead - 1).min(count);
            let commands = (first..=last).map(|number| format!("RETR {number}\r\n")).collect();
            (last + 1 - first, commands)
        })
        .collect();
    let mut pass = || -> io::Result<u64> {
        let mut waiting = 0;
        for (size, commands) in &batches {
            client.say(commands.as_bytes())?;
            // Ahead: the batch before is read while this one is under way.
            let due = if ahead > 1 { std::mem::replace(&mut waiting, *size) } else { *size };
            (0..due).try_for_each(|_| client.pop3_text())?;
        }
        (0..waiting).try_for_each(|_| client.pop3_text())?;
        Ok(count as u64)
    };
    pass().map_err(|error| format!("RETR: {error}"))?;
    let load = load::run(server, TIME, vec![&mut pass])?;
    client
        .say(b"QUIT\r\n")
        .and_then(|()| client.pop3_answer())
        .map_err(|error| error.to_string())?;
    Ok(load)
}

fn select(site: &mut Site, runs: usize) -> Outcome {
    let failed = |error: io::Error| format!("SELECT: {error}");
    fill(site.ports, KEEPER, "Large", 0, LARGE).map_err(failed)?;
    let mut client = work::imap(site.ports, KEEPER).map_err(failed)?;
    let warm = opening(&mut client, "Large", TIMES)?;
    time(&format!("SELECT of {} messages, warm", table::count(LARGE)), warm, Some(0.3));
    let mut times = Vec::new();
    for _ in 0..runs {
        site.restart()?;
        if !drop_caches() {
            row(&["SELECT, cold: not measured, needs root", "", "", "", "12 ms", ""]);
            return Ok(());
        }
        let mut client = work::imap(site.ports, KEEPER).map_err(failed)?;
        times.push(millis(opening(&mut client, "Large", 1)?));
    }
    let cold = Duration::from_secs_f64(median(times) / 1000.0);
    time(&format!("SELECT of {} messages, cold", table::count(LARGE)), cold, Some(12.0));
    Ok(())
}

/// How long it takes to open a folder; another one is open before.
pub(super) fn opening(client: &mut Client, folder: &str, times: usize) -> Result<Duration, String> {
    let mut all = Vec::new();
    for _ in 0..times {
        client.imap("SELECT INBOX").map_err(|error| error.to_string())?;
        all.push(load::latency(1, || client.imap(&format!("SELECT {folder}")).map(drop))?);
    }
    Ok(table::percentile(&mut all, 0.5))
}

fn search(site: &Site, count: usize) -> io::Result<()> {
    let mut client = work::imap(site.ports, READER)?;
    client.imap("SELECT INBOX")?;
    let by_subject = format!("SEARCH HEADER Subject {MARK}");
    for (name, command, times, expected, dovecot) in [
        ("SEARCH by Subject", by_subject, TIMES, count / RARE, Some(16.0)),
        ("SEARCH by Content-Type", "SEARCH HEADER Content-Type xyzzy".into(), TIMES, 0, None),
        ("SEARCH by TEXT", "SEARCH TEXT xyzzy".into(), TIMES / 10, 0, Some(932.0)),
    ] {
        let found = client.search(&command)?;
        if found != expected {
            let problem = format!("{command} found {found} messages instead of {expected}");
            return Err(io::Error::other(problem));
        }
        let took = load::latency(times, || client.imap(&command).map(drop));
        time(
            &format!("{name}, {} messages", table::count(count)),
            took.map_err(io::Error::other)?,
            dovecot,
        );
    }
    Ok(())
}

/// Empties the kernel's page cache; false if we may not.
pub(super) fn drop_caches() -> bool {
    rustix::fs::sync();
    std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}
