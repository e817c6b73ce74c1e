//! Large folders opened by their outlines: always as their entries say.

use super::place::{Place, blob, engine, entry_of, flags, folder, uid};
use crate::NewEntry;
use crate::embedded::sql;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use terms::{FlagChange, Flags, FolderId, SystemFlag, Uid};

/// A folder with so many entries, all of one blob.
async fn large(place: &Place, count: usize) -> FolderId {
    let (storage, alice) = (&place.storage, &place.alice);
    let new = entry_of(blob(storage, b"x").await, Flags::default());
    let many: Vec<NewEntry> = std::iter::repeat_n(new, count).collect();
    storage.append(alice, &folder("INBOX"), many).await.unwrap();
    storage.folder(alice, &folder("INBOX")).await.unwrap().id
}

/// The folder when opened, and whether it is as its entries say.
async fn opened(place: &Place) -> (Vec<Uid>, Option<Uid>) {
    let (storage, alice) = (&place.storage, &place.alice);
    let open = storage.open_folder(alice, &folder("INBOX"), false).await.unwrap();
    let all = Uid::MIN..=Uid::MAX;
    let query = crate::EntryQuery::Plain;
    let entries = storage.entries(alice, open.folder.id, all, usize::MAX, query).await.unwrap();
    assert!(open.uids.iter().eq(entries.iter().map(|entry| entry.uid)));
    let unseen = entries.iter().find(|entry| !entry.flags.has(SystemFlag::Seen));
    assert_eq!(open.first_unseen, unseen.map(|entry| entry.uid));
    (open.uids.iter().collect(), open.first_unseen)
}

/// As of which mod-sequence the folder has an outline in the database, once it is `wanted`.
async fn outlined(
    place: &Place,
    id: FolderId,
    wanted: impl Fn(Option<u64>) -> bool,
) -> Option<u64> {
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let read = engine(&place.storage).read(move |reader| {
            let query = "SELECT mod_seq FROM outline WHERE folder = ?1";
            sql::one(&reader.conn, query, [sql::int(id.0)], |row| sql::unsigned(row, 0))
        });
        let found = read.await.unwrap();
        if wanted(found) {
            return found;
        }
        assert!(Instant::now() < patience, "{found:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_large_folder_is_opened_by_its_outline() {
    let place = Place::new().await;
    let id = large(&place, 6000).await;
    assert_eq!(opened(&place).await, ((1..=6000).map(uid).collect(), Some(uid(1))));
    let first = outlined(&place, id, |found| found.is_some()).await;

    // A few changes are found without a new outline, after a start as well.
    let (storage, alice) = (&place.storage, &place.alice);
    let seen = flags(&[SystemFlag::Seen]);
    let some = (1..=10).map(uid).collect();
    storage.set_flags(alice, id, some, FlagChange::Add, seen.clone(), None).await.unwrap();
    storage.expunge(alice, id, (11..=20).map(uid).collect()).await.unwrap();
    let place = place.reopened().await;
    assert_eq!(opened(&place).await.1, Some(uid(21)));
    assert_eq!(outlined(&place, id, |_| true).await, first);

    // It is really read: a false one shows.
    let place = place.reopened().await;
    let spoil = |text: &'static str| {
        engine(&place.storage).write_mail(move |write| sql::run(write.conn, text, []))
    };
    spoil("UPDATE outline SET unseen = x'7f00'").await.unwrap();
    let open = place.storage.open_folder(&place.alice, &folder("INBOX"), false).await.unwrap();
    assert_eq!(open.first_unseen, Some(uid(127)));

    // A damaged one is passed over, and made anew.
    let place = place.reopened().await;
    engine(&place.storage)
        .write_mail(|write| sql::run(write.conn, "UPDATE outline SET uids = x'00'", []))
        .await
        .unwrap();
    assert_eq!(opened(&place).await.1, Some(uid(21)));
    let made = outlined(&place, id, |found| found > first).await;

    // Many changes are worth a new one; more than are followed, as well.
    let (storage, alice) = (&place.storage, &place.alice);
    let many = (100..=1000).map(uid).collect();
    storage.set_flags(alice, id, many, FlagChange::Add, seen.clone(), None).await.unwrap();
    opened(&place).await;
    let made = outlined(&place, id, |found| found > made).await;
    let most = (1000..=5000).map(uid).collect();
    storage.set_flags(alice, id, most, FlagChange::Add, seen, None).await.unwrap();
    opened(&place).await;
    outlined(&place, id, |found| found > made).await;
    place.verify().await;

    // It goes with its folder.
    storage.rename_folder(alice, &folder("INBOX"), &folder("Old")).await.unwrap();
    let old = storage.folder(alice, &folder("Old")).await.unwrap().id;
    storage.delete_folder(alice, &folder("Old")).await.unwrap();
    assert_eq!(outlined(&place, old, |_| true).await, None);
    place.verify().await;
}

#[tokio::test]
async fn an_outline_is_of_what_was_at_its_mod_sequence() {
    let mut place = Place::new().await;
    let id = large(&place, 5200).await;
    let mut left: BTreeSet<u32> = (1..=5200).collect();
    let mut marked_below = 1;
    // Each round expunges and marks enough for a new outline, opens, and forgets all but what is on disk.
    for round in 0..4_u32 {
        let (storage, alice) = (&place.storage, &place.alice);
        let gone: Vec<u32> = (0..250).map(|step| (round * 251 + step * 19) % 5200 + 1).collect();
        left.retain(|number| !gone.contains(number));
        storage.expunge(alice, id, gone.into_iter().map(uid).collect()).await.unwrap();
        let marked = (marked_below..marked_below + 600).map(uid).collect();
        marked_below += 600;
        let change = if round % 2 == 0 { FlagChange::Add } else { FlagChange::Remove };
        let seen = flags(&[SystemFlag::Seen]);
        storage.set_flags(alice, id, marked, change, seen, None).await.unwrap();
        if left.len() < 5000 {
            let new = entry_of(blob(storage, b"y").await, Flags::default());
            let many: Vec<NewEntry> = std::iter::repeat_n(new, 300).collect();
            let new = storage.append(alice, &folder("INBOX"), many).await.unwrap();
            left.extend(new.uids.iter().map(|(_, uid)| uid.value()));
        }
        let (uids, _) = opened(&place).await;
        assert!(uids.iter().map(|uid| uid.value()).eq(left.iter().copied()), "round {round}");
        outlined(&place, id, |found| found.is_some()).await;
        place = place.reopened().await;
        opened(&place).await;
    }
    place.verify().await;
}
