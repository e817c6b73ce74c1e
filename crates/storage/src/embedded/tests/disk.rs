//! A disk that fails for a while, file by file and call by call: what is answered with success is there, what is
//! answered with an error is there whole or not at all, and service comes back by itself.
//!
//! `strace` lets system calls of a process of its own fail. Where it is not installed or not allowed, this says so
//! and tests nothing; [`super::faults`] holds what needs no help.

use super::place::{self, entry_of, folder, open_tuned, uid};
use crate::embedded::tuning::Tuning;
use crate::{Storage, StorageError};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use terms::{FlagChange, Flags, SystemFlag};

const DIR: &str = "POSTHOUSE_DISK_TEST_DIR";
const WAL: &[&str] = &["posthouse.db-wal"];
const DATABASE: &[&str] = &["posthouse.db"];
/// A segment is given up when it could not be synced: these are enough.
const SEGMENTS: &[&str] =
    &["segments/00000001.seg", "segments/00000002.seg", "segments/00000003.seg"];
const ALL: &[&str] = &["posthouse.db", "posthouse.db-wal", "segments/00000001.seg"];
/// How many successes in a row end the work.
const GOOD: &str = "POSTHOUSE_DISK_TEST_GOOD";
const WRITE: &str = "write,pwrite64";
const SYNC: &str = "fsync,fdatasync";

/// How an operation may end while the disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// `Unavailable`, at least once.
    Unavailable,
    /// `Full`, at least once.
    Full,
    /// With success: nobody has to wait for what failed.
    Nothing,
}

/// Lets calls on some files fail from the `first` to the `last` that a thread makes.
fn check(calls: &str, files: &[&str], error: &str, which: (u32, u32), expected: Expected) {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(prepare(dir.path()));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o"]).arg(dir.path().join("strace.log"));
    for file in files {
        strace.arg("-P").arg(dir.path().join(file));
    }
    let (first, last) = which;
    let done = strace
        .arg("-e")
        .arg(format!("trace={calls}"))
        .arg("-e")
        .arg(format!("inject={calls}:error={error}:when={first}..{last}"))
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "embedded::tests::disk::child"])
        .env(DIR, dir.path())
        // Many, where the log must be copied to the database in between.
        .env(GOOD, if expected == Expected::Nothing { "350" } else { "50" })
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let what =
        format!("{calls} on {files:?}: {error}\n{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said.contains("1 passed"), "{what}");
    assert!(has_failed(dir.path()), "nothing failed: {what}");
    for (word, kind) in [("unavailable", Expected::Unavailable), ("full", Expected::Full)] {
        let seen = said.lines().any(|line| line == word);
        assert_eq!(seen, kind == expected, "{word}: {what}");
    }
}

/// Whether a call was made to fail.
fn has_failed(dir: &Path) -> bool {
    std::fs::read_to_string(dir.join("strace.log")).unwrap().contains("(INJECTED)")
}

/// Why calls cannot be made to fail, if they cannot.
fn hindrance() -> Option<String> {
    match Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).output() {
        Ok(done) if done.status.success() => None,
        Ok(done) => Some(String::from_utf8_lossy(&done.stderr).into_owned()),
        Err(error) => Some(error.to_string()),
    }
}

#[test]
fn a_failing_disk() {
    if let Some(why) = hindrance() {
        return eprintln!("not tested: strace cannot be used here: {why}");
    }
    use Expected::{Full, Nothing, Unavailable};
    let table = [
        (SYNC, WAL, "EIO", (3, 5), Unavailable),
        (WRITE, WAL, "EIO", (9, 13), Unavailable),
        (WRITE, WAL, "ENOSPC", (9, 13), Full),
        // The log is copied to the database beside the work, again and again until it succeeds.
        (WRITE, DATABASE, "EIO", (1, 2), Nothing),
        (SYNC, DATABASE, "EIO", (1, 1), Nothing),
        (SYNC, SEGMENTS, "EIO", (3, 4), Unavailable),
        (WRITE, SEGMENTS, "EIO", (3, 6), Unavailable),
        (WRITE, SEGMENTS, "ENOSPC", (3, 6), Full),
        ("write,pwrite64,ftruncate", ALL, "EROFS", (4, 12), Unavailable),
    ];
    std::thread::scope(|scope| {
        for (calls, files, error, which, expected) in table {
            scope.spawn(move || check(calls, files, error, which, expected));
        }
    });
}

async fn prepare(dir: &Path) {
    let storage = open_tuned(dir, Tuning::default()).await;
    let (alice, _) = place::populate(&storage).await;
    place::append(&storage, &alice, "INBOX", b"before").await;
    storage.close().await;
}

#[test]
#[ignore = "is run by `a_failing_disk` as a process of its own"]
fn child() {
    if let Some(dir) = std::env::var_os(DIR) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(work(Path::new(&dir)));
    }
}

/// What the inbox must hold: messages, and whether the first one is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    messages: u32,
    seen: bool,
}

async fn look(storage: &Storage, alice: &crate::Login) -> State {
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    State { messages: inbox.messages, seen: inbox.unseen < inbox.messages }
}

async fn act(
    storage: &Storage,
    alice: &crate::Login,
    step: usize,
    state: State,
) -> (State, Result<(), StorageError>) {
    let inbox = folder("INBOX");
    // A long one is written by those who bring it, a short one by the committer.
    let size = match step % 20 {
        1 => 300_000,
        it if it % 2 == 0 => 700,
        _ => {
            let id = storage.folder(alice, &inbox).await.unwrap().id;
            let change = if state.seen { FlagChange::Remove } else { FlagChange::Add };
            let seen: Flags = [SystemFlag::Seen].into_iter().collect();
            let done = storage.set_flags(alice, id, vec![uid(1)], change, seen, None).await;
            return (State { seen: !state.seen, ..state }, done.map(drop));
        }
    };
    let done = async {
        let mut writer = storage.blob_writer(None);
        writer.write(&vec![7; size]).await?;
        let new = entry_of(writer.finish().await?, Flags::default());
        storage.append(alice, &inbox, vec![new]).await.map(drop)
    };
    (State { messages: state.messages + 1, ..state }, done.await)
}

/// Works until the disk has failed and recovered.
async fn work(dir: &Path) {
    let storage = open_tuned(dir, Tuning::default()).await;
    let account = storage.find(&place::address("alice@example.com")).await.unwrap();
    let alice = place::login(&account.unwrap().into_account());
    let mut state = look(&storage, &alice).await;
    let enough: u32 = std::env::var(GOOD).unwrap().parse().unwrap();
    let (mut good, mut step, started) = (0, 0, Instant::now());
    while good < enough {
        assert!(started.elapsed() < Duration::from_secs(60), "service does not come back");
        let (after, done) = act(&storage, &alice, step, state).await;
        step += 1;
        match done {
            Ok(()) => {
                good += 1;
                state = after;
                assert_eq!(look(&storage, &alice).await, state);
            }
            Err(error) => {
                good = 0;
                match error {
                    StorageError::Full => println!("full"),
                    StorageError::Unavailable(_) => println!("unavailable"),
                    other => panic!("{other:?}"),
                }
                // Whether it happened is unknown where the commit failed; but whole, or not at all.
                let found = look(&storage, &alice).await;
                assert!([state, after].contains(&found), "{found:?}, not {state:?} or {after:?}");
                state = found;
            }
        }
    }
    // The log is copied when there is time.
    while !has_failed(dir) {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing fails");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
    storage.close().await;
    let storage = open_tuned(dir, Tuning::default()).await;
    assert_eq!(look(&storage, &alice).await, state);
    assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
    storage.close().await;
}
