//! An email address as the name of an account or alias.

use crate::DomainName;
use std::fmt;

/// The address of an account or alias here: local part of 1 to 64 characters out of letters,
/// digits, `-`, `_` and `.` (OpenSRS's rule), a domain, all in lower case. Compared without regard
/// to case because it is stored without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: String,
    at: usize,
}

/// The text cannot be the address of an account here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address that an account can have")]
pub struct AddressError;

impl Address {
    /// Parses and lower-cases.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError)?;
        let domain = DomainName::parse(domain).map_err(|_| AddressError)?;
        let first_ok = local.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let rest_ok =
            local.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !first_ok || !rest_ok || local.len() > 64 || local.contains("..") {
            return Err(AddressError);
        }
        let local = local.to_ascii_lowercase();
        Ok(Self { at: local.len(), text: format!("{local}@{domain}") })
    }

    /// The whole address, lower case.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let joe = Address::parse("Joe_User@Example.COM").unwrap();
        assert_eq!(
            (joe.as_str(), joe.local(), joe.domain()),
            ("joe_user@example.com", "joe_user", "example.com")
        );
        for bad in [
            "",
            "joe",
            "@a.b",
            "joe@",
            "j..e@a.b",
            ".joe@a.b",
            "a b@c.d",
            "*@a.b",
            "joe@@a.b",
            "jo\r\n@a.b",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }
}
