//! `change_user`: makes an account, or changes one (OMA reference, 14.2).
//!
//! A change that makes earlier logins void (`accounts::epoch`) ends their sessions before it answers.
//! If that cannot be confirmed, the change is made nevertheless, and repeating it is safe.

use super::get_user::action;
use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::lookup::{Reached, User};
use crate::reply::Reply;
use accounts::attributes::{self, Asked, NewPassword, Right, UserAttributes};
use accounts::authz::{self, workgroups_in};
use accounts::epoch::{Act, voided_by_all};
use accounts::{Action, Permit, Target, attribute_names};
use serde_json::Value;
use storage::{AccountChange, AccountKind, Domain, NewAccount};
use terms::Address;

pub(crate) async fn run(call: &Call) -> Outcome {
    let user = call.fields.text("user")?;
    let asked = call.fields.required_object("attributes")?;
    let create_only = call.fields.flag("create_only")?;
    match call.user(user, Action::ChangeUser).await? {
        User::There(there) if create_only => {
            check(call, *there, asked.0)?;
            Err(ErrorNumber::Exists.into())
        }
        User::There(there) => change(call, *there, asked.0).await,
        User::Missing { domain, address } => create(call, &domain, address, asked.0).await,
    }
}

type Attributes = serde_json::Map<String, Value>;

async fn change(call: &Call, user: Reached, asked: Attributes) -> Outcome {
    let Checked { user, permits, names, asked } = check(call, user, asked)?;
    let mut acts = Vec::new();
    if asked.password.is_some() {
        acts.push(Act::SetPassword);
    }
    if !asked.services.is_empty() {
        acts.push(Act::SetServices(asked.services.clone()));
    }
    if asked.aliases.is_some() {
        acts.push(Act::SetAliases);
    }
    if asked.workgroup.is_some() {
        acts.push(Act::SetWorkgroup);
    }
    let voided = voided_by_all(&acts);
    if let Some(aliases) = &asked.aliases {
        let more = aliases.len().saturating_sub(user.account.aliases.len());
        check_limit(call, &user.domain, "limit_aliases", more).await?;
    }
    let change = AccountChange {
        password: hashed(call, asked.password).await?,
        aliases: asked.aliases,
        services: None,
        // One by one: another change of another service may be under way.
        service_states: asked.services,
        quota: asked.quota,
        workgroup: asked.workgroup,
        role: None,
        attributes: asked.kept,
        void: voided.scopes,
    };
    let (request, detail) = (call.request(), attribute_names(&names));
    let changed = call.accounts().change_account(&permits, change, &request, "change_user", detail);
    let (_, raised) = changed.await?;
    call.end_sessions(raised.as_slice(), voided.reason).await?;
    Ok(Reply::done())
}

/// A change that may be made.
struct Checked {
    user: Reached,
    permits: Vec<Permit>,
    names: Vec<&'static str>,
    asked: UserAttributes,
}

/// Rights over attributes, then values.
fn check(call: &Call, user: Reached, asked: Attributes) -> Result<Checked, Failure> {
    let (asked, problems) = Asked::find(attributes::USER, asked);
    let names: Vec<_> = asked.names().collect();
    let target = Target::account(&user.account);
    let mut permits = Vec::new();
    for right in [Right::Plain, Right::Billable, Right::Password] {
        match authz::permit(&call.actor, action(right), &target) {
            Ok(permit) => permits.push(permit),
            Err(_) if asked.rights().any(|asked| asked == right) => {
                return Err(ErrorNumber::AttributeRights.into());
            }
            Err(_) => {}
        }
    }
    let asked = UserAttributes::check(asked, &user.account.address, &user.domain, problems);
    let asked = asked.map_err(Failure::values)?;
    if let Some(workgroup) = &asked.workgroup {
        let there = Target::workgroup(&user.domain, workgroup);
        if !call.may(Action::ChangeUser, &there) {
            return Err(ErrorNumber::AttributeRights.into());
        }
    }
    Ok(Checked { user, permits, names, asked })
}

async fn create(
    call: &Call,
    domain: &Domain,
    address: Option<Address>,
    asked: Attributes,
) -> Outcome {
    if !call.may_create_in(domain) {
        // He may change accounts here, and this one does not exist.
        return Err(ErrorNumber::NotFound.into());
    }
    let (asked, problems) = Asked::find(attributes::USER, asked);
    let names: Vec<_> = asked.names().collect();
    let Some(address) = address.filter(|address| address.domain() == domain.name.as_str()) else {
        let reason = "is not an address that an account of the domain can have";
        return Err(Failure::with_hint(ErrorNumber::Value, "user", reason));
    };
    let asked = UserAttributes::check(asked, &address, domain, problems);
    let asked = asked.map_err(Failure::values)?;
    let workgroup = asked.workgroup.or_else(|| call.new_workgroup(domain));
    let there = Target::workgroup(domain, workgroup.as_deref().unwrap_or_default());
    let permit = authz::permit(&call.actor, Action::CreateUser, &there);
    let permit = permit.map_err(|_| ErrorNumber::AttributeRights)?;
    let aliases = asked.aliases.unwrap_or_default();
    check_limit(call, domain, "limit_users", 1).await?;
    check_limit(call, domain, "limit_aliases", aliases.len()).await?;

    let mut kept = asked.kept;
    for name in ["language", "timezone"] {
        if let Some(default) = domain.attributes.get(name) {
            kept.entry(name).or_insert_with(|| default.clone());
        }
    }
    let change = AccountChange {
        password: hashed(call, asked.password).await?,
        aliases: Some(aliases),
        services: Some(attributes::default_services(domain)),
        service_states: asked.services,
        quota: Some(asked.quota.unwrap_or_else(|| attributes::default_quota(domain))),
        workgroup,
        role: None,
        attributes: kept,
        void: Vec::new(),
    };
    let new = NewAccount { address, kind: AccountKind::Local, change };
    let detail = attribute_names(&names);
    call.accounts().create_account(&permit, new, &call.request(), detail).await?;
    Ok(Reply::done())
}

/// The password in the form in which it is stored.
async fn hashed(call: &Call, password: Option<NewPassword>) -> Result<Option<String>, Failure> {
    match password {
        None => Ok(None),
        Some(NewPassword::Hashed(hash)) => Ok(Some(hash)),
        Some(NewPassword::Plain(secret)) => Ok(Some(call.accounts().hash_password(&secret).await?)),
    }
}

/// Whether a domain's limit lets so many more names in. Several requests at once may together exceed
/// it by a few: it is a commercial limit, not a technical one.
pub(crate) async fn check_limit(
    call: &Call,
    domain: &Domain,
    limit: &str,
    more: usize,
) -> Result<(), Failure> {
    let most = domain.attributes.get(limit).and_then(Value::as_u64);
    let Some(most) = most.filter(|_| more > 0) else { return Ok(()) };
    let (users, aliases) = call.storage().count_accounts(domain.id).await?;
    let present = if limit == "limit_users" { users } else { aliases };
    if present.saturating_add(more as u64) > most {
        return Err(Failure::with_hint(ErrorNumber::State, limit, "is reached"));
    }
    Ok(())
}

impl Call {
    /// Whether the caller may make accounts in some workgroup of the domain.
    pub(crate) fn may_create_in(&self, domain: &Domain) -> bool {
        let workgroup = self.new_workgroup(domain).unwrap_or_default();
        self.may(Action::CreateUser, &Target::workgroup(domain, &workgroup))
    }

    /// The workgroup of an account that the caller makes without naming one: the domain's default,
    /// unless he is limited to others.
    pub(crate) fn new_workgroup(&self, domain: &Domain) -> Option<String> {
        let default = attributes::default_workgroup(domain);
        let own = workgroups_in(&self.actor, &domain.name);
        match default {
            Some(default) if own.is_empty() || own.iter().any(|it| it == default) => {
                Some(default.to_owned())
            }
            _ => own.into_iter().next(),
        }
    }
}
