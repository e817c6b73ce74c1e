//! What a FETCH needs to read, from the items it names.

use crate::wire::request::{FetchItem, Numbering, Section, SectionPart};
use storage::EntryQuery;

/// Entries read at a time if nothing else is.
const MANY: usize = 500;
/// Entries read at a time with their digests.
const FEW: usize = 100;
/// Entries marked `\Seen` at a time: if the client goes away, so many at most are marked unseen.
const FEWEST: usize = 20;

/// The items of a FETCH, and what they entail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    items: Vec<FetchItem>,
    query: EntryQuery,
    reading: Reading,
}

/// Whether messages count as read by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Peeks,
    /// Sets `\Seen`.
    Reads,
}

impl Plan {
    pub(super) fn new(mut items: Vec<FetchItem>, numbering: Numbering) -> Self {
        // "UID" is part of every answer to a UID command (RFC 3501 §6.4.8).
        if numbering == Numbering::Uid && !items.contains(&FetchItem::Uid) {
            items.insert(0, FetchItem::Uid);
        }
        let query = match items.iter().any(needs_structure) {
            true => EntryQuery::WithDigest,
            false => EntryQuery::Plain,
        };
        let reading = match items.iter().any(reads) {
            true => Reading::Reads,
            false => Reading::Peeks,
        };
        Self { items, query, reading }
    }

    /// In the order asked for.
    pub(super) fn items(&self) -> &[FetchItem] {
        &self.items
    }

    /// What to read of entries.
    pub(super) fn query(&self) -> EntryQuery {
        self.query
    }

    /// Whether `\Seen` is to be set.
    pub(super) fn reading(&self) -> Reading {
        self.reading
    }

    /// How many entries to read at a time.
    pub(super) fn batch_size(&self) -> usize {
        match (self.reading, self.query) {
            (Reading::Reads, _) => FEWEST,
            (Reading::Peeks, EntryQuery::WithDigest) => FEW,
            (Reading::Peeks, EntryQuery::Plain) => MANY,
        }
    }

    /// Whether nothing needs to be read at all.
    pub(super) fn asks_for_uids_alone(&self) -> bool {
        self.items.iter().all(|item| *item == FetchItem::Uid)
    }

    /// Whether bytes of messages are shown.
    pub(super) fn shows_content(&self) -> bool {
        self.items.iter().any(shows_content)
    }

    /// Whether the client asked for flags.
    pub(super) fn shows_flags(&self) -> bool {
        self.items.contains(&FetchItem::Flags)
    }
}

/// Whether the message's parts must be known. The message as a whole is just its bytes.
fn needs_structure(item: &FetchItem) -> bool {
    match item {
        FetchItem::Uid
        | FetchItem::Flags
        | FetchItem::InternalDate
        | FetchItem::Size
        | FetchItem::Rfc822 => false,
        FetchItem::Envelope
        | FetchItem::Body
        | FetchItem::BodyStructure
        | FetchItem::Rfc822Header
        | FetchItem::Rfc822Text => true,
        FetchItem::Section { section, .. } => !is_whole(section),
    }
}

/// `BODY[]`
pub(super) fn is_whole(section: &Section) -> bool {
    section.path.is_empty() && section.what == SectionPart::Whole
}

fn shows_content(item: &FetchItem) -> bool {
    matches!(
        item,
        FetchItem::Section { .. }
            | FetchItem::Rfc822
            | FetchItem::Rfc822Header
            | FetchItem::Rfc822Text
    )
}

fn reads(item: &FetchItem) -> bool {
    match item {
        FetchItem::Section { peek, .. } => !peek,
        FetchItem::Rfc822 | FetchItem::Rfc822Text => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans() {
        let section = |path: &[u32], what, peek| FetchItem::Section {
            section: Section { path: path.to_vec(), what },
            partial: None,
            peek,
        };
        let check = |items: &[FetchItem], query, reading| {
            let plan = Plan::new(items.to_vec(), Numbering::Uid);
            assert_eq!((plan.query, plan.reading), (query, reading), "{items:?}");
            assert_eq!(plan.items.iter().filter(|item| **item == FetchItem::Uid).count(), 1);
        };
        use EntryQuery::{Plain, WithDigest};
        use FetchItem as I;
        use Reading::{Peeks, Reads};
        check(&[I::Flags, I::InternalDate, I::Size], Plain, Peeks);
        check(&[I::Flags, I::Uid], Plain, Peeks);
        check(&[I::Envelope], WithDigest, Peeks);
        check(&[section(&[], SectionPart::Whole, true)], Plain, Peeks);
        check(&[section(&[], SectionPart::Whole, false)], Plain, Reads);
        check(&[section(&[], SectionPart::Header, true)], WithDigest, Peeks);
        check(&[section(&[1], SectionPart::Whole, false)], WithDigest, Reads);
        check(&[I::Rfc822], Plain, Reads);
        check(&[I::Rfc822Header], WithDigest, Peeks);
        check(&[I::Rfc822Text], WithDigest, Reads);
    }
}
