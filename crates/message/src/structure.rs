//! The scanner: one pass over a whole message that finds its parts and headers, byte for byte
//! (RFC 5322 §2, RFC 2046 §5).
//!
//! It decodes nothing. Invariants, which [`Structure::decode`] checks too:
//!
//! 1. A part lies within its parent's body; parts of one multipart follow each other.
//! 2. A header is followed by its body without a gap.
//! 3. A part's content agrees with its content type (see [`Content`]).
//! 4. The tree is at most [`MAX_DEPTH`] deep and has at most [`MAX_PARTS`] parts, and the indexed
//!    text is bounded; what lies beyond is an opaque leaf, or absent.
//!
//! Time is linear in the message: every octet is looked at once by the search for line ends, and
//! every line that starts with two dashes is compared with the at most `MAX_DEPTH` boundaries that
//! are open.

use memchr::{memchr, memchr_iter, memmem};

use crate::address_list;
use crate::content_type::{
    ContentType, Disposition, joined_parameter, parse_languages, parse_token,
};
use crate::encoding::TransferEncoding;
use crate::header::{self, Field};
use crate::{Content, Envelope, Part, RawText, Span};

/// How deep multiparts and attached messages may nest. Deeper ones are not looked into.
pub const MAX_DEPTH: usize = 50;
/// How many parts a message may have. What follows in a multipart becomes one opaque part, so that
/// each multipart still open may add one.
pub const MAX_PARTS: usize = 10_000;
/// Octets of one field that are indexed; the rest of a longer one is cut off.
pub const MAX_FIELD: usize = 256 * 1024;
/// Octets of all fields that are indexed in one message. Later fields count as absent.
pub const MAX_INDEXED: usize = 8 * 1024 * 1024;
/// Addresses, parameters and language tags that are indexed in one message.
pub const MAX_ITEMS: usize = 50_000;

/// What a message is made of: the summary of its header, and the tree of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// The summary of the message's header.
    pub envelope: Envelope,
    /// The message as a part: its header is the message's header, its body the message's body.
    pub root: Part,
}

impl Structure {
    /// Scans a complete message. Every sequence of octets is some message.
    ///
    /// Lines may end in CRLF or LF. A multipart without a usable boundary, or whose boundary never
    /// comes, is read as text/plain, as RFC 2045 §5.2 advises for an invalid Content-Type. A
    /// multipart or message beyond [`MAX_DEPTH`], and a message encoded in base64 against RFC 2046
    /// §5.2.1, is an application/octet-stream.
    pub fn scan(bytes: &[u8]) -> Structure {
        Scanner {
            bytes,
            at: 0,
            line_ends: 0,
            boundaries: Vec::new(),
            found: None,
            parts: 0,
            indexed: 0,
            items: 0,
            candidate: memmem::Finder::new(b"\n--"),
        }
        .message(0)
    }

    /// Octets of the message.
    pub fn size(&self) -> u64 {
        self.root.whole().len()
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    /// Where we are: always the start of a line, or the end.
    at: usize,
    /// Line ends passed so far.
    line_ends: u64,
    /// The boundaries of the multiparts we are in, outermost first.
    boundaries: Vec<Vec<u8>>,
    /// The delimiter that `at` stands at, once one was found and until it is consumed.
    found: Option<Delimiter>,
    parts: usize,
    indexed: usize,
    items: usize,
    candidate: memmem::Finder<'static>,
}

/// A delimiter line.
#[derive(Clone, Copy)]
struct Delimiter {
    /// Which of the open boundaries it shows.
    level: usize,
    /// Whether it is the one after the last part.
    closes: bool,
    /// Where the next line starts.
    line_end: usize,
}

/// What a part is that has no Content-Type.
#[derive(Clone, Copy)]
enum DefaultType {
    TextPlain,
    /// In a multipart/digest (RFC 2046 §5.1.5).
    MessageRfc822,
}

impl Scanner<'_> {
    fn message(&mut self, depth: usize) -> Structure {
        let header = self.header();
        let envelope = self.envelope(header);
        let root = self.part_after(header, DefaultType::TextPlain, depth);
        Structure { envelope, root }
    }

    fn part(&mut self, default: DefaultType, depth: usize) -> Part {
        let header = self.header();
        self.part_after(header, default, depth)
    }

    /// The rest of a part whose header has been passed.
    fn part_after(&mut self, header: Span, default: DefaultType, depth: usize) -> Part {
        self.parts += 1;
        let mut part = self.described(header, default);
        let body_start = self.at;
        let line_ends_before = self.line_ends;

        self.content(&mut part, depth);
        self.skip_to_delimiter();

        let children_end = match &part.content {
            Content::Leaf => 0,
            Content::Multipart(children) => children.last().map_or(0, |child| child.whole().end),
            Content::Message(message) => message.root.whole().end,
        };
        // The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1), unless it is
        // also the empty line that ends a header in here: that one is not cut in two.
        let mut body_end = self.at;
        let mut lines = self.line_ends - line_ends_before;
        if self.found.is_some() {
            let body = &self.bytes[body_start..self.at];
            let shorter = body_start + header::without_line_end(body).len();
            if shorter < body_end && shorter as u64 >= children_end {
                body_end = shorter;
                lines -= 1;
            }
        }
        part.body_length = (body_end - body_start) as u64;
        part.lines = lines;
        part
    }

    /// Reads the body as what the content type says it is, as far as it is made of parts.
    fn content(&mut self, part: &mut Part, depth: usize) {
        let is_multipart = part.content_type.is_multipart();
        let is_message = part.content_type.is_message();
        let encoded = part.transfer_encoding() == Some(TransferEncoding::Base64);

        if (is_multipart || is_message) && depth >= MAX_DEPTH || is_message && encoded {
            part.content_type = ContentType::plain("application", "octet-stream", &[]);
        } else if is_message {
            part.content = Content::Message(Box::new(self.message(depth + 1)));
        } else if is_multipart {
            let children = match boundary(&part.content_type) {
                Some(boundary) => {
                    let default = match part.content_type.sub.is("digest") {
                        true => DefaultType::MessageRfc822,
                        false => DefaultType::TextPlain,
                    };
                    self.multipart(boundary, default, depth)
                }
                None => Vec::new(),
            };
            if children.is_empty() {
                part.content_type = ContentType::text_plain();
            } else {
                part.content = Content::Multipart(children);
            }
        }
    }

    fn multipart(&mut self, boundary: Vec<u8>, default: DefaultType, depth: usize) -> Vec<Part> {
        let level = self.boundaries.len();
        let mut children = Vec::new();
        self.boundaries.push(boundary);
        self.skip_to_delimiter(); // The preamble.
        while let Some(delimiter) = self.found
            && delimiter.level == level
        {
            self.pass_line(delimiter.line_end);
            self.found = None;
            if delimiter.closes {
                break;
            }
            if self.parts >= MAX_PARTS {
                self.boundaries.truncate(level);
                children.push(self.opaque(depth + 1));
                break;
            }
            children.push(self.part(default, depth + 1));
        }
        self.boundaries.truncate(level);
        children
    }

    /// All that is left of a multipart, as one part without a header.
    fn opaque(&mut self, depth: usize) -> Part {
        let no_header = Span::new(self.at as u64, self.at as u64);
        let mut part = self.part_after(no_header, DefaultType::TextPlain, depth);
        part.content_type = ContentType::plain("application", "octet-stream", &[]);
        part
    }

    /// Passes a header and the empty line behind it. A delimiter ends it as well.
    fn header(&mut self) -> Span {
        let start = self.at;
        while self.at < self.bytes.len() {
            self.found = self.delimiter_here();
            if self.found.is_some() {
                break;
            }
            let rest = &self.bytes[self.at..];
            let blank = header::is_blank_line(rest);
            let length = memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
            self.pass_line(self.at + length);
            if blank {
                break;
            }
        }
        Span::new(start as u64, self.at as u64)
    }

    /// Goes to the next delimiter of any open multipart, or to the end.
    fn skip_to_delimiter(&mut self) {
        if self.found.is_some() {
            return;
        }
        if !self.boundaries.is_empty() {
            self.found = self.delimiter_here();
            while self.found.is_none() {
                let Some(newline) = self.candidate.find(&self.bytes[self.at..]) else { break };
                self.pass_line(self.at + newline + 1);
                self.found = self.delimiter_here();
            }
        }
        if self.found.is_none() {
            self.pass_line(self.bytes.len());
        }
    }

    /// The delimiter that starts here, of the innermost multipart that has this boundary. It is a
    /// whole line: a longer boundary does not match (RFC 2046 §5.1.1).
    fn delimiter_here(&self) -> Option<Delimiter> {
        let text = self.bytes[self.at..].strip_prefix(b"--")?;
        self.boundaries.iter().enumerate().rev().find_map(|(level, boundary)| {
            let rest = text.strip_prefix(boundary.as_slice())?;
            let closing = rest.strip_prefix(b"--").and_then(after_padding);
            let closes = closing.is_some();
            let after = closing.or_else(|| after_padding(rest))?;
            Some(Delimiter { level, closes, line_end: self.bytes.len() - after.len() })
        })
    }

    fn pass_line(&mut self, end: usize) {
        self.line_ends += memchr_iter(b'\n', &self.bytes[self.at..end]).count() as u64;
        self.at = end;
    }

    /// A leaf described by its header; its body is still unknown.
    fn described(&mut self, header: Span, default: DefaultType) -> Part {
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
        for field in header::fields(header.of(self.bytes)) {
            let Some(name) = content_field(field.name) else { continue };
            match name {
                name if is(name, "type") && content_type.is_none() => {
                    content_type = Some(self.content_type(field));
                }
                name if is(name, "transfer-encoding") && part.encoding.is_none() => {
                    part.encoding = self.indexed(field).and_then(|value| parse_token(&value));
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

    fn envelope(&mut self, header: Span) -> Envelope {
        let mut envelope = Envelope::default();
        for field in header::fields(header.of(self.bytes)) {
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
        let found = self.indexed(field).and_then(|value| ContentType::parse(&value, room));
        let found = found.unwrap_or_else(ContentType::text_plain);
        self.items += found.parameters.len();
        found
    }

    fn disposition(&mut self, field: Field<'_>) -> Option<Disposition> {
        let room = self.room();
        let found = self.indexed(field).and_then(|value| Disposition::parse(&value, room))?;
        self.items += found.parameters.len();
        Some(found)
    }

    fn languages(&mut self, field: Field<'_>) -> Vec<RawText> {
        let room = self.room();
        let found =
            self.indexed(field).map_or_else(Vec::new, |value| parse_languages(&value, room));
        self.items += found.len();
        found
    }

    fn append(&mut self, list: &mut Vec<address_list::Listed>, field: Field<'_>) {
        let room = self.room();
        if let Some(value) = self.indexed(field) {
            let found = address_list::parse(&value, room);
            self.items += found.len();
            list.extend(found);
        }
    }

    fn keep_first(&mut self, place: &mut Option<RawText>, field: Field<'_>) {
        if place.is_none() {
            *place = self.indexed(field).map(RawText::from);
        }
    }

    fn room(&self) -> usize {
        MAX_ITEMS.saturating_sub(self.items)
    }

    /// The unfolded value of a field, as long as there is room for it in the index.
    fn indexed(&mut self, field: Field<'_>) -> Option<Vec<u8>> {
        let value = &field.value[..field.value.len().min(MAX_FIELD)];
        self.indexed += value.len();
        (self.indexed <= MAX_INDEXED).then(|| header::unfold(value))
    }
}

/// The boundary of a multipart. Blanks at its end cannot be part of it (RFC 2046 §5.1.1), and an
/// empty one would make every line of dashes a delimiter.
fn boundary(content_type: &ContentType) -> Option<Vec<u8>> {
    let (mut boundary, _) = joined_parameter(&content_type.parameters, "boundary")?;
    boundary.truncate(boundary.trim_ascii_end().len());
    (!boundary.is_empty()).then_some(boundary)
}

/// What follows after transport padding and a line end; `None` if something else stands there.
fn after_padding(text: &[u8]) -> Option<&[u8]> {
    let padding = text.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    match &text[padding..] {
        [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..] => Some(rest),
        [] | [b'\r'] => Some(&[]),
        _ => None,
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
