//! A process that is killed at a random moment loses nothing it acknowledged, and leaves nothing half-done.
//!
//! The test runs itself again as a child, which works in several tasks at once and prints a line for each
//! answer; it is killed, and what it left is opened and compared with the lines. (That PostgreSQL stops
//! is in `restart`.)

use crate::conformance::database::Database;
use crate::conformance::place::{self, append, blob, entry_of, flags, folder, history, login};
use crate::{EngineOptions, EntryQuery, Login, Options, PostgresqlOptions, Recipient, Storage};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use terms::{FlagChange, Flags, Scope, SystemFlag, Uid};

const DIR: &str = "POSTHOUSE_CRASH_TEST_DIR";
/// The database.
const DATABASE: &str = "POSTHOUSE_CRASH_TEST_DATABASE";
const KILLS: u64 = 10;
/// Messages that change flags and move together.
const HERD: u32 = 20;

/// What was acknowledged last, by kind of work.
type Acknowledged = BTreeMap<String, u64>;

/// What is killed and opened again.
#[derive(Clone, Copy)]
struct Ground<'a> {
    dir: &'a Path,
    database: &'a PostgresqlOptions,
}

impl Ground<'_> {
    async fn open(self) -> Storage {
        let mut options = Options::embedded(self.dir, 2);
        options.engine = EngineOptions::Postgresql(self.database.clone());
        Storage::open(options).await.unwrap()
    }
}

/// The message of the `number`-th piece of work of a kind; some are long enough to go through a file.
fn message(kind: &str, number: u64) -> Vec<u8> {
    let length = if number.is_multiple_of(7) { 300_000 } else { 500 };
    format!("{kind} {number} ").into_bytes().into_iter().cycle().take(length).collect()
}

async fn find(storage: &Storage, text: &str) -> Login {
    login(&storage.find(&place::address(text)).await.unwrap().unwrap().into_account())
}

async fn prepare(ground: Ground<'_>) {
    let storage = ground.open().await;
    let (alice, _) = place::populate(&storage).await;
    for name in ["append", "deliver", "flags", "here", "there", "expunge"] {
        storage.create_folder(&alice, &folder(name)).await.unwrap();
    }
    for name in ["flags", "here"] {
        let blob = blob(&storage, b"one of the herd").await;
        let herd = vec![entry_of(blob, Flags::default()); HERD as usize];
        storage.append(&alice, &folder(name), herd).await.unwrap();
    }
    storage.close().await;
}

/// Each piece of work goes on where the store says it was, and prints its number when it is answered.
async fn work(ground: Ground<'_>) {
    let storage = ground.open().await;
    let alice = Arc::new(find(&storage, "alice@example.com").await);
    let bob = find(&storage, "bob@example.com").await.account;
    let say = |kind: &str, number: u64| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{kind} {number}").and_then(|()| out.flush()).unwrap();
    };
    let count = async |name: &str| {
        u64::from(storage.folder(&alice, &folder(name)).await.unwrap().uid_next.value()) - 1
    };
    let mut tasks = tokio::task::JoinSet::new();

    let (store, login, from) = (storage.clone(), Arc::clone(&alice), count("append").await / 3);
    tasks.spawn(async move {
        for number in from.. {
            let mut three = Vec::new();
            for part in 0..3 {
                let bytes = message("append", number * 3 + part);
                three.push(entry_of(blob(&store, &bytes).await, Flags::default()));
            }
            store.append(&login, &folder("append"), three).await.unwrap();
            say("append", number + 1);
        }
    });
    let (store, id, from) = (storage.clone(), alice.account, count("deliver").await);
    tasks.spawn(async move {
        for number in from.. {
            let blob = blob(&store, &message("deliver", number)).await;
            let recipients =
                [id, bob].map(|account| Recipient { account, folder: folder("deliver") });
            let entry = entry_of(blob, Flags::default());
            for outcome in store.deliver(entry, recipients.to_vec()).await.unwrap() {
                outcome.unwrap();
            }
            say("deliver", number + 1);
        }
    });
    let (store, login) = (storage.clone(), Arc::clone(&alice));
    tasks.spawn(async move {
        let id = store.folder(&login, &folder("flags")).await.unwrap();
        let all: Vec<Uid> = (1..=HERD).filter_map(Uid::new).collect();
        // The folder's mod-sequence counts the changes.
        for number in id.highest_mod_seq.0.. {
            let change = if number % 2 == 0 { FlagChange::Add } else { FlagChange::Remove };
            let seen = flags(&[SystemFlag::Seen]);
            store.set_flags(&login, id.id, all.clone(), change, seen, None).await.unwrap();
            say("flags", number + 1);
        }
    });
    let (store, login) = (storage.clone(), Arc::clone(&alice));
    tasks.spawn(async move {
        loop {
            let mut names = ["here", "there"];
            if store.folder(&login, &folder("here")).await.unwrap().messages == 0 {
                names.reverse();
            }
            let from = store.open_folder(&login, &folder(names[0]), true).await.unwrap();
            let to = folder(names[1]);
            let moved = store
                .move_entries(&login, from.folder.id, from.uids.iter().collect(), &to)
                .await
                .unwrap();
            assert_eq!(moved.uids.len(), HERD as usize);
            say(names[1], u64::from(moved.uids[0].1.value()));
        }
    });
    let (store, login) = (storage.clone(), Arc::clone(&alice));
    tasks.spawn(async move {
        let found = store.open_folder(&login, &folder("expunge"), false).await.unwrap();
        let id = found.folder.id;
        store.expunge(&login, id, found.uids.iter().collect()).await.unwrap();
        loop {
            let at = append(&store, &login, "expunge", b"short-lived").await;
            store.expunge(&login, id, vec![at]).await.unwrap();
            say("expunge", u64::from(at.value()));
        }
    });
    tasks.spawn(async move {
        loop {
            let raised =
                storage.raise_epoch(bob, Scope::Everything, history("logout")).await.unwrap();
            say("epoch", raised.epoch.0);
        }
    });
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

#[test]
#[ignore = "is run by `killed_at_random_moments` as a process of its own"]
fn child() {
    if let Some(dir) = std::env::var_os(DIR) {
        let url = std::env::var(DATABASE).unwrap();
        let database = PostgresqlOptions { url, connections: 8 };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(work(Ground { dir: Path::new(&dir), database: &database }));
    }
}

/// Runs the child for a while, kills it, and answers what it said.
fn run_and_kill(ground: Ground<'_>, patience: Duration) -> Acknowledged {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "--nocapture", "postgresql::tests::crash::child"]);
    child.env(DIR, ground.dir);
    child.env(DATABASE, &ground.database.url);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
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

/// What was acknowledged is there; what was not is there whole or not at all.
async fn check(ground: Ground<'_>, said: &Acknowledged) {
    let storage = ground.open().await;
    assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
    let alice = find(&storage, "alice@example.com").await;
    let bob = find(&storage, "bob@example.com").await;
    let said = |kind: &str| said.get(kind).copied().unwrap_or(0);
    let get = async |who: &Login, name: &str| {
        let found = storage.folder(who, &folder(name)).await.unwrap();
        let all = Uid::MIN..=Uid::MAX;
        let limit = 1_000_000;
        let query = EntryQuery::Plain;
        (found.clone(), storage.entries(who, found.id, all, limit, query).await.unwrap())
    };
    let texts = async |who: &Login, name: &str, from: usize| {
        let (found, entries) = get(who, name).await;
        for (number, entry) in entries.iter().enumerate().skip(from) {
            let (length, blob) = (entry.blob.size as usize, entry.blob);
            let bytes = storage.read_blob(who, found.id, entry.uid, blob, 0, length).await.unwrap();
            assert!(bytes == message(name, number as u64), "{name} {number}");
        }
        entries.len() as u64
    };

    // The blobs' checksums were verified; that they are the right ones is looked at for the latest.
    let appended = said("append").saturating_sub(50) as usize * 3;
    let appended = texts(&alice, "append", appended).await;
    assert!(appended.is_multiple_of(3));
    assert!(appended / 3 >= said("append"));
    let from = said("deliver").saturating_sub(50) as usize;
    let delivered = texts(&alice, "deliver", from).await;
    if said("deliver") > 0 {
        assert_eq!(delivered, texts(&bob, "deliver", from).await);
        assert!(delivered >= said("deliver"));
    }
    let (found, entries) = get(&alice, "flags").await;
    assert!(found.highest_mod_seq.0 >= said("flags"));
    let seen = found.highest_mod_seq.0 % 2 == 1;
    assert!(entries.iter().all(|entry| entry.mod_seq == found.highest_mod_seq));
    assert!(entries.iter().all(|entry| entry.flags.has(SystemFlag::Seen) == seen));
    let (here, there) = (get(&alice, "here").await.1, get(&alice, "there").await.1);
    assert_eq!(here.len() + there.len(), HERD as usize);
    assert!(here.is_empty() || there.is_empty());
    for (name, entries) in [("here", &here), ("there", &there)] {
        if let Some(first) = entries.first() {
            assert!(u64::from(first.uid.value()) >= said(name));
        }
    }
    let (found, entries) = get(&alice, "expunge").await;
    assert!(entries.iter().all(|entry| u64::from(entry.uid.value()) > said("expunge")));
    assert!(u64::from(found.uid_next.value()) > said("expunge"));
    assert!(bob.epoch.0 >= said("epoch"));
    let earlier = Login { epoch: terms::Epoch(bob.epoch.0 - 1), ..bob.clone() };
    assert_eq!(storage.login_stands(&earlier).await.unwrap(), bob.epoch.0 == 1);
    storage.close().await;
}

#[test]
fn killed_at_random_moments() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::take()) else { return };
    let ground = Ground { dir: dir.path(), database: &database.options };
    runtime.block_on(prepare(ground));
    let mut total = Acknowledged::new();
    for round in 0..KILLS {
        // Spread over the time from opening to being well under way.
        let patience = Duration::from_millis(5 * (10 + (round * 37) % 150));
        let said = run_and_kill(ground, patience);
        total.extend(said);
        runtime.block_on(check(ground, &total));
    }
    let kinds: Vec<_> = total.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["append", "deliver", "epoch", "expunge", "flags", "here", "there"]);
}
