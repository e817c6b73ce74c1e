//! How long things take, for those who want to know: `cargo test -p storage scale -- --ignored --nocapture`.

use super::place::{Place, append, blob, entry_of, folder};
use crate::{EntryQuery, Recipient};
use std::sync::Arc;
use std::time::Instant;
use terms::{FlagChange, Flags, ModSeq, SystemFlag, Uid};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and takes a while"]
async fn a_large_folder() {
    let place = Place::new().await;
    let (storage, alice) = (&place.storage, &place.alice);
    let begin = Instant::now();
    for _ in 0..10 {
        let mut many = Vec::new();
        for _ in 0..10_000 {
            let entry = entry_of(blob(storage, b"x").await, Flags::default());
            many.push(crate::NewEntry { digest: vec![7; 300].into(), ..entry });
        }
        storage.append(alice, &folder("INBOX"), many).await.unwrap();
    }
    println!("append 100,000 in 10 operations: {:?}", begin.elapsed());
    let begin = Instant::now();
    let opened = storage.open_folder(alice, &folder("INBOX"), true).await.unwrap();
    assert_eq!(opened.uids.count(), 100_000);
    println!("open: {:?}", begin.elapsed());
    for round in 1..4 {
        let begin = Instant::now();
        let again = storage.open_folder(alice, &folder("INBOX"), true).await.unwrap();
        println!("open again: {:?}", begin.elapsed());
        append(storage, alice, "Drafts", b"elsewhere").await;
        assert_eq!(again.uids.count(), 100_000);
        if round == 2 {
            append(storage, alice, "INBOX", b"one more").await;
            let begin = Instant::now();
            let more = storage.open_folder(alice, &folder("INBOX"), false).await.unwrap();
            println!("open with one more: {:?}", begin.elapsed());
            storage
                .expunge(alice, more.folder.id, vec![more.uids.iter().last().unwrap()])
                .await
                .unwrap();
        }
    }
    let begin = Instant::now();
    let id = opened.folder.id;
    let all = Uid::MIN..=Uid::MAX;
    storage.entries(alice, id, all, 100_000, EntryQuery::Plain).await.unwrap();
    println!("all entries: {:?}", begin.elapsed());
    let begin = Instant::now();
    let uids: Vec<_> = opened.uids.iter().collect();
    for slice in uids[..10_000].chunks(200) {
        let range = slice[0]..=slice[slice.len() - 1];
        let some = storage.entries(alice, id, range, 200, EntryQuery::WithDigest).await.unwrap();
        assert_eq!(some.len(), 200);
    }
    println!("10,000 with digests: {:?}", begin.elapsed());
    let seen = [SystemFlag::Seen].into_iter().collect();
    let begin = Instant::now();
    storage.set_flags(alice, id, uids.clone(), FlagChange::Add, seen, None).await.unwrap();
    println!("flag all: {:?}", begin.elapsed());
    let begin = Instant::now();
    append(storage, alice, "INBOX", b"one more").await;
    println!("append one: {:?}", begin.elapsed());
    let begin = Instant::now();
    let since =
        ModSeq(storage.folder(alice, &folder("INBOX")).await.unwrap().highest_mod_seq.0 - 1);
    assert_eq!(storage.changes(alice, id, since).await.unwrap().arrived.len(), 1);
    println!("what is new: {:?}", begin.elapsed());
    let begin = Instant::now();
    storage.move_entries(alice, id, uids, &folder("Trash")).await.unwrap();
    println!("move all: {:?}", begin.elapsed());
    let trash = storage.folder(alice, &folder("Trash")).await.unwrap();
    let begin = Instant::now();
    let all = (1..trash.uid_next.value()).filter_map(Uid::new).collect();
    storage.expunge(alice, trash.id, all).await.unwrap();
    println!("expunge all: {:?}", begin.elapsed());
    place.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and takes a while"]
async fn deliveries() {
    let place = Arc::new(Place::new().await);
    for (clients, total) in [(1, 2000), (8, 8000), (64, 16_384), (256, 16_384)] {
        let begin = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..clients {
            let place = Arc::clone(&place);
            tasks.spawn(async move {
                for _ in 0..total / clients {
                    let entry =
                        entry_of(blob(&place.storage, &[7; 10_240]).await, Flags::default());
                    let account = place.bob.account;
                    let to = vec![Recipient { account, folder: folder("INBOX") }];
                    place.storage.deliver(entry, to).await.unwrap().remove(0).unwrap();
                }
            });
        }
        tasks.join_all().await;
        let rate = f64::from(total) / begin.elapsed().as_secs_f64();
        println!("{clients} clients: {rate:.0} deliveries of 10 KiB per second");
    }
    let log = std::fs::metadata(place.dir.path().join("posthouse.db-wal")).unwrap().len();
    println!("the log: {} KiB", log / 1024);
}
