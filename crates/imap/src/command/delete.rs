//! DELETE: deletes a folder with its messages (RFC 3501 §6.3.4). Not the inbox. If there are others below
//! it, its name stays as that of a level of hierarchy, `\Noselect`, which cannot be deleted.

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
