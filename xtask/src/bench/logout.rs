//! `cargo xtask bench logout`: how long `logout_user` takes.

use super::client::Door;
use super::fleet::{Fleet, Script};
use super::floor::Floor;
use super::machine;
use super::table::{self, figure, heading, median, millis};
use crate::Outcome;
use crate::site::{Build, PASSWORD, Site, user_name};
use std::time::Instant;

/// Sessions of the user who is logged out.
const SESSIONS: [usize; 4] = [1, 10, 100, 1000];
/// The most, measured without others.
const MOST: usize = 9_500;
/// Sessions of others.
const OTHERS: [usize; 2] = [0, 5000];
/// Accounts that the others' sessions are spread over.
const OTHER_ACCOUNTS: usize = 50;
/// Runs of each; the median counts.
const RUNS: usize = 7;

pub(super) async fn run(build: Build) -> Outcome {
    let site = Site::start(build)?;
    site.settle(0, OTHER_ACCOUNTS + 1).await?;
    let floor = Floor::start().await.map_err(|error| error.to_string())?;
    heading("Ending the sessions of an account");
    machine::describe(&site.data_dir());
    table::print(&format!(
        "Medians of {RUNS} runs. \"Nothing but closing\": a server that says one line to each socket and \
         closes it.\n"
    ));
    table::header(&[
        "Sessions",
        "Sessions of others",
        "Answer, ms",
        "Last socket closed, ms",
        "Nothing but closing, ms",
    ]);
    for others in OTHERS {
        let mut crowd = Fleet::open(&Door::plain(site.ports.imap), others, |index| {
            script(1 + index % OTHER_ACCOUNTS)
        })
        .await?;
        for sessions in SESSIONS {
            measure(&site, &floor, sessions, others, RUNS).await?;
        }
        if crowd.open_count() != others {
            return Err("sessions of others were ended".into());
        }
        if others == 0 {
            measure(&site, &floor, MOST, others, RUNS / 2).await?;
        }
    }
    Ok(())
}

async fn measure(
    site: &Site,
    floor: &Floor,
    sessions: usize,
    others: usize,
    runs: usize,
) -> Outcome {
    let (mut answers, mut closes, mut floors) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let fleet = Fleet::open(&Door::plain(site.ports.imap), sessions, |_| script(0)).await?;
        let asked = Instant::now();
        site.log_out(0).await?;
        answers.push(millis(asked.elapsed()));
        closes.push(millis(fleet.last_closed().await?.saturating_duration_since(asked)));

        let fleet = Fleet::open(&Door::plain(floor.port), sessions, |_| Vec::new()).await?;
        let asked = Instant::now();
        floor.end().await.map_err(|error| error.to_string())?;
        floors.push(millis(fleet.last_closed().await?.saturating_duration_since(asked)));
    }
    table::row(&[
        table::count(sessions),
        table::count(others),
        figure(median(answers)),
        figure(median(closes)),
        figure(median(floors)),
    ]);
    Ok(())
}

/// Logs in, selects the inbox and idles.
pub(super) fn script(user: usize) -> Script {
    vec![
        (format!("a LOGIN {} {PASSWORD}\r\n", user_name(user)), "a OK"),
        ("b SELECT INBOX\r\n".to_owned(), "b OK"),
        ("c IDLE\r\n".to_owned(), "+ "),
    ]
}
