//! What headers say, read into parts and envelopes as far as there is room (see the limits in
//! [`super`]).

use super::{MAX_FIELD, MAX_INDEXED, MAX_ITEMS};
use crate::address_list::{self, Listed};
use crate::content_type::{ContentType, Disposition, parse_languages, parse_token};
use crate::header::{self, Field};
use crate::{Content, Envelope, Part, RawText, Span};

/// How much of one message has been indexed.
#[derive(Default)]
pub(super) struct Index {
    /// Octets of fields that were read.
    octets: usize,
    /// Addresses, parameters and language tags that were kept.
    items: usize,
}

/// What a part is that has no Content-Type.
#[derive(Clone, Copy)]
pub(super) enum DefaultType {
    TextPlain,
    /// In a multipart/digest (RFC 2046 §5.1.5).
    MessageRfc822,
}

impl Index {
    /// A leaf described by its header; its body is still unknown.
    pub(super) fn part(&mut self, header: Span, bytes: &[u8], default: DefaultType) -> Part {
        let mut content_type = None;
        let mut part = Part {
            start: header.start,
            header_length: header.len(),
            body_length: 0,
            lines: 0,
            content_type: match default {
                DefaultType::TextPlain => ContentType::text_plain(),
                DefaultType::MessageRfc822 => ContentType::plain("message", "rfc822", &[]),
            },
            id: None,
            description: None,
            encoding: None,
            md5: None,
            disposition: None,
            languages: Vec::new(),
            location: None,
            content: Content::Leaf,
        };
        // Of fields that come twice, which none of these may, the first one counts.
        for field in header::fields(header.of(bytes)) {
            let Some(name) = content_field(field.name) else { continue };
            match name {
                name if is(name, "type") && content_type.is_none() => {
                    content_type = Some(self.content_type(field));
                }
                name if is(name, "transfer-encoding") && part.encoding.is_none() => {
                    part.encoding = self.value(field).and_then(|value| parse_token(&value));
                }
                name if is(name, "disposition") && part.disposition.is_none() => {
                    part.disposition = self.disposition(field);
                }
                name if is(name, "language") && part.languages.is_empty() => {
                    part.languages = self.languages(field);
                }
                name if is(name, "id") => self.keep_first(&mut part.id, field),
                name if is(name, "description") => self.keep_first(&mut part.description, field),
                name if is(name, "md5") => self.keep_first(&mut part.md5, field),
                name if is(name, "location") => self.keep_first(&mut part.location, field),
                _ => {}
            }
        }
        if let Some(content_type) = content_type {
            part.content_type = content_type;
        }
        part
    }

    /// The summary of a message's header.
    pub(super) fn envelope(&mut self, header: &[u8]) -> Envelope {
        let mut envelope = Envelope::default();
        for field in header::fields(header) {
            match field.name {
                name if is(name, "date") => self.keep_first(&mut envelope.date, field),
                name if is(name, "subject") => self.keep_first(&mut envelope.subject, field),
                name if is(name, "in-reply-to") => {
                    self.keep_first(&mut envelope.in_reply_to, field)
                }
                name if is(name, "message-id") => self.keep_first(&mut envelope.message_id, field),
                // Several fields of one kind are one list (RFC 5322 §4.5.3).
                name if is(name, "from") => self.append(&mut envelope.from, field),
                name if is(name, "sender") => self.append(&mut envelope.sender, field),
                name if is(name, "reply-to") => self.append(&mut envelope.reply_to, field),
                name if is(name, "to") => self.append(&mut envelope.to, field),
                name if is(name, "cc") => self.append(&mut envelope.cc, field),
                name if is(name, "bcc") => self.append(&mut envelope.bcc, field),
                _ => {}
            }
        }
        envelope
    }

    fn content_type(&mut self, field: Field<'_>) -> ContentType {
        let room = self.room();
        let found = self.value(field).and_then(|value| ContentType::parse(&value, room));
        let found = found.unwrap_or_else(ContentType::text_plain);
        self.items += found.parameters.len();
        found
    }

    fn disposition(&mut self, field: Field<'_>) -> Option<Disposition> {
        let room = self.room();
        let found = self.value(field).and_then(|value| Disposition::parse(&value, room))?;
        self.items += found.parameters.len();
        Some(found)
    }

    fn languages(&mut self, field: Field<'_>) -> Vec<RawText> {
        let room = self.room();
        let found = self.value(field).map_or_else(Vec::new, |value| parse_languages(&value, room));
        self.items += found.len();
        found
    }

    fn append(&mut self, list: &mut Vec<Listed>, field: Field<'_>) {
        let room = self.room();
        if let Some(value) = self.value(field) {
            let found = address_list::parse(&value, room);
            self.items += found.len();
            list.extend(found);
        }
    }

    fn keep_first(&mut self, place: &mut Option<RawText>, field: Field<'_>) {
        if place.is_none() {
            *place = self.value(field).map(RawText::from);
        }
    }

    fn room(&self) -> usize {
        MAX_ITEMS.saturating_sub(self.items)
    }

    /// The unfolded value of a field, as long as there is room for it in the index.
    fn value(&mut self, field: Field<'_>) -> Option<Vec<u8>> {
        let value = &field.value[..field.value.len().min(MAX_FIELD)];
        self.octets += value.len();
        (self.octets <= MAX_INDEXED).then(|| header::unfold(value).into_owned())
    }
}

/// The name of a field of MIME (RFC 2045 §3) without its beginning `Content-`.
fn content_field(name: &[u8]) -> Option<&[u8]> {
    let (head, rest) = name.split_at_checked("content-".len())?;
    is(head, "content-").then_some(rest)
}

fn is(name: &[u8], known: &str) -> bool {
    name.eq_ignore_ascii_case(known.as_bytes())
}
