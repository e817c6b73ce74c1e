//! SELECT: opens a folder for reading and writing (RFC 3501 §6.3.1). EXAMINE shares all but the access.

use super::{CLOSED, Outcome};
use crate::dialogue::Talk;
use crate::reply::{Code, Reply};
use crate::selected::{Access, Selected};
use crate::state::{State, WasOpen};
use crate::untagged;
use crate::view::{View, seq_at};
use crate::wire::request::Name;
use carrier::Host;
use std::sync::Arc;
use storage::Folder;
use terms::{FolderName, Uid};

pub(super) async fn run<H: Host>(talk: &mut Talk<H>, state: &mut State, name: Name) -> Outcome {
    open(talk, state, name, Access::ReadWrite).await
}

/// Opens a folder in place of the one that was open. If that fails, none is open.
pub(super) async fn open<H: Host>(
    talk: &mut Talk<H>,
    state: &mut State,
    name: Name,
    access: Access,
) -> Outcome {
    if state.close_folder() == WasOpen::Yes {
        talk.host.folder_opened(None);
        talk.output.say(CLOSED);
    }
    let login = Arc::clone(state.login()?);
    let name = FolderName::parse(&name)?;
    let claim_recent = access == Access::ReadWrite;
    let open = talk.storage().open_folder(&login, &name, claim_recent).await?;
    let (folder, first_unseen) = (open.folder.clone(), open.first_unseen);
    let selected = Selected::new(login, open, access);
    let picture = picture(&selected.view, &folder, first_unseen);
    talk.output.say(&[picture, selected.flag_lists()].concat());
    *state = State::Selected(Box::new(selected));
    talk.host.folder_opened(Some(&name));
    Ok(match access {
        Access::ReadWrite => Reply::ok("Open for reading and writing").with(Code::ReadWrite),
        Access::ReadOnly => Reply::ok("Open for reading").with(Code::ReadOnly),
    })
}

/// The numbers that describe a folder just opened.
fn picture(view: &View, folder: &Folder, first_unseen: Option<Uid>) -> Vec<u8> {
    let mut lines = Vec::new();
    untagged::exists(&mut lines, view.count());
    untagged::recent(&mut lines, view.recent_count());
    let first_unseen = first_unseen.and_then(|uid| view.place_of(uid));
    if let Some(seq) = first_unseen.and_then(seq_at) {
        lines.extend_from_slice(format!("* OK [UNSEEN {seq}] The first unread\r\n").as_bytes());
    }
    lines.extend_from_slice(
        format!(
            "* OK [UIDVALIDITY {}] UIDs are valid\r\n* OK [UIDNEXT {}] The next UID\r\n",
            folder.uid_validity, folder.uid_next
        )
        .as_bytes(),
    );
    lines
}
