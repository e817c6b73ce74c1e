//! What was given: the configuration file with the environment variables laid over it, flattened to
//! dotted keys. Sections take their settings out of it; what nobody took is unknown.

use super::error::{ConfigError, Origin};
use super::setting::{Item, Raw, Setting, quoted};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Every variable of ours begins so; what follows is the key in upper case, `__` for each dot.
const PREFIX: &str = "POSTHOUSE_";

/// Variables of the commands that call the API, which are no settings.
const OF_COMMANDS: [&str; 3] = ["POSTHOUSE_USER", "POSTHOUSE_PASSWORD", "POSTHOUSE_TOKEN"];

/// Everything given, and what has become of it.
pub(super) struct Source {
    file: String,
    /// Settings that nobody has taken yet, by dotted key.
    given: BTreeMap<String, Given>,
    /// Sections whose header is in the file, by dotted name.
    headers: BTreeMap<String, Origin>,
    /// Settings that were taken: where they came from and what they were, for later complaints.
    taken: BTreeMap<String, (Origin, Option<String>)>,
    /// The keys of each section, as the sections know them.
    known: BTreeMap<&'static str, Vec<&'static str>>,
}

struct Given {
    raw: Raw,
    /// As it was written.
    shown: String,
    origin: Origin,
}

/// Variables that tests find their services by, which are no settings either.
const OF_TESTS: &str = "POSTHOUSE_TEST_";

fn is_setting(name: &str) -> bool {
    name.starts_with(PREFIX) && !OF_COMMANDS.contains(&name) && !name.starts_with(OF_TESTS)
}

impl Source {
    /// Reads the text of a configuration file, and those of the variables that are ours.
    pub(super) fn new(
        file: &str,
        text: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let table = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = Origin::Line(file.to_owned(), line_of(text, start));
            ConfigError::new(line, format!("not TOML: {}", error.message()))
        })?;
        let mut source = Self {
            file: file.to_owned(),
            given: BTreeMap::new(),
            headers: BTreeMap::new(),
            taken: BTreeMap::new(),
            known: BTreeMap::new(),
        };
        source.flatten("", text, table.get_ref())?;
        for (name, value) in variables {
            source.overlay(&name, value)?;
        }
        Ok(source)
    }

    /// The parser bounds how deep tables nest.
    fn flatten(&mut self, name: &str, text: &str, table: &DeTable<'_>) -> Result<(), ConfigError> {
        for (key, value) in table {
            let at =
                |span: Range<usize>| Origin::Line(self.file.clone(), line_of(text, span.start));
            let path = dotted(name, key.get_ref());
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if !key.get_ref().bytes().all(plain) {
                let problem = format!("{path:?} is not the name of any setting");
                return Err(ConfigError::new(at(key.span()), problem));
            }
            match value.get_ref() {
                DeValue::Table(table) => {
                    self.headers.insert(path.clone(), at(key.span()));
                    self.flatten(&path, text, table)?;
                }
                _ => {
                    let given = Given {
                        raw: raw(text, value),
                        shown: written(text, value.span()),
                        origin: at(key.span()),
                    };
                    self.given.insert(path, given);
                }
            }
        }
        Ok(())
    }

    fn overlay(&mut self, name: &OsString, value: OsString) -> Result<(), ConfigError> {
        let Some(name) = name.to_str().filter(|name| is_setting(name)) else {
            return Ok(());
        };
        let origin = Origin::Variable(name.to_owned());
        let Ok(value) = value.into_string() else {
            return Err(ConfigError::new(origin, "must be UTF-8"));
        };
        let path = name[PREFIX.len()..].replace("__", ".").to_ascii_lowercase();
        let given = Given { shown: quoted(&value), raw: Raw::Variable(value), origin };
        self.given.insert(path, given);
        Ok(())
    }

    /// Takes a setting out, or nothing if it was not given.
    pub(super) fn take<T: Setting>(
        &mut self,
        section: &'static str,
        key: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        self.known.entry(section).or_default().push(key);
        let path = dotted(section, key);
        let Some(Given { raw, shown, origin }) = self.given.remove(&path) else {
            return Ok(None);
        };
        let value = T::read(&raw);
        let shown = (!T::SECRET).then_some(shown);
        self.taken.insert(path.clone(), (origin.clone(), shown.clone()));
        let refused = match value {
            Ok(value) => return Ok(Some(value)),
            Err(refused) => refused,
        };
        let must = refused.must;
        let (origin, problem) = match (shown, refused.element) {
            (None, _) => (origin, format!("{path} {must}")),
            (Some(shown), None) => (origin, format!("{path} is {shown}, but {must}")),
            (Some(_), Some((element, line))) => {
                let origin = match (origin, line) {
                    (Origin::Line(file, _), Some(line)) => Origin::Line(file, line),
                    (origin, _) => origin,
                };
                (origin, format!("{path} has {element}, but each element {must}"))
            }
        };
        Err(ConfigError::new(origin, problem))
    }

    /// Notes a section that exists, even if it has no keys.
    pub(super) fn section(&mut self, name: &'static str) {
        self.known.entry(name).or_default();
    }

    /// A section that exists, but must be empty in this version.
    pub(super) fn section_unavailable(
        &mut self,
        name: &'static str,
        instead: &str,
    ) -> Result<(), ConfigError> {
        self.section(name);
        let prefix = format!("{name}.");
        let within = |path: &str| path == name || path.starts_with(&prefix);
        match self.given.iter().find(|(path, _)| within(path)) {
            None => Ok(()),
            Some((path, given)) => Err(ConfigError::new(
                given.origin.clone(),
                format!(
                    "{path} is given, but [{name}] is not available in this version: {instead}"
                ),
            )),
        }
    }

    /// Complains about a setting that is well-formed but cannot be: "`key` is `value`, but `why`".
    pub(super) fn refuse(&self, key: &str, why: &str) -> ConfigError {
        match self.taken.get(key) {
            Some((origin, Some(shown))) => {
                ConfigError::new(origin.clone(), format!("{key} is {shown}, but {why}"))
            }
            Some((origin, None)) => {
                ConfigError::new(origin.clone(), format!("{key} is given, but {why}"))
            }
            None => ConfigError::new(
                Origin::File(self.file.clone()),
                format!("{key} is not given, but {why}"),
            ),
        }
    }

    /// Complains about the configuration as a whole.
    pub(super) fn refuse_all(&self, problem: &str) -> ConfigError {
        ConfigError::new(Origin::File(self.file.clone()), problem)
    }

    /// Complains about what nobody knows.
    pub(super) fn finish(&self) -> Result<(), ConfigError> {
        let unknown_header =
            self.headers.iter().find(|(name, _)| !self.known.contains_key(name.as_str()));
        if let Some((name, origin)) = unknown_header {
            let sections: Vec<String> = self
                .known
                .keys()
                .filter(|known| !known.is_empty())
                .map(|known| format!("[{known}]"))
                .collect();
            let problem =
                format!("[{name}] is not a section; the sections are {}", sections.join(", "));
            return Err(ConfigError::new(origin.clone(), problem));
        }
        let Some((path, given)) = self.given.iter().next() else { return Ok(()) };
        let problem = if self.known.contains_key(path.as_str()) {
            format!("{path} is a section: write [{path}] and its keys below")
        } else {
            let mut section = path.as_str();
            loop {
                section = section.rsplit_once('.').map_or("", |(above, _)| above);
                if self.known.contains_key(section) || section.is_empty() {
                    break;
                }
            }
            let keys = self.known.get(section).map(|keys| keys.join(", ")).unwrap_or_default();
            let place = if section.is_empty() {
                "outside of sections".to_owned()
            } else {
                format!("in [{section}]")
            };
            if keys.is_empty() {
                format!("{path} is not a setting; there are none {place}")
            } else {
                format!("{path} is not a setting; those {place} are {keys}")
            }
        };
        Err(ConfigError::new(given.origin.clone(), problem))
    }
}

/// The full name of a key.
pub(super) fn dotted(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

fn raw(text: &str, value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Raw::Other, Raw::Number)
        }
        DeValue::Boolean(switch) => Raw::Switch(*switch),
        DeValue::Array(items) => {
            let item = |value: &Spanned<DeValue<'_>>| Item {
                // No setting is a list of lists, so there is nothing to descend into.
                raw: match value.get_ref() {
                    DeValue::Array(_) | DeValue::Table(_) => Raw::Other,
                    _ => raw(text, value),
                },
                shown: written(text, value.span()),
                line: line_of(text, value.span().start),
            };
            Raw::List(items.iter().map(item).collect())
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => Raw::Other,
    }
}

/// What the file says at that place, shortened to fit into a sentence.
fn written(text: &str, span: Range<usize>) -> String {
    const LONGEST: usize = 60;
    let mut words = text.get(span).unwrap_or_default().split_whitespace();
    let mut shown = words.next().unwrap_or_default().to_owned();
    for word in words {
        shown.push(' ');
        shown.push_str(word);
    }
    if let Some((cut, _)) = shown.char_indices().nth(LONGEST) {
        shown.truncate(cut);
        shown.push('…');
    }
    shown
}

/// The line in which a byte stands, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
