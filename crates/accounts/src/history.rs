//! Lines of an account's history: who did what to it, from where, under which audit id.
//! Never a secret, never mail.

use crate::Actor;
use serde_json::{Value, json};
use std::net::IpAddr;
use storage::HistoryEntry;
use terms::{AccountId, AuditId, UnixTime};

/// Where a change comes from: everything of a history line but the change itself.
#[derive(Clone, Debug)]
pub struct Request {
    /// When.
    pub at: UnixTime,
    /// Who: an address, or the name of a service.
    pub actor: String,
    /// From which network address, if from one.
    pub peer: Option<IpAddr>,
    /// Its id.
    pub audit: Option<AuditId>,
}

/// The detail of a line about attributes: their names. Their values stay out: some are secrets, and
/// what a person wrote is not the log's business.
pub fn attribute_names(names: &[&str]) -> Value {
    json!({ "attributes": names })
}

impl Request {
    /// A request of the API.
    pub fn of(actor: &Actor, peer: IpAddr, audit: &AuditId, at: UnixTime) -> Self {
        let actor = actor.identity().address.to_string();
        Self { at, actor, peer: Some(peer), audit: Some(audit.clone()) }
    }

    /// Something done on the machine itself.
    pub fn of_service(name: &str, at: UnixTime) -> Self {
        Self { at, actor: name.to_owned(), peer: None, audit: None }
    }

    /// A line that says what was done, without more about it.
    pub fn entry(&self, account: AccountId, action: &str) -> HistoryEntry {
        self.entry_with(account, action, Value::Null)
    }

    /// A line with details. Of attributes that were set, the names only ([`attribute_names`]).
    pub fn entry_with(&self, account: AccountId, action: &str, detail: Value) -> HistoryEntry {
        HistoryEntry {
            at: self.at,
            account,
            actor: self.actor.clone(),
            peer: self.peer,
            audit: self.audit.clone(),
            action: action.to_owned(),
            detail,
        }
    }
}
