//! `authenticate`: checks the caller's own credentials; on request, makes a token for the API or
//! tells facts about the caller (OMA reference, 10.1).

use super::generate_token::refused;
use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::outline;
use crate::reply::Reply;
use serde_json::{Map, Value, json};
use terms::Secret;

/// The longest life of a token, and the usual one, in seconds.
const DURATION_MAX: u32 = 86_400;
const DURATION: u32 = 10_800;

pub(crate) async fn run(call: &Call) -> Outcome {
    let wants_token = call.fields.flag("generate_session_token")?;
    let wants_info = call.fields.flag("fetch_extra_info")?;
    let mut reply = Reply::done();
    if wants_token {
        let seconds = match call.fields.integer("session_token_duration")? {
            None => DURATION,
            Some(seconds) => u32::try_from(seconds)
                .ok()
                .filter(|seconds| (1..=DURATION_MAX).contains(seconds))
                .ok_or_else(|| {
                    let reason = format!("must be 1 to {DURATION_MAX} seconds");
                    Failure::with_hint(ErrorNumber::Value, "session_token_duration", reason)
                })?,
        };
        // The PHP toolkit leaves the token it authenticates with in the body: that one is no wish.
        let presented = call.presented_token.as_ref().map(Secret::reveal);
        let chosen = call.fields.optional_text("token")?.filter(|text| Some(*text) != presented);
        let id = call.actor.identity().account;
        let token = call.accounts().issue_token(id, chosen.map(Secret::new), seconds, call.now);
        let token = token.await.map_err(refused)?;
        reply = reply
            .with("session_token", token.text.reveal())
            .with("session_token_duration", seconds);
    }
    if wants_info {
        reply = reply.with("extra_info", extra_info(call).await?);
    }
    Ok(reply)
}

/// What an interactive client needs to fill its pages. Documented is `roles` alone.
async fn extra_info(call: &Call) -> Result<Value, Failure> {
    let account = call.storage().account(call.actor.identity().account).await?;
    let account = account.ok_or(ErrorNumber::Credentials)?;
    let mut info = Map::new();
    info.insert("user".to_owned(), json!(account.address.as_str()));
    for name in ["name", "title"] {
        let value = account.attributes.get(name).cloned();
        info.insert(name.to_owned(), value.unwrap_or_else(|| json!("")));
    }
    info.insert("company".to_owned(), json!(account.company_name));
    info.insert("domain".to_owned(), json!(account.domain_name.as_str()));
    info.insert("workgroup".to_owned(), json!(account.workgroup));
    for name in ["language", "timezone"] {
        info.insert(name.to_owned(), account.attributes.get(name).cloned().unwrap_or(Value::Null));
    }
    info.insert("type".to_owned(), json!(outline::kind_name(account.kind)));
    info.insert("roles".to_owned(), outline::roles(account.role.as_ref()));
    Ok(Value::Object(info))
}
