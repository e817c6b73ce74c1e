//! `app_password`: adds a password that one device or program has for mail, or removes one (OMA reference,
//! 14.23). Removing it ends the sessions made with it, and no others.

use super::generate_token::refused;
use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::reply::Reply;
use accounts::Action;

/// The longest tag. (Documented is only that it is ASCII.)
const TAG_MAX: usize = 64;

pub(crate) async fn run(call: &Call) -> Outcome {
    let mode = call.fields.text("mode")?;
    let tag = match mode {
        "remove" => Some(call.fields.text("tag")?),
        _ => call.fields.optional_text("tag")?,
    };
    let user = call.existing_user(Action::AppPassword).await?;
    let request = call.request();
    match (mode, tag) {
        ("add", tag) => {
            let tag = tag.map(tag_of).transpose()?;
            let added = call.accounts().add_app_password(&user.permit, tag, &request).await;
            let text = added.map_err(refused)?;
            Ok(Reply::done().with("password", text.reveal()))
        }
        ("remove", Some(tag)) => {
            let removed = call.accounts().remove_app_password(&user.permit, tag, &request);
            let (raised, voided) = removed.await?;
            call.end_sessions(&[raised], voided.reason).await?;
            Ok(Reply::done())
        }
        _ => Err(Failure::with_hint(ErrorNumber::Value, "mode", "must be add or remove")),
    }
}

fn tag_of(text: &str) -> Result<String, Failure> {
    let printable = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    if printable && text.len() <= TAG_MAX {
        return Ok(text.to_owned());
    }
    let reason = format!("must be at most {TAG_MAX} printable ASCII characters");
    Err(Failure::with_hint(ErrorNumber::Value, "tag", reason))
}
