//! Untagged data that more than one command says: flags, and a view's news (RFC 3501 §7.2 to 7.4).

use crate::selected::Access;
use crate::view::{News, Recent, Told, View};
use crate::wire::request::Numbering;
use crate::wire::writer;
use carrier::{Output, Over};
use terms::{Flags, Keyword, SeqNum, SystemFlag};

/// How many lines are said before the client has to take some.
const SLICE: usize = 500;

/// Which form a FETCH response takes that the client did not ask for by name.
///
/// Responses to UID commands name the UID (RFC 3501 §6.4.8).
pub(crate) fn told_flags(out: &mut Vec<u8>, told: &Told, numbering: Numbering) {
    fetch_head(out, told.seq);
    if numbering == Numbering::Uid {
        out.extend_from_slice(format!("UID {} ", told.uid).as_bytes());
    }
    out.extend_from_slice(b"FLAGS ");
    flags(out, &told.flags, told.recent);
    out.extend_from_slice(b")\r\n");
}

/// `* 7 FETCH (`
pub(crate) fn fetch_head(out: &mut Vec<u8>, seq: SeqNum) {
    out.extend_from_slice(format!("* {seq} FETCH (").as_bytes());
}

/// A list of flags, `\Recent` among them.
pub(crate) fn flags(out: &mut Vec<u8>, flags: &Flags, recent: Recent) {
    writer::flags(out, flags);
    if recent == Recent::Yes {
        out.pop();
        out.extend_from_slice(if flags.is_empty() { b"\\Recent)" } else { b" \\Recent)" });
    }
}

/// `* FLAGS`, and the PERMANENTFLAGS that go with it: in a folder open for writing every client may make
/// up keywords, in one open for reading nothing can be changed (RFC 3501 §7.1, §7.2.6).
pub(crate) fn flag_lists(view: &View, access: Access) -> Vec<u8> {
    let names = flag_names(view.keywords());
    let (permanent, text) = match access {
        Access::ReadWrite => (format!("{names} \\*"), "These flags are kept"),
        Access::ReadOnly => (String::new(), "Nothing can be changed"),
    };
    format!("* FLAGS ({names})\r\n* OK [PERMANENTFLAGS ({permanent})] {text}\r\n").into_bytes()
}

/// The flags that exist in a folder, separated by spaces.
fn flag_names<'a>(keywords: impl Iterator<Item = &'a Keyword>) -> String {
    let mut names: Vec<&str> = SystemFlag::ALL.into_iter().map(SystemFlag::name).collect();
    names.extend(keywords.map(Keyword::as_str));
    names.join(" ")
}

/// `* 4 EXISTS`
pub(crate) fn exists(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(format!("* {count} EXISTS\r\n").as_bytes());
}

/// `* 1 RECENT`
pub(crate) fn recent(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(format!("* {count} RECENT\r\n").as_bytes());
}

/// Says what is new, in slices.
pub(crate) async fn say_news(
    output: &mut Output,
    view: &View,
    access: Access,
    news: News,
    numbering: Numbering,
) -> Result<(), Over> {
    for slice in news.expunged.chunks(SLICE) {
        output.room().await?;
        let lines: String = slice.iter().map(|seq| format!("* {seq} EXPUNGE\r\n")).collect();
        output.say(lines.as_bytes());
    }
    let mut lines = Vec::new();
    if let Some(count) = news.exists {
        exists(&mut lines, count);
    }
    if let Some(count) = news.recent {
        recent(&mut lines, count);
    }
    if news.keywords_grew {
        lines.extend_from_slice(&flag_lists(view, access));
    }
    if !lines.is_empty() {
        output.say(&lines);
    }
    say_flags(output, &news.flags, numbering).await
}

/// Says the flags of messages, in slices.
pub(crate) async fn say_flags(
    output: &mut Output,
    told: &[Told],
    numbering: Numbering,
) -> Result<(), Over> {
    for slice in told.chunks(SLICE) {
        output.room().await?;
        let mut lines = Vec::new();
        slice.iter().for_each(|told| told_flags(&mut lines, told, numbering));
        output.say(&lines);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use terms::Uid;

    #[test]
    fn fetch_responses() {
        let check = |system: &[SystemFlag], recent, numbering, line: &str| {
            let mut out = Vec::new();
            let told = Told {
                seq: SeqNum::new(2).unwrap(),
                uid: Uid::new(17).unwrap(),
                flags: system.iter().copied().collect(),
                recent,
            };
            told_flags(&mut out, &told, numbering);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{line}\r\n"));
        };
        let seen = &[SystemFlag::Seen];
        check(seen, Recent::No, Numbering::Sequence, "* 2 FETCH (FLAGS (\\Seen))");
        check(seen, Recent::Yes, Numbering::Uid, "* 2 FETCH (UID 17 FLAGS (\\Seen \\Recent))");
        check(&[], Recent::Yes, Numbering::Sequence, "* 2 FETCH (FLAGS (\\Recent))");
        check(&[], Recent::No, Numbering::Sequence, "* 2 FETCH (FLAGS ())");
    }
}
