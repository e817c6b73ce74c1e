//! The pass over a message that finds its parts.

use memchr::{memchr, memchr_iter, memmem};

use super::index::{DefaultType, Index};
use super::{MAX_DEPTH, MAX_PARTS};
use crate::content_type::{ContentType, joined_parameter};
use crate::encoding::TransferEncoding;
use crate::header;
use crate::{Content, Part, Span, Structure};

pub(super) fn scan(bytes: &[u8]) -> Structure {
    Scanner {
        bytes,
        at: 0,
        line_ends: 0,
        boundaries: Vec::new(),
        found: None,
        parts: 0,
        index: Index::default(),
        candidate: memmem::Finder::new(b"\n--"),
    }
    .message(0)
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
    index: Index,
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

impl Scanner<'_> {
    fn message(&mut self, depth: usize) -> Structure {
        let header = self.header();
        let envelope = self.index.envelope(header.of(self.bytes));
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
        let mut part = self.index.part(header, self.bytes, default);
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
