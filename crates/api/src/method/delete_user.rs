//! `delete_user`: deletes an account so that it can be restored (OMA reference, 14.3). Its sessions
//! end.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::Action;
use accounts::epoch::{Act, voided};

pub(crate) async fn run(call: &Call) -> Outcome {
    let user = call.existing_user(Action::DeleteUser).await?;
    let history = call.request().entry(user.account.id, "delete_user");
    let raised = call.storage().delete_account(user.account.id, call.now, history).await?;
    call.end_sessions(&[raised], voided(Act::Delete).reason).await?;
    Ok(Reply::done())
}
