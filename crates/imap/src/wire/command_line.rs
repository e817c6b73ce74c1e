//! A whole command: tag, name, arguments (RFC 3501 §9, `command`). The root of the grammar.

use super::date_time::date_time;
use super::fetch::fetch_items;
use super::flags::{flag_list, flags};
use super::folder_name::{folder_name, pattern};
use super::lexer::{Lexer, Parsed, Stop, is_astring_char, is_atom_char};
use super::request::{AppendOptions, Name, Numbering, Request, SequenceSet, StatusItem, Tag, Text};
use super::search::search_program;
use super::sequence_set::sequence_set;
use terms::{FlagChange, Secret};

/// A tag may have this many characters: few enough to be found in what is kept of a line that is too
/// long.
const MAX_TAG: usize = 60;

/// ID may say this many things. RFC 2971 §3.3 allows 30.
const MAX_ID_FIELDS: usize = 100;

/// STATUS may ask for this many things, repetitions included.
const MAX_STATUS_ITEMS: usize = 100;

/// Why there is no request (yet).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stopped {
    /// The command's tag, if that much was right.
    pub(super) tag: Option<Tag>,
    /// What is wrong or missing.
    pub(super) stop: Stop,
}

/// Parses `command`: the bytes sent, with CRLF after the announcement of a literal and none at the end.
/// If `announced`, they end in an announcement whose literal was not read yet.
pub(super) fn parse(command: &[u8], announced: bool) -> Result<(Tag, Request), Stopped> {
    let mut lexer = Lexer::new(command, announced);
    let tag = tag(&mut lexer).map_err(|stop| Stopped { tag: None, stop })?;
    match lexer.space().and_then(|()| request(&mut lexer)) {
        Ok(request) => Ok((tag, request)),
        Err(stop) => Err(Stopped { tag: Some(tag), stop }),
    }
}

/// `tag`
pub(super) fn tag(lexer: &mut Lexer<'_>) -> Parsed<Tag> {
    let start = lexer.at();
    let tag = lexer.word(|byte| is_astring_char(byte) && byte != b'+', "Expected a tag")?;
    if tag.len() > MAX_TAG {
        return lexer.bad_at(start, "Tag too long");
    }
    Ok(Tag(tag.to_owned()))
}

fn request(lexer: &mut Lexer<'_>) -> Parsed<Request> {
    let at = lexer.at();
    let name = lexer.atom("Expected a command")?;
    if name.eq_ignore_ascii_case("UID") {
        lexer.space()?;
        return uid_request(lexer);
    }
    let request = match name.to_ascii_uppercase().as_str() {
        "CAPABILITY" => Request::Capability,
        "NOOP" => Request::Noop,
        "LOGOUT" => Request::Logout,
        "STARTTLS" => Request::StartTls,
        "ID" => id(lexer)?,
        "AUTHENTICATE" => authenticate(lexer)?,
        "LOGIN" => login(lexer)?,
        "NAMESPACE" => Request::Namespace,
        "SELECT" => Request::Select(next_folder_name(lexer)?),
        "EXAMINE" => Request::Examine(next_folder_name(lexer)?),
        "CREATE" => Request::Create(next_folder_name(lexer)?),
        "DELETE" => Request::Delete(next_folder_name(lexer)?),
        "RENAME" => Request::Rename(next_folder_name(lexer)?, next_folder_name(lexer)?),
        "SUBSCRIBE" => Request::Subscribe(next_folder_name(lexer)?),
        "UNSUBSCRIBE" => Request::Unsubscribe(next_folder_name(lexer)?),
        "LIST" => Request::List(next_folder_name(lexer)?, next_pattern(lexer)?),
        "LSUB" => Request::Lsub(next_folder_name(lexer)?, next_pattern(lexer)?),
        "STATUS" => status(lexer)?,
        "APPEND" => return append(lexer),
        "CHECK" => Request::Check,
        "CLOSE" => Request::Close,
        "UNSELECT" => Request::Unselect,
        "EXPUNGE" => Request::Expunge,
        "SEARCH" => search(lexer, Numbering::Sequence)?,
        "FETCH" => fetch(lexer, Numbering::Sequence)?,
        "STORE" => store(lexer, Numbering::Sequence)?,
        "COPY" => copy(lexer, Numbering::Sequence)?,
        "MOVE" => move_away(lexer, Numbering::Sequence)?,
        "IDLE" => Request::Idle,
        _ => return lexer.bad_at(at, "Unknown command"),
    };
    lexer.end()?;
    Ok(request)
}

/// What follows `UID` (RFC 3501 §6.4.8, RFC 4315, RFC 6851).
fn uid_request(lexer: &mut Lexer<'_>) -> Parsed<Request> {
    let at = lexer.at();
    let name = lexer.atom("Expected a command")?;
    let request = match name.to_ascii_uppercase().as_str() {
        "EXPUNGE" => {
            lexer.space()?;
            Request::UidExpunge(sequence_set(lexer)?)
        }
        "SEARCH" => search(lexer, Numbering::Uid)?,
        "FETCH" => fetch(lexer, Numbering::Uid)?,
        "STORE" => store(lexer, Numbering::Uid)?,
        "COPY" => copy(lexer, Numbering::Uid)?,
        "MOVE" => move_away(lexer, Numbering::Uid)?,
        _ => return lexer.bad_at(at, "Unknown command"),
    };
    lexer.end()?;
    Ok(request)
}

fn next_folder_name(lexer: &mut Lexer<'_>) -> Parsed<Name> {
    lexer.space()?;
    folder_name(lexer)
}

fn next_pattern(lexer: &mut Lexer<'_>) -> Parsed<Name> {
    lexer.space()?;
    pattern(lexer)
}

/// `id` (RFC 2971 §4): `SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)`
fn id(lexer: &mut Lexer<'_>) -> Parsed<Request> {
    lexer.space()?;
    let mut fields = Vec::new();
    if lexer.eat_word("NIL") {
        return Ok(Request::Id(fields));
    }
    lexer.expect(b'(', "Expected a list or NIL")?;
    if lexer.eat(b')') {
        return Ok(Request::Id(fields));
    }
    while fields.len() < MAX_ID_FIELDS {
        fields.push(id_field(lexer)?);
        if lexer.eat(b')') {
            return Ok(Request::Id(fields));
        }
        lexer.expect(b' ', "Expected a space or a closing parenthesis")?;
    }
    lexer.bad("Too many fields")
}

fn id_field(lexer: &mut Lexer<'_>) -> Parsed<(Text, Option<Text>)> {
    let name = lexer.string("Expected a string")?;
    lexer.space()?;
    Ok((name, lexer.nstring()?))
}

/// `SP auth-type [SP (base64 / "=")]` (RFC 3501 §6.2.2, RFC 4959)
fn authenticate(lexer: &mut Lexer<'_>) -> Parsed<Request> {
    lexer.space()?;
    let mechanism = lexer.atom("Expected a mechanism")?.to_ascii_uppercase();
    let mut initial = None;
    if lexer.eat_separator() {
        let is_base64 =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        initial = Some(Secret::new(lexer.word(is_base64, "Expected base64")?));
    }
    Ok(Request::Authenticate { mechanism, initial })
}

/// `SP userid SP password`
fn login(lexer: &mut Lexer<'_>) -> Parsed<Request> {
    lexer.space()?;
    let user = lexer.astring("Expected a user name")?;
    lexer.space()?;
    let password = lexer.astring("Expected a password")?;
    let password = String::from_utf8(password)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Request::Login { user, password: Secret::new(password) })
}

/// `SP mailbox SP "(" status-att *(SP status-att) ")"`
fn status(lexer: &mut Lexer<'_>) -> Parsed<Request> {
    let folder = next_folder_name(lexer)?;
    lexer.space()?;
    lexer.expect(b'(', "Expected a list of status items")?;
    let mut items = Vec::new();
    while items.len() < MAX_STATUS_ITEMS {
        items.push(status_item(lexer)?);
        if lexer.eat(b')') {
            return Ok(Request::Status(folder, items));
        }
        lexer.expect(b' ', "Expected a space or a closing parenthesis")?;
    }
    lexer.bad("Too many status items")
}

fn status_item(lexer: &mut Lexer<'_>) -> Parsed<StatusItem> {
    let at = lexer.at();
    match lexer.atom("Expected a status item")?.to_ascii_uppercase().as_str() {
        "MESSAGES" => Ok(StatusItem::Messages),
        "RECENT" => Ok(StatusItem::Recent),
        "UIDNEXT" => Ok(StatusItem::UidNext),
        "UIDVALIDITY" => Ok(StatusItem::UidValidity),
        "UNSEEN" => Ok(StatusItem::Unseen),
        _ => lexer.bad_at(at, "Unknown status item"),
    }
}

/// `SP mailbox [SP flag-list] [SP date-time] SP literal`, whose literal stays unread.
fn append(lexer: &mut Lexer<'_>) -> Parsed<Request> {
    let folder = next_folder_name(lexer)?;
    lexer.space()?;
    let mut options = AppendOptions::default();
    if lexer.peek() == Some(b'(') {
        options.flags = flag_list(lexer)?;
        lexer.space()?;
    }
    if lexer.peek() == Some(b'"') {
        options.date = Some(date_time(lexer)?);
        lexer.space()?;
    }
    let literal = lexer.unread_literal()?;
    Ok(Request::Append { folder, options, literal })
}

/// See [`search_program`].
fn search(lexer: &mut Lexer<'_>, numbering: Numbering) -> Parsed<Request> {
    let (charset, keys) = search_program(lexer)?;
    Ok(Request::Search { numbering, charset, keys })
}

/// `SP sequence-set SP …`, see [`fetch_items`].
fn fetch(lexer: &mut Lexer<'_>, numbering: Numbering) -> Parsed<Request> {
    lexer.space()?;
    let set = sequence_set(lexer)?;
    lexer.space()?;
    let items = fetch_items(lexer)?;
    Ok(Request::Fetch { numbering, set, items })
}

/// `SP sequence-set SP ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag)))`
fn store(lexer: &mut Lexer<'_>, numbering: Numbering) -> Parsed<Request> {
    lexer.space()?;
    let set = sequence_set(lexer)?;
    lexer.space()?;
    let at = lexer.at();
    let (change, silent) = match lexer.run(is_atom_char).to_ascii_uppercase().as_slice() {
        b"FLAGS" => (FlagChange::Replace, false),
        b"FLAGS.SILENT" => (FlagChange::Replace, true),
        b"+FLAGS" => (FlagChange::Add, false),
        b"+FLAGS.SILENT" => (FlagChange::Add, true),
        b"-FLAGS" => (FlagChange::Remove, false),
        b"-FLAGS.SILENT" => (FlagChange::Remove, true),
        _ => return lexer.bad_at(at, "Expected FLAGS, +FLAGS or -FLAGS"),
    };
    lexer.space()?;
    let flags = if lexer.peek() == Some(b'(') { flag_list(lexer)? } else { flags(lexer)? };
    Ok(Request::Store { numbering, set, change, silent, flags })
}

/// `SP sequence-set SP mailbox`
fn copy(lexer: &mut Lexer<'_>, numbering: Numbering) -> Parsed<Request> {
    let (set, to) = set_and_folder(lexer)?;
    Ok(Request::Copy { numbering, set, to })
}

/// Like COPY (RFC 6851 §3).
fn move_away(lexer: &mut Lexer<'_>, numbering: Numbering) -> Parsed<Request> {
    let (set, to) = set_and_folder(lexer)?;
    Ok(Request::Move { numbering, set, to })
}

fn set_and_folder(lexer: &mut Lexer<'_>) -> Parsed<(SequenceSet, Name)> {
    lexer.space()?;
    let set = sequence_set(lexer)?;
    let folder = next_folder_name(lexer)?;
    Ok((set, folder))
}

#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tests;
