//! EXPUNGE and UID EXPUNGE: what is marked `\Deleted` leaves the folder, all of it or nothing
//! (RFC 3501 §6.4.3, RFC 4315 §2.1). The table sees to it that the client is told which.

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use crate::wire::request::{Numbering, SequenceSet};
use carrier::Host;

/// With `only`, a set of UIDs, nothing else leaves.
pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    only: Option<SequenceSet>,
) -> Outcome {
    let selected = state.selected()?;
    selected.writable()?;
    let only = only.map(|set| selected.uids(Numbering::Uid, &set)).transpose()?;
    if !only.as_ref().is_some_and(Vec::is_empty) {
        talk.storage().expunge_marked(&selected.login, selected.folder, only).await?;
    }
    Ok(Reply::ok("Expunged"))
}
