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

pub(crate) async fn run(call: &Call) -> Outcome {
    let user = call.existing_user(Action::LogoutUser).await?;
    let (raised, voided) = call.accounts().log_out(&user.permit, &call.request()).await?;
    call.end_sessions(&[raised], voided.reason).await?;
    Ok(Reply::done())
}
