//! `cargo xtask bench logout`: how long `logout_user` takes.

use super::fleet::Fleet;
use super::floor::Floor;
use super::site::{PASSWORD, Site};
use crate::Outcome;
use crate::command::say;
use std::time::{Duration, Instant};

/// Sessions of the user who is logged out.
const SESSIONS: [usize; 4] = [1, 10, 100, 1000];
/// Sessions of others.
const OTHERS: [usize; 2] = [0, 5000];
/// Accounts that the others' sessions are spread over.
const OTHER_ACCOUNTS: usize = 50;
/// Runs of each; the median counts.
const RUNS: usize = 7;

pub(super) async fn run() -> Outcome {
    let site = Site::start()?;
    site.settle("bench.example", OTHER_ACCOUNTS + 1).await?;
    let floor = Floor::start().await.map_err(|error| error.to_string())?;
    print("| Sessions | Others | Answer, ms | Last socket closed, ms | Nothing but closing, ms |");
    print("| ---: | ---: | ---: | ---: | ---: |");
    for others in OTHERS {
        let mut crowd =
            Fleet::open(site.imap, others, |index| script(1 + index % OTHER_ACCOUNTS)).await?;
        for sessions in SESSIONS {
            let (mut answers, mut closes, mut floors) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..RUNS {
                let fleet = Fleet::open(site.imap, sessions, |_| script(0)).await?;
                let asked = Instant::now();
                site.call("logout_user", r#""user":"user0@bench.example""#).await?;
                answers.push(asked.elapsed());
                closes.push(fleet.last_closed().await?.saturating_duration_since(asked));

                let fleet = Fleet::open(floor.port, sessions, |_| Vec::new()).await?;
                let asked = Instant::now();
                floor.end().await.map_err(|error| error.to_string())?;
                floors.push(fleet.last_closed().await?.saturating_duration_since(asked));
            }
            print(&format!(
                "| {sessions} | {others} | {} | {} | {} |",
                millis(median(answers)),
                millis(median(closes)),
                millis(median(floors))
            ));
        }
        if crowd.open_count() != others {
            return Err("sessions of others were ended".into());
        }
    }
    say(&format!(
        "server process {}: measured on this machine, medians of {RUNS} runs",
        site.pid()
    ));
    Ok(())
}

/// Logs in, selects the inbox and idles.
fn script(user: usize) -> Vec<(String, &'static str)> {
    vec![
        (format!("a LOGIN user{user}@bench.example {PASSWORD}\r\n"), "a OK"),
        ("b SELECT INBOX\r\n".to_owned(), "b OK"),
        ("c IDLE\r\n".to_owned(), "+ "),
    ]
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

#[expect(clippy::print_stdout, reason = "the table is the result")]
fn print(line: &str) {
    println!("{line}");
}
