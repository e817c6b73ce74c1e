//! UNSELECT: closes the folder and expunges nothing (RFC 3691).

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use carrier::Host;

pub(super) fn run<H: Host>(talk: &mut Talk<H>, state: &mut State) -> Outcome {
    state.close_folder();
    talk.host.folder_opened(None);
    Ok(Reply::ok("Closed"))
}
