//! LIST: the folders whose names fit a pattern (RFC 3501 §6.3.8), whether there are folders below them
//! (RFC 3348), and what they are for (RFC 6154 §2: no capability goes with the plain command).

mod names;
mod pattern;

pub(super) use names::{Listing, Standing};
pub(super) use pattern::Pattern;

use super::Outcome;
use crate::dialogue::Talk;
use crate::reply::{Code, Reply};
use crate::state::State;
use crate::wire::request::Name;
use crate::wire::writer;
use carrier::{Host, Output, Over};
use storage::{Folder, SpecialUse};
use terms::FolderName;

/// How many lines are said before the client has to take some.
const SLICE: usize = 500;

pub(super) async fn run<H: Host>(
    talk: &mut Talk<H>,
    state: &State,
    reference: Name,
    pattern: Name,
) -> Outcome {
    let login = state.login()?;
    if pattern.is_empty() {
        // Asks for the separator, and the root of the reference: no name here has one.
        talk.output.say(b"* LIST (\\Noselect) \"/\" \"\"\r\n");
        return Ok(Reply::ok("That is the separator"));
    }
    let pattern = read_pattern(&reference, &pattern)?;
    let folders = talk.storage().folders(login).await?;
    let listing = Listing::of(folders.into_iter().map(|folder| (folder.name.clone(), folder)));
    let lines = listing.iter().filter(|(name, _)| pattern.fits(name)).map(|(name, node)| {
        let mut attributes = Vec::new();
        if node.folder.is_none() {
            attributes.push("\\Noselect");
        }
        attributes.push(match node.standing {
            Standing::Parent => "\\HasChildren",
            Standing::Childless => "\\HasNoChildren",
        });
        attributes.extend(node.folder.as_ref().and_then(special_use));
        line("LIST", &attributes, name)
    });
    say(&mut talk.output, lines.collect()).await?;
    Ok(Reply::ok("That is all"))
}

/// Reference and pattern together: simply one behind the other.
pub(super) fn read_pattern(reference: &str, pattern: &str) -> Result<Pattern, Reply> {
    Pattern::parse(&format!("{reference}{pattern}"))
        .ok_or_else(|| Reply::no("The pattern is too long").with(Code::Limit))
}

/// `* LIST (\HasNoChildren) "/" INBOX`
pub(super) fn line(response: &str, attributes: &[&str], name: &FolderName) -> Vec<u8> {
    let attributes = attributes.join(" ");
    let mut line = format!("* {response} ({attributes}) \"/\" ").into_bytes();
    writer::folder_name(&mut line, name.as_str());
    line.extend_from_slice(b"\r\n");
    line
}

/// Says lines in slices.
pub(super) async fn say(output: &mut Output, lines: Vec<Vec<u8>>) -> Result<(), Over> {
    for slice in lines.chunks(SLICE) {
        output.room().await?;
        output.say(&slice.concat());
    }
    Ok(())
}

fn special_use(folder: &Folder) -> Option<&'static str> {
    folder.special_use.map(|special_use| match special_use {
        SpecialUse::Drafts => "\\Drafts",
        SpecialUse::Junk => "\\Junk",
        SpecialUse::Sent => "\\Sent",
        SpecialUse::Trash => "\\Trash",
        SpecialUse::Archive => "\\Archive",
    })
}
