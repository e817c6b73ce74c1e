//! A disk that loses everything that was not synced loses nothing that was acknowledged, and leaves nothing
//! half-done. See [`crate::embedded::shadow`] for what is simulated, and what is taken for granted.

use super::place::{Place, blob, engine, entry_of, folder};
use crate::embedded::tuning::Tuning;
use crate::{EntryQuery, Recipient};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use terms::{Flags, Uid};

const CRASHES: u64 = 25;

/// Some messages are long enough to be written by those who bring them.
fn message(number: u64) -> Vec<u8> {
    let length = if number.is_multiple_of(5) { 300_000 } else { 900 };
    format!("message {number} ").into_bytes().into_iter().cycle().take(length).collect()
}

/// Opens what a crash would have left, and compares it with what had been acknowledged before it.
async fn check(image: BTreeMap<PathBuf, Vec<u8>>, from: &Path, place: &Place, said: [u64; 3]) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("segments")).unwrap();
    for (path, content) in image {
        std::fs::write(dir.path().join(path.strip_prefix(from).unwrap()), content).unwrap();
    }
    let storage = place.ground.open(dir.path()).await;
    assert_eq!(storage.verify().await.unwrap().problems, [""; 0]);
    for (login, said) in [(&place.alice, said[0]), (&place.bob, said[1])] {
        let inbox = storage.folder(login, &folder("INBOX")).await.unwrap();
        let (all, query) = (Uid::MIN..=Uid::MAX, EntryQuery::Plain);
        let entries = storage.entries(login, inbox.id, all, 100_000, query).await.unwrap();
        assert!(u64::from(inbox.uid_next.value()) > said, "{} of {said}", inbox.uid_next);
        for entry in entries {
            let (number, blob) = (u64::from(entry.uid.value()) - 1, entry.blob);
            let length = blob.size as usize;
            let read = storage.read_blob(login, inbox.id, entry.uid, blob, 0, length).await;
            assert!(read.unwrap() == message(number), "{number}");
        }
    }
    let inbox = storage.folder(&place.bob, &folder("INBOX")).await.unwrap();
    let first = Uid::new(said[2] as u32).unwrap_or(Uid::MIN);
    let (gone, query) = (Uid::MIN..=first, EntryQuery::Plain);
    let left = storage.entries(&place.bob, inbox.id, gone, 10, query).await.unwrap();
    assert!(said[2] == 0 || left.is_empty(), "{left:?}");
    storage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_synced_is_lost() {
    let tuning = Tuning { segment_limit: 3_000_000, ..Tuning::default() };
    let place = Arc::new(Place::tuned(tuning).await);
    let from = place.dir.path().to_owned();
    engine(&place.storage).blobs.segments.shadow.begin(&from);
    // Of alice: appended. Of bob: delivered, and expunged up to.
    let said: Arc<[AtomicU64; 3]> = Arc::default();
    let over = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    let (it, told, end) = (Arc::clone(&place), Arc::clone(&said), Arc::clone(&over));
    tasks.spawn(async move {
        for number in (0..).step_by(2).take_while(|_| !end.load(Ordering::Relaxed)) {
            let mut two = Vec::new();
            for number in [number, number + 1] {
                let blob = blob(&it.storage, &message(number)).await;
                two.push(entry_of(blob, Flags::default()));
            }
            it.storage.append(&it.alice, &folder("INBOX"), two).await.unwrap();
            told[0].store(number + 2, Ordering::SeqCst);
        }
    });
    let (it, told, end) = (Arc::clone(&place), Arc::clone(&said), Arc::clone(&over));
    tasks.spawn(async move {
        let id = it.storage.folder(&it.bob, &folder("INBOX")).await.unwrap().id;
        for number in (0..).take_while(|_| !end.load(Ordering::Relaxed)) {
            let entry = entry_of(blob(&it.storage, &message(number)).await, Flags::default());
            let to = Recipient { account: it.bob.account, folder: folder("INBOX") };
            let outcome = it.storage.deliver(entry, vec![to]).await.unwrap().remove(0);
            told[1].store(u64::from(outcome.unwrap().value()), Ordering::SeqCst);
            if number >= 10 {
                let old = Uid::new(number as u32 - 9).unwrap();
                it.storage.expunge(&it.bob, id, vec![old]).await.unwrap();
                told[2].store(u64::from(old.value()), Ordering::SeqCst);
            }
            if number % 16 == 0 {
                it.storage.purge(terms::UnixTime(i64::MAX), 10).await.unwrap();
            }
        }
    });
    for round in 0..CRASHES {
        tokio::time::sleep(Duration::from_millis(3 + round * 7 % 20)).await;
        // What was said before the image was taken must be in it.
        let said = [0, 1, 2].map(|kind: usize| said[kind].load(Ordering::SeqCst));
        let image = engine(&place.storage).blobs.segments.shadow.image();
        check(image, &from, &place, said).await;
    }
    over.store(true, Ordering::Relaxed);
    tasks.join_all().await;
    let appended = said[0].load(Ordering::SeqCst);
    assert!(appended > 0 && said[1].load(Ordering::SeqCst) > 10, "{said:?}");
    place.verify().await;
}
