//! `generate_token`: makes a token that stands in for a user's password, for mail, for the API or for both
//! (OMA reference, 6 and 14.4).

use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::reply::Reply;
use accounts::{Action, IssueError, TokenWish};
use storage::{Role, TokenUse};
use terms::Secret;

/// The longest life of a token, and the usual one, in hours. (The range is not documented; a tool of the
/// service's own offers 1 to 744.)
const HOURS_MAX: u32 = 744;
const HOURS: u32 = 24;
/// The longest reason that is kept.
const REASON_MAX: usize = 512;

pub(crate) async fn run(call: &Call) -> Outcome {
    let kind = call.fields.optional_text("type")?.unwrap_or("session");
    let reason = call.fields.text("reason")?;
    let asks_for_api = call.fields.flag("oma")?;
    let hours = call.fields.integer("duration")?;
    // The PHP toolkit leaves the token it authenticates with in the body: that one is no wish.
    let presented = call.presented_token.as_ref().map(Secret::reveal);
    let text = call.fields.optional_text("token")?.filter(|text| Some(*text) != presented);
    let user = call.existing_user(Action::GenerateToken).await?;
    if asks_for_api && kind != "oma" && !is_company_administrator(call) {
        return Err(ErrorNumber::AttributeRights.into());
    }
    let for_mail = if asks_for_api { TokenUse::ApiAndMail } else { TokenUse::Mail };
    let (use_for, once) = match kind {
        "session" => (for_mail, false),
        "sso" => (for_mail, true),
        "oma" => (TokenUse::Api, false),
        _ => return Err(wrong("type", "must be session, sso or oma")),
    };
    let hours = match hours {
        None => HOURS,
        Some(hours) => u32::try_from(hours)
            .ok()
            .filter(|hours| (1..=HOURS_MAX).contains(hours))
            .ok_or_else(|| wrong("duration", &format!("must be 1 to {HOURS_MAX} hours")))?,
    };
    if reason.len() > REASON_MAX {
        return Err(wrong("reason", &format!("must be at most {REASON_MAX} bytes")));
    }
    let wish = TokenWish { text: text.map(Secret::new), use_for, once, seconds: hours * 3600 };
    let request = call.request();
    let made = call.accounts().generate_token(&user.permit, wish, reason, &request).await;
    let token = made.map_err(refused)?;
    // In this order: some clients cut the token out of the text, up to the audit.
    Ok(Reply::done().with("duration", hours).with("token", token.text.reveal()))
}

/// Documented: only these may make tokens for mail that the API takes as well.
fn is_company_administrator(call: &Call) -> bool {
    call.actor.identity().role.as_ref().is_some_and(|grant| grant.role == Role::Company)
}

fn wrong(field: &str, reason: &str) -> Failure {
    Failure::with_hint(ErrorNumber::Value, field, reason)
}

/// A secret that was not made.
pub(crate) fn refused(error: IssueError) -> Failure {
    match error {
        IssueError::Denied(denied) => denied.into(),
        IssueError::Text => wrong("token", &error.to_string()),
        IssueError::Taken => ErrorNumber::Exists.into(),
        IssueError::NoRandomness => Failure::internal(error),
        IssueError::Storage(error) => error.into(),
    }
}
