//! STORE and UID STORE: changes flags (RFC 3501 §6.4.6), of all messages named or of none.

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::selected::gone;
use crate::state::State;
use crate::untagged;
use crate::wire::request::{Numbering, SequenceSet};
use carrier::Host;
use terms::{FlagChange, Flags};

/// What the client wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The flags now.
    Flags,
    /// Nothing (`.SILENT`).
    Silent,
}

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    (numbering, set): (Numbering, SequenceSet),
    change: FlagChange,
    answer: Answer,
    flags: Flags,
) -> Outcome {
    let selected = state.selected()?;
    selected.writable()?;
    let uids = selected.uids(numbering, &set)?;
    if uids.is_empty() {
        return Ok(Reply::ok("Nothing to change"));
    }
    let named = uids.len();
    let (login, folder) = (&selected.login, selected.folder);
    let outcome = talk.storage().set_flags(login, folder, uids, change, flags, None).await?;
    let missing = named - outcome.updates.len().min(named);

    selected.view.note_own(&outcome);
    if selected.view.learn_all_keywords(outcome.updates.iter().map(|update| &update.flags)) {
        talk.output.say(&selected.flag_lists());
    }
    if answer == Answer::Flags {
        let view = &selected.view;
        let told = outcome.updates.into_iter();
        let told: Vec<_> = told.filter_map(|u| view.told_flags(u.uid, u.flags)).collect();
        untagged::say_flags(&mut talk.output, &told, numbering).await?;
    }
    // RFC 2180 §4.2: what was stored is stored; the client learns that not all was there to store in.
    match (numbering, answer) {
        (Numbering::Sequence, Answer::Flags) if missing > 0 => Err(gone().into()),
        _ => Ok(Reply::ok("Stored")),
    }
}
