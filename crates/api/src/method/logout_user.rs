//! `logout_user`: ends all IMAP and POP3 sessions that a user has open (OMA reference, 14.12).
//!
//! 1. The account's epoch is raised, on disk, together with the history line that says who did it.
//! 2. Sessions below it are ended, on every node.
//! 3. Success is answered when they are over, and not otherwise.
//!
//! Nothing else changes: the user may log in again at once, with the same password. A request that
//! was not confirmed can be repeated.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::Action;
use accounts::epoch::{Act, voided};

pub(crate) async fn run(call: &Call) -> Outcome {
    let user = call.existing_user(Action::LogoutUser).await?;
    let act = voided(Act::LogOut);
    let mut raised = Vec::new();
    for scope in act.scopes {
        let history = call.request().entry(user.account.id, "logout_user");
        raised.push(call.storage().raise_epoch(user.account.id, scope, history).await?);
    }
    call.end_sessions(&raised, act.reason).await?;
    Ok(Reply::done())
}
