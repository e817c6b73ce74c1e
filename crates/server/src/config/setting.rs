//! What a setting's value can be: how it is read from TOML or a variable's text, what is said when
//! it is refused, and how it is printed so that it reads back the same.

use std::path::PathBuf;
use std::time::Duration;
use terms::{Network, Secret};

/// A value as it was given, before it is known what it should be.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// A TOML string.
    Text(String),
    /// A TOML integer.
    Number(i64),
    /// A TOML boolean.
    Switch(bool),
    /// A TOML array.
    List(Vec<Item>),
    /// A TOML value of a kind that no setting has.
    Other,
    /// The text of an environment variable: stands for any kind.
    Variable(String),
}

/// One element of an array.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// What it is.
    pub(super) raw: Raw,
    /// As written in the file.
    pub(super) shown: String,
    /// Its line in the file, counted from 1.
    pub(super) line: usize,
}

/// Why a value was refused.
#[derive(Debug)]
pub(super) struct Refused {
    /// What it must be instead.
    pub(super) must: String,
    /// The element at fault, in a list: as written, and its line.
    pub(super) element: Option<(String, Option<usize>)>,
}

impl Refused {
    fn must(must: impl Into<String>) -> Self {
        Self { must: must.into(), element: None }
    }
}

/// The kind of a setting.
pub(super) trait Setting: Sized {
    /// Never shown, neither in errors nor in print.
    const SECRET: bool = false;

    /// The value, or what it must be.
    fn read(raw: &Raw) -> Result<Self, Refused>;

    /// The value in TOML; nothing if it is absent.
    fn print(&self) -> Option<String>;
}

/// A TOML string literal.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Reads what is written as a string.
pub(super) fn read_text<T>(
    raw: &Raw,
    must: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Refused> {
    match raw {
        Raw::Text(text) | Raw::Variable(text) => parse(text),
        _ => None,
    }
    .ok_or_else(|| Refused::must(must))
}

impl Setting for bool {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        match raw {
            Raw::Switch(value) => Ok(*value),
            Raw::Variable(text) if text == "true" => Ok(true),
            Raw::Variable(text) if text == "false" => Ok(false),
            _ => Err(Refused::must("must be true or false")),
        }
    }

    fn print(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// How many of something: at least one.
impl Setting for u32 {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        match raw {
            Raw::Number(number) => u32::try_from(*number).ok(),
            Raw::Variable(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok()
            }
            _ => None,
        }
        .filter(|number| *number > 0)
        .ok_or_else(|| Refused::must("must be a whole number from 1 to 4294967295"))
    }

    fn print(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Setting for PathBuf {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        read_text(raw, "must be a path", |text| {
            (!text.is_empty() && !text.contains('\0')).then(|| text.into())
        })
    }

    fn print(&self) -> Option<String> {
        Some(quoted(&self.to_string_lossy()))
    }
}

impl Setting for Secret {
    const SECRET: bool = true;

    fn read(raw: &Raw) -> Result<Self, Refused> {
        read_text(raw, "must be a string", |text| Some(Secret::new(text)))
    }

    fn print(&self) -> Option<String> {
        Some(quoted("(masked)"))
    }
}

impl Setting for Network {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        let must = "must be a network such as \"192.0.2.0/24\" or \"2001:db8::/32\", \
                    without bits set behind the prefix, or one address";
        read_text(raw, must, |text| text.parse().ok())
    }

    fn print(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl<T: Setting> Setting for Option<T> {
    const SECRET: bool = T::SECRET;

    fn read(raw: &Raw) -> Result<Self, Refused> {
        T::read(raw).map(Some)
    }

    fn print(&self) -> Option<String> {
        self.as_ref().and_then(T::print)
    }
}

/// An array in TOML; separated by commas in a variable, where empty text is the empty list.
impl<T: Setting> Setting for Vec<T> {
    const SECRET: bool = T::SECRET;

    fn read(raw: &Raw) -> Result<Self, Refused> {
        match raw {
            Raw::List(items) => items
                .iter()
                .map(|item| {
                    T::read(&item.raw).map_err(|refused| Refused {
                        element: Some((item.shown.clone(), Some(item.line))),
                        ..refused
                    })
                })
                .collect(),
            Raw::Variable(text) if text.trim().is_empty() => Ok(Vec::new()),
            Raw::Variable(text) => text
                .split(',')
                .map(str::trim)
                .map(|element| {
                    T::read(&Raw::Variable(element.to_owned())).map_err(|refused| Refused {
                        element: Some((quoted(element), None)),
                        ..refused
                    })
                })
                .collect(),
            other => match T::read(other) {
                Ok(_) => Err(Refused::must("must be a list: put it in [ ]")),
                Err(refused) => Err(Refused::must(format!(
                    "must be a list, of which each element {}",
                    refused.must
                ))),
            },
        }
    }

    fn print(&self) -> Option<String> {
        let elements: Vec<String> = self.iter().filter_map(T::print).collect();
        Some(format!("[{}]", elements.join(", ")))
    }
}

const TIME_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A length of time above zero, in whole milliseconds.
impl Setting for Duration {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        let must = "must be a length of time above zero with its unit, such as \"10s\" \
                    (units: ms, s, m, h, d)";
        read_text(raw, must, |text| with_unit(text, &TIME_UNITS).map(Duration::from_millis))
    }

    fn print(&self) -> Option<String> {
        // Settings of more milliseconds than fit are refused when read.
        let millis = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        Some(quoted(&in_largest_unit(millis, &TIME_UNITS)))
    }
}

/// A number of bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

const SIZE_UNITS: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Size {
    /// So many times 1024 bytes.
    pub const fn kib(count: u32) -> Self {
        Self((count as u64) << 10)
    }

    /// So many times 1024² bytes.
    pub const fn mib(count: u32) -> Self {
        Self((count as u64) << 20)
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// In bytes, as far as memory can be addressed.
    pub fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Setting for Size {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        let must = "must be a size above zero with its unit, such as \"50MiB\" \
                    (units: B, KiB, MiB, GiB, TiB)";
        read_text(raw, must, |text| with_unit(text, &SIZE_UNITS).map(Size))
    }

    fn print(&self) -> Option<String> {
        Some(quoted(&in_largest_unit(self.0, &SIZE_UNITS)))
    }
}

/// Digits and a unit, perhaps a space between, as a number of the smallest unit; at most what fits
/// into 63 bits, so that later sums with it cannot overflow.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let total = number.parse::<u64>().ok()?.checked_mul(*factor)?;
    (total > 0 && i64::try_from(total).is_ok()).then_some(total)
}

/// The shortest text that [`with_unit`] reads as this number.
fn in_largest_unit(number: u64, units: &[(&str, u64)]) -> String {
    units
        .iter()
        .find(|(_, factor)| number.is_multiple_of(*factor))
        .map_or_else(|| number.to_string(), |(name, factor)| format!("{}{name}", number / factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let time = |text: &str| Duration::read(&Raw::Text(text.to_owned())).ok();
        for (text, millis, printed) in [
            ("10s", 10_000, "\"10s\""),
            ("10 s", 10_000, "\"10s\""),
            ("90s", 90_000, "\"90s\""),
            ("120s", 120_000, "\"2m\""),
            ("1500ms", 1500, "\"1500ms\""),
            ("48h", 172_800_000, "\"2d\""),
        ] {
            let read = time(text).unwrap();
            assert_eq!(read, Duration::from_millis(millis), "{text}");
            assert_eq!(read.print().unwrap(), printed);
        }
        for text in ["", "10", "s", "-1s", "1.5s", "0s", "10S", "10  s", "10sec", "99999999999999d"]
        {
            assert_eq!(time(text), None, "{text}");
        }

        let size = |text: &str| Size::read(&Raw::Text(text.to_owned())).ok();
        assert_eq!(size("50MiB"), Some(Size::mib(50)));
        assert_eq!(size("1024 KiB"), Some(Size::mib(1)));
        assert_eq!(size("1536KiB").unwrap().print().unwrap(), "\"1536KiB\"");
        for text in ["50", "50MB", "50mib", "0B", "9999999999TiB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn a_variables_text_stands_for_any_kind() {
        let variable = |text: &str| Raw::Variable(text.to_owned());
        assert!(bool::read(&variable("true")).unwrap());
        assert!(bool::read(&variable("yes")).is_err());
        assert!(bool::read(&Raw::Text("true".to_owned())).is_err());
        assert_eq!(u32::read(&variable("7")).unwrap(), 7);
        assert!(u32::read(&variable("+7")).is_err());
        assert_eq!(Vec::<u32>::read(&variable("1, 2,3")).unwrap(), [1, 2, 3]);
        assert_eq!(Vec::<u32>::read(&variable("")).unwrap(), [0_u32; 0]);
        assert!(Vec::<u32>::read(&variable("1,,2")).is_err());
    }
}
