//! Full disks and failing writes: nothing is acknowledged that did not happen, reading goes on, and writing
//! comes back by itself.

use super::place::{self, Ground, Place, append, blob, entry_of, folder, options, uid};
use crate::embedded::spare::Disk;
use crate::embedded::tuning::Tuning;
use crate::{Storage, StorageError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;
use std::process::Command;
use terms::Flags;

const DIR: &str = "POSTHOUSE_FAULT_TEST_DIR";

/// Fills the inbox until it is refused; answers how many entries were acknowledged, and the refusal.
async fn fill(place: &Place, bytes: &[u8]) -> (u32, StorageError) {
    let inbox = folder("INBOX");
    for count in 0.. {
        let mut writer = place.storage.blob_writer(None);
        let stored = async {
            writer.write(bytes).await?;
            let new = entry_of(writer.finish().await?, Flags::default());
            place.storage.append(&place.alice, &inbox, vec![new]).await
        };
        if let Err(error) = stored.await {
            return (count, error);
        }
    }
    panic!("never full");
}

async fn messages(place: &Place) -> u32 {
    place.storage.folder(&place.alice, &folder("INBOX")).await.unwrap().messages
}

#[tokio::test]
async fn a_full_database_refuses_and_recovers() {
    let place = Place::tuned(Tuning { pages: 110, ..Tuning::default() }).await;
    let inbox = place.storage.open_folder(&place.alice, &folder("INBOX"), false).await.unwrap();
    let (count, error) = fill(&place, b"small").await;
    assert_eq!(error, StorageError::Full);
    assert!(count > 100, "{count}");
    assert_eq!(messages(&place).await, count);
    place.verify().await;
    // What makes room is possible.
    let all = inbox.folder.id;
    // In small steps, because what can be brought back needs some room itself.
    let uids: Vec<_> = (1..=count).map(uid).collect();
    for some in uids.chunks(20) {
        let gone = place.storage.expunge(&place.alice, all, some.to_vec()).await.unwrap();
        assert_eq!(gone, some);
        place.purge().await;
    }
    append(&place.storage, &place.alice, "INBOX", b"again").await;
    let place = place.reopened().await;
    assert_eq!(messages(&place).await, 1);
    place.verify().await;
}

/// SQLite gives up the whole transaction when the database is full: who came earlier in the group is
/// refused, too (and nothing of it has happened), who comes later is served.
#[tokio::test]
async fn a_group_with_a_full_member() {
    let place = Place::tuned(Tuning { pages: 200, ..Tuning::default() }).await;
    let (storage, alice) = (&place.storage, &place.alice);
    let large = entry_of(blob(storage, b"x").await, Flags::default());
    let large = crate::NewEntry { digest: vec![7; 2_000_000].into(), ..large };
    let inbox = folder("INBOX");
    for round in 0..20 {
        let names = [folder(&format!("early{round}")), folder(&format!("late{round}"))];
        let (early, full, late) = tokio::join!(
            storage.set_subscription(alice, &names[0], true),
            storage.append(alice, &inbox, vec![large.clone()]),
            storage.set_subscription(alice, &names[1], true),
        );
        assert_eq!(full.unwrap_err(), StorageError::Full);
        let subscribed = storage.subscriptions(alice).await.unwrap();
        for (outcome, name) in [early, late].into_iter().zip(names) {
            assert_eq!(outcome.is_ok(), subscribed.contains(&crate::Subscribed(name)));
        }
    }
    assert!(storage.subscriptions(alice).await.unwrap().len() >= 5 + 20);
    assert_eq!(messages(&place).await, 0);
    place.verify().await;
}

/// Files of this process may not grow beyond `bytes`: writing more fails, as on a broken disk.
fn limit_files(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum }).unwrap();
}

fn largest_file(dir: &Path) -> u64 {
    ["posthouse.db", "posthouse.db-wal", "segments/00000001.seg"]
        .iter()
        .filter_map(|name| std::fs::metadata(dir.join(name)).ok())
        .map(|file| file.len())
        .max()
        .unwrap()
}

async fn writes_fail_for_a_while(bytes: &[u8]) {
    let place = Place::new().await;
    append(&place.storage, &place.alice, "INBOX", b"before").await;
    let inbox = place.storage.open_folder(&place.alice, &folder("INBOX"), false).await.unwrap();
    let mut total = 1;
    for _ in 0..3 {
        limit_files(Some(largest_file(place.dir.path()) + 30_000));
        let (count, error) = fill(&place, bytes).await;
        assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
        total += count;
        assert_eq!(messages(&place).await, total);
        for _ in 0..3 {
            let (count, _) = fill(&place, bytes).await;
            total += count;
        }
        assert_eq!(messages(&place).await, total);
        limit_files(None);
        append(&place.storage, &place.alice, "INBOX", b"after").await;
        total += 1;
        assert_eq!(messages(&place).await, total);
        place.verify().await;
    }
    assert!(inbox.subscription.has_changed());
    let place = place.reopened().await;
    assert_eq!(messages(&place).await, total);
    place.verify().await;
}

/// Run by the test below in a process of its own, because the limit holds for the whole process.
#[test]
#[ignore = "is run by `failing_writes` as a process of its own"]
fn child() {
    if std::env::var_os(DIR).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        // Small messages hit the limit in the database's log, large ones in the segment or the spool.
        for size in [10, 20_000, 400_000] {
            runtime.block_on(writes_fail_for_a_while(&vec![7; size]));
        }
    }
}

#[test]
fn failing_writes() {
    // Without the trap, the signal that comes with the failed write would end the process.
    let done = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "embedded::tests::faults::child"])
        .env(DIR, "yes")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"));
}

/// For a file system of a few megabytes, named in `POSTHOUSE_SMALL_DISK`.
#[tokio::test]
#[ignore = "needs a small file system"]
async fn a_full_disk_refuses_and_recovers() {
    let Some(disk) = std::env::var_os("POSTHOUSE_SMALL_DISK") else { return };
    let dir = tempfile::tempdir_in(disk).unwrap();
    let storage = Storage::open(options(dir.path())).await.unwrap();
    let (alice, bob) = place::populate(&storage).await;
    let place = Place { storage, alice, bob, dir, ground: Ground::Embedded(Tuning::default()) };
    let ballast = |round: u8| place.dir.path().join(format!("ballast{round}"));
    for round in 1..4 {
        std::fs::write(ballast(round), vec![0; 1_000_000]).unwrap();
    }
    for round in 1..4 {
        for size in [100_000, 1000, 1] {
            let (_, error) = fill(&place, &vec![round; size]).await;
            assert_eq!(error, StorageError::Full);
        }
        let full = messages(&place).await;
        place.verify().await;
        std::fs::remove_file(ballast(round)).unwrap();
        for _ in 0..10 {
            append(&place.storage, &place.alice, "INBOX", b"there is space").await;
        }
        assert_eq!(messages(&place).await, full + 10);
        place.verify().await;
    }
    place.reopened().await.verify().await;
}

/// Messages leave the last bit of the disk to those who end sessions and to those who make room.
#[tokio::test]
async fn the_last_bit_of_the_disk_is_not_for_messages() {
    const MIB: u64 = 1024 * 1024;
    let place = Place::new().await;
    let (storage, alice, bob) = (&place.storage, &place.alice, &place.bob);
    let spare = &place::engine(storage).blobs.spare;
    let inbox = folder("INBOX");
    let held = append(storage, alice, "INBOX", b"before").await;
    let id = storage.folder(alice, &inbox).await.unwrap().id;
    let early = blob(storage, b"came before").await;
    let bytes_on_disk = || {
        let segment = place.dir.path().join("segments/00000001.seg");
        std::fs::metadata(segment).unwrap().len()
    };
    let large = vec![7; 3_000_000];
    for (total, free, short) in [
        (100_000 * MIB, 65 * MIB, false),
        (100_000 * MIB, 63 * MIB, true),
        (100_000 * MIB, 0, true),
        (100 * MIB, 6 * MIB, false),
        (100 * MIB, 4 * MIB, true),
        (0, 0, false),
    ] {
        spare.pretend(Disk { total, free });
        let expected = if short { Err(StorageError::Full) } else { Ok(()) };
        storage.set_subscription(alice, &inbox, true).await.unwrap();
        let before = bytes_on_disk();
        for bytes in [b"small".as_slice(), &large] {
            let mut writer = storage.blob_writer(None);
            let stored = async {
                writer.write(bytes).await?;
                let new = entry_of(writer.finish().await?, Flags::default());
                storage.append(alice, &inbox, vec![new]).await.map(drop)
            };
            assert_eq!(stored.await, expected, "{free} of {total}");
        }
        assert!(!short || bytes_on_disk() == before, "what is refused takes no room");
        let copied = storage.copy(alice, id, vec![held], &folder("Trash")).await;
        assert_eq!(copied.map(drop), expected);
        // What does not bring messages goes on.
        let seen = place::flags(&[terms::SystemFlag::Seen]);
        let change = if short { terms::FlagChange::Add } else { terms::FlagChange::Remove };
        storage.set_flags(alice, id, vec![held], change, seen, None).await.unwrap();
        let scope = terms::Scope::Everything;
        storage.raise_epoch(bob.account, scope, place::history("logout")).await.unwrap();
    }
    spare.pretend(Disk { total: 100_000 * MIB, free: 0 });
    let all: Vec<_> =
        storage.open_folder(alice, &inbox, false).await.unwrap().uids.iter().collect();
    assert_eq!(storage.expunge(alice, id, all.clone()).await.unwrap(), all);
    assert_eq!(storage.compact(u64::MAX).await.unwrap().blobs, 0);
    place.purge().await;
    // One who was let in before the disk was full is served.
    let new = entry_of(early, Flags::default());
    storage.append(alice, &inbox, vec![new]).await.unwrap();
    place.verify().await;
}
