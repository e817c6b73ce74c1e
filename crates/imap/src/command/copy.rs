//! COPY and UID COPY: copies messages into another folder, all or none, with flags and dates
//! (RFC 3501 §6.4.7), and says which UIDs the copies got (RFC 4315 §3).

use super::Outcome;
use crate::dialogue::Talk;
use crate::error::for_target;
use crate::reply::{Code, Reply};
use crate::selected::gone;
use crate::state::State;
use crate::wire::request::{Name, Numbering, SequenceSet};
use carrier::Host;
use storage::Copied;
use terms::FolderName;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    (numbering, set): (Numbering, SequenceSet),
    to: Name,
) -> Outcome {
    let selected = state.selected()?;
    let to = FolderName::parse(&to)?;
    let uids = selected.uids(numbering, &set)?;
    selected.notice_expunges(talk.storage()).await?;
    selected.all_there(numbering, &uids)?;
    if uids.is_empty() {
        return Ok(Reply::ok("Nothing to copy"));
    }
    let (login, folder) = (&selected.login, selected.folder);
    let copied = talk.storage().copy(login, folder, uids, &to).await.map_err(for_target)?;
    match copied_uids(copied) {
        Some(code) => Ok(Reply::ok("Copied").with(code)),
        None => none_there(numbering, "Nothing copied"),
    }
}

/// The answer when everything named was expunged just now: numbers promised messages, UIDs did not.
pub(super) fn none_there(numbering: Numbering, text: &'static str) -> Outcome {
    match numbering {
        Numbering::Sequence => Err(gone().into()),
        Numbering::Uid => Ok(Reply::ok(text)),
    }
}

/// The code that names the copies; none if there are none.
pub(super) fn copied_uids(copied: Copied) -> Option<Code> {
    let (from, to): (Vec<_>, Vec<_>) = copied.uids.into_iter().unzip();
    (!from.is_empty()).then_some(Code::CopyUid { era: copied.uid_validity, from, to })
}
