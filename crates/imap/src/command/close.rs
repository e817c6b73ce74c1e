//! CLOSE: expunges in silence what is marked, then closes the folder (RFC 3501 §6.4.2).

use super::Outcome;
use crate::dialogue::Talk;
use crate::error::Failure;
use crate::reply::Reply;
use crate::selected::Access;
use crate::state::State;
use carrier::Host;

pub(super) async fn run<H: Host>(talk: &mut Talk<H>, state: &mut State) -> Outcome {
    let selected = state.selected()?;
    if selected.access() == Access::ReadWrite {
        let (login, folder) = (&selected.login, selected.folder);
        match talk.storage().expunge_marked(login, folder, None).await.map_err(Failure::from) {
            // A folder that was deleted meanwhile can be closed too.
            Err(failure) if !failure.concerns_one_thing() => return Err(failure),
            Ok(_) | Err(_) => {}
        }
    }
    state.close_folder();
    talk.host.folder_opened(None);
    Ok(Reply::ok("Closed"))
}
