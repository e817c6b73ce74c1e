//! DELETE: deletes a folder with its messages (RFC 3501 §6.3.4). Not the inbox, and not a folder with
//! others below it: it would have to stay as a name that nothing can be kept in.

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use crate::wire::request::Name;
use carrier::Host;
use terms::FolderName;

pub(super) async fn run<H: Host>(talk: &mut Talk<H>, state: &State, name: Name) -> Outcome {
    talk.storage().delete_folder(state.login()?, &FolderName::parse(&name)?).await?;
    Ok(Reply::ok("Deleted"))
}
