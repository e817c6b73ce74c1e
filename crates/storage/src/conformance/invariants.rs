//! The invariants of what is kept (numbered at the head of [`super`]), each by itself; `super::model` tries them together.

use super::place::{Place, append, append_all, blob, entry_of, flags, folder, numbers, uid, uids};
use crate::{EntryQuery, Folder, Login, Recipient, Storage, StorageError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use terms::{FlagChange, Flags, ModSeq, SystemFlag, Uid};

async fn look(storage: &Storage, login: &Login, name: &str) -> Folder {
    storage.folder(login, &folder(name)).await.unwrap()
}

/// Invariant 1.
pub(super) async fn uids_only_grow(mut place: Place) {
    let alice = place.alice.clone();
    let mut last = 0;
    for round in 0..2 {
        let storage = &place.storage;
        let mut came = |uid: Uid| {
            assert!(uid.value() > last, "{uid} after {last}");
            last = uid.value();
        };
        came(append(storage, &alice, "INBOX", b"1").await);
        let inbox = look(storage, &alice, "INBOX").await;
        // The highest goes, in each way that there is, and nothing gets its number.
        storage.expunge(&alice, inbox.id, uids(&[inbox.uid_next.value() - 1])).await.unwrap();
        let back = storage.deleted_entries(alice.account, None, 0, 9).await.unwrap();
        let at = append(storage, &alice, "INBOX", b"2").await;
        came(at);
        storage.move_entries(&alice, inbox.id, vec![at], &folder("Trash")).await.unwrap();
        let trash = look(storage, &alice, "Trash").await;
        let highest = uids(&[trash.uid_next.value() - 1]);
        let inbox_name = folder("INBOX");
        let moved = storage.move_entries(&alice, trash.id, highest, &inbox_name).await.unwrap();
        came(moved.uids[0].1);
        storage.restore_entries(alice.account, vec![back[0].id]).await.unwrap();
        came(uid(look(storage, &alice, "INBOX").await.uid_next.value() - 1));
        let new = entry_of(blob(storage, b"3").await, Flags::default());
        let to = Recipient { account: alice.account, folder: folder("INBOX") };
        came(storage.deliver(new, vec![to]).await.unwrap().remove(0).unwrap());
        let old = folder(&format!("old{round}"));
        storage.rename_folder(&alice, &folder("INBOX"), &old).await.unwrap();
        came(append(storage, &alice, "INBOX", b"4").await);
        place.purge().await;
        place = place.reopened().await;
        assert_eq!(look(&place.storage, &alice, "INBOX").await.uid_next.value(), last + 1);
    }
    place.verify().await;
}

/// Invariant 2.
pub(super) async fn uid_validity_never_comes_back(mut place: Place) {
    let alice = place.alice.clone();
    let folders = place.storage.folders(&alice).await.unwrap();
    let mut given: BTreeSet<u32> = folders.iter().map(|it| it.uid_validity.value()).collect();
    let mut latest = *given.last().unwrap();
    let mut came = async |place: &Place, name: &str| {
        let validity = look(&place.storage, &alice, name).await.uid_validity.value();
        assert!(given.insert(validity) && validity > latest, "{name}: {validity} after {latest}");
        latest = validity;
        validity
    };
    for _ in 0..2 {
        let storage = &place.storage;
        storage.create_folder(&alice, &folder("a")).await.unwrap();
        let first = came(&place, "a").await;
        storage.rename_folder(&alice, &folder("a"), &folder("b")).await.unwrap();
        assert_eq!(look(storage, &alice, "b").await.uid_validity.value(), first);
        let to = Recipient { account: alice.account, folder: folder("a") };
        let new = entry_of(blob(storage, b"1").await, Flags::default());
        storage.deliver(new, vec![to]).await.unwrap().remove(0).unwrap();
        came(&place, "a").await;
        storage.delete_folder(&alice, &folder("a")).await.unwrap();
        let gone = storage.deleted_entries(alice.account, Some(folder("a")), 0, 9).await.unwrap();
        place = place.reopened().await;
        let storage = &place.storage;
        storage.restore_entries(alice.account, vec![gone[0].id]).await.unwrap();
        came(&place, "a").await;
        for name in ["a", "b"] {
            storage.delete_folder(&alice, &folder(name)).await.unwrap();
        }
        place.purge().await;
    }
    place.verify().await;
}

/// Invariant 3, one after the other: each change has a higher one, and what changed carries it.
pub(super) async fn mod_sequences_grow_with_each_change(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    let id = look(storage, alice, "INBOX").await.id;
    let mut highest = look(storage, alice, "INBOX").await.highest_mod_seq;
    let mut changed = async |what: &str, expected: bool| {
        let now = look(storage, alice, "INBOX").await.highest_mod_seq;
        assert_eq!(now > highest, expected, "{what}: {now:?} after {highest:?}");
        assert!(now >= highest);
        let changes = storage.changes(alice, id, highest).await.unwrap();
        assert_eq!(changes.up_to, now, "{what}");
        let arrived = changes.arrived.iter().map(|entry| entry.mod_seq);
        let updated = changes.updated.iter().map(|update| update.mod_seq);
        assert!(arrived.chain(updated).all(|it| it == now), "{what}: {changes:?}");
        highest = now;
    };
    let new = entry_of(blob(storage, b"1").await, Flags::default());
    append_all(storage, alice, &folder("INBOX"), vec![new; 6]).await;
    changed("append", true).await;
    let seen = flags(&[SystemFlag::Seen]);
    for (what, expected) in [("flags", true), ("the same flags", false)] {
        let add = FlagChange::Add;
        storage.set_flags(alice, id, uids(&[1, 2]), add, seen.clone(), None).await.unwrap();
        changed(what, expected).await;
    }
    storage.copy(alice, id, uids(&[1]), &folder("Trash")).await.unwrap();
    changed("copy elsewhere", false).await;
    storage.copy(alice, id, uids(&[1]), &folder("INBOX")).await.unwrap();
    changed("copy here", true).await;
    storage.move_entries(alice, id, uids(&[2]), &folder("Trash")).await.unwrap();
    changed("move away", true).await;
    storage.expunge(alice, id, uids(&[3])).await.unwrap();
    changed("expunge", true).await;
    storage.expunge(alice, id, uids(&[3])).await.unwrap();
    changed("expunge nothing", false).await;
    let gone = storage.deleted_entries(alice.account, None, 0, 9).await.unwrap();
    storage.restore_entries(alice.account, vec![gone[0].id]).await.unwrap();
    changed("restore", true).await;
    place.verify().await;
}

/// Invariant 3 among writers: no two changes of a folder have the same one.
pub(super) async fn no_two_changes_share_a_mod_sequence(place: Place) {
    let (storage, alice) = (place.storage.clone(), place.alice.clone());
    let new = entry_of(blob(&storage, b"1").await, Flags::default());
    let all = append_all(&storage, &alice, &folder("INBOX"), vec![new; 4]).await;
    let id = look(&storage, &alice, "INBOX").await.id;
    let mut writers = tokio::task::JoinSet::new();
    for at in all {
        let (storage, alice) = (storage.clone(), alice.clone());
        writers.spawn(async move {
            let mut given = Vec::new();
            for round in 0..20 {
                let change = if round % 2 == 0 { FlagChange::Add } else { FlagChange::Remove };
                let seen = flags(&[SystemFlag::Seen]);
                let outcome = storage.set_flags(&alice, id, vec![at], change, seen, None).await;
                given.push(outcome.unwrap().changed_at.unwrap());
            }
            assert!(given.is_sorted());
            given
        });
    }
    let given: Vec<ModSeq> = writers.join_all().await.concat();
    assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), 80);
    let highest = look(&storage, &alice, "INBOX").await.highest_mod_seq;
    assert_eq!(given.iter().max(), Some(&highest));
}

/// Invariant 4: whoever looks while entries move sees each in one folder.
pub(super) async fn an_entry_is_in_exactly_one_folder(place: Place) {
    let (storage, alice) = (place.storage.clone(), place.alice.clone());
    let new = entry_of(blob(&storage, b"12345").await, Flags::default());
    append_all(&storage, &alice, &folder("INBOX"), vec![new; 10]).await;
    let mut movers = tokio::task::JoinSet::new();
    for (from, to) in [("INBOX", "Trash"), ("Trash", "Spam"), ("Spam", "INBOX")] {
        let (storage, alice) = (storage.clone(), alice.clone());
        movers.spawn(async move {
            for _ in 0..20 {
                let opened = storage.open_folder(&alice, &folder(from), false).await.unwrap();
                let some = opened.uids.iter().step_by(2).collect();
                storage.move_entries(&alice, opened.folder.id, some, &folder(to)).await.unwrap();
            }
        });
    }
    let mut looks = 0;
    while !movers.is_empty() {
        let folders = storage.folders(&alice).await.unwrap();
        let sum: (u32, u64) =
            folders.iter().fold((0, 0), |sum, it| (sum.0 + it.messages, sum.1 + it.size));
        assert_eq!(sum, (10, 50), "{folders:?}");
        assert_eq!(storage.usage(&alice).await.unwrap().messages, 10);
        looks += 1;
        while let Some(ended) = movers.try_join_next() {
            ended.unwrap();
        }
    }
    assert!(looks > 3, "the race did not happen");
    place.verify().await;
}

/// Invariant 5: a change wakes before it is answered, and whoever wakes and asks misses none.
pub(super) async fn changes_are_announced_in_the_order_of_commits(place: Place) {
    const WRITERS: u32 = 4;
    const EACH: u32 = 15;
    let (storage, alice) = (place.storage.clone(), place.alice.clone());
    let mut opened = storage.open_folder(&alice, &folder("INBOX"), false).await.unwrap();
    append(&storage, &alice, "INBOX", b"1").await;
    assert!(opened.subscription.has_changed(), "answered before it was announced");
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let (storage, alice) = (storage.clone(), alice.clone());
        writers.spawn(async move {
            for _ in 0..EACH {
                append(&storage, &alice, "INBOX", b"1").await;
            }
        });
    }
    let (id, mut since, mut known) = (opened.folder.id, opened.folder.highest_mod_seq, 0);
    while known < WRITERS * EACH + 1 {
        let woken = tokio::time::timeout(Duration::from_secs(20), opened.subscription.changed());
        woken.await.unwrap_or_else(|_| panic!("nobody told of more than {known}"));
        let changes = storage.changes(&alice, id, since).await.unwrap();
        for entry in changes.arrived {
            // One that came before another but was seen after it would be missing here.
            known += 1;
            assert_eq!(entry.uid.value(), known);
            assert!(entry.mod_seq > since && entry.mod_seq <= changes.up_to);
        }
        since = changes.up_to;
    }
    writers.join_all().await;
}

/// Invariants 6 and 7, with everybody at work.
pub(super) async fn counters_equal_recounting(place: Place) {
    let mut sessions = tokio::task::JoinSet::new();
    for number in 0..4_usize {
        let storage = place.storage.clone();
        let login = [&place.alice, &place.bob][number % 2].clone();
        sessions.spawn(async move {
            for round in 0..12 {
                let names = ["INBOX", "Trash", "Sent"];
                let name = names[(round + number) % 3];
                let new = entry_of(blob(&storage, &[1; 100]).await, Flags::default());
                append_all(&storage, &login, &folder(name), vec![new.clone(); 3]).await;
                let recipients = [name, "new/one"]
                    .map(|name| Recipient { account: login.account, folder: folder(name) });
                storage.deliver(new, recipients.to_vec()).await.unwrap();
                let opened = storage.open_folder(&login, &folder(name), false).await.unwrap();
                let (id, all) = (opened.folder.id, opened.uids.iter().collect::<Vec<_>>());
                let to = folder(names[(round + 1) % 3]);
                let half: Vec<Uid> = all.iter().copied().step_by(2).collect();
                let marks = flags(&[[SystemFlag::Seen], [SystemFlag::Deleted]][round % 2]);
                let toggle = [FlagChange::Replace, FlagChange::Add][round % 2];
                storage.set_flags(&login, id, half.clone(), toggle, marks, None).await.unwrap();
                storage.copy(&login, id, all[..1].to_vec(), &to).await.ok();
                storage.move_entries(&login, id, half, &to).await.unwrap();
                storage.expunge_marked(&login, id, None).await.unwrap();
                if round % 4 == 3 {
                    match storage.delete_folder(&login, &folder("new/one")).await {
                        Ok(()) | Err(StorageError::NotFound(_)) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        });
    }
    sessions.join_all().await;
    let storage = &place.storage;
    for login in [&place.alice, &place.bob] {
        let mut used = (0, 0);
        for found in storage.folders(login).await.unwrap() {
            let (all, plain) = (Uid::MIN..=Uid::MAX, EntryQuery::Plain);
            let entries = storage.entries(login, found.id, all, 10_000, plain).await.unwrap();
            let count = |is: &dyn Fn(&Flags) -> bool| {
                entries.iter().filter(|entry| is(&entry.flags)).count() as u32
            };
            let size: u64 = entries.iter().map(|entry| entry.blob.size).sum();
            let counted = (
                count(&|_| true),
                count(&|flags| !flags.has(SystemFlag::Seen)),
                count(&|flags| flags.has(SystemFlag::Deleted)),
                size,
            );
            let kept = (found.messages, found.unseen, found.deleted, found.size);
            assert_eq!(kept, counted, "{}", found.name);
            assert!(entries.last().is_none_or(|entry| entry.uid < found.uid_next));
            used = (used.0 + size, used.1 + entries.len() as u64);
        }
        let usage = storage.usage(login).await.unwrap();
        assert_eq!((usage.bytes, usage.messages), used);
    }
    place.verify().await;
}

/// Invariant 7: several at once do not get past the limit together.
pub(super) async fn a_limit_holds_against_several_at_once(place: Place) {
    let alice = &place.alice;
    let quota = crate::AccountChange { quota: Some(Some(55)), ..Default::default() };
    let line = super::place::history("quota");
    place.storage.change_account(alice.account, quota, line).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (storage, alice) = (place.storage.clone(), alice.clone());
        writers.spawn(async move {
            let new = entry_of(blob(&storage, b"0123456789").await, Flags::default());
            match storage.append(&alice, &folder("INBOX"), vec![new]).await {
                Ok(_) => 1,
                Err(StorageError::OverQuota) => 0,
                Err(other) => panic!("{other}"),
            }
        });
    }
    assert_eq!(writers.join_all().await.into_iter().sum::<u32>(), 5);
    assert_eq!(place.storage.usage(alice).await.unwrap().bytes, 50);
    place.verify().await;
}

/// Invariant 9: each entry goes once, and whoever took it is the only one to say so.
pub(super) async fn sessions_that_take_the_same_entries_agree(place: Place) {
    let (storage, alice) = (place.storage.clone(), place.alice.clone());
    let id = look(&storage, &alice, "INBOX").await.id;
    for round in 0..6 {
        let marked = flags(&[SystemFlag::Deleted]);
        let new = entry_of(blob(&storage, b"12345").await, marked);
        let all = append_all(&storage, &alice, &folder("INBOX"), vec![new; 12]).await;
        let start = Arc::new(tokio::sync::Barrier::new(4));
        let mut sessions = tokio::task::JoinSet::new();
        for number in 0..4 {
            let (storage, alice) = (storage.clone(), alice.clone());
            let (all, start) = (all.clone(), Arc::clone(&start));
            sessions.spawn(async move {
                start.wait().await;
                let taken = match (number + round) % 4 {
                    0 => storage.expunge(&alice, id, all).await.unwrap(),
                    1 => storage.expunge_marked(&alice, id, None).await.unwrap(),
                    2 => storage.expunge_marked(&alice, id, Some(all)).await.unwrap(),
                    _ => {
                        let trash = folder("Trash");
                        let moved = storage.move_entries(&alice, id, all, &trash).await.unwrap();
                        moved.uids.into_iter().map(|(from, _)| from).collect()
                    }
                };
                numbers(&taken)
            });
        }
        let mut taken: BTreeMap<u32, u32> = BTreeMap::new();
        for uid in sessions.join_all().await.concat() {
            *taken.entry(uid).or_default() += 1;
        }
        let expected: BTreeMap<u32, u32> = all.iter().map(|uid| (uid.value(), 1)).collect();
        assert_eq!(taken, expected);
        assert_eq!(look(&storage, &alice, "INBOX").await.messages, 0);
        let moved = look(&storage, &alice, "Trash").await.messages as usize;
        let deleted = storage.deleted_entries(alice.account, None, 0, 1000).await.unwrap().len();
        assert_eq!(moved + deleted, 12 * (round as usize + 1));
    }
    place.verify().await;
}
