//! A part of a message: where it stands, what its MIME header says of it, what it is made of.

use crate::content_type::{ContentType, Disposition, readable_parameter};
use crate::encoding::TransferEncoding;
use crate::{RawText, Span, Structure};

/// One node of a message's tree: the message itself, or what a multipart or an attached message
/// holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where the header starts.
    pub(crate) start: u64,
    /// Octets of the header.
    pub(crate) header_length: u64,
    /// Octets of the body.
    pub(crate) body_length: u64,
    /// Line ends within the body.
    pub lines: u64,
    /// What it contains, with the default filled in.
    pub content_type: ContentType,
    /// Content-ID, angle brackets included.
    pub id: Option<RawText>,
    /// Content-Description.
    pub description: Option<RawText>,
    /// Content-Transfer-Encoding; its absence means 7bit.
    pub encoding: Option<RawText>,
    /// Content-MD5.
    pub md5: Option<RawText>,
    /// Content-Disposition.
    pub disposition: Option<Disposition>,
    /// The tags of Content-Language.
    pub languages: Vec<RawText>,
    /// Content-Location.
    pub location: Option<RawText>,
    /// What stands in the body.
    pub content: Content,
}

/// What stands in a part's body.
///
/// It agrees with the content type: `multipart/*` is never a leaf, and neither is
/// `message/rfc822`. Where a part claims to be one of these and cannot be read as such, its
/// content type is replaced (see [`Structure::scan`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Something not made of parts.
    Leaf,
    /// The parts of a multipart, at least one.
    Multipart(Vec<Part>),
    /// An attached message (message/rfc822). Its offsets count from the start of the outermost
    /// message like all others.
    Message(Box<Structure>),
}

impl Part {
    /// The header with the empty line that ends it. The line is missing if the part ends first.
    pub fn header(&self) -> Span {
        Span::new(self.start, self.start.saturating_add(self.header_length))
    }

    /// The body, without the line end that belongs to a following delimiter (RFC 2046 §5.1.1).
    pub fn body(&self) -> Span {
        let start = self.header().end;
        Span::new(start, start.saturating_add(self.body_length))
    }

    /// Header and body.
    pub fn whole(&self) -> Span {
        Span::new(self.start, self.body().end)
    }

    /// How the body is encoded; `None` for an encoding we do not know.
    pub fn transfer_encoding(&self) -> Option<TransferEncoding> {
        match &self.encoding {
            None => Some(TransferEncoding::Identity),
            Some(name) => TransferEncoding::named(name.as_bytes()),
        }
    }

    /// The name of the file an attachment was made from, from Content-Disposition or, as older
    /// mailers put it, from Content-Type.
    pub fn file_name(&self) -> Option<String> {
        self.disposition
            .as_ref()
            .and_then(|disposition| readable_parameter(&disposition.parameters, "filename"))
            .or_else(|| readable_parameter(&self.content_type.parameters, "name"))
    }

    /// Whether it is meant to be kept rather than shown.
    pub fn is_attachment(&self) -> bool {
        self.disposition.as_ref().is_some_and(|disposition| disposition.kind.is("attachment"))
    }
}
