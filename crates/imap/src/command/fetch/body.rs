//! Bytes of a message: which of them a FETCH item means, and reading them piece by piece.

use super::ahead::Ahead;
use super::plan::is_whole;
use crate::error::Failure;
use crate::selected::Selected;
use crate::wire::request::{FetchItem, Section, SectionPart};
use bytes::Bytes;
use message::{Located, SectionText, Span, Structure};
use storage::{Entry, HeldBlob, Room, Storage};

/// How much of a message is read at a time.
pub(super) const CHUNK: u64 = 64 * 1024;

/// Bytes of a header among which fields are looked for: what is found is kept until the client has it. No honest
/// header is larger.
const MOST_OF_A_HEADER: u64 = 1024 * 1024;

/// What a section turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// These bytes of the message.
    Stored(Span),
    /// These bytes, made from the message's.
    Made(Vec<u8>),
    /// There is no such part.
    Absent,
}

impl Content {
    /// `<offset.length>` of it.
    pub(super) fn cut(self, partial: Option<(u32, u32)>) -> Self {
        let Some((offset, length)) = partial else { return self };
        let (offset, length) = (u64::from(offset), u64::from(length));
        match self {
            Content::Stored(span) => {
                let start = span.start.saturating_add(offset).min(span.end);
                Content::Stored(Span::new(start, start.saturating_add(length).min(span.end)))
            }
            Content::Made(bytes) => {
                Content::Made(Span::new(offset, offset.saturating_add(length)).of(&bytes).to_vec())
            }
            Content::Absent => Content::Absent,
        }
    }
}

/// A message whose bytes can be read.
#[derive(Clone, Debug)]
pub(in crate::command) struct Stored<'a> {
    storage: &'a Storage,
    pub(in crate::command) selected: &'a Selected,
    pub(in crate::command) entry: &'a Entry,
    held: Option<HeldBlob>,
    ahead: Option<Ahead>,
}

impl<'a> Stored<'a> {
    /// The message of an entry in the open folder.
    pub(in crate::command) fn new(
        storage: &'a Storage,
        selected: &'a Selected,
        entry: &'a Entry,
    ) -> Self {
        Self { storage, selected, entry, held: None, ahead: None }
    }

    /// The same with what was read of it ahead.
    pub(in crate::command) fn with_ahead(self, ahead: Option<Ahead>) -> Self {
        Self { ahead, ..self }
    }

    /// Makes sure that a span can be read to its end, even if another session expunges the message
    /// meanwhile. One that is read at once needs nothing.
    ///
    /// # Errors
    /// As [`Stored::chunk`].
    pub(super) async fn hold(&mut self, span: Span) -> Result<(), Failure> {
        if span.len() > CHUNK && self.held.is_none() {
            let Selected { login, folder, .. } = self.selected;
            let Entry { uid, blob, .. } = self.entry;
            self.held = Some(self.storage.hold_blob(login, *folder, *uid, *blob).await?);
        }
        Ok(())
    }

    /// All of the message.
    pub(in crate::command) fn whole(&self) -> Span {
        Span::new(0, self.entry.blob.size)
    }

    /// The first bytes of a span, at most [`CHUNK`], at least one unless the span is empty.
    ///
    /// # Errors
    /// Storage's; also if the message ends before the span does.
    pub(in crate::command) async fn chunk(&self, span: Span) -> Result<Bytes, Failure> {
        let length = usize::try_from(span.len().min(CHUNK)).unwrap_or_default();
        if length == 0 {
            return Ok(Bytes::new());
        }
        let wanted = Span::new(span.start, span.start + length as u64);
        if let Some(bytes) = self.ahead.as_ref().and_then(|it| it.bytes(self.storage, wanted)) {
            return Ok(bytes);
        }
        let Selected { login, folder, .. } = self.selected;
        let Entry { uid, blob, .. } = self.entry;
        let bytes = match &self.held {
            Some(held) => self.storage.read_held(login, held, span.start, length).await?,
            None => self.storage.read_blob(login, *folder, *uid, *blob, span.start, length).await?,
        };
        if bytes.len() != length {
            let problem = format!("message {uid} ends before byte {}", span.end);
            return Err(storage::StorageError::Corrupt(problem).into());
        }
        Ok(bytes)
    }

    /// All bytes of a span. For headers, and for what else must be looked at as a whole.
    ///
    /// # Errors
    /// As [`Stored::chunk`].
    pub(in crate::command) async fn bytes(&self, span: Span) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let mut left = span;
        while !left.is_empty() {
            let chunk = self.chunk(left).await?;
            left.start += chunk.len() as u64;
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// The message's structure, from its digest; should that not be readable, from the message.
    ///
    /// # Errors
    /// As [`Stored::chunk`].
    pub(in crate::command) async fn structure(&self) -> Result<Structure, Failure> {
        match Structure::decode(&self.entry.digest) {
            Ok(structure) => Ok(structure),
            Err(error) => {
                tracing::warn!(%error, "a digest cannot be read; the message is scanned instead");
                let _room = Room::of(self.entry.blob.size).await;
                Ok(Structure::scan(&self.bytes(self.whole()).await?))
            }
        }
    }

    /// The bytes from which an item's content is taken or made; none if it has none.
    pub(super) fn span(&self, item: &FetchItem, structure: Option<&Structure>) -> Option<Span> {
        let (section, partial) = match item {
            FetchItem::Rfc822 => return Some(self.whole()),
            FetchItem::Rfc822Header => {
                (&Section { path: Vec::new(), what: SectionPart::Header }, None)
            }
            FetchItem::Rfc822Text => (&Section { path: Vec::new(), what: SectionPart::Text }, None),
            FetchItem::Section { section, partial, .. } => (section, *partial),
            FetchItem::Uid
            | FetchItem::Flags
            | FetchItem::InternalDate
            | FetchItem::Size
            | FetchItem::Envelope
            | FetchItem::Body
            | FetchItem::BodyStructure => return None,
        };
        let verbatim = if is_whole(section) {
            self.whole()
        } else {
            match structure?.locate(&section.path, &section_text(&section.what))? {
                Located::Verbatim(span) => span,
                Located::Filtered(span) => return Some(span),
            }
        };
        match Content::Stored(verbatim).cut(partial) {
            Content::Stored(span) => Some(span),
            Content::Made(_) | Content::Absent => None,
        }
    }

    /// What a section means in this message.
    ///
    /// # Errors
    /// As [`Stored::chunk`].
    pub(super) async fn content(
        &self,
        section: &Section,
        structure: Option<&Structure>,
    ) -> Result<Content, Failure> {
        if is_whole(section) {
            return Ok(Content::Stored(self.whole()));
        }
        let Some(structure) = structure else { return Ok(Content::Absent) };
        let text = section_text(&section.what);
        Ok(match structure.locate(&section.path, &text) {
            None => Content::Absent,
            Some(Located::Verbatim(span)) => Content::Stored(span),
            Some(Located::Filtered(span)) => {
                let header = Span::new(span.start, span.end.min(span.start + MOST_OF_A_HEADER));
                Content::Made(text.filter(&self.bytes(header).await?))
            }
        })
    }
}

fn section_text(what: &SectionPart) -> SectionText {
    match what {
        SectionPart::Whole => SectionText::Whole,
        SectionPart::Header => SectionText::Header,
        SectionPart::HeaderFields(names) => SectionText::HeaderFields(names.clone()),
        SectionPart::HeaderFieldsNot(names) => SectionText::HeaderFieldsNot(names.clone()),
        SectionPart::Text => SectionText::Text,
        SectionPart::Mime => SectionText::Mime,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_fetches() {
        let check = |partial, start, end| {
            let cut = Content::Stored(Span::new(100, 110)).cut(partial);
            assert_eq!(cut, Content::Stored(Span::new(start, end)), "{partial:?}");
            let made = Content::Made(b"0123456789".to_vec()).cut(partial);
            let (from, to) = (start as usize - 100, end as usize - 100);
            assert_eq!(made, Content::Made(b"0123456789"[from..to].to_vec()), "{partial:?}");
        };
        check(None, 100, 110);
        check(Some((0, 5)), 100, 105);
        check(Some((8, 5)), 108, 110);
        check(Some((10, 1)), 110, 110);
        check(Some((u32::MAX, u32::MAX)), 110, 110);
        assert_eq!(Content::Absent.cut(Some((0, 1))), Content::Absent);
    }
}
