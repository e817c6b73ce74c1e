//! A process that is killed at a random moment loses nothing it acknowledged, and leaves nothing half-done.
//!
//! The test runs itself again as a child, which works in several tasks at once and prints a line for each
//! answer ([`load`]); it is killed, and what it left is opened and compared with the lines ([`audit`]). Killing a
//! process loses nothing that the kernel has taken, so this says nothing about fsync: [`super::segments`] and
//! [`super::lost_writes`] do. `cargo xtask crash` does the same to a whole server.

mod audit;
mod load;

use super::place::{self, open_tuned};
use crate::embedded::tuning::Tuning;
use crate::{Login, Storage};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use terms::UnixTime;

const DIR: &str = "POSTHOUSE_CRASH_TEST_DIR";
const LIFE: &str = "POSTHOUSE_CRASH_TEST_LIFE";
const KILLS: u64 = 20;
/// Messages that change flags, move and are copied together.
const HERD: u32 = 20;

/// What was acknowledged last, by kind of work.
type Acknowledged = BTreeMap<String, u64>;

/// When this process began, and which life of the store that is.
static BEGUN: OnceLock<(Instant, u64)> = OnceLock::new();

/// Seconds since 1970: a millisecond is one, and each life is long after the one before.
fn clock() -> UnixTime {
    let (begun, life) = BEGUN.get_or_init(|| (Instant::now(), 0));
    let millis = begun.elapsed().as_millis() as i64;
    UnixTime(place::NOW.0 + (*life as i64) * load::LIFE_SECONDS + millis)
}

/// Small segments, so that there are some to be emptied.
async fn open(dir: &Path) -> Storage {
    let tuning = Tuning { segment_limit: 1_500_000, clock, ..Tuning::default() };
    open_tuned(dir, tuning).await
}

async fn find(storage: &Storage, text: &str) -> Login {
    place::login(&storage.find(&place::address(text)).await.unwrap().unwrap().into_account())
}

/// The message of the `number`-th piece of work of a kind; some are long enough to go through a file.
fn message(kind: &str, number: u64) -> Vec<u8> {
    let length = if number.is_multiple_of(7) { 300_000 } else { 500 };
    format!("{kind} {number} ").into_bytes().into_iter().cycle().take(length).collect()
}

#[test]
#[ignore = "is run by `killed_at_random_moments` as a process of its own"]
fn child() {
    if let Some(dir) = std::env::var_os(DIR) {
        let life = std::env::var(LIFE).unwrap().parse().unwrap();
        BEGUN.set((Instant::now(), life)).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(load::work(Path::new(&dir), life));
    }
}

/// Runs the child for a while, kills it, and answers what it said.
fn run_and_kill(dir: &Path, life: u64, patience: Duration) -> Acknowledged {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "embedded::tests::crash::child"])
        .env(DIR, dir)
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut said = Acknowledged::new();
        for line in out.lines() {
            let Ok(line) = line else { break };
            if let Some((kind, number)) = line.split_once(' ')
                && let Ok(number) = number.parse()
            {
                said.insert(kind.to_owned(), number);
            }
        }
        said
    });
    std::thread::sleep(patience);
    assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
fn killed_at_random_moments() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(load::prepare(dir.path()));
    let mut total = Acknowledged::new();
    for life in 1..=KILLS {
        // Spread over the time from opening to being well under way.
        let patience = Duration::from_millis(10 + (life * 37) % 190);
        let said = run_and_kill(dir.path(), life, patience);
        total.extend(said.clone());
        runtime.block_on(audit::audit(dir.path(), &total, &said));
    }
    let kinds: Vec<_> = total.keys().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "account", "append", "compact", "copy", "deliver", "epoch", "expunge", "flags",
            "folder", "here", "person", "purge", "restore", "there"
        ]
    );
}
