//! What can go wrong, in the API's numbers and words (OMA reference, section 4), and nowhere else.

use accounts::{Denied, Refusal};
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;
use storage::{StorageError, What};

/// An error of the API. In the order in which a request is checked: credentials, shape, rights over
/// the object, existence, alias, rights over attributes, values, uniqueness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorNumber {
    /// Something failed here.
    Server = 0,
    /// Name, password or token is wrong.
    Credentials = 1,
    /// The object does not exist, within the caller's reach.
    NotFound = 2,
    /// The name given is an alias.
    Alias = 3,
    /// An attribute that the caller may not set.
    AttributeRights = 4,
    /// A field is missing or of the wrong type.
    Format = 5,
    /// An attribute is unknown, or its value is malformed or out of range.
    Value = 6,
    /// The name is taken.
    Exists = 7,
    /// The object's state or a limit forbids it. (Number and text are not documented.)
    State = 8,
    /// The object is out of the caller's reach. (The text is not documented.)
    Rights = 9,
}

impl ErrorNumber {
    /// All of them.
    pub(crate) const ALL: [ErrorNumber; 10] = {
        use ErrorNumber::*;
        [
            Server,
            Credentials,
            NotFound,
            Alias,
            AttributeRights,
            Format,
            Value,
            Exists,
            State,
            Rights,
        ]
    };

    /// The exact text. Clients match some of them.
    pub(crate) fn text(self) -> &'static str {
        match self {
            ErrorNumber::Server => "Server error",
            ErrorNumber::Credentials => "Invalid credentials supplied in request",
            ErrorNumber::NotFound => "The requested object does not exist",
            ErrorNumber::Alias => "This object is an alias",
            ErrorNumber::AttributeRights => {
                "Requestor lacks permission to change one or more of the requested attributes"
            }
            ErrorNumber::Format => {
                "Request badly formatted (missing required field, or field is not the correct data type)"
            }
            ErrorNumber::Value => "One or more attributes badly formatted",
            ErrorNumber::Exists => "An object with this name already exists",
            ErrorNumber::State => "A limit or the state of the object does not allow this",
            ErrorNumber::Rights => {
                "Requestor lacks permission to perform this action on the requested object"
            }
        }
    }
}

impl fmt::Display for ErrorNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self as u8).fmt(f)
    }
}

/// A failed request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) number: ErrorNumber,
    /// In a box, for most failures have none of it.
    pub(crate) details: Box<Details>,
}

/// What a failure may have besides its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Details {
    /// In place of the number's own text.
    pub(crate) text: Option<&'static str>,
    /// What exactly is wrong: attribute or field name to reason.
    pub(crate) hints: Map<String, Value>,
    /// Data that comes with the failure.
    pub(crate) fields: Map<String, Value>,
    /// Before the answer is sent.
    pub(crate) delay: Duration,
    /// Something broke here, and this is what, for the log.
    pub(crate) cause: Option<String>,
}

impl Failure {
    fn new(number: ErrorNumber, details: Details) -> Self {
        Self { number, details: Box::new(details) }
    }

    /// With one hint.
    pub(crate) fn with_hint(number: ErrorNumber, name: &str, reason: impl Into<String>) -> Self {
        let mut failure = Failure::from(number);
        failure.details.hints.insert(name.to_owned(), Value::String(reason.into()));
        failure
    }

    /// A field is missing or of the wrong type.
    pub(crate) fn format(field: &str, reason: &str) -> Self {
        Self::with_hint(ErrorNumber::Format, field, reason)
    }

    /// Attributes are wrong.
    pub(crate) fn values(problems: accounts::attributes::Problems) -> Self {
        let hints = problems.into_iter().map(|(name, why)| (name, Value::String(why)));
        Self::new(ErrorNumber::Value, Details { hints: hints.collect(), ..Details::default() })
    }

    /// The change is made and on disk, but sessions may still be open.
    pub(crate) fn not_confirmed() -> Self {
        const TEXT: &str = "Server error: not all sessions could be confirmed as ended in time; \
                            calling again is safe";
        Self::new(ErrorNumber::Server, Details { text: Some(TEXT), ..Details::default() })
    }

    /// All the time there was has passed, and it is not known what was done.
    pub(crate) fn late() -> Self {
        const TEXT: &str = "Server error: what was asked could not be confirmed in time and may still \
                            be carried out; calling again is safe";
        Self::new(ErrorNumber::Server, Details { text: Some(TEXT), ..Details::default() })
    }

    /// Something broke here.
    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        let cause = Some(cause.to_string());
        Self::new(ErrorNumber::Server, Details { cause, ..Details::default() })
    }

    /// The HTTP status: 200 unless something broke, for the error is in the body, and clients look at
    /// that only if the status is 200.
    pub(crate) fn status(&self) -> u16 {
        if self.details.cause.is_some() { 500 } else { 200 }
    }
}

impl From<ErrorNumber> for Failure {
    fn from(number: ErrorNumber) -> Self {
        Self::new(number, Details::default())
    }
}

impl From<Denied> for Failure {
    fn from(_: Denied) -> Self {
        ErrorNumber::Rights.into()
    }
}

impl From<accounts::AdministerError> for Failure {
    fn from(error: accounts::AdministerError) -> Self {
        match error {
            accounts::AdministerError::Denied(denied) => denied.into(),
            accounts::AdministerError::Storage(error) => error.into(),
        }
    }
}

impl From<accounts::LoginRefusal> for Failure {
    fn from(refusal: accounts::LoginRefusal) -> Self {
        let mut failure = match refusal.reason {
            Refusal::Invalid | Refusal::NotAllowed => ErrorNumber::Credentials.into(),
            Refusal::Throttled => Failure::with_hint(
                ErrorNumber::Credentials,
                "credentials",
                "too many failed requests, try again later",
            ),
            Refusal::Unavailable => Failure::internal("credentials cannot be checked"),
        };
        failure.details.delay = refusal.delay;
        failure
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound(
                What::Address | What::Domain | What::Company | What::AppPassword,
            ) => ErrorNumber::NotFound.into(),
            StorageError::Exists(_) => ErrorNumber::Exists.into(),
            StorageError::Limit(limit) => Failure::with_hint(ErrorNumber::State, "limit", limit),
            StorageError::Refused(why) => Failure::with_hint(ErrorNumber::State, "object", why),
            other => Failure::internal(other),
        }
    }
}

impl From<accounts::HashUnavailable> for Failure {
    fn from(error: accounts::HashUnavailable) -> Self {
        Failure::internal(error)
    }
}
