//! `set_role`: gives a user a role in place of any former one, or takes it away (OMA reference, 14.20).
//!
//! A caller gives only roles below his own, over objects within his reach, and only to those whose
//! present role does not exceed his. Sessions that the user has at others, as their administrator, end
//! before it answers.

use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::lookup::Reached;
use crate::reply::Reply;
use accounts::epoch::{Act, voided};
use accounts::role::{self, Level};
use accounts::{Action, Denied, Target, authz};
use serde_json::json;
use storage::{AccountChange, Role, RoleGrant};
use terms::DomainName;

/// The most objects of one role.
const OBJECTS_MAX: usize = 1000;

pub(crate) async fn run(call: &Call) -> Outcome {
    if !call.fields.has("role") {
        return Err(Failure::format("role", "is missing"));
    }
    let wanted = call.fields.optional_text("role")?;
    let objects = match call.fields.texts("objects")? {
        Some(objects) if !objects.is_empty() => objects,
        _ => call.fields.optional_text("object")?.map(str::to_owned).into_iter().collect(),
    };
    if wanted.is_some() && objects.is_empty() {
        return Err(Failure::format("object", "is missing"));
    }
    let user = call.existing_user(Action::SetRole).await?;
    let grant = match wanted {
        None => None,
        Some(name) => {
            let role = role::parse(name).ok_or_else(|| {
                Failure::with_hint(ErrorNumber::Value, "role", "is not the name of a role")
            })?;
            Some(RoleGrant { role, objects: own_objects(call, &user, role, &objects).await? })
        }
    };
    let detail = json!({
        "role": grant.as_ref().map(|grant| role::name(grant.role)),
        "objects": grant.as_ref().map(|grant| &grant.objects),
    });
    let voided = voided(&Act::SetRole);
    let change =
        AccountChange { role: Some(grant), void: voided.scopes, ..AccountChange::default() };
    let (permits, request) = ([user.permit], call.request());
    let changed = call.accounts().change_account(&permits, change, &request, "set_role", detail);
    let (_, raised) = changed.await?;
    call.end_sessions(raised.as_slice(), voided.reason).await?;
    Ok(Reply::done())
}

/// The objects by their real names, each of which the caller may give the role over.
async fn own_objects(
    call: &Call,
    user: &Reached,
    role: Role,
    objects: &[String],
) -> Result<Vec<String>, Failure> {
    if objects.len() > OBJECTS_MAX {
        let reason = format!("must be at most {OBJECTS_MAX}");
        return Err(Failure::with_hint(ErrorNumber::Value, "objects", reason));
    }
    let mut names: Vec<String> = Vec::with_capacity(objects.len());
    for object in objects {
        let (name, target) = object_named(call, user, role, object).await?;
        match authz::may_give(&call.actor, role, &target) {
            Ok(()) => {}
            Err(Denied::OutOfReach) => return Err(ErrorNumber::Rights.into()),
            Err(Denied::NotInRole | Denied::Outranked) => {
                return Err(ErrorNumber::AttributeRights.into());
            }
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The object that a text names, at the role's level.
async fn object_named(
    call: &Call,
    user: &Reached,
    role: Role,
    object: &str,
) -> Result<(String, Target), Failure> {
    let (domain, workgroup) = match (role::level(role), object.split_once('/')) {
        (Level::Company, _) => {
            // Whether a company that is not the caller's exists is not told.
            let company = call.storage().company(object).await?.ok_or(ErrorNumber::Rights)?;
            let target = Target::company(company.id, &company.name);
            return Ok((company.name, target));
        }
        (Level::Domain, None) => (object, None),
        (Level::Workgroup, Some((domain, workgroup))) => (domain, Some(workgroup)),
        (Level::Domain, Some(_)) => return Err(misnamed("must be the name of a domain")),
        (Level::Workgroup, None) => return Err(misnamed("must be domain/workgroup")),
    };
    let name = DomainName::parse(domain).map_err(|_| ErrorNumber::Rights)?;
    let domain = call.storage().domain(&name).await?.ok_or(ErrorNumber::Rights)?;
    if !authz::reaches_into(&call.actor, &domain) {
        return Err(ErrorNumber::Rights.into());
    }
    if domain.name != name {
        return Err(ErrorNumber::Alias.into());
    }
    // Such a role reaches no further than its holder's company (`accounts::authz`).
    if domain.company != user.account.company {
        return Err(misnamed("belongs to another company than the user"));
    }
    let Some(workgroup) = workgroup else {
        return Ok((domain.name.to_string(), Target::domain(&domain)));
    };
    let known = domain.workgroups.iter().find(|it| it.to_lowercase() == workgroup.to_lowercase());
    let known = known.ok_or(ErrorNumber::NotFound)?;
    let name = role::workgroup_object(&domain.name, known);
    Ok((name, Target::workgroup(&domain, known)))
}

fn misnamed(reason: &str) -> Failure {
    Failure::with_hint(ErrorNumber::Value, "object", reason)
}
