//! How fast mail comes in: LMTP and APPEND, acknowledged when it is on disk.

use super::work;
use super::{Ports, compare};
use crate::Outcome;
use crate::bench::letter::{Letters, SIZE};
use crate::bench::load::{self, Load};
use crate::bench::null::Null;
use crate::bench::process::Process;
use crate::bench::table::{self, figure, header, heading, row};
use crate::site::{Site, user_name};
use std::io;
use std::time::Duration;

/// How long each run takes.
const TIME: Duration = Duration::from_secs(2);

/// What is written, by how many, to how many accounts, and how many of them Dovecot wrote in a second.
const WORK: [(&str, Way, usize, usize, f64); 7] = [
    ("LMTP, 1 connection", Way::Lmtp, 1, 1, 304.0),
    ("LMTP, 8 connections to one account", Way::Lmtp, 8, 1, 214.0),
    ("LMTP, 8 connections to 8 accounts", Way::Lmtp, 8, 8, 751.0),
    ("LMTP, 64 connections to 8 accounts", Way::Lmtp, 64, 8, 0.0),
    ("APPEND, 1 client", Way::Append, 1, 1, 459.0),
    ("APPEND, 8 clients to one folder", Way::Append, 8, 1, 962.0),
    ("APPEND, 8 clients of 8 accounts", Way::Append, 8, 8, 2_030.0),
];

#[derive(Clone, Copy)]
enum Way {
    Lmtp,
    Append,
}

pub(super) fn run(site: &Site, null: &Null, runs: usize) -> Outcome {
    heading("Mail that comes in");
    table::print(&format!(
        "Messages of 10 KiB per second, each acknowledged when it is on disk; one after the other on each \
         connection. Medians of {runs} runs of {} s. Dovecot was measured elsewhere.\n",
        TIME.as_secs()
    ));
    header(&[
        "Work",
        "Messages/s",
        "Server CPU per message, µs",
        "Null server, messages/s",
        "Dovecot, messages/s",
        "Times Dovecot",
    ]);
    for (name, way, clients, accounts, dovecot) in WORK {
        let (ours, nothing) = compare(site, null, runs, |server, ports| {
            let workers = (0..clients).map(|client| writer(way, ports, client, client % accounts));
            let workers = workers.collect::<io::Result<_>>();
            write(server, workers.map_err(|error| format!("{name}: {error}"))?)
        })?;
        let measured = dovecot > 0.0;
        row(&[
            name,
            &figure(ours.per_second),
            &figure(ours.cpu_micros),
            &figure(nothing.per_second),
            &if measured { figure(dovecot) } else { String::new() },
            &if measured { figure(ours.per_second / dovecot) } else { String::new() },
        ]);
    }
    Ok(())
}

fn write(server: Process, workers: Vec<Writer>) -> Result<Load, String> {
    load::run(server, TIME, workers)
}

type Writer = Box<dyn FnMut() -> io::Result<u64> + Send>;

fn writer(way: Way, ports: Ports, client: usize, user: usize) -> io::Result<Writer> {
    let mut letters = Letters::new(SIZE, client, 64);
    Ok(match way {
        Way::Lmtp => {
            let (mut client, to) = (work::lmtp(ports)?, user_name(user));
            Box::new(move || client.deliver(&to, letters.next()).map(|()| 1))
        }
        Way::Append => {
            let mut client = work::imap(ports, user)?;
            Box::new(move || client.append("INBOX", letters.next()).map(|()| 1))
        }
    })
}
