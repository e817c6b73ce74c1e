//! The name that the server gives itself.

use super::setting::{Raw, Refused, Setting, quoted, read_text};
use std::fmt;

/// A host's name: one or more DNS labels, at most 253 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostname(String);

impl Hostname {
    /// Parses and lower-cases.
    pub fn parse(text: &str) -> Option<Self> {
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let ok = text.len() <= 253 && text.split('.').all(label_ok);
        ok.then(|| Self(text.to_ascii_lowercase()))
    }

    /// What the machine calls itself, or `localhost` if that is no proper name.
    pub fn of_this_machine() -> Self {
        std::fs::read_to_string("/proc/sys/kernel/hostname")
            .ok()
            .and_then(|name| Self::parse(name.trim()))
            .unwrap_or_else(|| Self("localhost".to_owned()))
    }

    /// The name, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Setting for Hostname {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        read_text(raw, "must be a host name such as \"mail.example.com\"", Self::parse)
    }

    fn print(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}
