//! Ascending UIDs, each at its place, kept as runs of numbers without holes between them.
//!
//! A folder from which nothing was expunged is one run, however many messages it holds. Where the
//! numbers have holes, each hole begins a run, and a run costs 8 bytes whatever its length: no more
//! than 8 bytes per message if no two have neighbouring UIDs, besides the eighth that is kept free to
//! grow into.
//!
//! Invariants:
//! 1. In `runs`, `first` and `place` ascend; the first `place` is 0.
//! 2. A run reaches up to the next run's `place`, the last one up to `count`. None is empty.
//! 3. Between two runs is a hole: no run begins right behind the last UID of the one before.

use std::ops::{Range, RangeInclusive};
use storage::UidRuns;
use terms::Uid;

/// UIDs, ascending. A place is counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uids {
    runs: Vec<Run>,
    /// How many UIDs there are. There are only 2^32 - 1.
    count: u32,
}

/// UIDs that follow one upon the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u32,
    /// Where `first` is.
    place: u32,
}

impl Uids {
    /// The same as storage hands them over.
    pub(crate) fn new(stored: &UidRuns) -> Self {
        let mut uids = Self::default();
        uids.runs.reserve_exact(stored.runs().len());
        for (first, last) in stored.runs() {
            uids.append(first.value(), last.value() - first.value() + 1);
        }
        uids
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        size(self.count)
    }

    /// The UID at a place.
    pub(crate) fn at(&self, place: usize) -> Option<Uid> {
        let place = u32::try_from(place).ok().filter(|place| *place < self.count)?;
        // Not 0, by 1 and 2.
        let run = self.runs[self.runs.partition_point(|run| run.place <= place) - 1];
        Uid::new(run.first + (place - run.place))
    }

    /// The largest.
    pub(crate) fn last(&self) -> Option<Uid> {
        self.at(self.count().checked_sub(1)?)
    }

    /// The place of a UID, if it is here.
    pub(crate) fn place_of(&self, uid: Uid) -> Option<usize> {
        let place = self.below(uid.value());
        (self.at(place) == Some(uid)).then_some(place)
    }

    /// The places of all UIDs in a range.
    pub(crate) fn places(&self, uids: RangeInclusive<u32>) -> Range<usize> {
        let start = self.below(*uids.start());
        let end = uids.end().checked_add(1).map_or(self.count(), |after| self.below(after));
        start..end.max(start)
    }

    /// The UIDs at these places, ascending. Places that do not exist are passed over.
    pub(crate) fn range(&self, places: Range<usize>) -> impl Iterator<Item = Uid> + '_ {
        let (from, to) = (number(places.start), number(places.end).min(self.count));
        let first_run = self.runs.partition_point(|run| run.place <= from).saturating_sub(1);
        let runs = (first_run..self.runs.len()).map(|index| (self.runs[index], self.end(index)));
        let runs = runs.take_while(move |(run, _)| run.place < to);
        runs.flat_map(move |(run, end)| {
            let wanted = run.place.max(from)..end.min(to);
            wanted.filter_map(move |place| Uid::new(run.first + (place - run.place)))
        })
    }

    /// Appends one, if it is larger than all that are here. Answers whether it is.
    pub(crate) fn push(&mut self, uid: Uid) -> bool {
        self.append(uid.value(), 1)
    }

    /// Removes those that are here of some that ascend, all in one pass.
    pub(crate) fn remove(&mut self, ascending: &[Uid]) {
        let mut removed = ascending.iter().map(|uid| uid.value()).peekable();
        let mut left = Self { runs: Vec::with_capacity(self.runs.len()), count: 0 };
        for (index, run) in self.runs.iter().enumerate() {
            let (mut first, mut length) = (run.first, self.end(index) - run.place);
            while length > 0
                && let Some(uid) = removed.next_if(|uid| *uid <= first + (length - 1))
            {
                let Some(before) = uid.checked_sub(first) else { continue };
                left.append(first, before);
                // Nothing is left behind the largest of all numbers.
                first = uid.saturating_add(1);
                length -= before + 1;
            }
            left.append(first, length);
        }
        left.runs.shrink_to_fit();
        *self = left;
    }

    /// How many are smaller than a number.
    fn below(&self, number: u32) -> usize {
        let Some(index) = self.runs.partition_point(|run| run.first < number).checked_sub(1) else {
            return 0;
        };
        let run = self.runs[index];
        let length = self.end(index) - run.place;
        size(run.place + (number - run.first).min(length))
    }

    /// The place behind a run.
    fn end(&self, index: usize) -> u32 {
        self.runs.get(index + 1).map_or(self.count, |next| next.place)
    }

    /// Appends `length` UIDs from `first` on, all of which exist, if they are larger than all that are
    /// here. Answers whether they are.
    fn append(&mut self, first: u32, length: u32) -> bool {
        if length == 0 {
            return true;
        }
        let last = self.last().map_or(0, Uid::value);
        if first <= last {
            return false;
        }
        if last == 0 || first - last > 1 {
            // By an eighth, not by the double: most views hardly grow.
            if self.runs.len() == self.runs.capacity() {
                self.runs.reserve_exact(self.runs.len() / 8 + 1);
            }
            self.runs.push(Run { first, place: self.count });
        }
        self.count += length;
        true
    }
}

/// There are no more places than UIDs.
fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
