//! What becomes of segments.

use super::place::{Place, append, blob, engine, entry_of, folder, uids};
use crate::StorageError;
use crate::embedded::tuning::Tuning;
use std::time::{Duration, Instant};
use terms::Flags;

fn files(place: &Place) -> Vec<String> {
    let listing = std::fs::read_dir(place.dir.path().join("segments")).unwrap();
    let mut names: Vec<_> =
        listing.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_segment_goes_with_its_last_blob() {
    let tuning = Tuning { segment_limit: 2500, grace: Duration::ZERO, ..Tuning::default() };
    let place = Place::tuned(tuning).await;
    let (storage, alice) = (&place.storage, &place.alice);
    for _ in 0..6 {
        append(storage, alice, "INBOX", &[7; 1000]).await;
    }
    assert_eq!(files(&place), ["00000001.seg", "00000002.seg", "00000003.seg"]);
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    storage.copy(alice, inbox.id, uids(&[1]), &folder("Trash")).await.unwrap();
    storage.expunge(alice, inbox.id, uids(&[1, 2, 3, 4])).await.unwrap();
    place.purge().await;
    // The first holds the copy's blob.
    let patience = Instant::now() + Duration::from_secs(10);
    while files(&place) != ["00000001.seg", "00000003.seg"] {
        assert!(Instant::now() < patience, "{:?}", files(&place));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    place.verify().await;
    let place = place.reopened().await;
    place.verify().await;
    assert_eq!(files(&place), ["00000001.seg", "00000003.seg"]);
}

#[tokio::test]
async fn a_blob_left_without_entry_is_given_up() {
    let tuning = Tuning { segment_limit: 2500, grace: Duration::ZERO, ..Tuning::default() };
    let place = Place::tuned(tuning).await;
    let left = blob(&place.storage, &[1; 2000]).await;
    let next = blob(&place.storage, &[2; 2000]).await;
    assert_eq!((left.segment, next.segment), (1, 2));
    let inbox = folder("INBOX");
    let late = entry_of(left, Flags::default());
    let refused = place.storage.append(&place.alice, &inbox, vec![late]).await;
    assert!(matches!(refused.unwrap_err(), StorageError::Unavailable(_)));
    let made_up = crate::BlobRef { offset: next.offset + 1, ..next };
    let refused =
        place.storage.append(&place.alice, &inbox, vec![entry_of(made_up, Flags::default())]).await;
    assert!(matches!(refused.unwrap_err(), StorageError::Corrupt(_)));
    let fine = entry_of(next, Flags::default());
    place.storage.append(&place.alice, &inbox, vec![fine.clone(), fine]).await.unwrap();
    place.verify().await;
}

#[tokio::test]
async fn garbage_at_the_end_of_a_segment_is_skipped() {
    let place = Place::new().await;
    append(&place.storage, &place.alice, "INBOX", b"before").await;
    place.storage.close().await;
    let path = place.dir.path().join("segments/00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"half a record");
    std::fs::write(&path, bytes).unwrap();
    std::fs::write(place.dir.path().join("spool/9.part"), b"half a message").unwrap();
    let place = place.reopened().await;
    append(&place.storage, &place.alice, "INBOX", b"after").await;
    assert_eq!(place.verify().await.blobs, 2);
    assert!(!place.dir.path().join("spool/9.part").exists());
}

#[tokio::test]
async fn damaged_bytes_are_noticed() {
    let place = Place::new().await;
    let (storage, alice) = (&place.storage, &place.alice);
    let at = append(storage, alice, "INBOX", b"precious").await;
    let path = place.dir.path().join("segments/00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[super::super::segment::HEADER as usize] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    let query = crate::EntryQuery::Plain;
    let entry = storage.entries(alice, inbox.id, at..=at, 1, query).await.unwrap().remove(0);
    let read = storage.read_blob(alice, inbox.id, at, entry.blob, 0, 100).await;
    let Err(StorageError::Corrupt(text)) = read else { panic!("{read:?}") };
    assert!(text.contains("segment 1 at 48"), "{text}");
    let found = storage.verify().await.unwrap();
    assert_eq!(found.problems.len(), 1, "{found:?}");
    let path = place.dir.path();
    let closed = || crate::Storage::verify_closed(path, |done, all| assert!(done <= all));
    assert!(matches!(closed(), Err(crate::OpenError::InUse { .. })));
    storage.close().await;
    assert_eq!(closed().unwrap().unwrap(), found);
    assert_eq!(crate::Storage::verify_closed(&path.join("none"), |_, _| {}).unwrap(), None);
}

#[tokio::test]
async fn what_is_not_synced_is_not_acknowledged() {
    let place = Place::new().await;
    let (storage, alice) = (&place.storage, &place.alice);
    let inbox = storage.open_folder(alice, &folder("INBOX"), false).await.unwrap();
    let (lost, kept) = (blob(storage, b"lost").await, blob(storage, b"also lost").await);
    engine(storage).blobs.segments.fail_next_sync();
    let inbox_name = folder("INBOX");
    let refused = storage.append(alice, &inbox_name, vec![entry_of(lost, Flags::default())]).await;
    assert!(matches!(refused.unwrap_err(), StorageError::Unavailable(_)));
    assert!(!inbox.subscription.has_changed());
    // A later success of syncing says nothing about what was written before.
    let refused = storage.append(alice, &inbox_name, vec![entry_of(kept, Flags::default())]).await;
    assert!(matches!(refused.unwrap_err(), StorageError::Unavailable(_)));
    append(storage, alice, "INBOX", b"new").await;
    assert!(inbox.subscription.has_changed());
    assert_eq!(files(&place), ["00000001.seg", "00000002.seg"]);
    assert_eq!(place.verify().await.entries, 1);
    let place = place.reopened().await;
    place.verify().await;
}
