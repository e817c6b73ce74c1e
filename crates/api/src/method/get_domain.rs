//! `get_domain`: settings and facts of a domain (OMA reference, 12.4).

use super::change_domain::action;
use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::outline;
use crate::reply::Reply;
use accounts::attributes;
use accounts::{Action, Target, authz};
use serde_json::{Value, json};
use storage::Domain;

pub(crate) async fn run(call: &Call) -> Outcome {
    let name = call.fields.text("domain")?;
    let Some((domain, is_alias)) = call.domain(name).await? else { return Err(missing()) };
    let target = Target::domain(&domain);
    authz::permit(&call.actor, Action::GetDomain, &target)?;
    if is_alias {
        return Err(ErrorNumber::Alias.into());
    }
    let settable =
        attributes::settable(attributes::DOMAIN, |right| call.may(action(right), &target));
    Ok(Reply::done()
        // Documented in the singular here and in the plural for users; both do no harm.
        .with("settable_attribute", settable.clone())
        .with("settable_attributes", settable)
        .with("attributes", outline::domain_attributes(&domain))
        .with("metadata", metadata(&domain)))
}

fn metadata(domain: &Domain) -> Value {
    json!({
        "bulletins": { "manual": [], "auto": [] },
        "createtime": domain.created.0,
        "inherit": inherit(),
        "options": outline::options(),
    })
}

/// What applies where a domain sets nothing. Null: there is no such behaviour here.
fn inherit() -> Value {
    json!({
        "brand": null,
        "default_password_encoding": null,
        "filterdelivery": null,
        "password_strength": attributes::default_strength_name(),
        "regen_passwords": true,
        "smtp_sent_limit": null,
        "spamfolder": null,
        "spamheader": null,
        "spamtag": null,
        "spamlevel": null,
    })
}

/// Error 2, for callers who could make the domain, with what they could make it of.
fn missing() -> Failure {
    let mut failure = Failure::from(ErrorNumber::NotFound);
    let settable = json!(attributes::settable(attributes::DOMAIN, |_| true));
    failure.details.fields.insert("settable_attribute".to_owned(), settable.clone());
    failure.details.fields.insert("settable_attributes".to_owned(), settable);
    let defaults = json!({
        "disabled": false,
        "aliases": [],
        "language": null,
        "password_strength": null,
        "quota": null,
        "timezone": null,
        "workgroup": attributes::FIRST_WORKGROUP,
    });
    let metadata = json!({ "options": outline::options(), "defaults": defaults });
    failure.details.fields.insert("metadata".to_owned(), metadata);
    failure
}
