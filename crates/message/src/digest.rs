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

use crate::{Envelope, Structure};

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
