//! What is known of a message while it is judged: more and more, as far as needed.

use crate::view::{Recent, View};
use message::Envelope;
use message::date::SentDate;
use message::search::SearchedHeader;
use storage::Entry;
use terms::Uid;

/// What the view tells of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) seq: u32,
    pub(super) uid: u32,
    pub(super) recent: Recent,
}

impl Seen {
    /// Of the message at `place`, which is one of the view's places.
    pub(super) fn of(view: &View, place: usize) -> Self {
        let uid = view.at(place);
        Self {
            seq: u32::try_from(place).map_or(u32::MAX, |place| place.saturating_add(1)),
            uid: uid.map_or(0, Uid::value),
            recent: uid.map_or(Recent::No, |uid| view.recent(uid)),
        }
    }
}

/// What is known of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
    pub(super) seen: Seen,
    pub(super) entry: Option<&'a Entry>,
    /// When it says it was sent; inside, nothing if it does not say so readably.
    pub(super) sent: Option<Option<SentDate>>,
    pub(super) header: Option<&'a SearchedHeader<'a>>,
    /// For each text that is looked for: whether the body contains it.
    pub(super) body: Option<&'a [bool]>,
}

impl<'a> Evidence<'a> {
    /// What the view tells, and nothing else.
    pub(super) fn new(seen: Seen) -> Self {
        Self { seen, entry: None, sent: None, header: None, body: None }
    }

    pub(super) fn with_entry(self, entry: &'a Entry) -> Self {
        Self { entry: Some(entry), ..self }
    }

    pub(super) fn with_envelope(self, envelope: &Envelope) -> Self {
        Self { sent: Some(envelope.sent()), ..self }
    }

    pub(super) fn with_header(self, header: &'a SearchedHeader<'a>) -> Self {
        Self { header: Some(header), ..self }
    }

    pub(super) fn with_body(self, found: &'a [bool]) -> Self {
        Self { body: Some(found), ..self }
    }
}
