//! `get_user_sessions`: who is connected, of a user or of a whole domain. Our own addition, described in
//! `docs/API.md`.
//!
//! A workgroup administrator who asks for a domain sees the sessions of his workgroups.

use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::method::search_users::is_among;
use crate::reply::Reply;
use crate::request::Range;
use crate::session_filter::credential_name;
use accounts::authz::workgroups_in;
use accounts::{Action, Target, authz};
use serde_json::{Value, json};
use sessions::SessionRecord;
use std::collections::HashMap;
use terms::{AccountId, Address, Credential, UnixTime};

pub(crate) async fn run(call: &Call) -> Outcome {
    let range = Range::of(&call.fields)?;
    let user = call.fields.optional_text("user")?;
    let domain = call.fields.optional_text("domain")?;
    let names = match (user, domain) {
        (Some(_), None) => {
            let account = call.existing_user(Action::GetUserSessions).await?.account;
            HashMap::from([(account.id, account.address)])
        }
        (None, Some(domain)) => of_domain(call, domain).await?,
        _ => return Err(Failure::format("user", "either a user or a domain must be named")),
    };
    let accounts: Vec<AccountId> = names.keys().copied().collect();
    let mut records = call.sessions().of_accounts(&accounts).await;
    records.sort_by_key(|record| (record.session.since, record.key));
    let total = records.len();
    let told: Vec<Value> = range
        .cut(records)
        .into_iter()
        .map(|record| outline(&record, names.get(&record.session.account), call.now))
        .collect();
    let reply = Reply::done().with("count", told.len()).with("total_count", total);
    Ok(reply.with("sessions", told))
}

/// The accounts of a domain that the caller may see.
async fn of_domain(call: &Call, name: &str) -> Result<HashMap<AccountId, Address>, Failure> {
    let (domain, is_alias) = call.domain(name).await?.ok_or(ErrorNumber::NotFound)?;
    let limited_to = workgroups_in(&call.actor, &domain.name);
    let target = match limited_to.first() {
        Some(own) => Target::workgroup(&domain, own),
        None => Target::domain(&domain),
    };
    authz::permit(&call.actor, Action::GetUserSessions, &target)?;
    if is_alias {
        return Err(ErrorNumber::Alias.into());
    }
    let rows = call.storage().accounts(domain.id, false).await?.into_iter();
    let own = rows.filter(|row| row.alias_target.is_none());
    let own = own.filter(|row| is_among(&limited_to, &row.workgroup));
    Ok(own.map(|row| (row.account, row.address)).collect())
}

/// A session as it is told. Never a secret: of a token not even its hash.
fn outline(record: &SessionRecord, user: Option<&Address>, now: UnixTime) -> Value {
    let session = &record.session;
    let app_password = match session.credential {
        Credential::AppPassword(id) => Some(id.to_string()),
        _ => None,
    };
    json!({
        "id": record.key.to_string(),
        "user": user.map(Address::as_str),
        "protocol": session.protocol.name(),
        "peer": session.peer.to_string(),
        "tls": session.tls,
        "login": session.login,
        "client": record.client,
        "since": session.since.0,
        "idle": record.idle(now),
        "folder": record.folder,
        "node": record.key.node.to_string(),
        "credential": credential_name(session.credential),
        "app_password": app_password,
        "on_behalf": session.on_behalf,
        "ending": record.ending.map(terms::EndReason::name),
    })
}
