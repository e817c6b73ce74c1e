//! `change_domain`: makes a domain, or changes one (OMA reference, 12.1).
//!
//! Disabling a domain ends the sessions of all its accounts before it answers; taking an alias from it,
//! those that were logged in by a name in that alias; giving it to another company, those that
//! administrators have at its accounts, or these at others.

use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::reply::Reply;
use accounts::attributes::{self, Asked, DomainAttributes, Right};
use accounts::epoch::{Act, voided};
use accounts::{Action, Permit, Target, authz};
use serde_json::{Map, Value};
use storage::{Company, Domain, DomainChange, NewDomain};
use terms::DomainName;

pub(crate) async fn run(call: &Call) -> Outcome {
    let name = call.fields.text("domain")?;
    let asked = call.fields.object("attributes")?.0;
    let create_only = call.fields.flag("create_only")?;
    match call.domain(name).await? {
        Some((domain, is_alias)) => {
            let permit =
                authz::permit(&call.actor, Action::ChangeDomain, &Target::domain(&domain))?;
            match (is_alias, create_only) {
                (true, true) => Err(ErrorNumber::Exists.into()),
                (true, false) => Err(ErrorNumber::Alias.into()),
                (false, true) => {
                    check(call, &domain, asked).await?;
                    Err(ErrorNumber::Exists.into())
                }
                (false, false) => change(call, &permit, &domain, asked).await,
            }
        }
        None => create(call, name, asked).await,
    }
}

async fn change(
    call: &Call,
    permit: &Permit,
    domain: &Domain,
    asked: Map<String, Value>,
) -> Outcome {
    let change = check(call, domain, asked).await?;
    let act = match change.disabled {
        Some(true) => Act::DisableDomain,
        _ if change.company.is_some() => Act::MoveDomain,
        _ => Act::SetDomainAliases,
    };
    let changed = call.accounts().change_domain(permit, domain.id, &domain.name, change);
    let (_, raised) = changed.await?;
    call.end_sessions(&raised, voided(&act).reason).await?;
    Ok(Reply::done())
}

/// Rights over attributes, then values.
async fn check(
    call: &Call,
    domain: &Domain,
    asked: Map<String, Value>,
) -> Result<DomainChange, Failure> {
    let (asked, problems) = Asked::find(attributes::DOMAIN, asked);
    let target = Target::domain(domain);
    if !asked.rights().all(|right| call.may(action(right), &target)) {
        return Err(ErrorNumber::AttributeRights.into());
    }
    let checked = DomainAttributes::check(asked, &domain.name, Some(domain), problems);
    let checked = checked.map_err(Failure::values)?;
    let company = match &checked.company {
        None => None,
        Some(name) if name.to_lowercase() == domain.company_name.to_lowercase() => None,
        Some(name) => Some(own_company(call, name).await?.0.id),
    };
    Ok(DomainChange {
        aliases: checked.aliases,
        disabled: checked.disabled,
        attributes: checked.kept,
        company,
    })
}

async fn create(call: &Call, name: &str, asked: Map<String, Value>) -> Outcome {
    let (asked, problems) = Asked::find(attributes::DOMAIN, asked);
    let Ok(name) = DomainName::parse(name) else {
        return Err(Failure::with_hint(ErrorNumber::Value, "domain", "is not a domain name"));
    };
    let checked = DomainAttributes::check(asked, &name, None, problems);
    let checked = checked.map_err(Failure::values)?;
    let (company, permit) = match &checked.company {
        Some(company) => own_company(call, company).await?,
        None => default_company(call).await?,
    };
    let change = DomainChange {
        aliases: checked.aliases,
        disabled: checked.disabled,
        attributes: checked.kept,
        company: None,
    };
    let new = NewDomain { name, company: company.id, change };
    call.accounts().create_domain(&permit, new, &call.request()).await?;
    Ok(Reply::done())
}

/// What a change of an attribute takes.
pub(crate) fn action(right: Right) -> Action {
    match right {
        Right::Plain | Right::Password => Action::ChangeDomain,
        Right::Billable => Action::ChangeDomainBillable,
    }
}

/// A company that the caller may make domains in, or move them to. Whether another one exists is not
/// told.
async fn own_company(call: &Call, name: &str) -> Result<(Company, Permit), Failure> {
    let company = call.storage().company(name).await?.ok_or(ErrorNumber::AttributeRights)?;
    let target = Target::company(company.id, &company.name);
    match authz::permit(&call.actor, Action::CreateDomain, &target) {
        Ok(permit) => Ok((company, permit)),
        Err(_) => Err(ErrorNumber::AttributeRights.into()),
    }
}

/// The company of a domain made without naming one: the caller's own, or the first that he
/// administers.
async fn default_company(call: &Call) -> Result<(Company, Permit), Failure> {
    let identity = call.actor.identity();
    let administered = identity.role.iter().flat_map(|grant| grant.objects.iter());
    for name in std::iter::once(&identity.company_name).chain(administered) {
        if let Ok(company) = own_company(call, name).await {
            return Ok(company);
        }
    }
    Err(ErrorNumber::Rights.into())
}
