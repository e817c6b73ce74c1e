//! Sets of message numbers: parsing, resolving `*`, and writing them compactly (RFC 3501 §9).
//!
//! A set may name four thousand million numbers in nine bytes, so nothing here expands one: a resolved
//! set is a list of ranges, and what is done with it costs time by its ranges and by what the folder
//! holds.

use super::lexer::{Lexer, Parsed};
use super::request::{SequenceSet, SetItem, SetNumber};
use super::writer;
use std::ops::RangeInclusive;

/// A set may have this many elements.
const MAX_ITEMS: usize = 10_000;

/// Whether a set starts with `byte`.
pub(super) fn starts_with(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'*'
}

/// `sequence-set`
pub(super) fn sequence_set(lexer: &mut Lexer<'_>) -> Parsed<SequenceSet> {
    let mut items = Vec::new();
    loop {
        if items.len() == MAX_ITEMS {
            return lexer.bad("Too many elements in the set");
        }
        let first = set_number(lexer)?;
        let last = if lexer.eat(b':') { set_number(lexer)? } else { first };
        items.push(SetItem { first, last });
        if !lexer.eat(b',') {
            return Ok(SequenceSet(items));
        }
    }
}

/// `seq-number`
fn set_number(lexer: &mut Lexer<'_>) -> Parsed<SetNumber> {
    match lexer.peek() {
        Some(b'*') => {
            lexer.eat(b'*');
            Ok(SetNumber::Largest)
        }
        Some(b'0'..=b'9') => Ok(SetNumber::Number(lexer.number_above_0()?)),
        _ => lexer.bad("Expected a number or *"),
    }
}

impl SequenceSet {
    /// The numbers meant, where `largest` is the largest in use: the number of messages, or the
    /// largest UID in the folder, or 0 if there are none.
    ///
    /// Numbers that nothing has are kept: whether that is an error depends on the command. `559:*`
    /// holds the largest number even if that is smaller than 559 (RFC 3501 §6.4.8). In an empty
    /// folder, `*` stands for nothing, and so does a range that it is one end of.
    pub fn resolve(&self, largest: u32) -> Ranges {
        let value = |number| match number {
            SetNumber::Number(number) => number,
            SetNumber::Largest => largest,
        };
        let names_nothing =
            |item: &SetItem| largest == 0 && [item.first, item.last].contains(&SetNumber::Largest);
        let ranges = self.0.iter().filter(|item| !names_nothing(item)).map(|item| {
            let (first, last) = (value(item.first), value(item.last));
            (first.min(last), first.max(last))
        });
        Ranges::from_unsorted(ranges.collect())
    }
}

/// Numbers as sorted ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    fn from_unsorted(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last)
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many numbers it holds.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// The largest number it holds.
    pub fn largest(&self) -> Option<u32> {
        self.0.last().map(|(_, last)| *last)
    }

    /// Whether it holds `number`.
    pub fn contains(&self, number: u32) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after > 0 && number <= self.0[after - 1].1
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = RangeInclusive<u32>> + '_ {
        self.0.iter().map(|(first, last)| *first..=*last)
    }

    /// The numbers, ascending. There may be 2^32 - 1: clip first.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.iter().flatten()
    }

    /// Without the numbers above `largest`.
    pub fn clipped(mut self, largest: u32) -> Self {
        self.0.truncate(self.0.partition_point(|(first, _)| *first <= largest));
        if let Some((_, last)) = self.0.last_mut() {
            *last = (*last).min(largest);
        }
        self
    }
}

/// Writes `numbers` as a set, neighbours that count upwards as ranges: `1:3,7,9:10`. Keeps their order.
/// Writes nothing for no numbers, which is no valid set.
pub fn write(out: &mut Vec<u8>, numbers: impl IntoIterator<Item = u32>) {
    let mut numbers = numbers.into_iter();
    let Some(mut first) = numbers.next() else { return };
    let mut last = first;
    for number in numbers {
        if last.checked_add(1) != Some(number) {
            write_range(out, first, last);
            out.push(b',');
            first = number;
        }
        last = number;
    }
    write_range(out, first, last);
}

fn write_range(out: &mut Vec<u8>, first: u32, last: u32) {
    writer::number(out, first.into());
    if first != last {
        out.push(b':');
        writer::number(out, last.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> SequenceSet {
        let mut lexer = Lexer::new(text.as_bytes(), false);
        let set = sequence_set(&mut lexer).unwrap();
        lexer.end().unwrap();
        set
    }

    fn written(numbers: impl IntoIterator<Item = u32>) -> String {
        let mut out = Vec::new();
        write(&mut out, numbers);
        String::from_utf8(out).unwrap()
    }

    /// What `set` means where `largest` is the largest number.
    fn check(set: &str, largest: u32, expected: &str) {
        let ranges = parse(set).resolve(largest);
        let shown: Vec<_> = ranges.iter().map(|r| format!("{}:{}", r.start(), r.end())).collect();
        assert_eq!(shown.join(","), expected, "{set} of {largest}");
    }

    #[test]
    fn resolves() {
        // RFC 3501 §9, seq-range and sequence-set.
        check("2:4", 15, "2:4");
        check("4:2", 15, "2:4");
        check("2,4:7,9,12:*", 15, "2:2,4:7,9:9,12:15");
        check("*:4,5:7", 10, "4:10");
        // RFC 3501 §6.4.8: the range always holds the last message.
        check("3291:*", 3290, "3290:3291");
        check("*:559", 5, "5:559");
        check("*", 7, "7:7");
        check("*:*", 7, "7:7");
        check("1,2,3,5", 9, "1:3,5:5");
        check("5,1:3,2:4,9", 9, "1:5,9:9");
        check("1:4294967295", 9, "1:4294967295");
        check("4294967295,1,*", 4294967295, "1:1,4294967295:4294967295");
        // Nothing is the largest.
        check("*", 0, "");
        check("1:*,*:4", 0, "");
        check("7,*", 0, "7:7");
    }

    #[test]
    fn huge_ranges_cost_nothing() {
        let ranges = parse("1:4294967295,5:*,3").resolve(u32::MAX);
        assert_eq!((ranges.count(), ranges.largest()), (u64::from(u32::MAX), Some(u32::MAX)));
        assert!(ranges.contains(1) && ranges.contains(u32::MAX) && !ranges.contains(0));
        assert_eq!(ranges.clone().clipped(3).numbers().collect::<Vec<_>>(), [1, 2, 3]);
        assert!(ranges.clone().clipped(0).is_empty());
    }

    #[test]
    fn writes() {
        assert_eq!(written([]), "");
        assert_eq!(written([7]), "7");
        assert_eq!(written([1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        // Not sorted: the order says which copy is whose (RFC 4315 §3).
        assert_eq!(written([3, 2, 1, 5, 6]), "3,2,1,5:6");
        assert_eq!(written([u32::MAX - 1, u32::MAX, 1]), "4294967294:4294967295,1");
        assert_eq!(written([5, 5]), "5,5");
    }

    proptest! {
        #[test]
        fn resolving_is_the_sum_of_the_items(
            items in prop::collection::vec((0u32..40, 0u32..40), 1..20),
            largest in 0u32..40,
        ) {
            let number = |n| if n == 0 { SetNumber::Largest } else { SetNumber::Number(n) };
            let value = |n| if n == 0 { largest } else { n };
            let set = items.iter().map(|(a, b)| SetItem { first: number(*a), last: number(*b) });
            let ranges = SequenceSet(set.collect()).resolve(largest);
            for n in 1..50 {
                let named = items.iter().any(|(a, b)| {
                    let (a, b) = (value(*a), value(*b));
                    a > 0 && b > 0 && a.min(b) <= n && n <= a.max(b)
                });
                prop_assert_eq!(ranges.contains(n), named, "{}", n);
            }
            let numbers: Vec<_> = ranges.numbers().collect();
            prop_assert_eq!(numbers.len() as u64, ranges.count());
            prop_assert!(numbers.is_sorted_by(|a, b| a < b));
            let apart = ranges.iter().zip(ranges.iter().skip(1)).all(|(a, b)| a.end() + 1 < *b.start());
            prop_assert!(apart);
            if !numbers.is_empty() {
                prop_assert_eq!(parse(&written(numbers)).resolve(0), ranges);
            }
        }
    }
}
