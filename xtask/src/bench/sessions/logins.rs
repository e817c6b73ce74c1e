//! Logins per second: connect, greeting, LOGIN, OK, LOGOUT, and all again.

use super::begin;
use crate::Outcome;
use crate::bench::client::{Client, Door};
use crate::bench::load::{self, Load};
use crate::bench::null::Null;
use crate::bench::process::Process;
use crate::bench::table::{self, figure, header, row};
use crate::site::{PASSWORD, Site, user_name};
use crate::trust;
use std::io;
use std::time::Duration;

/// Clients at the same time.
const AT_ONCE: [usize; 3] = [1, 16, 64];
/// How long each run takes.
const TIME: Duration = Duration::from_secs(2);
/// Dovecot's logins per second at 16 at a time, and its processor time per login.
const DOVECOT: [&str; 2] = ["2,770 (580 µs)", "1,380 (1,200 µs)"];

pub(super) async fn run(site: &Site, runs: usize) -> Outcome {
    let most = AT_ONCE.into_iter().max().unwrap_or(1);
    site.settle(0, most).await?;
    let null = Null::start(site)?;
    begin("Logins", site);
    table::print(&format!(
        "Connect, greeting, LOGIN, OK, LOGOUT, closed; each client with an account of its own, which has logged \
         in before. TLS with whole handshakes. Medians of {runs} runs of {} s. Clients share the processors \
         with the server. The null server answers OK to everything. Dovecot was measured elsewhere, at 16 at \
         a time.\n",
        TIME.as_secs()
    ));
    header(&[
        "Connection",
        "At a time",
        "Logins/s",
        "Server CPU per login, µs",
        "Null server, logins/s",
        "Null server CPU, µs",
        "Dovecot, logins/s (CPU)",
    ]);
    for tls in [false, true] {
        let config = if tls { Some(trust::client()?) } else { None };
        let door = |ports: crate::site::Ports| Door {
            port: if tls { ports.imaps } else { ports.imap },
            tls: config.clone(),
            ..Door::plain(0)
        };
        for clients in AT_ONCE {
            let ours = measure(Process(site.pid()), &door(site.ports), clients, runs)?;
            let null = measure(Process(null.pid()), &door(null.ports), clients, runs)?;
            row(&[
                if tls { "TLS" } else { "plain" },
                &clients.to_string(),
                &figure(ours.per_second),
                &figure(ours.cpu_micros),
                &figure(null.per_second),
                &figure(null.cpu_micros),
                if clients == 16 { DOVECOT[usize::from(tls)] } else { "" },
            ]);
        }
    }
    first_logins(site, most).await
}

fn measure(server: Process, door: &Door, clients: usize, runs: usize) -> Result<Load, String> {
    let mut loads = Vec::new();
    // One more, which does not count: it warms up.
    for run in 0..=runs {
        let workers = (0..clients)
            .map(|user| {
                let (door, user) = (door.clone(), user_name(user));
                move || come_and_go(&door, &user).map(|()| 1)
            })
            .collect();
        let load = load::run(server, TIME, workers)?;
        if run > 0 {
            loads.push(load);
        }
    }
    Ok(Load::median(&loads))
}

/// A whole visit.
pub(super) fn come_and_go(door: &Door, user: &str) -> io::Result<()> {
    let mut client = Client::connect(door)?;
    client.log_in(user, PASSWORD)?;
    client.imap("LOGOUT")?;
    Ok(())
}

/// The first login after a password was set has to compute the slow hash.
async fn first_logins(site: &Site, accounts: usize) -> Outcome {
    for user in 0..accounts {
        site.set_password(user, PASSWORD).await?;
    }
    let server = Process(site.pid());
    let cpu = server.cpu()?;
    let started = std::time::Instant::now();
    for user in 0..accounts {
        let visited = come_and_go(&Door::plain(site.ports.imap), &user_name(user));
        visited.map_err(|error| format!("a first login failed: {error}"))?;
    }
    let count = accounts as f64;
    table::print(&format!(
        "\nThe first login of an account after its password was set, one at a time: {} logins/s, server CPU \
         {} ms each (Argon2id, on purpose).",
        figure(count / started.elapsed().as_secs_f64()),
        figure((server.cpu()?.saturating_sub(cpu)).as_secs_f64() * 1000.0 / count)
    ));
    Ok(())
}
