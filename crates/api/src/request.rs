//! The request's envelope and its fields, read as leniently as real clients need (OMA reference,
//! sections 2, 8 and 9).

use crate::error::Failure;
use accounts::lenient;
use serde_json::{Map, Value};
use terms::Secret;

/// Why a body is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Not JSON.
    NotJson,
    /// JSON, but no object.
    NotAnObject,
}

/// Reads the body: one JSON object. An empty list is PHP's empty object.
pub(crate) fn parse(body: &[u8]) -> Result<Fields, BodyError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let value: Value = serde_json::from_slice(body).map_err(|_| BodyError::NotJson)?;
    lenient::object(value).map(Fields).ok_or(BodyError::NotAnObject)
}

/// Who claims to ask.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) user: String,
    pub(crate) password: Option<Secret>,
    pub(crate) token: Option<Secret>,
}

/// The fields of an object in a request. Unknown ones are ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Map<String, Value>);

impl Fields {
    /// The credentials, or nothing if there are none that could be checked.
    pub(crate) fn take_credentials(&mut self) -> Option<Claim> {
        let credentials = lenient::object(self.0.remove("credentials")?)?;
        let text = |name: &str| {
            let value = credentials.get(name).filter(|value| !lenient::is_absent(value))?;
            lenient::text(value)
        };
        Some(Claim {
            user: text("user")?,
            password: text("password").map(Secret::new),
            token: text("token").or_else(|| text("session_token")).map(Secret::new),
        })
    }

    /// A field that is there and is neither `null` nor empty.
    fn present(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !lenient::is_absent(value))
    }

    /// Whether the field is there at all, if only as `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the field is there and says something: not `null`, not empty text.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.present(name).is_some()
    }

    /// A text that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Failure> {
        match self.present(name) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Failure::format(name, "must be a text")),
            None => Err(Failure::format(name, "is missing")),
        }
    }

    /// A text that may be there.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.present(name) {
            Some(_) => self.text(name).map(Some),
            None => Ok(None),
        }
    }

    /// The name that something was given here, a text or a number, under the first of these names of
    /// the field that is there.
    pub(crate) fn identifier(&self, names: &[&str]) -> Result<String, Failure> {
        let first = names.first().copied().unwrap_or_default();
        let found = names.iter().find_map(|name| Some((*name, self.present(name)?)));
        let (name, value) = found.ok_or_else(|| Failure::format(first, "is missing"))?;
        lenient::text(value).ok_or_else(|| Failure::format(name, "must be a text"))
    }

    /// A flag; absent is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Failure> {
        match self.present(name) {
            Some(value) => lenient::boolean(value)
                .ok_or_else(|| Failure::format(name, "must be true or false")),
            None => Ok(false),
        }
    }

    /// A whole number that may be there.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<u64>, Failure> {
        match self.present(name) {
            Some(value) => lenient::integer(value)
                .map(Some)
                .ok_or_else(|| Failure::format(name, "must be a whole number")),
            None => Ok(None),
        }
    }

    /// A list of texts that may be there; a single text counts as one.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Failure> {
        match self.present(name) {
            Some(value) => lenient::texts(value)
                .map(Some)
                .ok_or_else(|| Failure::format(name, "must be a list of texts")),
            None => Ok(None),
        }
    }

    /// An object; absent is empty.
    pub(crate) fn object(&self, name: &str) -> Result<Fields, Failure> {
        match self.present(name) {
            Some(value) => lenient::object(value.clone())
                .map(Fields)
                .ok_or_else(|| Failure::format(name, "must be an object")),
            None => Ok(Fields::default()),
        }
    }

    /// An object that must be there.
    pub(crate) fn required_object(&self, name: &str) -> Result<Fields, Failure> {
        match self.present(name) {
            Some(_) => self.object(name),
            None => Err(Failure::format(name, "is missing")),
        }
    }
}

/// Which part of a list of results is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: usize,
    pub(crate) limit: usize,
}

impl Range {
    /// From the field `range`.
    pub(crate) fn of(request: &Fields) -> Result<Self, Failure> {
        let range = request.object("range")?;
        let number = |name| {
            let number = range.integer(name)?;
            Ok::<_, Failure>(number.map(|it| usize::try_from(it).unwrap_or(usize::MAX)))
        };
        let limit = match number("limit")? {
            Some(limit) => Some(limit),
            None => number("Limit")?,
        };
        Ok(Self { first: number("first")?.unwrap_or(0), limit: limit.unwrap_or(usize::MAX) })
    }

    /// That part.
    pub(crate) fn cut<T>(self, list: Vec<T>) -> Vec<T> {
        list.into_iter().skip(self.first).take(self.limit).collect()
    }
}

/// In which order results are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) by: Option<String>,
    pub(crate) descending: bool,
}

impl Sort {
    /// From the field `sort`.
    pub(crate) fn of(request: &Fields) -> Result<Self, Failure> {
        let sort = request.object("sort")?;
        let descending = match sort.optional_text("direction")? {
            None => false,
            Some(text) if text.eq_ignore_ascii_case("ascending") => false,
            Some(text) if text.eq_ignore_ascii_case("descending") => true,
            Some(_) => {
                return Err(Failure::format("direction", "must be ascending or descending"));
            }
        };
        Ok(Self { by: sort.optional_text("by")?.map(str::to_owned), descending })
    }
}
