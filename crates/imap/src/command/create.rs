//! CREATE: makes a folder, and the missing ones above it (RFC 3501 §6.3.3).

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use crate::wire::request::Name;
use carrier::Host;
use terms::FolderName;

pub(super) async fn run<H: Host>(talk: &mut Talk<H>, state: &State, name: Name) -> Outcome {
    // A separator at the end announces folders to be made below this one; it is not part of the name.
    let name = name.strip_suffix(FolderName::SEPARATOR).unwrap_or(&name);
    talk.storage().create_folder(state.login()?, &FolderName::parse(name)?).await?;
    Ok(Reply::ok("Made"))
}
