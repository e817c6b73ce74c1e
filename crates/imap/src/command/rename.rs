//! RENAME: renames a folder and all below it (RFC 3501 §6.3.5). Renaming the inbox moves its messages
//! to the new folder and leaves the inbox empty. Sessions that have the folder open keep it open.

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use crate::wire::request::Name;
use carrier::Host;
use terms::FolderName;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &State,
    from: Name,
    to: Name,
) -> Outcome {
    let (from, to) = (FolderName::parse(&from)?, FolderName::parse(&to)?);
    talk.storage().rename_folder(state.login()?, &from, &to).await?;
    Ok(Reply::ok("Renamed"))
}
