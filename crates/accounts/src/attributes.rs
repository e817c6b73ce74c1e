//! What can be set on accounts and domains: THE TABLE of attributes by the names that the API uses
//! (OMA reference, 12.1 and 14.2): what a value must be, who may set it, and whether anything here
//! acts on it.
//!
//! An attribute whose behaviour this server does not have is known, but takes only the value that
//! asks for nothing. It is never accepted and ignored.

mod domain;
mod timezones;
mod user;
mod value;

pub use domain::{DOMAIN, DomainAttributes};
pub use timezones::TIMEZONES;
pub use user::{NewPassword, USER, UserAttributes};
pub use value::{Kind, LANGUAGES, SERVICE_STATES, parse_service, service_name};

use crate::lenient;
use crate::password::Strength;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use storage::{Domain, ServiceState, Services};

/// One row: an attribute.
#[derive(Debug)]
pub struct Attribute {
    /// Its name in the API.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// Who may set it.
    pub right: Right,
    /// What setting it does.
    pub effect: Effect,
}

/// Which right it takes to set an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To change what is not billed.
    Plain,
    /// To change what is billed.
    Billable,
    /// To set passwords.
    Password,
}

/// What setting an attribute does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is kept under its name, and told when asked.
    Kept,
    /// It has a place of its own in what is stored.
    Own,
    /// Nothing here acts on it: only the value that asks for nothing is taken.
    Absent(Nothing),
}

/// The value of an attribute that asks for nothing, besides `null` and an empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// Only those.
    Unset,
    /// `false`.
    False,
    /// `true`.
    True,
    /// An empty list.
    EmptyList,
    /// This one of several names.
    Is(&'static str),
}

/// What is wrong with which attribute, for the answer's `hints`.
pub type Problems = BTreeMap<String, String>;

/// Attributes that were asked for, checked against the table: name, row, and value (`null`: unset).
#[derive(Debug)]
pub struct Asked(Vec<(&'static Attribute, Value)>);

impl Asked {
    /// Finds the rows of all names. What has none is a problem (error 6).
    pub fn find(table: &'static [Attribute], attributes: Map<String, Value>) -> (Asked, Problems) {
        let mut asked = Vec::new();
        let mut problems = Problems::new();
        for (name, value) in attributes {
            match table.iter().find(|row| row.name == name) {
                Some(row) => asked.push((row, value)),
                None => {
                    let known: String = name.chars().take(64).collect();
                    problems.insert(known, "unknown attribute".to_owned());
                }
            }
        }
        (Asked(asked), problems)
    }

    /// Which rights they take.
    pub fn rights(&self) -> impl Iterator<Item = Right> + '_ {
        self.0.iter().map(|(row, _)| row.right)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|(row, _)| row.name)
    }

    /// Checks the values, and puts them into the form in which they are kept.
    fn checked(self, problems: &mut Problems) -> Vec<(&'static Attribute, Value)> {
        let mut checked = Vec::new();
        for (row, value) in self.0 {
            match row.check(value) {
                Ok(value) => checked.push((row, value)),
                Err(problem) => {
                    problems.insert(row.name.to_owned(), problem);
                }
            }
        }
        checked
    }
}

impl Attribute {
    /// The value in the form in which it is kept, `null` for unset; or what is wrong with it.
    fn check(&self, value: Value) -> Result<Value, String> {
        match self.effect {
            Effect::Absent(nothing) if nothing.is(&value) => Ok(Value::Null),
            Effect::Absent(_) => Err("not supported by this server".to_owned()),
            Effect::Kept | Effect::Own if lenient::is_absent(&value) => Ok(Value::Null),
            Effect::Kept | Effect::Own => self.kind.check(value),
        }
    }
}

impl Nothing {
    fn is(self, value: &Value) -> bool {
        lenient::is_absent(value)
            || match self {
                Nothing::Unset => false,
                Nothing::False => lenient::boolean(value) == Some(false),
                Nothing::True => lenient::boolean(value) == Some(true),
                Nothing::EmptyList => lenient::texts(value).is_some_and(|list| list.is_empty()),
                Nothing::Is(name) => value.as_str() == Some(name),
            }
    }
}

/// The names in a table that someone with `may` can set to more than nothing, in the table's order.
pub fn settable(table: &'static [Attribute], may: impl Fn(Right) -> bool) -> Vec<&'static str> {
    let supported = |row: &&Attribute| !matches!(row.effect, Effect::Absent(_));
    table.iter().filter(supported).filter(|row| may(row.right)).map(|row| row.name).collect()
}

/// A quota as it was written, in bytes: a number too small to be bytes is megabytes. No mailbox is
/// smaller than one of those, and sources differ about the unit (OMA reference, 12.1).
pub fn quota_bytes(written: u64) -> u64 {
    if written < MEGABYTE { written.saturating_mul(MEGABYTE) } else { written }
}

const MEGABYTE: u64 = 1024 * 1024;

/// The workgroup that storage gives a new domain.
pub const FIRST_WORKGROUP: &str = "staff";

/// The name of the strength that applies where none is set.
pub fn default_strength_name() -> &'static str {
    match Strength::DEFAULT {
        Strength::Weak => "weak",
        Strength::Medium => "medium",
        Strength::Good => "good",
        Strength::Strong => "strong",
    }
}

/// The least strength of new passwords in a domain.
pub fn password_strength(domain: &Domain) -> Strength {
    let set = domain.attributes.get("password_strength").and_then(Value::as_str);
    set.and_then(Strength::parse).unwrap_or(Strength::DEFAULT)
}

/// The quota of a new account in a domain, and of one whose own was unset: the domain's default, no
/// more than its maximum; absent: no limit.
pub fn default_quota(domain: &Domain) -> Option<u64> {
    let default = domain.attributes.get("quota").and_then(Value::as_u64);
    match (default, quota_maximum(domain)) {
        (Some(default), Some(maximum)) => Some(default.min(maximum)),
        (default, maximum) => default.or(maximum),
    }
}

/// The largest quota in a domain, in bytes.
pub fn quota_maximum(domain: &Domain) -> Option<u64> {
    let megabytes = domain.attributes.get("quota_maximum").and_then(Value::as_u64)?;
    Some(megabytes.saturating_mul(MEGABYTE))
}

/// The workgroup of new accounts in a domain.
pub fn default_workgroup(domain: &Domain) -> Option<&str> {
    let set = domain.attributes.get("workgroup").and_then(Value::as_str);
    let set = set.filter(|name| domain.workgroups.iter().any(|workgroup| workgroup == name));
    set.or_else(|| domain.workgroups.first().map(String::as_str))
}

/// The services of a new account in a domain.
pub fn default_services(domain: &Domain) -> Services {
    let mut services = Services::default();
    for (name, service) in value::SERVICES {
        services.set(service, default_service(domain, name));
    }
    services
}

fn default_service(domain: &Domain, name: &str) -> ServiceState {
    let set = domain.attributes.get(name).and_then(Value::as_str);
    set.and_then(parse_service).unwrap_or_default()
}

/// The states of all services by their names.
pub fn services(services: &Services) -> impl Iterator<Item = (&'static str, ServiceState)> + '_ {
    value::SERVICES.into_iter().map(|(name, service)| (name, services.state(service)))
}
