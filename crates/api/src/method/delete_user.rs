//! `delete_user`: deletes an account so that it can be restored (OMA reference, 14.3). Its sessions
//! end.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::Action;

pub(crate) async fn run(call: &Call) -> Outcome {
    let user = call.existing_user(Action::DeleteUser).await?;
    let (raised, voided) = call.accounts().delete_account(&user.permit, &call.request()).await?;
    call.end_sessions(&[raised], voided.reason).await?;
    Ok(Reply::done())
}
