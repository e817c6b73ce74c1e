//! The scanner: one pass over a whole message that finds its parts and headers, byte for byte
//! (RFC 5322 §2, RFC 2046 §5).
//!
//! It decodes nothing. Invariants, which [`Structure::decode`] checks too:
//!
//! 1. A part lies within its parent's body; parts of one multipart follow each other.
//! 2. A header is followed by its body without a gap.
//! 3. A part's content agrees with its content type (see [`Content`](crate::Content)).
//! 4. The tree is at most [`MAX_DEPTH`] deep and has at most [`MAX_PARTS`] parts, and the indexed
//!    text is bounded; what lies beyond is an opaque leaf, or absent.
//!
//! Time is linear in the message: every octet is looked at once by the search for line ends, and
//! every line that starts with two dashes is compared with the at most `MAX_DEPTH` boundaries that
//! are open.

mod index;
mod scan;
#[cfg(test)]
mod tests;

use crate::{Envelope, Part};

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
        scan::scan(bytes)
    }

    /// Octets of the message.
    pub fn size(&self) -> u64 {
        self.root.whole().len()
    }
}
