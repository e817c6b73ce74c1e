//! Reading bytes of messages before they are answered with: several messages in one trip to storage, while the
//! client takes those before them.
//!
//! What is read ahead is bounded, and used only while nothing has happened that could have made the login void:
//! otherwise it is dropped, and read again under the login's eyes.

use super::body::{CHUNK, Stored};
use super::plan::Plan;
use crate::selected::Selected;
use bytes::Bytes;
use message::{Span, Structure};
use storage::{BlobRange, Entry, EntryQuery, FenceMark, Storage};

/// Messages read in one trip.
const MESSAGES: usize = 64;
/// Bytes of them together. While these are answered with, as many are read.
const BYTES: u64 = 256 * 1024;

/// A part of one message that was read ahead.
#[derive(Clone, Debug)]
pub(in crate::command) struct Ahead {
    span: Span,
    bytes: Bytes,
    as_of: FenceMark,
}

impl Ahead {
    /// These bytes of the message, if they are among what was read and may still be used.
    pub(super) fn bytes(&self, storage: &Storage, wanted: Span) -> Option<Bytes> {
        let at = |place: u64| usize::try_from(place.checked_sub(self.span.start)?).ok();
        let (start, end) = (at(wanted.start)?, at(wanted.end)?);
        let is_there = start <= end && end <= self.bytes.len();
        (is_there && storage.holds_since(self.as_of)).then(|| self.bytes.slice(start..end))
    }
}

/// Entries that are answered together, each with its place and with what was read of its message.
pub(in crate::command) type Group = Vec<(usize, Entry, Option<Ahead>)>;

/// Takes the next entries that can be read in one trip, at least one unless there are none, and reads what is
/// `needed` of their messages, if it is not much. What cannot be read here is left to be found out by whoever needs it.
pub(in crate::command) async fn read_group(
    storage: &Storage,
    selected: &Selected,
    entries: &mut std::iter::Peekable<impl Iterator<Item = (usize, Entry)>>,
    needed: impl Fn(&Entry) -> Option<Span>,
) -> Group {
    let as_of = storage.fence_mark();
    let (mut group, mut ranges, mut spans) = (Group::new(), Vec::new(), Vec::new());
    let mut bytes = 0;
    while group.len() < MESSAGES
        && let Some((_, entry)) = entries.peek()
    {
        let span = as_of.and_then(|_| needed(entry));
        let span = span.filter(|span| !span.is_empty() && span.len() <= CHUNK);
        bytes += span.map_or(0, |span| span.len());
        if bytes > BYTES && !group.is_empty() {
            break;
        }
        if let Some(span) = span {
            let length = usize::try_from(span.len()).unwrap_or_default();
            let (uid, blob) = (entry.uid, entry.blob);
            ranges.push(BlobRange { uid, blob, offset: span.start, length });
            spans.push((group.len(), span));
        }
        group.extend(entries.next().map(|(place, entry)| (place, entry, None)));
    }
    // One alone is read when it is answered with.
    if let Some(as_of) = as_of
        && ranges.len() > 1
    {
        let found = storage.read_ranges(&selected.login, selected.folder, ranges).await;
        for ((index, span), read) in spans.into_iter().zip(found.into_iter().flatten()) {
            group[index].2 = read.ok().map(|bytes| Ahead { span, bytes, as_of });
        }
    }
    group
}

/// The bytes of its message that the answer for an entry needs.
pub(super) fn needed(
    storage: &Storage,
    selected: &Selected,
    plan: &Plan,
    entry: &Entry,
) -> Option<Span> {
    if !plan.shows_content() {
        return None;
    }
    let structure = match plan.query() {
        EntryQuery::Plain => None,
        EntryQuery::WithDigest => Some(Structure::decode(&entry.digest).ok()?),
    };
    let stored = Stored::new(storage, selected, entry);
    let spans = plan.items().iter().filter_map(|item| stored.span(item, structure.as_ref()));
    spans.reduce(|one, other| Span::new(one.start.min(other.start), one.end.max(other.end)))
}
