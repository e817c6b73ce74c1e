//! The digest: a structure as a compact row of octets, which storage keeps beside a message and
//! does not look into.
//!
//! Layout, version 1: the version octet, the envelope, the root part. Numbers are LEB128; a text is
//! its length and its octets; absent things are bits in a mask. A part's start counts from its
//! parent's start. The envelope comes first so that it can be read alone.
//!
//! Digests outlive program versions: a change of layout needs a new version octet, and old
//! versions stay readable or are scanned anew.

mod read;
mod write;

use std::fmt;

use crate::{Envelope, Span, Structure};

/// The version this program writes.
const VERSION: u8 = 1;

/// Why octets are not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestError {
    /// Written by another version of this program; scanning the message again helps.
    UnknownVersion(u8),
    /// It ends too early.
    Truncated,
    /// It says something that holds for no message.
    Malformed,
}

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion(version) => write!(f, "digest of unknown version {version}"),
            Self::Truncated => f.write_str("digest ends too early"),
            Self::Malformed => f.write_str("digest is malformed"),
        }
    }
}

impl std::error::Error for DigestError {}

impl Structure {
    /// The structure as a digest.
    pub fn encode(&self) -> Vec<u8> {
        write::digest(self)
    }

    /// Reads a digest. What it yields keeps the invariants of a scanned structure, and takes
    /// memory in proportion to the digest's length, whatever the octets are.
    pub fn decode(digest: &[u8]) -> Result<Structure, DigestError> {
        read::structure(digest)
    }
}

/// Reads no more of a digest than where the message's header is, and makes nothing of what stands before.
pub fn header_span(digest: &[u8]) -> Result<Span, DigestError> {
    read::header_alone(digest)
}

impl Envelope {
    /// Reads no more of a digest than the message's envelope.
    pub fn decode(digest: &[u8]) -> Result<Envelope, DigestError> {
        read::envelope_alone(digest)
    }
}

/// Which of a part's optional fields are there.
mod part_bit {
    pub(super) const ID: u8 = 1;
    pub(super) const DESCRIPTION: u8 = 1 << 1;
    pub(super) const ENCODING: u8 = 1 << 2;
    pub(super) const MD5: u8 = 1 << 3;
    pub(super) const DISPOSITION: u8 = 1 << 4;
    pub(super) const LANGUAGES: u8 = 1 << 5;
    pub(super) const LOCATION: u8 = 1 << 6;
}

/// What starts an element of an address list. An address adds the bits of what it has.
mod listed {
    pub(super) const GROUP_END: u8 = 0;
    pub(super) const GROUP_START: u8 = 1;
    pub(super) const ADDRESS: u8 = 0x10;
    pub(super) const NAME: u8 = 1;
    pub(super) const ROUTE: u8 = 1 << 1;
    pub(super) const LOCAL: u8 = 1 << 2;
    pub(super) const DOMAIN: u8 = 1 << 3;
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n\
        From: Fred Foobar <foobar@Blurdybloop.example>\r\n\
        Subject: afternoon meeting\r\n\
        To: g: mooch@owatagu.siam.edu.example, <@r:x@y>;, nobody\r\n\
        Message-Id: <B27397-0100000@Blurdybloop.example>\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Disposition: inline; a=b\r\nContent-Language: en, de\r\n\
        Content-ID: <i>\r\nContent-MD5: m\r\nContent-Location: l\r\n\
        Content-Description: d\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n\
        --b\r\nContent-Type: message/rfc822\r\n\r\nCc: a@b\r\n\r\ny\r\n--b--\r\n";

    #[test]
    fn a_digest_is_the_structure() {
        let structure = Structure::scan(MESSAGE);
        let digest = structure.encode();
        assert!(digest.len() < MESSAGE.len(), "{} octets", digest.len());
        assert_eq!(Envelope::decode(&digest).as_ref(), Ok(&structure.envelope));
        assert_eq!(header_span(&digest), Ok(structure.root.header()));
        assert_eq!(Structure::decode(&digest), Ok(structure));
    }

    #[test]
    fn the_layout_does_not_change() {
        let digest = Structure::scan(b"Subject: s\r\n\r\nx\r\n").encode();
        let expected =
            b"\x01\x02\x01s\x00\x0e\x03\x01\x04text\x05plain\x01\x07charset\x08us-ascii\x00";
        assert_eq!(digest.escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    #[test]
    fn every_cut_is_noticed() {
        let digest = Structure::scan(MESSAGE).encode();
        for length in 0..digest.len() {
            assert!(Structure::decode(&digest[..length]).is_err(), "cut to {length}");
        }
        let longer = [digest.as_slice(), &[0]].concat();
        assert_eq!(Structure::decode(&longer), Err(DigestError::Malformed));
    }

    #[test]
    fn no_change_of_an_octet_does_harm() {
        let digest = Structure::scan(MESSAGE).encode();
        for place in 0..digest.len() {
            for octet in [0, 1, 0x7f, 0x80, 0xff, digest[place] ^ 1, digest[place].wrapping_add(1)]
            {
                let mut changed = digest.clone();
                changed[place] = octet;
                let header = header_span(&changed);
                if let Ok(structure) = Structure::decode(&changed) {
                    assert_eq!(header, Ok(structure.root.header()));
                    let again = Structure::decode(&structure.encode());
                    assert_eq!(again, Ok(structure), "octet {place} set to {octet}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_digest() {
        let check = |digest: &[u8], expected| {
            assert_eq!(Structure::decode(digest), Err(expected), "{}", digest.escape_ascii());
        };
        check(b"", DigestError::Truncated);
        check(b"\x00", DigestError::UnknownVersion(0));
        check(b"\x02\x00", DigestError::UnknownVersion(2));
        check(b"\x01", DigestError::Truncated);
        check(b"\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", DigestError::Malformed);
        check(b"\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", DigestError::Malformed);
        check(b"\x01\x02\xff\xff\xff\xff\x0f", DigestError::Truncated);
        // A list of very many addresses that are not there.
        check(b"\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00", DigestError::Truncated);
        // A root that does not start at zero, and one whose end no number holds.
        check(b"\x01\x00\x01\x00\x00\x00\x01a\x01b\x00\x00", DigestError::Malformed);
        check(
            b"\x01\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01a\x01b\x00\x00",
            DigestError::Malformed,
        );
        // A multipart without parts.
        check(b"\x01\x00\x00\x00\x00\x00\x09multipart\x01b\x00\x00\x00", DigestError::Malformed);
        assert!(Structure::decode(b"\x01\x00\x00\x00\x00\x00\x01a\x01b\x00\x00").is_ok());
    }

    #[test]
    fn nesting_is_bounded() {
        // Each level: no envelope, a part 0+0+0, message/rfc822, no parameters, no fields.
        let level = b"\x00\x00\x00\x00\x00\x07message\x06rfc822\x00\x00";
        let digest = [&[VERSION][..], &level.repeat(100_000)].concat();
        assert_eq!(Structure::decode(&digest), Err(DigestError::Malformed));
    }
}
