//! STATUS: a folder's counters, without opening it (RFC 3501 §6.3.10).

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::Reply;
use crate::state::State;
use crate::wire::request::{Name, StatusItem};
use crate::wire::writer;
use carrier::Host;
use storage::Folder;
use terms::FolderName;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &State,
    name: Name,
    items: Vec<StatusItem>,
) -> Outcome {
    let login = state.login()?;
    let folder = talk.storage().folder(login, &FolderName::parse(&name)?).await?;
    let recent = match items.contains(&StatusItem::Recent) {
        true => talk.storage().recent(login, folder.id).await?,
        false => 0,
    };
    let mut line = b"* STATUS ".to_vec();
    writer::folder_name(&mut line, folder.name.as_str());
    let values: Vec<String> = items.iter().map(|item| value(*item, &folder, recent)).collect();
    line.extend_from_slice(format!(" ({})\r\n", values.join(" ")).as_bytes());
    talk.output.say(&line);
    Ok(Reply::ok("That is its status"))
}

fn value(item: StatusItem, folder: &Folder, recent: u32) -> String {
    match item {
        StatusItem::Messages => format!("MESSAGES {}", folder.messages),
        StatusItem::Recent => format!("RECENT {recent}"),
        StatusItem::UidNext => format!("UIDNEXT {}", folder.uid_next),
        StatusItem::UidValidity => format!("UIDVALIDITY {}", folder.uid_validity),
        StatusItem::Unseen => format!("UNSEEN {}", folder.unseen),
    }
}
