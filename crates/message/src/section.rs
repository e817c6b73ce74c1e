//! Sections: which octets of a message `BODY[…]` means (RFC 3501 §6.4.5, RFC 9051 §6.4.5).
//!
//! Resolution needs the structure alone, so that a server reads no more of a message than it
//! sends. Only for single header fields must the header be read, and filtered here.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::header;
use crate::{Content, Part, Span, Structure};

/// The last element of a section: what is wanted of the part named before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionText {
    /// Nothing more was said: all of the message, or the body of the part.
    Whole,
    /// HEADER: the header of a message.
    Header,
    /// HEADER.FIELDS: these fields of it; case does not matter.
    HeaderFields(Vec<Vec<u8>>),
    /// HEADER.FIELDS.NOT: all fields but these.
    HeaderFieldsNot(Vec<Vec<u8>>),
    /// TEXT: the body of a message.
    Text,
    /// MIME: the header of a part.
    Mime,
}

/// Where a section is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Located {
    /// It is these octets of the message.
    Verbatim(Span),
    /// It is what [`SectionText::filter`] leaves of the header in these octets.
    Filtered(Span),
}

impl Structure {
    /// Finds a section: `path` holds the part numbers, empty for the message itself. `None` if
    /// the message has no such part, or the part is not of the kind that has such a text.
    pub fn locate(&self, path: &[u32], text: &SectionText) -> Option<Located> {
        if path.is_empty() {
            return match text {
                SectionText::Whole => Some(Located::Verbatim(self.root.whole())),
                text => self.locate_in_message(text),
            };
        }
        let part = self.part(path)?;
        match (text, &part.content) {
            (SectionText::Whole, _) => Some(Located::Verbatim(part.body())),
            (SectionText::Mime, _) => Some(Located::Verbatim(part.header())),
            // "HEADER, HEADER.FIELDS, and TEXT" behind a part number refer to an attached message.
            (text, Content::Message(message)) => message.locate_in_message(text),
            _ => None,
        }
    }

    fn locate_in_message(&self, text: &SectionText) -> Option<Located> {
        match text {
            SectionText::Header => Some(Located::Verbatim(self.root.header())),
            SectionText::Text => Some(Located::Verbatim(self.root.body())),
            SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
                Some(Located::Filtered(self.root.header()))
            }
            SectionText::Whole | SectionText::Mime => None,
        }
    }

    /// The part with these numbers. A message that is no multipart has one part, number 1, which
    /// is the message's body; below a part that holds a message the numbers of that message
    /// follow. `None` for the empty path.
    pub fn part(&self, path: &[u32]) -> Option<&Part> {
        let (&first, mut path) = path.split_first()?;
        let mut part = self.top(first)?;
        while let Some((&number, rest)) = path.split_first() {
            part = match &part.content {
                Content::Leaf => return None,
                Content::Multipart(children) => nth(children, number)?,
                Content::Message(message) => message.top(number)?,
            };
            path = rest;
        }
        Some(part)
    }

    /// A part on the first level of this message.
    fn top(&self, number: u32) -> Option<&Part> {
        match &self.root.content {
            Content::Multipart(children) => nth(children, number),
            Content::Leaf | Content::Message(_) => (number == 1).then_some(&self.root),
        }
    }
}

fn nth(children: &[Part], number: u32) -> Option<&Part> {
    children.get(usize::try_from(number).ok()?.checked_sub(1)?)
}

impl SectionText {
    /// The fields of a header that this text asks for, in the header's order, and the empty line
    /// that ends every header. All of them unless this is one of the two texts with a list.
    pub fn filter(&self, header: &[u8]) -> Vec<u8> {
        let (names, listed) = match self {
            Self::HeaderFields(names) => (names.as_slice(), true),
            Self::HeaderFieldsNot(names) => (names.as_slice(), false),
            _ => (&[][..], false),
        };
        let names: BTreeSet<Vec<u8>> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let mut filtered = Vec::new();
        for field in header::fields(header) {
            if names.contains(&field.name.to_ascii_lowercase()) == listed {
                filtered.extend_from_slice(field.raw);
                if !field.raw.ends_with(b"\n") {
                    filtered.extend_from_slice(b"\r\n");
                }
            }
        }
        filtered.extend_from_slice(b"\r\n");
        filtered
    }
}
