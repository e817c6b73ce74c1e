//! Text of a header as it was sent, neither decoded nor checked.

use std::fmt;

/// A piece of header text: unfolded, but with its RFC 2047 words undecoded and its octets as sent.
/// It need not be UTF-8 and may hold any octet.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct RawText(Box<[u8]>);

impl RawText {
    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Equality as RFC 2045 means it for tokens: ASCII case does not matter.
    pub fn is(&self, token: &str) -> bool {
        self.0.eq_ignore_ascii_case(token.as_bytes())
    }

    /// The text as a person should read it: RFC 2047 words decoded, in Unicode.
    pub fn to_readable(&self) -> String {
        crate::encoding::decode_words(&self.0)
    }
}

impl From<&[u8]> for RawText {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for RawText {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&str> for RawText {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl fmt::Debug for RawText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}
