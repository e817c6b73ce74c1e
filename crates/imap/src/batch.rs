//! Which entries to read at a time, when a command names many of them.
//!
//! One read takes a range of UIDs. Messages that lie close together are read in one, passing over what
//! lies between; no read takes more than its share of memory.

use crate::error::Failure;
use crate::selected::Selected;
use std::ops::Range;
use storage::{Entry, EntryQuery, Storage};

/// Reading this many entries too many is cheaper than another read.
const WIDEST_GAP: usize = 16;

/// Places in a view that are read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The places wanted: ascending ranges, at least one, none empty.
    wanted: Vec<Range<usize>>,
}

impl Batch {
    /// How many entries are wanted.
    pub(crate) fn count(&self) -> usize {
        self.wanted.iter().map(Range::len).sum()
    }

    /// The places wanted, ascending.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        self.wanted.iter().cloned().flatten()
    }

    /// The wanted entries that exist, ascending, each with its place in the view.
    ///
    /// # Errors
    /// Storage's.
    pub(crate) async fn read(
        &self,
        storage: &Storage,
        selected: &Selected,
        query: EntryQuery,
    ) -> Result<Vec<(usize, Entry)>, Failure> {
        let (Some(first), Some(last)) = (self.wanted.first(), self.wanted.last()) else {
            return Ok(Vec::new());
        };
        let width = last.end - first.start;
        let Some(uids) = selected.view.span(first.start..last.end) else { return Ok(Vec::new()) };
        let entries = storage.entries(&selected.login, selected.folder, uids, width, query).await?;
        let placed = entries.into_iter().filter_map(|entry| {
            let place = selected.view.place_of(entry.uid)?;
            self.wants(place).then_some((place, entry))
        });
        Ok(placed.collect())
    }

    fn wants(&self, place: usize) -> bool {
        let after = self.wanted.partition_point(|range| range.start <= place);
        after > 0 && self.wanted[after - 1].contains(&place)
    }
}

/// Cuts places, given as ascending ranges, into batches that span at most `widest` places each.
pub(crate) fn batches(places: &[Range<usize>], widest: usize) -> Batches<'_> {
    Batches { places, cut: 0, widest }
}

/// Made by [`batches`].
#[derive(Clone, Debug)]
pub(crate) struct Batches<'a> {
    places: &'a [Range<usize>],
    /// Up to where the first range has been dealt with.
    cut: usize,
    widest: usize,
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let mut wanted: Vec<Range<usize>> = Vec::new();
        while let Some(range) = self.places.first() {
            let start = range.start.max(self.cut);
            let first = wanted.first().map_or(start, |first| first.start);
            let room_to = first.saturating_add(self.widest);
            if range.is_empty() {
                self.places = &self.places[1..];
                continue;
            }
            let too_far = wanted.last().is_some_and(|last| start - last.end > WIDEST_GAP);
            if too_far || start >= room_to {
                break;
            }
            let end = range.end.min(room_to);
            wanted.push(start..end);
            if end < range.end {
                self.cut = end;
                break;
            }
            self.places = &self.places[1..];
        }
        (!wanted.is_empty()).then_some(Batch { wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one range is what is meant")]
    fn cutting() {
        let check = |places: &[Range<usize>], widest, expected: &[&[Range<usize>]]| {
            let cut: Vec<Vec<_>> = batches(places, widest).map(|batch| batch.wanted).collect();
            assert_eq!(cut, expected, "{places:?}");
        };
        check(&[], 10, &[]);
        check(&[0..0], 10, &[]);
        check(&[3..4], 10, &[&[3..4]]);
        check(&[0..25], 10, &[&[0..10], &[10..20], &[20..25]]);
        check(&[0..2, 5..6, 9..30], 10, &[&[0..2, 5..6, 9..10], &[10..20], &[20..30]]);
        check(&[0..1, 17..18, 40..41], 100, &[&[0..1, 17..18], &[40..41]]);
        check(&[0..10, 10..12], 10, &[&[0..10], &[10..12]]);
    }

    #[test]
    fn wanting() {
        let batch = Batch { wanted: vec![2..4, 6..7] };
        let wanted: Vec<usize> = (0..10).filter(|place| batch.wants(*place)).collect();
        assert_eq!((wanted.as_slice(), batch.count()), (&[2, 3, 6][..], 3));
    }
}
