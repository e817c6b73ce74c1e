//! The name of a folder.

use std::fmt;

/// A folder's full name: UTF-8, levels separated by `/`, the inbox always `INBOX`.
///
/// No empty level, no control character, at most 1,000 bytes and 32 levels. Encodings of the wire
/// (modified UTF-7) are `imap`'s business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderName(String);

/// Why a text cannot name a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FolderNameError {
    /// The name, or one of its levels, is empty.
    #[error("a level of the name is empty")]
    Empty,
    /// A control character.
    #[error("the name holds a control character")]
    Control,
    /// Over 1,000 bytes or 32 levels.
    #[error("the name is too long or too deep")]
    TooLong,
}

impl FolderName {
    /// Separates levels.
    pub const SEPARATOR: char = '/';

    /// The inbox.
    pub fn inbox() -> Self {
        Self("INBOX".to_owned())
    }

    /// Parses; `inbox` as first level, in any letter case, becomes `INBOX` (RFC 9051 §5.1).
    pub fn parse(text: &str) -> Result<Self, FolderNameError> {
        if text.len() > 1000 || text.split(Self::SEPARATOR).count() > 32 {
            return Err(FolderNameError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(FolderNameError::Control);
        }
        if text.split(Self::SEPARATOR).any(str::is_empty) {
            return Err(FolderNameError::Empty);
        }
        let first = text.split(Self::SEPARATOR).next().unwrap_or(text);
        if first.eq_ignore_ascii_case("inbox") {
            return Ok(Self(format!("INBOX{}", &text[first.len()..])));
        }
        Ok(Self(text.to_owned()))
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the inbox itself.
    pub fn is_inbox(&self) -> bool {
        self.0 == "INBOX"
    }

    /// The folder one level up, if any.
    pub fn parent(&self) -> Option<FolderName> {
        self.0.rsplit_once(Self::SEPARATOR).map(|(parent, _)| Self(parent.to_owned()))
    }

    /// Whether `self` lies below `other`, at any depth.
    pub fn is_below(&self, other: &FolderName) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| rest.starts_with(Self::SEPARATOR))
    }
}

impl fmt::Display for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(FolderName::parse("inBox").unwrap().is_inbox());
        assert_eq!(FolderName::parse("inbox/a").unwrap().as_str(), "INBOX/a");
        assert_eq!(FolderName::parse("Inboxes").unwrap().as_str(), "Inboxes");
        assert_eq!(FolderName::parse(""), Err(FolderNameError::Empty));
        assert_eq!(FolderName::parse("a//b"), Err(FolderNameError::Empty));
        assert_eq!(FolderName::parse("a/"), Err(FolderNameError::Empty));
        assert_eq!(FolderName::parse("a\nb"), Err(FolderNameError::Control));
        let deep = FolderName::parse("a/b/c").unwrap();
        assert!(deep.is_below(&FolderName::parse("a/b").unwrap()));
        assert!(!deep.is_below(&FolderName::parse("a/b/c").unwrap()));
        assert!(!FolderName::parse("ab").unwrap().is_below(&FolderName::parse("a").unwrap()));
    }
}
