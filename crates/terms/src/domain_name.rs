//! The name of a domain.

use std::fmt;

/// A DNS domain name with at least two labels, in lower case: 3 to 160 ASCII characters, labels of
/// 1 to 63 letters, digits and inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

/// The text is no domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a domain name")]
pub struct DomainNameError;

impl DomainName {
    /// Parses and lower-cases.
    pub fn parse(text: &str) -> Result<Self, DomainNameError> {
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let ok =
            (3..=160).contains(&text.len()) && text.contains('.') && text.split('.').all(label_ok);
        if ok { Ok(Self(text.to_ascii_lowercase())) } else { Err(DomainNameError) }
    }

    /// The name, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a.b", "example.com", "x-1.Example.COM", "demo.adm", "1.2"] {
            assert!(DomainName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "com", "a..b", ".a.b", "a.b.", "-a.b", "a-.b", "a_b.c", "ä.de", "a b.c"] {
            assert!(DomainName::parse(bad).is_err(), "{bad}");
        }
    }
}
