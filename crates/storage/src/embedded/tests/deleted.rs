//! What goes for ever is gone from the disk, too. The rules of deleting are in `crate::conformance`.

use super::place::{self, NOW, Place, append, engine, folder, uids};
use crate::embedded::mail::purge::OF_AN_ACCOUNT;
use crate::embedded::tuning::Tuning;
use crate::{EntryQuery, StorageError, What};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use terms::{Uid, UnixTime};

/// A clock that says when tests take place.
fn now() -> UnixTime {
    NOW
}

async fn place() -> Place {
    Place::tuned(Tuning { clock: now, grace: Duration::ZERO, ..Tuning::default() }).await
}

fn bytes_on_disk(place: &Place) -> u64 {
    let listing = std::fs::read_dir(place.dir.path().join("segments")).unwrap();
    listing.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[tokio::test]
async fn the_bytes_of_what_was_purged_are_gone() {
    let place = place().await;
    for number in 0..10 {
        append(&place.storage, &place.alice, "INBOX", &[number; 50_000]).await;
    }
    let place = place.reopened().await;
    // The segment is filled no more: a new one is begun.
    let (storage, alice) = (&place.storage, &place.alice);
    let limit = engine(storage).blobs.segments.filling();
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    storage.expunge(alice, inbox.id, uids(&[1, 2, 3, 5, 6, 7, 9, 10])).await.unwrap();
    place.purge().await;
    assert_eq!(storage.compact(1_000_000).await.unwrap(), crate::Compacted::default());
    engine(storage).blobs.segments.begin_another();
    assert!(engine(storage).blobs.segments.filling() > limit);
    let query = EntryQuery::Plain;
    let all = Uid::MIN..=Uid::MAX;
    let known = storage.entries(alice, inbox.id, all, 9, query).await.unwrap();
    let first = storage.compact(1).await.unwrap();
    assert_eq!((first.blobs, first.bytes, first.more), (1, 50_000, true));
    place.verify().await;
    while storage.compact(1_000_000).await.unwrap().more {}
    assert_eq!(place.verify().await.blobs, 2);
    // Who knew the entries before can still read them.
    for (entry, number) in known.iter().zip([3u8, 7]) {
        let bytes =
            storage.read_blob(alice, inbox.id, entry.uid, entry.blob, 0, 50_000).await.unwrap();
        assert_eq!(bytes, vec![number; 50_000]);
    }
    storage.copy(alice, inbox.id, uids(&[4]), &folder("Trash")).await.unwrap();
    let place = place.reopened().await;
    assert!(bytes_on_disk(&place) < 110_000, "{}", bytes_on_disk(&place));
    place.verify().await;
    // Blobs that moved go like others.
    let (storage, alice) = (&place.storage, &place.alice);
    storage.expunge(alice, inbox.id, uids(&[4, 8])).await.unwrap();
    storage.delete_folder(alice, &folder("Trash")).await.unwrap();
    place.purge().await;
    assert_eq!(place.verify().await.blobs, 0);
}

/// An account could never go if something of it were forgotten.
#[tokio::test]
async fn nothing_of_an_account_is_forgotten() {
    let place = place().await;
    let path = place.dir.path().join("posthouse.db");
    let conn = rusqlite::Connection::open(path).unwrap();
    let mut tables = conn
        .prepare("SELECT t.name FROM pragma_table_list t, pragma_foreign_key_list(t.name) k WHERE k.\"table\" = 'account'")
        .unwrap();
    let refer = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let known: BTreeSet<&str> = OF_AN_ACCOUNT.iter().map(|(table, _)| *table).collect();
    for table in refer {
        let table = table.unwrap();
        assert!(known.contains(table.as_str()), "{table} refers to accounts");
    }
}

#[tokio::test]
async fn what_is_held_can_be_read_to_its_end() {
    let place = place().await;
    let (storage, alice) = (&place.storage, &place.alice);
    let bytes = [vec![1; 40_000], vec![2; 40_000]].concat();
    let at = append(storage, alice, "INBOX", &bytes).await;
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    let entry =
        storage.entries(alice, inbox.id, at..=at, 1, EntryQuery::Plain).await.unwrap().remove(0);
    let stranger = storage.hold_blob(&place.bob, inbox.id, at, entry.blob).await;
    assert_eq!(stranger.unwrap_err(), StorageError::NotFound(What::Folder));
    let held = storage.hold_blob(alice, inbox.id, at, entry.blob).await.unwrap();
    storage.expunge(alice, inbox.id, vec![at]).await.unwrap();
    engine(storage).blobs.segments.begin_another();
    place.purge().await;
    let patience = Instant::now() + Duration::from_secs(10);
    while bytes_on_disk(&place) > 0 {
        assert!(Instant::now() < patience, "{}", bytes_on_disk(&place));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let gone = storage.hold_blob(alice, inbox.id, at, entry.blob).await;
    assert_eq!(gone.unwrap_err(), StorageError::NotFound(What::Entry));
    let read = async |offset, length| storage.read_held(alice, &held, offset, length).await;
    assert_eq!(read(0, 100_000).await.unwrap(), bytes);
    assert_eq!(read(39_999, 2).await.unwrap(), [1, 2][..]);
    assert_eq!(read(79_999, 9).await.unwrap(), [2][..]);
    assert!(read(90_000, 9).await.unwrap().is_empty());
    let stranger = storage.read_held(&place.bob, &held, 0, 9).await;
    assert_eq!(stranger.unwrap_err(), StorageError::NotFound(What::Entry));
    let all = terms::Scope::Everything;
    storage.raise_epoch(alice.account, all, place::history("log out")).await.unwrap();
    assert_eq!(read(0, 9).await.unwrap_err(), StorageError::Void);
}
