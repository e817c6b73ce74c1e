//! One session's numbering of the folder it has open, and what the client is told of changes to it.
//!
//! Pure: the session's picture goes in as [`storage::Changes`], comes out as [`News`]. What the folder
//! really holds is storage's business; the client's picture changes only by what it is told.
//!
//! Invariants:
//! 1. A message's sequence number is its place in `uids`, counted from 1.
//! 2. `gone` is ascending and part of `uids`: expunged from the folder, but the client was not told,
//!    because its numbers must stay while it waits for FETCH, STORE or SEARCH (RFC 3501 §7.4.1).
//! 3. `recent` is ascending; in each of its ranges is one of `uids` at least.
//! 4. All changes up to `told` were told, except for the expunges in `gone`.
//!
//! It may be kept for days, so nothing in it grows with what the folder holds, but with what is
//! irregular there: holes between UIDs, untold expunges, arrivals that other sessions claimed, keywords
//! (of which a folder has not many).

mod uids;

use crate::wire::sequence_set::Ranges;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use storage::{Changes, StoreOutcome, UidRuns};
use terms::{Flags, Keyword, ModSeq, SeqNum, Uid};
use uids::Uids;

/// Whether the client's sequence numbers may change now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// They must stay: no EXPUNGE.
    Stay,
    /// EXPUNGE is allowed.
    MayChange,
}

/// What the client knows of the folder.
#[derive(Clone, Debug)]
pub(crate) struct View {
    uids: Uids,
    gone: Vec<Uid>,
    recent: Vec<RangeInclusive<Uid>>,
    told: ModSeq,
    keywords: BTreeSet<Keyword>,
}

/// What the client is to be told, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// EXPUNGE of these, descending, so that none shifts the next.
    pub(crate) expunged: Vec<SeqNum>,
    /// There are this many messages: some are new.
    pub(crate) exists: Option<usize>,
    /// So many of them are recent: some are new, or recent ones were expunged.
    pub(crate) recent: Option<usize>,
    /// Keywords are in use that the client has not heard of.
    pub(crate) keywords_grew: bool,
    /// FETCH with the flags of these, ascending.
    pub(crate) flags: Vec<Told>,
}

/// A message's flags as the client is told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) seq: SeqNum,
    pub(crate) uid: Uid,
    pub(crate) flags: Flags,
    pub(crate) recent: Recent,
}

/// Whether a message is `\Recent` in this session (RFC 3501 §2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recent {
    Yes,
    No,
}

impl View {
    /// The view of a folder just opened: `uids`, as of `told`, of which those from `recent_from` on
    /// are recent.
    pub(crate) fn new(
        uids: &UidRuns,
        recent_from: Uid,
        told: ModSeq,
        keywords: Vec<Keyword>,
    ) -> Self {
        let uids = Uids::new(uids);
        let keywords = keywords.into_iter().collect();
        let mut view = Self { uids, gone: Vec::new(), recent: Vec::new(), told, keywords };
        view.note_recent(recent_from, 0);
        view
    }

    /// Takes note that the messages from `from` on are recent, among those at `first` and behind it.
    fn note_recent(&mut self, from: Uid, first: usize) {
        let place = self.uids.places(from.value()..=u32::MAX).start.max(first);
        let (Some(from), Some(to)) = (self.uids.at(place), self.uids.last()) else { return };
        let before = place.checked_sub(1).and_then(|place| self.uids.at(place));
        match self.recent.last_mut() {
            // Many small ranges are one, as long as nothing lies between them that is not recent.
            Some(last) if Some(*last.end()) == before => *last = *last.start()..=to,
            _ => self.recent.push(from..=to),
        }
    }

    /// How many messages the client knows of.
    pub(crate) fn count(&self) -> usize {
        self.uids.count()
    }

    /// How many of them are recent.
    pub(crate) fn recent_count(&self) -> usize {
        self.recent.iter().map(|range| places(&self.uids, range).len()).sum()
    }

    /// The UID of the message at this place.
    pub(crate) fn at(&self, place: usize) -> Option<Uid> {
        self.uids.at(place)
    }

    /// The place of a message that the client knows.
    pub(crate) fn place_of(&self, uid: Uid) -> Option<usize> {
        self.uids.place_of(uid)
    }

    /// The UIDs of the messages at these places, ascending.
    pub(crate) fn uids(&self, places: Range<usize>) -> impl Iterator<Item = Uid> + '_ {
        self.uids.range(places)
    }

    /// The UIDs from that of the first of these places to that of the last; none if there are none.
    pub(crate) fn span(&self, places: Range<usize>) -> Option<RangeInclusive<Uid>> {
        Some(self.uids.at(places.start)?..=self.uids.at(places.end.checked_sub(1)?)?)
    }

    /// The keywords that the client has heard of.
    pub(crate) fn keywords(&self) -> impl Iterator<Item = &Keyword> {
        self.keywords.iter()
    }

    /// Whether the message is recent.
    pub(crate) fn recent(&self, uid: Uid) -> Recent {
        let place = self.recent.partition_point(|range| *range.end() < uid);
        match self.recent.get(place) {
            Some(range) if range.contains(&uid) => Recent::Yes,
            _ => Recent::No,
        }
    }

    /// The message's number, if the client knows it.
    pub(crate) fn seq(&self, uid: Uid) -> Option<SeqNum> {
        self.uids.place_of(uid).and_then(seq_at)
    }

    /// Whether the message was expunged without the client being told.
    pub(crate) fn is_gone(&self, uid: Uid) -> bool {
        self.gone.binary_search(&uid).is_ok()
    }

    /// Whether there are expunges of which the client was not told.
    pub(crate) fn has_untold_expunges(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Up to which change the client was told of everything but expunges.
    pub(crate) fn told(&self) -> ModSeq {
        self.told
    }

    /// The largest UID that the client knows, or 0.
    pub(crate) fn largest_uid(&self) -> u32 {
        self.uids.last().map_or(0, Uid::value)
    }

    /// The messages with UIDs in the set, as ranges of places, ascending and not empty.
    pub(crate) fn places_of(&self, uids: &Ranges) -> Vec<Range<usize>> {
        let places = uids.iter().map(|range| self.uids.places(range));
        places.filter(|places| !places.is_empty()).collect()
    }

    /// Takes note that these are gone, before the client can be told.
    pub(crate) fn note_gone(&mut self, expunged: &[Uid]) {
        let known = expunged.iter().filter(|uid| self.uids.place_of(**uid).is_some());
        let before = self.gone.len();
        self.gone.extend(known);
        if self.gone.len() > before {
            self.gone.sort_unstable();
            self.gone.dedup();
        }
    }

    /// Takes note of what this session itself did to flags and is about to be told, or, after
    /// `STORE .SILENT`, knows. If anything else happened in between, nothing is noted: then it is
    /// told twice rather than not at all (RFC 3501 §6.4.6: external changes are told even if silent).
    pub(crate) fn note_own(&mut self, outcome: &StoreOutcome) {
        if let Some(changed_at) = outcome.changed_at
            && changed_at.0 == self.told.0.saturating_add(1)
        {
            self.told = changed_at;
        }
    }

    /// Takes in flags and answers what the client is told of them: for messages it knows.
    pub(crate) fn told_flags(&self, uid: Uid, flags: Flags) -> Option<Told> {
        Some(Told { seq: self.seq(uid)?, uid, flags, recent: self.recent(uid) })
    }

    /// Takes note of keywords in use. True if the client has not heard of one of them.
    pub(crate) fn learn_keywords(&mut self, flags: &Flags) -> bool {
        let before = self.keywords.len();
        self.keywords.extend(flags.keywords.iter().cloned());
        self.keywords.len() > before
    }

    /// The same for the flags of several messages.
    pub(crate) fn learn_all_keywords<'a>(
        &mut self,
        flags: impl Iterator<Item = &'a Flags>,
    ) -> bool {
        flags.fold(false, |grew, flags| self.learn_keywords(flags) | grew)
    }

    /// Takes in what happened since [`View::told`], and answers what to tell. After this the client
    /// counts as told.
    pub(crate) fn take_in(&mut self, changes: Changes, numbers: Numbers) -> News {
        let mut news = News::default();
        let recent_before = self.recent_count();
        self.note_gone(&changes.expunged);
        if numbers == Numbers::MayChange {
            news.expunged = self.forget_gone();
        }

        let count_before = self.uids.count();
        for entry in &changes.arrived {
            if self.uids.push(entry.uid) {
                news.keywords_grew |= self.learn_keywords(&entry.flags);
            }
        }
        if self.uids.count() > count_before {
            news.exists = Some(self.uids.count());
            // None: nobody knows better.
            self.note_recent(changes.recent_from.unwrap_or(Uid::MIN), count_before);
        }
        let recent = self.recent_count();
        if news.exists.is_some() || recent != recent_before {
            news.recent = Some(recent);
        }

        for update in changes.updated {
            if self.is_gone(update.uid) {
                continue;
            }
            news.keywords_grew |= self.learn_keywords(&update.flags);
            news.flags.extend(self.told_flags(update.uid, update.flags));
        }
        self.told = self.told.max(changes.up_to);
        news
    }

    /// Takes what is gone out of the numbering; answers its former numbers, descending.
    fn forget_gone(&mut self) -> Vec<SeqNum> {
        let gone = std::mem::take(&mut self.gone);
        let mut expunged: Vec<SeqNum> = gone.iter().filter_map(|uid| self.seq(*uid)).collect();
        expunged.reverse();
        if !gone.is_empty() {
            self.uids.remove(&gone);
            self.recent.retain(|range| !places(&self.uids, range).is_empty());
        }
        expunged
    }
}

/// The places of UIDs in a range.
fn places(uids: &Uids, range: &RangeInclusive<Uid>) -> Range<usize> {
    uids.places(range.start().value()..=range.end().value())
}

/// The sequence number of the message at this place.
pub(crate) fn seq_at(place: usize) -> Option<SeqNum> {
    u32::try_from(place).ok().and_then(|place| SeqNum::new(place.checked_add(1)?))
}

#[cfg(test)]
mod tests;
