//! What is deleted comes back, or goes for ever.

use super::place::{self, NOW, Place, append, blob, entry_of, folder, numbers, uid, uids};
use crate::{EntryQuery, StorageError, What};
use terms::{Flags, Keyword, SystemFlag, Uid, UnixTime};

pub(super) async fn an_expunged_entry_comes_back(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    let mut flags: Flags = [SystemFlag::Flagged].into_iter().collect();
    flags.keywords.extend(["work", "$Junk"].map(|text| Keyword::parse(text).unwrap()));
    let entry = entry_of(blob(storage, b"precious").await, flags.clone());
    storage.append(alice, &folder("INBOX"), vec![entry]).await.unwrap();
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    storage.expunge(alice, inbox.id, uids(&[1])).await.unwrap();
    assert_eq!(storage.usage(alice).await.unwrap().bytes, 0);

    let list = async |name: Option<&str>| {
        storage.deleted_entries(alice.account, name.map(folder), 0, 10).await.unwrap()
    };
    let gone = list(None).await.remove(0);
    assert_eq!(list(Some("INBOX")).await.len(), 1);
    assert!(list(Some("Trash")).await.is_empty());
    assert_eq!((&gone.flags, gone.size), (&flags, 8));
    assert_eq!(&gone.digest[..], b"digest");
    let read = async |who| storage.read_deleted(who, gone.id, 0, 99).await;
    assert_eq!(read(alice.account).await.unwrap(), &b"precious"[..]);
    assert_eq!(read(place.bob.account).await.unwrap_err(), StorageError::NotFound(What::Entry));
    let restore = async |who| storage.restore_entries(who, vec![gone.id]).await.unwrap();
    assert!(restore(place.bob.account).await.is_empty());
    assert_eq!(restore(alice.account).await, [gone.id]);
    assert!(restore(alice.account).await.is_empty());

    let all = Uid::MIN..=Uid::MAX;
    let query = EntryQuery::WithDigest;
    let back = storage.entries(alice, inbox.id, all, 9, query).await.unwrap().remove(0);
    // UIDs only grow.
    assert_eq!((back.uid, &back.flags), (uid(2), &flags));
    assert_eq!(storage.usage(alice).await.unwrap().bytes, 8);
    let changes = storage.changes(alice, inbox.id, inbox.highest_mod_seq).await.unwrap();
    assert_eq!((changes.arrived.len(), numbers(&changes.expunged)), (1, vec![1]));
    place.verify().await;
}

pub(super) async fn a_deleted_folder_comes_back_with_its_entries(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    storage.create_folder(alice, &folder("a/b")).await.unwrap();
    append(storage, alice, "a/b", b"one").await;
    append(storage, alice, "a/b", b"two").await;
    let before = storage.folder(alice, &folder("a/b")).await.unwrap();
    storage.delete_folder(alice, &folder("a/b")).await.unwrap();
    storage.delete_folder(alice, &folder("a")).await.unwrap();
    let found = storage.deleted_entries(alice.account, Some(folder("a/b")), 0, 10).await.unwrap();
    let ids = found.iter().map(|entry| entry.id).collect();
    assert_eq!(storage.restore_entries(alice.account, ids).await.unwrap().len(), 2);
    let after = storage.folder(alice, &folder("a/b")).await.unwrap();
    assert_eq!((after.messages, after.size), (2, 6));
    assert!(after.uid_validity > before.uid_validity);
    place.verify().await;
}

pub(super) async fn what_comes_back_must_fit(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    append(storage, alice, "INBOX", b"0123456789").await;
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    storage.expunge(alice, inbox.id, uids(&[1])).await.unwrap();
    let quota = crate::AccountChange { quota: Some(Some(9)), ..Default::default() };
    storage.change_account(alice.account, quota, place::history("quota")).await.unwrap();
    let gone = storage.deleted_entries(alice.account, None, 0, 1).await.unwrap()[0].id;
    let refused = storage.restore_entries(alice.account, vec![gone]).await;
    assert_eq!(refused.unwrap_err(), StorageError::OverQuota);
    assert_eq!(storage.deleted_entries(alice.account, None, 0, 1).await.unwrap().len(), 1);
}

pub(super) async fn purging_waits_until_it_is_time_and_goes_in_slices(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    for _ in 0..7 {
        append(storage, alice, "INBOX", &[7; 1000]).await;
    }
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    storage.copy(alice, inbox.id, uids(&[7]), &folder("Trash")).await.unwrap();
    storage.expunge(alice, inbox.id, uids(&[1, 2, 3, 4, 5, 6, 7])).await.unwrap();
    let purge = async |before| storage.purge(before, 3).await.unwrap();
    let gone = storage.deleted_entries(alice.account, None, 0, 1).await.unwrap().remove(0);
    assert_eq!(gone.at, NOW);
    assert_eq!(purge(gone.at).await, crate::Purged::default());
    let mut sizes = Vec::new();
    loop {
        let purged = purge(UnixTime(i64::MAX)).await;
        place.verify().await;
        sizes.push(purged.entries);
        if !purged.more {
            break;
        }
    }
    assert_eq!(sizes, [3, 3, 1]);
    assert!(storage.deleted_entries(alice.account, None, 0, 9).await.unwrap().is_empty());
    // The copy lives on.
    assert_eq!(place.verify().await.blobs, 1);
}

pub(super) async fn a_deleted_account_goes_with_all_that_was_its(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    for _ in 0..5 {
        append(storage, alice, "INBOX", b"mine").await;
    }
    append(storage, &place.bob, "INBOX", b"his").await;
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap();
    storage.expunge(alice, inbox.id, uids(&[2])).await.unwrap();
    storage.create_folder(alice, &folder("x")).await.unwrap();
    storage.delete_folder(alice, &folder("x")).await.unwrap();
    storage.delete_account(alice.account, NOW, place::history("delete")).await.unwrap();
    assert_eq!(storage.purge(NOW, 3).await.unwrap(), crate::Purged::default());
    assert!(storage.account(alice.account).await.unwrap().is_some());
    let mut accounts = 0;
    loop {
        let purged = storage.purge(UnixTime(NOW.0 + 1), 3).await.unwrap();
        place.verify().await;
        accounts += purged.accounts;
        if !purged.more {
            break;
        }
    }
    assert_eq!(accounts, 1);
    assert!(storage.account(alice.account).await.unwrap().is_none());
    let found = place.verify().await;
    assert_eq!((found.accounts, found.blobs), (1, 1));
    // Its number is not given again.
    let again = place::create(storage, "alice@example.com").await;
    assert!(again.id > place.bob.account && again.id != alice.account);
}

pub(super) async fn what_is_held_can_be_read_whatever_becomes_of_it(place: Place) {
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
    place.purge().await;
    while storage.compact(u64::MAX).await.unwrap().more {}
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
