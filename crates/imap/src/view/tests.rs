//! Views, step by step: what happens in the folder, and what the client hears of it.

use super::*;
use crate::wire::request::{SequenceSet, SetItem, SetNumber};
use storage::{BlobRef, Entry, UidRuns, Update};
use terms::{InternalDate, SystemFlag, UnixTime};

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn uids(numbers: &[u32]) -> Vec<Uid> {
    numbers.iter().map(|number| uid(*number)).collect()
}

fn seen() -> Flags {
    [SystemFlag::Seen].into_iter().collect()
}

fn keyword(name: &str) -> Flags {
    Flags::from_parts(0, [Keyword::parse(name).unwrap()].into())
}

fn view(numbers: &[u32], recent_from: u32) -> View {
    View::new(&UidRuns::of(uids(numbers)), uid(recent_from), ModSeq(10), Vec::new())
}

fn entry(number: u32, flags: Flags) -> Entry {
    Entry {
        uid: uid(number),
        mod_seq: ModSeq(11),
        flags,
        internal_date: InternalDate { at: UnixTime(0), offset_minutes: 0 },
        blob: BlobRef { segment: 0, offset: 0, size: 1 },
        digest: bytes::Bytes::new(),
    }
}

/// What happens, and whether numbers may change when the client is told.
enum Step {
    Arrive(&'static [u32], Numbers),
    Expunge(&'static [u32], Numbers),
    Flag(u32, Flags, Numbers),
    Nothing(Numbers),
}
use Numbers::{MayChange, Stay};
use Step::{Arrive, Expunge, Flag, Nothing};

fn changes(step: Step, up_to: ModSeq) -> (Changes, Numbers) {
    let mut changes = Changes { up_to, folder_exists: true, ..Changes::default() };
    let numbers = match step {
        Arrive(new, numbers) => {
            changes.arrived = new.iter().map(|number| entry(*number, Flags::default())).collect();
            numbers
        }
        Expunge(gone, numbers) => {
            changes.expunged = uids(gone);
            numbers
        }
        Flag(number, flags, numbers) => {
            changes.updated = vec![Update { uid: uid(number), mod_seq: up_to, flags }];
            numbers
        }
        Nothing(numbers) => numbers,
    };
    (changes, numbers)
}

/// What the client hears, in one line.
fn heard(news: &News) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(news.expunged.iter().map(|seq| format!("{seq} gone")));
    words.extend(news.exists.map(|count| format!("{count} exist")));
    words.extend(news.recent.map(|count| format!("{count} recent")));
    if news.keywords_grew {
        words.push("keywords".to_owned());
    }
    words.extend(news.flags.iter().map(|told| {
        let flags: Vec<&str> = told.flags.system().map(SystemFlag::name).collect();
        format!("{} is {}", told.seq, flags.join(" "))
    }));
    words.join(", ")
}

fn check(name: &str, mut view: View, steps: Vec<(Step, &str)>) {
    for (index, (step, expected)) in steps.into_iter().enumerate() {
        let (changes, numbers) = changes(step, ModSeq(view.told.0 + 1));
        let news = view.take_in(changes, numbers);
        assert_eq!(heard(&news), expected, "{name}, step {}", index + 1);
        assert!(view.gone.is_sorted(), "{name}");
        assert!(view.gone.iter().all(|uid| view.seq(*uid).is_some()), "{name}");
    }
}

#[test]
fn what_the_client_hears() {
    check(
        "arrivals are recent",
        view(&[1, 2], 2),
        vec![
            (Arrive(&[3, 5], MayChange), "4 exist, 3 recent"),
            (Arrive(&[6], Stay), "5 exist, 4 recent"),
        ],
    );
    check(
        "how many are recent is told whenever it changes",
        view(&[10, 20, 30], 20),
        vec![
            (Expunge(&[20], Stay), ""),
            (Nothing(MayChange), "2 gone, 1 recent"),
            (Expunge(&[10], MayChange), "1 gone"),
            (Arrive(&[40], MayChange), "2 exist, 2 recent"),
        ],
    );
    check(
        "expunges count downwards, so that none shifts the next",
        view(&[10, 20, 30, 40], 99),
        vec![(Expunge(&[10, 30, 40], MayChange), "4 gone, 3 gone, 1 gone")],
    );
    check(
        "expunges wait while numbers must stay",
        view(&[10, 20, 30], 99),
        vec![
            (Expunge(&[20], Stay), ""),
            (Flag(30, seen(), Stay), "3 is \\Seen"),
            (Arrive(&[40], Stay), "4 exist, 1 recent"),
            (Expunge(&[10], Stay), ""),
            (Nothing(MayChange), "2 gone, 1 gone"),
            (Flag(40, seen(), Stay), "2 is \\Seen"),
        ],
    );
    check(
        "flags of what is gone are not told",
        view(&[10, 20], 99),
        vec![
            (Expunge(&[10], Stay), ""),
            (Flag(10, seen(), Stay), ""),
            (Flag(20, seen(), MayChange), "1 gone, 1 is \\Seen"),
        ],
    );
    check(
        "what the client never knew is not told",
        view(&[10], 99),
        vec![
            (Expunge(&[5, 11], MayChange), ""),
            (Flag(7, seen(), MayChange), ""),
            (Arrive(&[9, 10], MayChange), ""),
        ],
    );
    check(
        "the same expunge twice is told once",
        view(&[10, 20], 99),
        vec![
            (Expunge(&[10], Stay), ""),
            (Expunge(&[10], Stay), ""),
            (Nothing(MayChange), "1 gone"),
            (Expunge(&[10], MayChange), ""),
        ],
    );
    check(
        "new keywords come before the flags that use them, once",
        view(&[10], 99),
        vec![
            (Flag(10, keyword("$Forwarded"), MayChange), "keywords, 1 is "),
            (Flag(10, keyword("$forwarded"), MayChange), "1 is "),
        ],
    );
}

#[test]
fn own_changes() {
    let check = |changed_at: Option<u64>, told: u64| {
        let mut view = view(&[1, 2, 3], 99);
        let changed_at = changed_at.map(ModSeq);
        view.note_own(&StoreOutcome { changed_at, ..StoreOutcome::default() });
        assert_eq!(view.told, ModSeq(told), "{changed_at:?}");
    };
    check(Some(11), 11);
    // Nothing changed.
    check(None, 10);
    // Somebody else came first.
    check(Some(12), 10);
}

#[test]
fn places_and_numbers() {
    let view = view(&[10, 20, 30], 30);
    assert_eq!(view.seq(uid(20)), SeqNum::new(2));
    assert_eq!(view.seq(uid(25)), None);
    assert_eq!((view.count(), view.recent_count(), view.largest_uid()), (3, 1, 30));
    assert_eq!((view.recent(uid(20)), view.recent(uid(30))), (Recent::No, Recent::Yes));
}

#[test]
fn only_what_was_claimed_is_recent() {
    let mut view = view(&[1, 2, 3], 2);
    let mut check = |step, recent_from: u32, expected: &[u32]| {
        let (mut changes, numbers) = changes(step, ModSeq(view.told.0 + 1));
        changes.recent_from = Uid::new(recent_from);
        view.take_in(changes, numbers);
        let recent = |uid: &Uid| view.recent(*uid) == Recent::Yes;
        let recent: Vec<u32> = view.uids(0..view.count()).filter(recent).map(Uid::value).collect();
        assert_eq!(recent, expected);
        assert_eq!(view.recent_count(), expected.len());
        view.recent.len()
    };
    assert_eq!(check(Nothing(MayChange), 9, &[2, 3]), 1);
    // Side by side with what was recent before.
    assert_eq!(check(Arrive(&[5, 6], MayChange), 4, &[2, 3, 5, 6]), 1);
    // Another session claimed these, and the first of those.
    assert_eq!(check(Arrive(&[7], MayChange), 8, &[2, 3, 5, 6]), 1);
    assert_eq!(check(Arrive(&[8, 9, 10], MayChange), 9, &[2, 3, 5, 6, 9, 10]), 2);
    assert_eq!(check(Expunge(&[3, 10], MayChange), 1, &[2, 5, 6, 9]), 2);
    assert_eq!(check(Expunge(&[9], Stay), 1, &[2, 5, 6, 9]), 2);
    assert_eq!(check(Nothing(MayChange), 1, &[2, 5, 6]), 1);
    assert_eq!(check(Expunge(&[2, 5, 6], MayChange), 1, &[]), 0);
    assert_eq!(check(Arrive(&[11], MayChange), 11, &[11]), 1);
}

#[test]
fn sets_of_uids_are_found_by_their_places() {
    let view = view(&[10, 20, 30, 31, 50, 60], 99);
    let check = |set: &[(u32, u32)], expected: &str| {
        let number = SetNumber::Number;
        let item =
            |(first, last): &(u32, u32)| SetItem { first: number(*first), last: number(*last) };
        let set = SequenceSet(set.iter().map(item).collect());
        let places = view.places_of(&set.resolve(view.largest_uid()));
        assert_eq!(format!("{places:?}"), expected, "{set:?}");
    };
    check(&[(20, 31)], "[1..4]");
    check(&[(1, 9)], "[]");
    check(&[(11, 19), (21, 29)], "[]");
    check(&[(10, 10), (31, 31), (60, 60)], "[0..1, 3..4, 5..6]");
    check(&[(1, 19), (25, 1000)], "[0..1, 2..6]");
    check(&[(1, u32::MAX)], "[0..6]");
}
