//! Each operation does what it says.

use super::place::{self, Place, address, append, entry_of, flags, folder, numbers, uid, uids};
use crate::{BlobRange, Entry, EntryQuery, Examiner, Found, SpecialUse, StorageError, What};
use std::ops::Range;
use terms::{FlagChange, Flags, Keyword, ModSeq, SystemFlag, Uid};

pub(super) async fn an_account_starts_with_its_folders(place: Place) {
    let folders = place.storage.folders(&place.alice).await.unwrap();
    let found: Vec<_> =
        folders.iter().map(|folder| (folder.name.as_str(), folder.special_use)).collect();
    let expected = [
        ("INBOX", None),
        ("Drafts", Some(SpecialUse::Drafts)),
        ("Sent", Some(SpecialUse::Sent)),
        ("Spam", Some(SpecialUse::Junk)),
        ("Trash", Some(SpecialUse::Trash)),
    ];
    assert_eq!(found, expected);
    let subscribed = place.storage.subscriptions(&place.alice).await.unwrap();
    assert_eq!(subscribed.len(), 5);
    assert!(folders.windows(2).all(|pair| pair[0].uid_validity != pair[1].uid_validity));
}

pub(super) async fn names_are_found(place: Place) {
    let find = async |text: &str| place.storage.find(&address(text)).await.unwrap();
    assert!(matches!(find("alice@example.com").await, Some(Found::Account(_))));
    assert!(matches!(find("alice@example.net").await, Some(Found::Alias(_))));
    assert_eq!(find("nobody@example.com").await, None);
    assert_eq!(find("alice@example.org").await, None);
    let taken = crate::AccountChange {
        aliases: Some(vec![address("bob@example.com")]),
        ..crate::AccountChange::default()
    };
    let id = place.alice.account;
    let refused = place.storage.change_account(id, taken, place::history("change")).await;
    assert_eq!(refused.unwrap_err(), StorageError::Exists(What::Address));
}

pub(super) async fn a_message_comes_and_is_read(place: Place) {
    let storage = &place.storage;
    for size in [0, 5, 262_143, 262_144, 262_145, 900_000] {
        let message: Vec<u8> = (0..size).map(|n: u32| (n % 251) as u8).collect();
        let mut writer = storage.blob_writer(None);
        for piece in message.chunks(100_000) {
            writer.write(piece).await.unwrap();
        }
        assert_eq!(writer.size(), u64::from(size));
        assert_eq!(writer.bytes().await.unwrap(), message);
        let new = entry_of(writer.finish().await.unwrap(), Flags::default());
        let copied = storage.append(&place.alice, &folder("INBOX"), vec![new]).await.unwrap();
        let at = copied.uids[0].1;
        let inbox = storage.folder(&place.alice, &folder("INBOX")).await.unwrap();
        let entries = storage
            .entries(&place.alice, inbox.id, at..=at, 10, EntryQuery::WithDigest)
            .await
            .unwrap();
        let [entry] = &entries[..] else { panic!("{entries:?}") };
        assert_eq!((entry.blob.size, &entry.digest[..]), (u64::from(size), &b"digest"[..]));
        let read = async |offset, length| {
            storage.read_blob(&place.alice, inbox.id, at, entry.blob, offset, length).await.unwrap()
        };
        assert_eq!(read(0, size as usize + 9).await, message);
        let from = message.len().min(100);
        let to = message.len().min(150);
        assert_eq!(read(100, 50).await, message[from..to]);
        assert_eq!(read(u64::MAX, 50).await, b""[..]);
        let stranger = storage.read_blob(&place.bob, inbox.id, at, entry.blob, 0, 9).await;
        assert_eq!(stranger.unwrap_err(), StorageError::NotFound(What::Folder));
    }
}

pub(super) async fn flags_copy_move_expunge_and_changes(place: Place) {
    let storage = &place.storage;
    let alice = &place.alice;
    let inbox = storage.open_folder(alice, &folder("INBOX"), true).await.unwrap();
    let id = inbox.folder.id;
    let since = inbox.folder.highest_mod_seq;
    for text in ["one", "two", "three"] {
        append(storage, alice, "INBOX", text.as_bytes()).await;
    }
    assert!(inbox.subscription.has_changed());
    let changes = storage.changes(alice, id, since).await.unwrap();
    assert_eq!(changes.arrived.len(), 3);
    let since = changes.up_to;

    let mut wanted = flags(&[SystemFlag::Deleted]);
    wanted.keywords.insert(Keyword::parse("$Junk").unwrap());
    let outcome = storage
        .set_flags(alice, id, uids(&[3, 1, 9]), FlagChange::Add, wanted.clone(), None)
        .await
        .unwrap();
    assert_eq!(outcome.updates.len(), 2);
    assert_eq!(outcome.updates[0].flags, wanted);
    let again = storage
        .set_flags(
            alice,
            id,
            uids(&[1, 2]),
            FlagChange::Add,
            flags(&[SystemFlag::Seen]),
            Some(since),
        )
        .await
        .unwrap();
    assert_eq!(numbers(&again.modified), [1]);
    let changes = storage.changes(alice, id, since).await.unwrap();
    assert_eq!(changes.updated.iter().map(|u| u.uid.value()).collect::<Vec<_>>(), [1, 2, 3]);

    let copied = storage.copy(alice, id, uids(&[1, 2]), &folder("Trash")).await.unwrap();
    assert_eq!(copied.uids, [(uid(1), uid(1)), (uid(2), uid(2))]);
    let moved = storage.move_entries(alice, id, uids(&[2]), &folder("Trash")).await.unwrap();
    assert_eq!(moved.uids, [(uid(2), uid(3))]);
    let gone = storage.expunge_marked(alice, id, Some(uids(&[1, 2]))).await.unwrap();
    assert_eq!(numbers(&gone), [1]);
    let gone = storage.expunge_marked(alice, id, None).await.unwrap();
    assert_eq!(numbers(&gone), [3]);
    let changes = storage.changes(alice, id, since).await.unwrap();
    assert_eq!(numbers(&changes.expunged), [1, 2, 3]);

    let trash = storage.open_folder(alice, &folder("Trash"), false).await.unwrap();
    assert_eq!((trash.folder.messages, trash.folder.unseen, trash.folder.deleted), (3, 1, 1));
    assert_eq!(trash.first_unseen, Some(uid(1)));
    assert_eq!(trash.keywords, [Keyword::parse("$Junk").unwrap()]);
    let usage = storage.usage(alice).await.unwrap();
    assert_eq!((usage.messages, usage.bytes), (3, 9));
    assert_eq!(storage.expunge(alice, trash.folder.id, uids(&[1, 2, 3])).await.unwrap().len(), 3);
    assert_eq!(storage.usage(alice).await.unwrap().bytes, 0);
    let gone = storage.changes(alice, trash.folder.id, ModSeq(0)).await.unwrap();
    assert!(gone.folder_exists && gone.arrived.is_empty());
    storage.delete_folder(alice, &folder("Trash")).await.unwrap();
    assert!(trash.subscription.has_changed());
    let gone = storage.changes(alice, trash.folder.id, ModSeq(0)).await.unwrap();
    assert!(!gone.folder_exists);
}

pub(super) async fn folders_are_made_renamed_and_deleted(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    storage.create_folder(alice, &folder("a/b/c")).await.unwrap();
    let refused = async |name: &str| storage.delete_folder(alice, &folder(name)).await.unwrap_err();
    assert!(matches!(refused("inbox").await, StorageError::Refused(_)));
    assert_eq!(refused("nothing").await, StorageError::NotFound(What::Folder));
    let rename =
        async |from: &str, to: &str| storage.rename_folder(alice, &folder(from), &folder(to)).await;
    assert_eq!(rename("a", "Sent").await.unwrap_err(), StorageError::Exists(What::Folder));
    assert!(matches!(rename("a", "a/x").await.unwrap_err(), StorageError::Refused(_)));
    rename("a", "x/y").await.unwrap();
    append(storage, alice, "INBOX", b"hello").await;
    rename("inbox", "Old").await.unwrap();
    let names: Vec<_> = storage.folders(alice).await.unwrap();
    let names: Vec<_> = names.iter().map(|f| (f.name.as_str(), f.messages)).collect();
    let expected = [
        ("INBOX", 0),
        ("Drafts", 0),
        ("Old", 1),
        ("Sent", 0),
        ("Spam", 0),
        ("Trash", 0),
        ("x", 0),
        ("x/y", 0),
        ("x/y/b", 0),
        ("x/y/b/c", 0),
    ];
    assert_eq!(names, expected);
}

pub(super) async fn a_deleted_folder_lives_on_in_the_names_below_it(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    let names = async || {
        let folders = storage.folders(alice).await.unwrap();
        let names = folders.iter().map(|folder| folder.name.as_str());
        names.filter(|name| name.starts_with(['a', 'x'])).collect::<Vec<_>>().join(" ")
    };
    let create = async |name: &str| storage.create_folder(alice, &folder(name)).await.map(|_| ());
    let delete = async |name: &str| storage.delete_folder(alice, &folder(name)).await;
    let rename =
        async |from: &str, to: &str| storage.rename_folder(alice, &folder(from), &folder(to)).await;
    create("a/b/c").await.unwrap();
    append(storage, alice, "a/b", b"hello").await;
    append(storage, alice, "a/b/c", b"hello").await;
    delete("a/b").await.unwrap();
    assert_eq!(names().await, "a a/b/c");
    assert_eq!(storage.usage(alice).await.unwrap().messages, 1);
    assert_eq!(delete("a/b").await.unwrap_err(), StorageError::NotFound(What::Folder));
    delete("a").await.unwrap();
    assert_eq!(names().await, "a/b/c");
    create("a/b/c/d").await.unwrap();
    assert_eq!(names().await, "a/b/c a/b/c/d");
    create("a/b").await.unwrap();
    assert_eq!(names().await, "a a/b a/b/c a/b/c/d");
    assert_eq!(storage.folder(alice, &folder("a/b")).await.unwrap().messages, 0);
    // Names that are no folders can be given to others, unless two would then be one below them.
    delete("a").await.unwrap();
    create("x/b").await.unwrap();
    assert_eq!(rename("x", "a").await.unwrap_err(), StorageError::Exists(What::Folder));
    assert_eq!(names().await, "a/b a/b/c a/b/c/d x x/b");
    delete("x/b").await.unwrap();
    create("x/b/b").await.unwrap();
    delete("x").await.unwrap();
    // Each takes the name that the next above it leaves.
    rename("x/b", "x").await.unwrap();
    rename("a/b", "a").await.unwrap();
    assert_eq!(names().await, "a a/c a/c/d x x/b");
    place.verify().await;
}

pub(super) async fn quotas_hold(place: Place) {
    let storage = &place.storage;
    let domain = storage.domain(&terms::DomainName::parse("example.net").unwrap()).await.unwrap();
    let mut change = crate::DomainChange::default();
    change.attributes.insert("quota".to_owned(), 10.into());
    storage.change_domain(domain.unwrap().id, change).await.unwrap();
    append(storage, &place.alice, "INBOX", b"0123456789").await;
    assert_eq!(storage.usage(&place.alice).await.unwrap().bytes_limit, Some(10));
    let new = entry_of(place::blob(storage, b"1").await, Flags::default());
    let over = storage.append(&place.alice, &folder("INBOX"), vec![new.clone()]).await;
    assert_eq!(over.unwrap_err(), StorageError::OverQuota);
    let recipients = [place.alice.account, place.bob.account, terms::AccountId(99)]
        .map(|account| crate::Recipient { account, folder: folder("new/one") });
    let outcomes = storage.deliver(new, recipients.to_vec()).await.unwrap();
    assert_eq!(
        outcomes,
        [Err(StorageError::OverQuota), Ok(uid(1)), Err(StorageError::NotFound(What::Address))]
    );
    // The recipient over quota got no folder either.
    assert_eq!(storage.folders(&place.alice).await.unwrap().len(), 5);
    assert_eq!(storage.folders(&place.bob).await.unwrap().len(), 7);
}

pub(super) async fn recent_is_claimed_once(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    append(storage, alice, "INBOX", b"1").await;
    let open = async |claim| storage.open_folder(alice, &folder("INBOX"), claim).await.unwrap();
    let looked = open(false).await;
    assert_eq!(looked.recent_from, uid(1));
    assert_eq!(storage.recent(alice, looked.folder.id).await.unwrap(), 1);
    assert_eq!(open(true).await.recent_from, uid(1));
    assert_eq!(open(true).await.recent_from, uid(2));
    append(storage, alice, "INBOX", b"2").await;
    assert_eq!(storage.recent(alice, looked.folder.id).await.unwrap(), 1);
}

pub(super) async fn all_is_there_after_reopening(place: Place) {
    append(&place.storage, &place.alice, "INBOX", b"kept").await;
    place.storage.note_login(crate::LoginAttempt {
        account: place.alice.account,
        protocol: terms::Protocol::Pop3,
        peer: "192.0.2.1".parse().unwrap(),
        actor: "alice@example.com".to_owned(),
        at: place::NOW,
        result: crate::AttemptResult::Succeeded,
    });
    let before = place.storage.folders(&place.alice).await.unwrap();
    let place = place.reopened().await;
    assert_eq!(place.storage.folders(&place.alice).await.unwrap(), before);
    let account = place.storage.account(place.alice.account).await.unwrap().unwrap();
    assert_eq!(account.last_login.pop3, Some(place::NOW));
    let at = append(&place.storage, &place.alice, "INBOX", b"more").await;
    assert_eq!(at, uid(2));
}

/// One line per hour, protocol, address and result; bounded, however many attempts there are.
pub(super) async fn attempts_to_log_in_are_told_and_bounded(place: Place) {
    use crate::{AttemptResult, LoginAttempt};
    let attempt = |account, peer: u32, at: i64, result| LoginAttempt {
        account,
        protocol: terms::Protocol::Imap,
        peer: std::net::IpAddr::V4(peer.into()),
        actor: "alice@example.com".to_owned(),
        at: terms::UnixTime(at),
        result,
    };
    let mut place = place;
    let alice = place.alice.account;
    let logins = async |place: &Place| {
        let lines = place.storage.history(alice, 10_000).await.unwrap().into_iter();
        lines.filter(|line| line.action.starts_with("login")).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        for second in 0..10 {
            let note = |attempt| place.storage.note_login(attempt);
            note(attempt(alice, 1, 7200 + second, AttemptResult::Succeeded));
            note(attempt(alice, 1, 7200 + second, AttemptResult::Failed));
        }
        place.storage.note_login(attempt(alice, 1, 3 * 3600, AttemptResult::Failed));
        // Nobody's: no reason to lose the others.
        place.storage.note_login(attempt(terms::AccountId(9999), 1, 7200, AttemptResult::Failed));
        place = place.reopened().await;
    }
    let lines = logins(&place).await;
    let told: Vec<_> =
        lines.iter().rev().map(|it| (it.action.as_str(), it.at.0, it.detail.to_string())).collect();
    let detail =
        |count: u64, last: i64| format!(r#"{{"protocol":"imap","count":{count},"last":{last}}}"#);
    assert_eq!(
        told,
        [
            ("login", 7200, detail(20, 7209)),
            ("login_failed", 7200, detail(20, 7209)),
            ("login_failed", 10_800, detail(2, 10_800)),
        ]
    );
    assert_eq!(lines[0].peer, Some("0.0.0.1".parse().unwrap()));
    // Guesses from everywhere, for a day, in several groups.
    for hour in 10..34 {
        for round in 0..4 {
            for peer in 0..100 {
                let failed = attempt(alice, round * 100 + peer, hour * 3600, AttemptResult::Failed);
                place.storage.note_login(failed);
            }
            if hour < 12 {
                place = place.reopened().await;
            }
        }
    }
    place = place.reopened().await;
    let lines = logins(&place).await;
    assert!(lines.len() <= 500, "{}", lines.len());
    for hour in 10..12 {
        let this: Vec<_> = lines.iter().filter(|line| line.at.0 / 3600 == hour).collect();
        assert!((20..=51).contains(&this.len()), "{}", this.len());
        let count: u64 = this.iter().map(|line| line.detail["count"].as_u64().unwrap()).sum();
        assert_eq!(count, 400);
    }
    place.verify().await;
}

pub(super) async fn keywords_are_bounded_and_given_back(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    append(storage, alice, "INBOX", b"1").await;
    append(storage, alice, "INBOX", b"2").await;
    let id = storage.folder(alice, &folder("INBOX")).await.unwrap().id;
    let set = async |at: u32, numbers: std::ops::Range<u32>| {
        let keywords = numbers.map(|n| Keyword::parse(&format!("k{n}")).unwrap()).collect();
        let flags = Flags::from_parts(0, keywords);
        storage.set_flags(alice, id, uids(&[at]), FlagChange::Replace, flags, None).await
    };
    assert_eq!(set(1, 0..500).await.unwrap().updates[0].flags.keywords.len(), 500);
    set(2, 200..201).await.unwrap();
    let limit = StorageError::Limit("keywords of a folder");
    assert_eq!(set(2, 500..501).await.unwrap_err(), limit);
    set(1, 0..100).await.unwrap();
    assert_eq!(set(2, 500..901).await.unwrap_err(), limit);
    set(2, 500..899).await.unwrap();
    let opened = storage.open_folder(alice, &folder("INBOX"), false).await.unwrap();
    assert_eq!(opened.keywords.len(), 500);
    place.verify().await;
}

/// Looks at the first three bytes of every second message.
#[derive(Debug, Default)]
pub(super) struct Beginnings {
    uids: Vec<Uid>,
    seen: Vec<Result<Vec<u8>, StorageError>>,
}

impl Examiner for Beginnings {
    fn range(&mut self, uid: Uid, digest: &[u8]) -> Option<Range<u64>> {
        assert_eq!(digest, b"digest");
        self.uids.push(uid);
        (self.uids.len() % 2 == 1).then_some(0..3)
    }

    fn look(&mut self, bytes: Result<&[u8], StorageError>) {
        self.seen.push(bytes.map(<[u8]>::to_vec));
    }
}

pub(super) async fn many_messages_are_read_at_once(place: Place) {
    let (storage, alice) = (&place.storage, &place.alice);
    let inbox = folder("INBOX");
    // Some shorter than what is asked for, some longer than what may be read ahead.
    let texts: Vec<Vec<u8>> =
        (0..30_usize).map(|n| vec![b'a' + (n % 26) as u8; n * n * 40 % 11_000]).collect();
    for text in &texts {
        let new = entry_of(place::blob(storage, text).await, Flags::default());
        storage.append(alice, &inbox, vec![new]).await.unwrap();
    }
    let id = storage.folder(alice, &inbox).await.unwrap().id;
    let all = Uid::MIN..=Uid::MAX;
    let entries = storage.entries(alice, id, all.clone(), 100, EntryQuery::Plain).await.unwrap();
    let range = |entry: &Entry, offset, length| BlobRange {
        uid: entry.uid,
        blob: entry.blob,
        offset,
        length,
    };

    let mut ranges: Vec<BlobRange> =
        entries.iter().map(|entry| range(entry, 0, usize::MAX)).collect();
    ranges.extend(entries.iter().map(|entry| range(entry, 2, 5)));
    // One message's bytes under another's UID.
    ranges.push(BlobRange { uid: entries[1].uid, ..ranges[0] });
    let mut read = storage.read_ranges(alice, id, ranges.clone()).await.unwrap();
    assert_eq!(read.pop().unwrap(), Err(StorageError::NotFound(What::Entry)));
    let expected = texts.iter().map(Vec::as_slice);
    let parts = texts.iter().map(|text| &text[text.len().min(2)..text.len().min(7)]);
    let expected: Vec<&[u8]> = expected.chain(parts).collect();
    assert_eq!(read.iter().map(|read| &read.as_ref().unwrap()[..]).collect::<Vec<_>>(), expected);
    let stranger = storage.read_ranges(&place.bob, id, ranges).await;
    assert_eq!(stranger.unwrap_err(), StorageError::NotFound(What::Folder));

    let found = storage.examine(alice, id, all, Beginnings::default()).await.unwrap();
    assert_eq!(found.uids, entries.iter().map(|entry| entry.uid).collect::<Vec<_>>());
    let expected = texts.iter().step_by(2).map(|text| Ok(text[..text.len().min(3)].to_vec()));
    assert_eq!(found.seen, expected.collect::<Vec<_>>());
}
