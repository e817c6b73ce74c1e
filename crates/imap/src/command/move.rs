//! MOVE and UID MOVE: moves messages into another folder, all or none (RFC 6851). The table sees to it
//! that the client is told of their leaving, after it was told where they went (§4.3).

use super::{Outcome, copy};
use crate::dialogue::Talk;
use crate::error::for_target;
use crate::reply::Reply;
use crate::state::State;
use crate::wire::request::{Name, Numbering, SequenceSet};
use carrier::Host;
use terms::FolderName;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    (numbering, set): (Numbering, SequenceSet),
    to: Name,
) -> Outcome {
    let selected = state.selected()?;
    selected.writable()?;
    let to = FolderName::parse(&to)?;
    let uids = selected.uids(numbering, &set)?;
    selected.notice_expunges(talk.storage()).await?;
    selected.all_there(numbering, &uids)?;
    if uids.is_empty() {
        return Ok(Reply::ok("Nothing to move"));
    }
    let (login, folder) = (&selected.login, selected.folder);
    let moved = talk.storage().move_entries(login, folder, uids, &to).await.map_err(for_target)?;
    match copy::copied_uids(moved) {
        None => copy::none_there(numbering, "Nothing moved"),
        Some(code) => {
            Reply::ok("Moved to there").with(code).say_untagged(&mut talk.output);
            Ok(Reply::ok("Moved"))
        }
    }
}
