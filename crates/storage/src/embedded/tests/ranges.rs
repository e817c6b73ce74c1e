//! Several messages read in one trip, and how long what was read ahead may be used.

use super::place::{self, Place, append, engine, folder, history, uid, uids};
use crate::{AccountChange, BlobRange, EntryQuery, Login, Services, StorageError, What};
use bytes::Bytes;
use terms::{FlagChange, FolderId, Scope, Uid};

/// A place with messages of so many sevens, eights and so on in Alice's inbox, and how to read them.
async fn filled(sizes: &[usize]) -> (Place, FolderId, Vec<BlobRange>) {
    let place = Place::new().await;
    for (byte, size) in (7u8..).zip(sizes) {
        append(&place.storage, &place.alice, "INBOX", &vec![byte; *size]).await;
    }
    let (storage, alice) = (&place.storage, &place.alice);
    let inbox = storage.folder(alice, &folder("INBOX")).await.unwrap().id;
    let all = Uid::MIN..=Uid::MAX;
    let entries = storage.entries(alice, inbox, all, 99, EntryQuery::Plain).await.unwrap();
    let whole = |entry: &crate::Entry| BlobRange {
        uid: entry.uid,
        blob: entry.blob,
        offset: 0,
        length: usize::MAX,
    };
    let ranges = entries.iter().map(whole).collect();
    (place, inbox, ranges)
}

type Read = Result<Vec<Result<Bytes, StorageError>>, StorageError>;

async fn read(place: &Place, login: &Login, inbox: FolderId, ranges: &[BlobRange]) -> Read {
    place.storage.read_ranges(login, inbox, ranges.to_vec()).await
}

#[tokio::test]
async fn several_messages_in_one_trip() {
    let (place, inbox, mut ranges) = filled(&[100, 5, 70_000, 0, 3]).await;
    let found = read(&place, &place.alice, inbox, &ranges).await.unwrap();
    for ((byte, size), read) in (7u8..).zip([100, 5, 70_000, 0, 3]).zip(found) {
        assert_eq!(read.unwrap(), vec![byte; size]);
    }
    assert_eq!(read(&place, &place.alice, inbox, &[]).await, Ok(Vec::new()));
    // Parts, in another order, one twice.
    ranges = vec![ranges[2], ranges[0], ranges[0]];
    (ranges[0].offset, ranges[0].length) = (69_990, 20);
    (ranges[1].offset, ranges[1].length) = (50, 2);
    let found = read(&place, &place.alice, inbox, &ranges).await.unwrap();
    assert_eq!(found, [Ok(vec![9; 10].into()), Ok(vec![7; 2].into()), Ok(vec![7; 100].into())]);
    // What is another's, or is said to be elsewhere, is not there.
    let stranger = read(&place, &place.bob, inbox, &ranges).await;
    assert_eq!(stranger, Err(StorageError::NotFound(What::Folder)));
    (ranges[0].blob.offset, ranges[1].uid) = (48, uid(2));
    let found = read(&place, &place.alice, inbox, &ranges).await.unwrap();
    let no_entry = Err(StorageError::NotFound(What::Entry));
    assert_eq!(found, [no_entry.clone(), no_entry, Ok(vec![7; 100].into())]);
}

#[tokio::test]
async fn one_that_is_gone_or_damaged_hides_no_other() {
    let (place, inbox, ranges) = filled(&[100, 100, 100, 100]).await;
    let (storage, alice) = (&place.storage, &place.alice);
    storage.expunge(alice, inbox, uids(&[2])).await.unwrap();
    let path = place.dir.path().join("segments/00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[ranges[2].blob.offset as usize] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let found = read(&place, alice, inbox, &ranges).await.unwrap();
    assert_eq!(found[0], Ok(vec![7; 100].into()));
    assert_eq!(found[1], Err(StorageError::NotFound(What::Entry)));
    assert!(matches!(found[2], Err(StorageError::Corrupt(_))), "{:?}", found[2]);
    assert_eq!(found[3], Ok(vec![10; 100].into()));
    // Checked lately or not, everything is checked where it must be.
    assert_eq!(storage.verify().await.unwrap().problems.len(), 1);
}

#[tokio::test]
async fn what_was_checked_lately_is_checked_again_by_verify() {
    let (place, inbox, ranges) = filled(&[100]).await;
    read(&place, &place.alice, inbox, &ranges).await.unwrap()[0].as_ref().unwrap();
    let path = place.dir.path().join("segments/00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[ranges[0].blob.offset as usize] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(read(&place, &place.alice, inbox, &ranges).await.unwrap()[0].is_ok());
    assert_eq!(place.storage.verify().await.unwrap().problems.len(), 1);
    let place = place.reopened().await;
    assert!(read(&place, &place.alice, inbox, &ranges).await.unwrap()[0].is_err());
}

#[tokio::test]
async fn blobs_that_moved_are_found() {
    let (place, inbox, ranges) = filled(&[50_000; 6]).await;
    let place = place.reopened().await;
    let (storage, alice) = (&place.storage, &place.alice);
    storage.expunge(alice, inbox, uids(&[1, 2, 4, 5])).await.unwrap();
    place.purge().await;
    engine(storage).blobs.segments.begin_another();
    let stays = [ranges[2], ranges[5]];
    let expected = [Ok(vec![9; 50_000].into()), Ok(vec![12; 50_000].into())];
    loop {
        let moved = storage.compact(1).await.unwrap();
        assert_eq!(read(&place, alice, inbox, &stays).await.unwrap(), expected);
        if !moved.more {
            break;
        }
    }
    assert_eq!(place.verify().await.blobs, 2);
}

/// What was read ahead may be used until a login may have become void, and not longer.
#[tokio::test]
async fn a_mark_holds_until_logins_may_be_void() {
    let (place, inbox, ranges) = filled(&[10]).await;
    let (storage, alice) = (&place.storage, &place.alice);
    let mark = storage.fence_mark().unwrap();
    read(&place, alice, inbox, &ranges).await.unwrap()[0].as_ref().unwrap();
    assert!(storage.holds_since(mark));
    // Mail comes and changes.
    append(storage, alice, "INBOX", b"more").await;
    let seen = place::flags(&[terms::SystemFlag::Seen]);
    storage.set_flags(alice, inbox, uids(&[1]), FlagChange::Add, seen, None).await.unwrap();
    storage.expunge(alice, inbox, uids(&[1])).await.unwrap();
    assert!(storage.holds_since(mark));

    // Asked for and given up: it is carried out all the same, and noticed once it is durable.
    let mut raising =
        Box::pin(storage.raise_epoch(alice.account, Scope::Everything, history("logout")));
    assert!(is_pending_at_first(&mut raising).await);
    drop(raising);
    while storage.login_stands(alice).await.unwrap() {}
    storage.set_subscription(&place.bob, &folder("x"), true).await.unwrap();
    assert!(!storage.holds_since(mark));
    assert_eq!(read(&place, alice, inbox, &ranges).await, Err(StorageError::Void));

    let mark = storage.fence_mark().unwrap();
    assert!(storage.holds_since(mark));
    let services = Some(Services { imap4: crate::ServiceState::Suspended, ..Services::default() });
    let change = AccountChange { services, ..AccountChange::default() };
    storage.change_account(place.bob.account, change, history("x")).await.unwrap();
    assert!(!storage.holds_since(mark));
}

/// Polls once; whether it is not ready yet.
async fn is_pending_at_first(future: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_pending())
    })
    .await
}

/// Raises run beside reads that are stamped: whatever may be used was read before the raise was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_read_ahead_outlives_a_raise() {
    let (place, inbox, ranges) = filled(&[10; 8]).await;
    let (mut used, mut dropped) = (0, 0);
    for round in 0.. {
        let account = place.storage.account(place.alice.account).await.unwrap().unwrap();
        let alice = Login { epoch: account.epoch, ..place.alice.clone() };
        let storage = place.storage.clone();
        let raising = tokio::spawn({
            let (storage, account) = (storage.clone(), alice.account);
            async move { storage.raise_epoch(account, Scope::Everything, history("logout")).await }
        });
        while !raising.is_finished() {
            let mark = storage.fence_mark().unwrap();
            if storage.read_ranges(&alice, inbox, ranges.clone()).await.is_ok() {
                // Asked in this order: the answer may come between the two.
                let (is_answered, holds) = (raising.is_finished(), storage.holds_since(mark));
                assert!(!(is_answered && holds), "round {round}");
                *(if holds { &mut used } else { &mut dropped }) += 1;
            }
        }
        raising.await.unwrap().unwrap();
        if (used > 20 && dropped > 3 && round > 20) || round > 300 {
            break;
        }
    }
    assert!(used > 0, "{used} used, {dropped} dropped: no race");
}
