//! `end_sessions`: ends sessions chosen by their ids, or those of a user that a filter means. Our own
//! addition, described in `docs/API.md`.
//!
//! 1. Never wider than asked: what was chosen is fixed as a list of session ids before anything is
//!    ordered, and the order names these ids. A session that begins meanwhile is not touched.
//! 2. No login is made void: who was ended may log in again. `logout_user` is for the rest.
//! 3. The id of a session out of the caller's reach is like one that does not exist, in answer and work.
//! 4. The line of history is on disk before a session is told.

use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::reply::Reply;
use crate::session_filter::SessionFilter;
use accounts::{Action, Permit, Target, authz};
use cluster::SessionKey;
use serde_json::{Map, Value, json};
use sessions::{NodeReport, SessionRecord};
use std::collections::{BTreeMap, BTreeSet};
use terms::{AccountId, EndReason};

/// How many ids one request may name.
const IDS_MAX: usize = 1000;

/// No account has this number.
const NOBODY: AccountId = AccountId(0);

pub(crate) async fn run(call: &Call) -> Outcome {
    // Before anything is looked up: else the answers of a role that may not end anything would tell
    // which ids exist.
    let role = call.actor.identity().role.as_ref();
    if !role.is_some_and(|grant| Action::EndSessions.allowed_for(grant.role)) {
        return Err(ErrorNumber::Rights.into());
    }
    match (call.fields.given("user"), call.fields.given("ids")) {
        (true, false) => by_filter(call).await,
        (false, true) => by_ids(call).await,
        _ => Err(Failure::format("user", "either a user or ids must be given")),
    }
}

async fn by_filter(call: &Call) -> Outcome {
    // Shape, rights, existence, values: in the order of every method.
    call.fields.required_object("filter")?;
    let user = call.existing_user(Action::EndSessions).await?;
    let filter = SessionFilter::of(&call.fields)?;
    let mut these = call.sessions().of_accounts(&[user.account.id]).await;
    these.retain(|record| filter.matches(record));
    if !these.is_empty() {
        note(call, &user.permit, these.len(), filter.detail()).await?;
    }
    answer(end(call, &these).await)
}

async fn by_ids(call: &Call) -> Outcome {
    if call.fields.given("filter") {
        return Err(Failure::format("filter", "is for sessions of a user, not for ids"));
    }
    let keys = keys(call)?;
    let mut these = Vec::new();
    let mut unknown = Vec::new();
    let mut permits: BTreeMap<AccountId, (Permit, Vec<String>)> = BTreeMap::new();
    for key in keys {
        match reached(call, key).await? {
            Some((record, permit)) => {
                let account = record.session.account;
                let (_, ids) = permits.entry(account).or_insert_with(|| (permit, Vec::new()));
                ids.push(key.to_string());
                these.push(record);
            }
            None => unknown.push(key.to_string()),
        }
    }
    for (permit, ids) in permits.values() {
        note(call, permit, ids.len(), json!({ "ids": ids })).await?;
    }
    let mut told = end(call, &these).await;
    told.fields.insert("unknown".to_owned(), json!(unknown));
    answer(told)
}

/// The ids asked for, each once.
fn keys(call: &Call) -> Result<BTreeSet<SessionKey>, Failure> {
    let texts = call.fields.texts("ids")?.unwrap_or_default();
    let wrong = |reason: &str| Failure::with_hint(ErrorNumber::Value, "ids", reason);
    if texts.is_empty() {
        return Err(wrong("names no session"));
    }
    if texts.len() > IDS_MAX {
        return Err(wrong(&format!("at most {IDS_MAX} at a time")));
    }
    let keys = texts.iter().map(|text| text.parse().map_err(|_| wrong("is not a session id")));
    keys.collect()
}

/// The session of that id, if the caller may end it.
async fn reached(call: &Call, key: SessionKey) -> Result<Option<(SessionRecord, Permit)>, Failure> {
    let record = call.sessions().find(key).await;
    // Asked for in any case: the same work whether the session exists or not.
    let account = record.as_ref().map_or(NOBODY, |record| record.session.account);
    let account = call.storage().account(account).await?;
    Ok(record.zip(account).and_then(|(record, account)| {
        let target = Target::account(&account);
        let permit = authz::permit(&call.actor, Action::EndSessions, &target).ok()?;
        Some((record, permit))
    }))
}

async fn note(
    call: &Call,
    permit: &Permit,
    count: usize,
    mut detail: Value,
) -> Result<(), Failure> {
    detail["sessions"] = json!(count);
    Ok(call.accounts().note_sessions_ended(permit, &call.request(), detail).await?)
}

/// What became of the sessions.
struct Told {
    fields: Map<String, Value>,
    confirmed: bool,
}

async fn end(call: &Call, these: &[SessionRecord]) -> Told {
    let sessions = call.sessions();
    let ending = sessions.end_these(these, EndReason::LoggedOut, &call.audit, call.deadline);
    let reports = ending.await;
    let count = |of: fn(&NodeReport) -> usize| reports.iter().map(of).sum::<usize>();
    let (found, closed, refused) =
        (count(NodeReport::found), count(|it| it.ended.len()), count(|it| it.open.len()));
    let nodes: Vec<Value> = reports
        .iter()
        .map(|it| {
            let (closed, refused) = (it.ended.len(), it.open.len());
            let node = it.node.to_string();
            json!({ "node": node, "found": it.found(), "closed": closed, "refused": refused })
        })
        .collect();
    let mut fields = Map::new();
    fields.insert("found".to_owned(), json!(found));
    fields.insert("closed".to_owned(), json!(closed));
    fields.insert("refused".to_owned(), json!(refused));
    fields.insert("nodes".to_owned(), json!(nodes));
    Told { fields, confirmed: refused == 0 }
}

/// Success only when all of them are over; the counts come in either case.
fn answer(told: Told) -> Outcome {
    if told.confirmed {
        return Ok(Reply { fields: told.fields });
    }
    let mut failure = Failure::not_confirmed();
    failure.details.fields = told.fields;
    Err(failure)
}
