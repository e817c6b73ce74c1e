//! Runs of UIDs against the plain list that they stand for.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn uids(numbers: impl IntoIterator<Item = u32>) -> Vec<Uid> {
    numbers.into_iter().filter_map(Uid::new).collect()
}

/// Everything that can be asked, against the list; and the invariants.
fn check(uids: &Uids, list: &[u32]) {
    let values = |uids: &mut dyn Iterator<Item = Uid>| uids.map(Uid::value).collect::<Vec<_>>();
    assert_eq!(values(&mut uids.range(0..uids.count())), list);
    assert_eq!(uids.count(), list.len());
    assert_eq!(uids.last().map(Uid::value), list.last().copied());
    for place in 0..list.len() + 2 {
        assert_eq!(uids.at(place).map(Uid::value), list.get(place).copied(), "{place} of {list:?}");
        for end in place..list.len() + 2 {
            let part = &list[place.min(list.len())..end.min(list.len())];
            assert_eq!(values(&mut uids.range(place..end)), part, "{place}..{end} of {list:?}");
        }
    }
    let near = list.iter().flat_map(|uid| [uid.saturating_sub(1), *uid, uid.saturating_add(1)]);
    let near: BTreeSet<u32> = near.chain([0, 1, u32::MAX]).collect();
    for first in &near {
        let place = Uid::new(*first).and_then(|uid| uids.place_of(uid));
        assert_eq!(place, list.binary_search(first).ok(), "{first} in {list:?}");
        for last in near.range(first..) {
            let from = list.partition_point(|uid| uid < first);
            let to = list.partition_point(|uid| uid <= last);
            assert_eq!(uids.places(*first..=*last), from..to, "{first}:{last} in {list:?}");
        }
    }

    assert!(uids.runs.first().is_none_or(|run| run.place == 0), "1: {uids:?}");
    let holes = list.windows(2).filter(|pair| pair[0] + 1 < pair[1]).count();
    assert_eq!(uids.runs.len(), holes + usize::from(!list.is_empty()), "3: {uids:?}");
    let ascends = |pair: &[Run]| pair[0].first < pair[1].first && pair[0].place < pair[1].place;
    assert!(uids.runs.windows(2).all(ascends), "1 and 2: {uids:?}");
    assert!(uids.runs.capacity() <= uids.runs.len() + uids.runs.len() / 8 + 1, "{uids:?}");
}

#[test]
fn the_ends_of_the_numbers() {
    let made = |numbers: &[u32]| Uids::new(&UidRuns::of(uids(numbers.iter().copied())));
    check(&Uids::default(), &[]);
    check(&made(&[1]), &[1]);
    check(&made(&[1, 2, u32::MAX - 1, u32::MAX]), &[1, 2, u32::MAX - 1, u32::MAX]);
    let mut all = Uids::default();
    assert!(all.append(1, u32::MAX));
    assert_eq!(all.last(), Some(Uid::MAX));
    assert_eq!(all.place_of(Uid::MAX), Some(4_294_967_294));
    assert_eq!(all.places(0..=u32::MAX), 0..4_294_967_295);
    assert!(!all.push(Uid::MAX));
    all.remove(&uids([1, 7, u32::MAX]));
    assert_eq!(all.count(), 4_294_967_292);
    assert_eq!((all.at(0), all.at(5)), (Uid::new(2), Uid::new(8)));
    // What does not ascend.
    let mut some = made(&[5, 6]);
    assert!(!some.append(2, 2) && !some.push(Uid::MIN));
    check(&some, &[5, 6]);
    assert_eq!(made(&[5, 9]).places(RangeInclusive::new(9, 5)), 1..1);
}

#[test]
fn a_run_costs_the_same_whatever_its_length() {
    let check = |holes: &dyn Fn(u32) -> bool, bytes: usize| {
        let kept = Uids::new(&UidRuns::of(uids((1..=100_000).filter(|uid| !holes(*uid)))));
        assert_eq!(kept.runs.capacity() * size_of::<Run>(), bytes);
    };
    check(&|_| false, 8);
    check(&|uid| uid % 1000 == 0, 100 * 8);
    // The dearest: 8 bytes for each message.
    check(&|uid| uid % 2 == 0, 50_000 * 8);
}

/// What is done to both.
#[derive(Clone, Debug)]
enum Step {
    /// Numbers that ascend, so far apart.
    Push(Vec<u32>),
    Remove(BTreeSet<u32>),
}

fn step() -> impl Strategy<Value = Step> {
    let apart = prop_oneof![4 => Just(1u32), 1 => 0u32..4];
    prop_oneof![
        prop::collection::vec(apart, 0..12).prop_map(Step::Push),
        prop::collection::btree_set(1u32..60, 0..8).prop_map(Step::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn runs_are_the_list_that_they_stand_for(
        opened in prop::collection::btree_set(1u32..20, 0..15),
        steps in prop::collection::vec(step(), 0..8),
    ) {
        let mut list: Vec<u32> = opened.into_iter().collect();
        let mut runs = Uids::new(&UidRuns::of(uids(list.iter().copied())));
        check(&runs, &list);
        for step in steps {
            match step {
                Step::Push(apart) => for gap in apart {
                    let next = list.last().unwrap_or(&0) + gap;
                    let grows = next > 0 && list.last().is_none_or(|last| *last < next);
                    if grows {
                        list.push(next);
                    }
                    prop_assert_eq!(Uid::new(next).is_some_and(|uid| runs.push(uid)), grows);
                },
                Step::Remove(gone) => {
                    list.retain(|uid| !gone.contains(uid));
                    runs.remove(&uids(gone));
                }
            }
            check(&runs, &list);
        }
    }
}
