//! LOGIN: name and password (RFC 3501 §6.2.3). Also what AUTHENTICATE does once it has them.

use super::Outcome;
use crate::capability;
use crate::dialogue::Talk;
use crate::error::Failure;
use crate::reply::{Code, Reply};
use crate::state::State;
use crate::wire::request::Text;
use carrier::{Attempt, Host, LoginError};
use std::sync::Arc;
use terms::{Protocol, Secret};

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    user: Text,
    password: Secret,
) -> Outcome {
    may_send_password(talk)?;
    // A name that is not UTF-8 is nobody's; it is checked all the same, to take its time.
    let name = String::from_utf8_lossy(&user).into_owned();
    log_in(talk, state, name, None, password).await
}

/// Refuses credentials that were, or would be, sent without protection (RFC 3501 §11.1).
///
/// # Errors
/// [`LoginError::NeedsTls`].
pub(super) fn may_send_password<H: Host>(talk: &Talk<H>) -> Result<(), Failure> {
    match talk.host.security().plaintext_login {
        true => Ok(()),
        false => Err(LoginError::NeedsTls.into()),
    }
}

/// Has the credentials checked and the session registered; then, and only then, says yes.
pub(super) async fn log_in<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    name: String,
    on_behalf_of: Option<String>,
    secret: Secret,
) -> Outcome {
    let attempt = Attempt { protocol: Protocol::Imap, name, on_behalf_of, secret };
    *state = State::Authenticated(Arc::new(talk.host.log_in(attempt).await?));
    Ok(Reply::ok("Logged in").with(Code::Capability(capability::after_login())))
}
