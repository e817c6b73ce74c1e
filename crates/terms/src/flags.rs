//! The marks a message can carry (RFC 9051 §2.3.2).

use std::collections::BTreeSet;
use std::fmt;

/// A flag that IMAP itself defines and clients may set. `\Recent` is not kept: no session is told of it
/// as a stored flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemFlag {
    /// Read.
    Seen,
    /// Answered.
    Answered,
    /// Marked as important.
    Flagged,
    /// Marked for removal.
    Deleted,
    /// Unfinished.
    Draft,
}

impl SystemFlag {
    /// All of them, in the order in which they are listed to clients.
    pub const ALL: [SystemFlag; 5] = [
        SystemFlag::Answered,
        SystemFlag::Flagged,
        SystemFlag::Deleted,
        SystemFlag::Seen,
        SystemFlag::Draft,
    ];

    /// The name on the wire, with its backslash.
    pub fn name(self) -> &'static str {
        match self {
            SystemFlag::Seen => "\\Seen",
            SystemFlag::Answered => "\\Answered",
            SystemFlag::Flagged => "\\Flagged",
            SystemFlag::Deleted => "\\Deleted",
            SystemFlag::Draft => "\\Draft",
        }
    }

    /// The flag of that name, in any letter case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.name().eq_ignore_ascii_case(name))
    }

    /// Its bit in [`Flags::system_bits`].
    pub fn bit(self) -> u8 {
        match self {
            SystemFlag::Seen => 1,
            SystemFlag::Answered => 2,
            SystemFlag::Flagged => 4,
            SystemFlag::Deleted => 8,
            SystemFlag::Draft => 16,
        }
    }
}

/// A flag that a client made up: an IMAP atom of at most 255 characters, compared without regard to
/// case, kept as first written.
#[derive(Clone, Debug)]
pub struct Keyword(String);

/// The text is no keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a keyword")]
pub struct KeywordError;

impl Keyword {
    /// Parses: one or more `ATOM-CHAR` of RFC 9051 §9, without a leading backslash.
    pub fn parse(text: &str) -> Result<Self, KeywordError> {
        let special =
            |b: u8| matches!(b, b'(' | b')' | b'{' | b' ' | b'%' | b'*' | b'"' | b'\\' | b']');
        let ok = (1..=255).contains(&text.len())
            && text.bytes().all(|b| (0x21..0x7f).contains(&b) && !special(b));
        if ok { Ok(Self(text.to_owned())) } else { Err(KeywordError) }
    }

    /// The keyword as first written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|b| b.to_ascii_lowercase())
    }
}

impl PartialEq for Keyword {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for Keyword {}
impl std::hash::Hash for Keyword {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().for_each(|b| state.write_u8(b));
        state.write_u8(0xff);
    }
}
impl PartialOrd for Keyword {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Keyword {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}
impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The marks of one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    system: u8,
    /// The keywords, without duplicates.
    pub keywords: BTreeSet<Keyword>,
}

impl Flags {
    /// Flags from stored bits and keywords. Unknown bits are dropped.
    pub fn from_parts(system_bits: u8, keywords: BTreeSet<Keyword>) -> Self {
        Self { system: system_bits & 0x1f, keywords }
    }

    /// The system flags as bits, for storage.
    pub fn system_bits(&self) -> u8 {
        self.system
    }

    /// Whether the system flag is set.
    pub fn has(&self, flag: SystemFlag) -> bool {
        self.system & flag.bit() != 0
    }

    /// Sets a system flag.
    pub fn insert(&mut self, flag: SystemFlag) {
        self.system |= flag.bit();
    }

    /// The system flags that are set.
    pub fn system(&self) -> impl Iterator<Item = SystemFlag> + '_ {
        SystemFlag::ALL.into_iter().filter(|flag| self.has(*flag))
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.system == 0 && self.keywords.is_empty()
    }

    /// These flags after the change.
    pub fn changed(&self, change: FlagChange, by: &Flags) -> Flags {
        match change {
            FlagChange::Replace => by.clone(),
            FlagChange::Add => Flags {
                system: self.system | by.system,
                keywords: self.keywords.union(&by.keywords).cloned().collect(),
            },
            FlagChange::Remove => Flags {
                system: self.system & !by.system,
                keywords: self.keywords.difference(&by.keywords).cloned().collect(),
            },
        }
    }
}

impl FromIterator<SystemFlag> for Flags {
    fn from_iter<I: IntoIterator<Item = SystemFlag>>(flags: I) -> Self {
        let mut set = Flags::default();
        flags.into_iter().for_each(|flag| set.insert(flag));
        set
    }
}

/// What to do with a set of flags (RFC 9051 §6.4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagChange {
    /// `FLAGS`
    Replace,
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_compare_without_case() {
        let mut flags = Flags::default();
        flags.keywords.insert(Keyword::parse("$Junk").unwrap());
        flags.keywords.insert(Keyword::parse("$junk").unwrap());
        assert_eq!(flags.keywords.len(), 1);
        for bad in ["", "a b", "\\Seen", "a(", "ü", "a]"] {
            assert!(Keyword::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn changes() {
        let seen: Flags = [SystemFlag::Seen].into_iter().collect();
        let both: Flags = [SystemFlag::Seen, SystemFlag::Deleted].into_iter().collect();
        assert_eq!(
            both.changed(FlagChange::Remove, &seen).system().collect::<Vec<_>>(),
            [SystemFlag::Deleted]
        );
        assert_eq!(seen.changed(FlagChange::Add, &both), both);
        assert_eq!(both.changed(FlagChange::Replace, &seen), seen);
    }
}
