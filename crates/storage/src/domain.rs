//! A domain: owned by a company, holds accounts.

use serde_json::{Map, Value};
use terms::{CompanyId, DomainId, DomainName, UnixTime};

/// A domain whose accounts live here.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Its number.
    pub id: DomainId,
    /// Its name.
    pub name: DomainName,
    /// Who owns it.
    pub company: CompanyId,
    /// The owner's name.
    pub company_name: String,
    /// Other names under which its accounts receive mail and log in.
    pub aliases: Vec<DomainName>,
    /// Its workgroups; the first is the one a new domain starts with.
    pub workgroups: Vec<String>,
    /// True: none of its accounts works.
    pub disabled: bool,
    /// Everything else that was set, by the API's attribute names.
    pub attributes: Map<String, Value>,
    /// When it was made.
    pub created: UnixTime,
}

impl Domain {
    /// The workgroup that a new domain starts with.
    pub(crate) const FIRST_WORKGROUP: &str = "staff";

    /// The limit of accounts that have none of their own.
    pub(crate) fn quota(&self) -> Option<u64> {
        self.attributes.get("quota").and_then(Value::as_u64)
    }

    /// The workgroup of a new account: the one that the domain names, or its first.
    pub(crate) fn workgroup_of_new(&self) -> Option<&str> {
        let named = self.attributes.get("workgroup").and_then(Value::as_str);
        let known = named.filter(|named| self.workgroups.iter().any(|known| known == named));
        known.or_else(|| self.workgroups.first().map(String::as_str))
    }
}

/// A domain to be made.
#[derive(Clone, Debug)]
pub struct NewDomain {
    /// Its name.
    pub name: DomainName,
    /// Who owns it.
    pub company: CompanyId,
    /// What is set from the start.
    pub change: DomainChange,
}

/// What to change; absent members stay as they are.
#[derive(Clone, Debug, Default)]
pub struct DomainChange {
    /// Replaces the aliases. Logins by an alias that is gone are void.
    pub aliases: Option<Vec<DomainName>>,
    /// Disables or enables. Disabling raises the epoch of every account of the domain.
    pub disabled: Option<bool>,
    /// Attributes to set, or to unset with `null`.
    pub attributes: Map<String, Value>,
    /// Moves the domain to another company. Logins of administrators on behalf of accounts in it, and of
    /// these on behalf of others, are void.
    pub company: Option<CompanyId>,
}
