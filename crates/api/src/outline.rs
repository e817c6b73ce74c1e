//! Accounts and domains as answers describe them: attributes by the table of `accounts::attributes`,
//! and the parts of `metadata` that several methods share.

use accounts::attributes::{
    Attribute, Effect, LANGUAGES, Nothing, SERVICE_STATES, TIMEZONES, services,
};
use accounts::{attributes, role};
use serde_json::{Map, Value, json};
use storage::{Account, AccountKind, AccountStatus, Domain, RoleGrant};

/// The name of an account's kind.
pub(crate) fn kind_name(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Local => "mailbox",
        AccountKind::Forward => "forward",
        AccountKind::Filter => "filter",
    }
}

/// The name of a status.
pub(crate) fn status_name(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "active",
        AccountStatus::Suspended => "suspended",
        AccountStatus::Deleted => "deleted",
    }
}

/// A role as an object of role name to list of object names; empty for none.
pub(crate) fn roles(grant: Option<&RoleGrant>) -> Value {
    let mut roles = Map::new();
    if let Some(grant) = grant {
        roles.insert(role::name(grant.role).to_owned(), json!(grant.objects));
    }
    Value::Object(roles)
}

/// The attributes of an account. Passwords are not told.
pub(crate) fn user_attributes(account: &Account) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("account".to_owned(), json!(account.address.as_str()));
    for row in attributes::USER {
        let value = match row.name {
            "password" => continue,
            "aliases" => json!(account.aliases.iter().map(|it| it.as_str()).collect::<Vec<_>>()),
            "quota" => json!(account.quota),
            "type" => json!(kind_name(account.kind)),
            "workgroup" => json!(account.workgroup),
            name => match services(&account.services).find(|(service, _)| *service == name) {
                Some((_, state)) => json!(attributes::service_name(state)),
                None => kept(row, &account.attributes),
            },
        };
        told.insert(row.name.to_owned(), value);
    }
    told
}

/// The attributes of a domain.
pub(crate) fn domain_attributes(domain: &Domain) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("account".to_owned(), json!(domain.name.as_str()));
    for row in attributes::DOMAIN {
        let value = match row.name {
            "aliases" => json!(domain.aliases.iter().map(|it| it.as_str()).collect::<Vec<_>>()),
            "disabled" => json!(domain.disabled),
            "company" => json!(domain.company_name),
            "workgroup" => json!(attributes::default_workgroup(domain)),
            _ => kept(row, &domain.attributes),
        };
        told.insert(row.name.to_owned(), value);
    }
    told
}

/// What a kept attribute is, or the value that asks for nothing of one that does not exist here.
/// Whatever is told can be sent back and changes nothing.
fn kept(row: &Attribute, attributes: &Map<String, Value>) -> Value {
    match (row.effect, row.kind) {
        (Effect::Absent(Nothing::Unset), _) => Value::Null,
        (Effect::Absent(Nothing::False), _) => json!(false),
        (Effect::Absent(Nothing::True), _) => json!(true),
        (Effect::Absent(Nothing::EmptyList), _) => json!([]),
        (Effect::Absent(Nothing::Is(name)), _) => json!(name),
        (Effect::Kept | Effect::Own, kind) => match attributes.get(row.name) {
            Some(value) => value.clone(),
            None if matches!(kind, attributes::Kind::Text(_)) => json!(""),
            None => Value::Null,
        },
    }
}

/// Allowed values of attributes that have a fixed list of them.
pub(crate) fn options() -> Value {
    let mut options = Map::new();
    options.insert("language".to_owned(), json!(LANGUAGES));
    options.insert("timezone".to_owned(), json!(TIMEZONES));
    for row in attributes::USER {
        if row.kind == attributes::Kind::Service {
            options.insert(row.name.to_owned(), json!(SERVICE_STATES));
        }
    }
    Value::Object(options)
}
