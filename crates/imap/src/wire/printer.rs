//! Writes requests as a careful client would, in one way each: only for tests, which compare requests
//! by it.

use super::request::*;
use super::{fetch, folder_name, writer};
use terms::FlagChange;

/// The whole command without tag and line end. Dates of APPEND are written; its literal is announced.
pub(super) fn print(request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    let words = &mut out;
    match request {
        Request::Capability => word(words, "CAPABILITY"),
        Request::Noop => word(words, "NOOP"),
        Request::Logout => word(words, "LOGOUT"),
        Request::StartTls => word(words, "STARTTLS"),
        Request::Namespace => word(words, "NAMESPACE"),
        Request::Check => word(words, "CHECK"),
        Request::Close => word(words, "CLOSE"),
        Request::Unselect => word(words, "UNSELECT"),
        Request::Expunge => word(words, "EXPUNGE"),
        Request::Idle => word(words, "IDLE"),
        Request::Id(fields) => {
            word(words, "ID ");
            list(words, fields, |out, (name, value)| {
                text(out, name);
                out.push(b' ');
                match value {
                    Some(value) => text(out, value),
                    None => writer::nil(out),
                }
            });
        }
        Request::Authenticate { mechanism, initial } => {
            word(words, &format!("AUTHENTICATE {mechanism}"));
            if let Some(initial) = initial {
                word(words, &format!(" {}", initial.reveal()));
            }
        }
        Request::Login { user, password } => {
            word(words, "LOGIN ");
            text(words, user);
            words.push(b' ');
            text(words, password.reveal().as_bytes());
        }
        Request::Select(name) => named(words, "SELECT", name),
        Request::Examine(name) => named(words, "EXAMINE", name),
        Request::Create(name) => named(words, "CREATE", name),
        Request::Delete(name) => named(words, "DELETE", name),
        Request::Subscribe(name) => named(words, "SUBSCRIBE", name),
        Request::Unsubscribe(name) => named(words, "UNSUBSCRIBE", name),
        Request::Rename(from, to) => {
            named(words, "RENAME", from);
            named(words, "", to);
        }
        Request::List(reference, pattern) => {
            named(words, "LIST", reference);
            named(words, "", pattern);
        }
        Request::Lsub(reference, pattern) => {
            named(words, "LSUB", reference);
            named(words, "", pattern);
        }
        Request::Status(name, items) => {
            named(words, "STATUS", name);
            words.push(b' ');
            list(words, items, |out, item| {
                word(out, &format!("{item:?}").to_ascii_uppercase());
            });
        }
        Request::Append { folder, options, literal } => {
            named(words, "APPEND", folder);
            words.push(b' ');
            writer::flags(words, &options.flags);
            words.push(b' ');
            if let Some(date) = options.date {
                super::date_time::write(words, date);
                words.push(b' ');
            }
            let plus = if literal.synchronizing { "" } else { "+" };
            word(words, &format!("{{{}{plus}}}", literal.size));
        }
        Request::UidExpunge(set) => with_set(words, Numbering::Uid, "EXPUNGE", set),
        Request::Search { numbering, charset, keys } => {
            word(words, prefix(*numbering));
            word(words, "SEARCH");
            if let Some(charset) = charset {
                word(words, " CHARSET ");
                text(words, charset.as_bytes());
            }
            for each in keys {
                words.push(b' ');
                key(words, each);
            }
        }
        Request::Fetch { numbering, set, items } => {
            with_set(words, *numbering, "FETCH", set);
            words.push(b' ');
            list(words, items, item);
        }
        Request::Store { numbering, set, change, silent, flags } => {
            with_set(words, *numbering, "STORE", set);
            word(
                words,
                match change {
                    FlagChange::Replace => " FLAGS",
                    FlagChange::Add => " +FLAGS",
                    FlagChange::Remove => " -FLAGS",
                },
            );
            word(words, if *silent { ".SILENT " } else { " " });
            writer::flags(words, flags);
        }
        Request::Copy { numbering, set, to } => {
            with_set(words, *numbering, "COPY", set);
            named(words, "", to);
        }
        Request::Move { numbering, set, to } => {
            with_set(words, *numbering, "MOVE", set);
            named(words, "", to);
        }
    }
    out
}

fn word(out: &mut Vec<u8>, word: &str) {
    out.extend_from_slice(word.as_bytes());
}

fn named(out: &mut Vec<u8>, command: &str, name: &str) {
    word(out, command);
    out.push(b' ');
    text(out, folder_name::encode(name).as_bytes());
}

/// Quoted or a literal, never bare.
fn text(out: &mut Vec<u8>, text: &[u8]) {
    writer::string(out, text);
}

fn list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'(');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        write(out, item);
    }
    out.push(b')');
}

fn prefix(numbering: Numbering) -> &'static str {
    match numbering {
        Numbering::Sequence => "",
        Numbering::Uid => "UID ",
    }
}

fn with_set(out: &mut Vec<u8>, numbering: Numbering, command: &str, set: &SequenceSet) {
    word(out, prefix(numbering));
    word(out, command);
    out.push(b' ');
    print_set(out, set);
}

fn print_set(out: &mut Vec<u8>, set: &SequenceSet) {
    let number = |number| match number {
        SetNumber::Number(number) => number.to_string(),
        SetNumber::Largest => "*".to_owned(),
    };
    let items = set.0.iter().map(|item| match (item.first, item.last) {
        (first, last) if first == last => number(first),
        (first, last) => format!("{}:{}", number(first), number(last)),
    });
    word(out, &items.collect::<Vec<_>>().join(","));
}

fn item(out: &mut Vec<u8>, item: &FetchItem) {
    match item {
        FetchItem::Uid => word(out, "UID"),
        FetchItem::Flags => word(out, "FLAGS"),
        FetchItem::InternalDate => word(out, "INTERNALDATE"),
        FetchItem::Size => word(out, "RFC822.SIZE"),
        FetchItem::Envelope => word(out, "ENVELOPE"),
        FetchItem::Body => word(out, "BODY"),
        FetchItem::BodyStructure => word(out, "BODYSTRUCTURE"),
        FetchItem::Rfc822 => word(out, "RFC822"),
        FetchItem::Rfc822Header => word(out, "RFC822.HEADER"),
        FetchItem::Rfc822Text => word(out, "RFC822.TEXT"),
        FetchItem::Section { section, partial, peek } => {
            let mut name = Vec::new();
            fetch::write_section(&mut name, section, None);
            word(out, if *peek { "BODY.PEEK" } else { "BODY" });
            out.extend_from_slice(&name[4..]);
            if let Some((offset, length)) = partial {
                word(out, &format!("<{offset}.{length}>"));
            }
        }
    }
}

fn key(out: &mut Vec<u8>, search_key: &SearchKey) {
    let date = |out: &mut Vec<u8>, name: &str, day: &Day| {
        let month = super::date_time::MONTHS[usize::from(day.month) - 1];
        word(out, &format!("{name} {}-{month}-{:04}", day.day, day.year));
    };
    match search_key {
        SearchKey::All => word(out, "ALL"),
        SearchKey::Sequence(set) => print_set(out, set),
        SearchKey::Uid(set) => {
            word(out, "UID ");
            print_set(out, set);
        }
        SearchKey::Flag(flag) => word(out, &flag.name()[1..].to_ascii_uppercase()),
        SearchKey::NotFlag(flag) => {
            word(out, &format!("UN{}", flag.name()[1..].to_ascii_uppercase()));
        }
        SearchKey::Keyword(keyword) => word(out, &format!("KEYWORD {keyword}")),
        SearchKey::NotKeyword(keyword) => word(out, &format!("UNKEYWORD {keyword}")),
        SearchKey::Recent => word(out, "RECENT"),
        SearchKey::Old => word(out, "OLD"),
        SearchKey::New => word(out, "NEW"),
        SearchKey::Before(day) => date(out, "BEFORE", day),
        SearchKey::On(day) => date(out, "ON", day),
        SearchKey::Since(day) => date(out, "SINCE", day),
        SearchKey::SentBefore(day) => date(out, "SENTBEFORE", day),
        SearchKey::SentOn(day) => date(out, "SENTON", day),
        SearchKey::SentSince(day) => date(out, "SENTSINCE", day),
        SearchKey::Larger(size) => word(out, &format!("LARGER {size}")),
        SearchKey::Smaller(size) => word(out, &format!("SMALLER {size}")),
        SearchKey::Header(name, value) => {
            word(out, "HEADER ");
            text(out, name);
            out.push(b' ');
            text(out, value);
        }
        SearchKey::Body(value) => {
            word(out, "BODY ");
            text(out, value);
        }
        SearchKey::Text(value) => {
            word(out, "TEXT ");
            text(out, value);
        }
        SearchKey::Not(inner) => {
            word(out, "NOT ");
            key(out, inner);
        }
        SearchKey::Or(first, second) => {
            word(out, "OR ");
            key(out, first);
            out.push(b' ');
            key(out, second);
        }
        SearchKey::And(keys) => list(out, keys, key),
    }
}
