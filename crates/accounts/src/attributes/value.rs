//! What an attribute's value must be, and the form in which it is kept.

use super::TIMEZONES;
use crate::lenient;
use crate::password::Strength;
use serde_json::Value;
use storage::{Service, ServiceState};
use terms::{Address, DomainName};

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text of at most so many characters, without control characters but line breaks and tabs.
    Text(usize),
    /// Yes or no.
    Flag,
    /// A whole number up to this.
    Integer(u64),
    /// Bytes, 1 or more; small numbers are megabytes.
    Bytes,
    /// Megabytes, 1 or more.
    Megabytes,
    /// Up to so many addresses that accounts can have here.
    Addresses(usize),
    /// Up to so many domain names.
    Domains(usize),
    /// The state of a service.
    Service,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A language of [`LANGUAGES`].
    Language,
    /// A time zone of [`TIMEZONES`].
    Timezone,
    /// `weak`, `medium`, `good` or `strong`.
    Strength,
    /// A password; what it must be depends on account and domain.
    Password,
    /// The name of a workgroup or company.
    Name,
}

/// The languages that an account can have.
pub const LANGUAGES: &[&str] = &[
    "ar", "cs", "da", "de", "el", "en", "en_GB", "es", "fi", "fr", "fr_CA", "he", "hu", "it", "ja",
    "ko", "nb", "nl", "pl", "pt", "pt_BR", "ro", "ru", "sv", "tr", "uk", "zh_CN", "zh_TW",
];

/// The states of a service.
pub const SERVICE_STATES: &[&str] = &["enabled", "disabled", "suspended"];

/// The services, by their names.
pub(super) const SERVICES: [(&str, Service); 6] = [
    ("service_imap4", Service::Imap4),
    ("service_pop3", Service::Pop3),
    ("service_smtpin", Service::SmtpIn),
    ("service_smtprelay", Service::SmtpRelay),
    ("service_smtprelay_webmail", Service::SmtpRelayWebmail),
    ("service_webmail", Service::Webmail),
];

/// The largest integer that JSON clients in every language read exactly.
pub(super) const EXACT_MAX: u64 = 1 << 53;

/// The state of that name.
pub fn parse_service(text: &str) -> Option<ServiceState> {
    match text {
        "enabled" => Some(ServiceState::Enabled),
        "disabled" => Some(ServiceState::Disabled),
        "suspended" => Some(ServiceState::Suspended),
        _ => None,
    }
}

/// The name of a state.
pub fn service_name(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Enabled => "enabled",
        ServiceState::Disabled => "disabled",
        ServiceState::Suspended => "suspended",
    }
}

impl Kind {
    /// The value in the form in which it is kept, or what is wrong with it.
    pub(super) fn check(self, value: Value) -> Result<Value, String> {
        match self {
            Kind::Text(max) => text(&value, max),
            Kind::Flag => lenient::boolean(&value)
                .map(Value::Bool)
                .ok_or_else(|| "must be true or false".to_owned()),
            Kind::Integer(max) => lenient::integer(&value)
                .filter(|number| *number <= max)
                .map(Value::from)
                .ok_or_else(|| format!("must be a whole number from 0 to {max}")),
            Kind::Bytes => lenient::integer(&value)
                .map(super::quota_bytes)
                .filter(|bytes| (1..=EXACT_MAX).contains(bytes))
                .map(Value::from)
                .ok_or_else(|| "must be a number of bytes, 1 or more".to_owned()),
            Kind::Megabytes => lenient::integer(&value)
                .filter(|number| (1..=EXACT_MAX >> 20).contains(number))
                .map(Value::from)
                .ok_or_else(|| "must be a number of megabytes, 1 or more".to_owned()),
            Kind::Addresses(max) => list(&value, max, |item| {
                let address = Address::parse(item).map_err(|_| "is not an address")?;
                Ok(address.to_string())
            }),
            Kind::Domains(max) => list(&value, max, |item| {
                let name = DomainName::parse(item).map_err(|_| "is not a domain name")?;
                Ok(name.to_string())
            }),
            Kind::Service => one_of(&value, SERVICE_STATES),
            Kind::OneOf(names) => one_of(&value, names),
            Kind::Language => one_of(&value, LANGUAGES)
                .map_err(|_| "is not one of the languages in metadata.options".to_owned()),
            Kind::Timezone => one_of(&value, TIMEZONES)
                .map_err(|_| "is not one of the time zones in metadata.options".to_owned()),
            Kind::Strength => {
                let known = value.as_str().is_some_and(|name| Strength::parse(name).is_some());
                known
                    .then_some(value)
                    .ok_or_else(|| "must be weak, medium, good, strong or null".to_owned())
            }
            Kind::Password => match value {
                Value::String(_) => Ok(value),
                _ => Err("must be a text".to_owned()),
            },
            Kind::Name => text(&value, 64),
        }
    }
}

fn text(value: &Value, max: usize) -> Result<Value, String> {
    let text = lenient::text(value).ok_or("must be a text")?;
    if text.chars().count() > max {
        return Err(format!("must have at most {max} characters"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("must not hold control characters".to_owned());
    }
    Ok(Value::String(text))
}

fn one_of(value: &Value, names: &[&str]) -> Result<Value, String> {
    match value.as_str().and_then(|text| names.iter().find(|name| **name == text)) {
        Some(name) => Ok(Value::from(*name)),
        None => Err(format!("must be one of: {}", names.join(", "))),
    }
}

/// A list of at most `max` items, each in its kept form, without repetitions.
fn list(
    value: &Value,
    max: usize,
    item: impl Fn(&str) -> Result<String, &'static str>,
) -> Result<Value, String> {
    let items = lenient::texts(value).ok_or("must be a list of texts")?;
    if items.len() > max {
        return Err(format!("must have at most {max} items"));
    }
    let mut seen = std::collections::HashSet::new();
    let mut kept = Vec::with_capacity(items.len());
    for written in items {
        let parsed = item(&written).map_err(|problem| {
            let shown: String = written.chars().take(100).collect();
            format!("{shown:?} {problem}")
        })?;
        if seen.insert(parsed.clone()) {
            kept.push(Value::String(parsed));
        }
    }
    Ok(Value::Array(kept))
}
