//! Attributes of accounts (OMA reference, 14.2).

use super::value::SERVICES;
use super::{
    Asked, Attribute, Effect, Kind, Nothing, Problems, Right, default_quota, default_service,
    parse_service, password_strength, quota_maximum,
};
use crate::{credential, password};
use serde_json::{Map, Value};
use storage::{Domain, Service, ServiceState};
use terms::{Address, Secret};

const fn kept(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, right: Right::Plain, effect: Effect::Kept }
}

const fn own(name: &'static str, kind: Kind, right: Right) -> Attribute {
    Attribute { name, kind, right, effect: Effect::Own }
}

const fn absent(name: &'static str, nothing: Nothing) -> Attribute {
    let effect = Effect::Absent(nothing);
    Attribute { name, kind: Kind::Flag, right: Right::Plain, effect }
}

/// The table.
pub const USER: &[Attribute] = &[
    own("aliases", Kind::Addresses(2000), Right::Plain),
    absent("allow", Nothing::EmptyList),
    absent("autoresponder", Nothing::Unset),
    absent("autoresponder_option_enddate", Nothing::Unset),
    absent("autoresponder_option_interval", Nothing::Unset),
    absent("block", Nothing::EmptyList),
    absent("brand", Nothing::Unset),
    absent("delivery_autoresponder", Nothing::False),
    absent("delivery_filter", Nothing::False),
    absent("delivery_forward", Nothing::False),
    absent("delivery_local", Nothing::True),
    kept("fax", Kind::Text(30)),
    absent("filterdelivery", Nothing::Unset),
    absent("forward_option_reply_to", Nothing::Unset),
    absent("forward_option_restricted", Nothing::False),
    absent("forward_option_subject_prefix", Nothing::Unset),
    absent("forward_recipients", Nothing::EmptyList),
    kept("language", Kind::Language),
    kept("macsettings", Kind::Text(2048)),
    absent("max_pab_entries", Nothing::Unset),
    kept("name", Kind::Text(512)),
    kept("notes_external", Kind::Text(4096)),
    own("password", Kind::Password, Right::Password),
    kept("phone", Kind::Text(30)),
    own("quota", Kind::Bytes, Right::Billable),
    absent("reject_spam", Nothing::False),
    own("service_imap4", Kind::Service, Right::Plain),
    own("service_pop3", Kind::Service, Right::Plain),
    own("service_smtpin", Kind::Service, Right::Plain),
    own("service_smtprelay", Kind::Service, Right::Plain),
    own("service_smtprelay_webmail", Kind::Service, Right::Plain),
    own("service_webmail", Kind::Service, Right::Plain),
    absent("sieve", Nothing::Unset),
    absent("smtp_sent_limit", Nothing::Unset),
    absent("spamfolder", Nothing::Unset),
    absent("spamheader", Nothing::Unset),
    absent("spamlevel", Nothing::Unset),
    absent("spamtag", Nothing::Unset),
    kept("timezone", Kind::Timezone),
    kept("title", Kind::Text(60)),
    Attribute {
        name: "type",
        kind: Kind::OneOf(&["mailbox", "forward", "filter"]),
        right: Right::Billable,
        effect: Effect::Absent(Nothing::Is("mailbox")),
    },
    own("workgroup", Kind::Name, Right::Plain),
];

/// Attributes asked for an account, checked.
#[derive(Debug, Default)]
pub struct UserAttributes {
    /// The new password, still to be hashed, or a hash to be taken over.
    pub password: Option<NewPassword>,
    /// All its aliases.
    pub aliases: Option<Vec<Address>>,
    /// The services that are set.
    pub services: Vec<(Service, ServiceState)>,
    /// Its quota in bytes; `Some(None)`: no limit.
    pub quota: Option<Option<u64>>,
    /// Its workgroup, one of the domain's.
    pub workgroup: Option<String>,
    /// What is only kept; `null` unsets.
    pub kept: Map<String, Value>,
}

/// A password to be stored.
#[derive(Clone, Debug)]
pub enum NewPassword {
    /// Plain, and strong enough.
    Plain(Secret),
    /// `{SCHEME}…`, of a scheme that can be checked.
    Hashed(String),
}

impl UserAttributes {
    /// Checks the values that were asked for an account of `domain`. All problems are told at once.
    pub fn check(
        asked: Asked,
        address: &Address,
        domain: &Domain,
        mut problems: Problems,
    ) -> Result<Self, Problems> {
        let mut found = UserAttributes::default();
        for (row, value) in asked.checked(&mut problems) {
            let outcome = match row.effect {
                Effect::Absent(_) => Ok(()),
                Effect::Kept => {
                    found.kept.insert(row.name.to_owned(), value);
                    Ok(())
                }
                Effect::Own => found.set_own(row.name, value, address, domain),
            };
            if let Err(problem) = outcome {
                problems.insert(row.name.to_owned(), problem);
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(problems) }
    }

    fn set_own(
        &mut self,
        name: &str,
        value: Value,
        address: &Address,
        domain: &Domain,
    ) -> Result<(), String> {
        match (name, value) {
            // Nobody can have meant to take the password away.
            ("password", Value::Null) => return Err("must not be empty".to_owned()),
            ("password", Value::String(text)) => {
                self.password = Some(check_password(text, address, domain)?);
            }
            ("aliases", Value::Null) => self.aliases = Some(Vec::new()),
            ("aliases", Value::Array(list)) => {
                self.aliases = Some(check_aliases(&list, address, domain)?);
            }
            ("quota", Value::Null) => self.quota = Some(default_quota(domain)),
            ("quota", value) => {
                let bytes = value.as_u64().ok_or("must be a number of bytes")?;
                if let Some(maximum) = quota_maximum(domain).filter(|maximum| bytes > *maximum) {
                    return Err(format!("must not be above the domain's maximum, {maximum} bytes"));
                }
                self.quota = Some(Some(bytes));
            }
            ("workgroup", Value::Null) => {
                self.workgroup = super::default_workgroup(domain).map(str::to_owned);
            }
            ("workgroup", Value::String(name)) => {
                let known =
                    domain.workgroups.iter().find(|it| it.to_lowercase() == name.to_lowercase());
                self.workgroup = Some(known.ok_or("is not a workgroup of the domain")?.clone());
            }
            (name, value) => match SERVICES.iter().find(|(service, _)| *service == name) {
                Some((_, service)) => {
                    // Unset: as a new account of the domain would have it.
                    let state = value.as_str().and_then(parse_service);
                    let state = state.unwrap_or_else(|| default_service(domain, name));
                    self.services.push((*service, state));
                }
                None => return Err("must not be unset".to_owned()),
            },
        }
        Ok(())
    }
}

fn check_password(text: String, address: &Address, domain: &Domain) -> Result<NewPassword, String> {
    if credential::is_hashed(&text) {
        return match credential::check_import(&text) {
            Ok(()) => Ok(NewPassword::Hashed(text)),
            Err(error) => Err(error.to_string()),
        };
    }
    let secret = Secret::new(text);
    match password::check(&secret, password_strength(domain), address) {
        Ok(()) => Ok(NewPassword::Plain(secret)),
        Err(error) => Err(error.to_string()),
    }
}

/// Aliases lie in the domain or one of its alias domains.
fn check_aliases(
    list: &[Value],
    address: &Address,
    domain: &Domain,
) -> Result<Vec<Address>, String> {
    let mut aliases = Vec::with_capacity(list.len());
    for text in list.iter().filter_map(Value::as_str) {
        let alias = Address::parse(text).map_err(|_| "holds what is not an address")?;
        let home = alias.domain() == domain.name.as_str()
            || domain.aliases.iter().any(|name| name.as_str() == alias.domain());
        if !home {
            return Err(format!("{alias} is neither in the domain nor in an alias of it"));
        }
        if alias == *address {
            return Err(format!("{alias} is the account itself"));
        }
        aliases.push(alias);
    }
    Ok(aliases)
}
