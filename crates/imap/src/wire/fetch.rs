//! What FETCH may ask for: items, macros, sections (RFC 3501 §6.4.5, §9).

use super::lexer::{Lexer, Parsed};
use super::request::{FetchItem, Section, SectionPart, Text};
use super::writer;

/// One command may ask for this many things of each message.
const MAX_ITEMS: usize = 100;

/// One list of header fields may name this many.
const MAX_FIELDS: usize = 200;

/// A section may lie in this many parts, one within the other.
const MAX_PATH: usize = 100;

/// `"ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")"`
pub(super) fn fetch_items(lexer: &mut Lexer<'_>) -> Parsed<Vec<FetchItem>> {
    if !lexer.eat(b'(') {
        let at = lexer.at();
        let name = item_name(lexer)?;
        return match items_of_macro(name) {
            Some(items) => Ok(items),
            None => Ok(vec![item(lexer, at, name)?]),
        };
    }
    let mut items = Vec::new();
    while items.len() < MAX_ITEMS {
        let at = lexer.at();
        let name = item_name(lexer)?;
        items.push(item(lexer, at, name)?);
        if lexer.eat(b')') {
            return Ok(items);
        }
        lexer.expect(b' ', "Expected a space or a closing parenthesis")?;
    }
    lexer.bad("Too many items to fetch")
}

fn item_name<'a>(lexer: &mut Lexer<'a>) -> Parsed<&'a str> {
    lexer.word(|byte| byte.is_ascii_alphanumeric() || byte == b'.', "Expected an item to fetch")
}

fn items_of_macro(name: &str) -> Option<Vec<FetchItem>> {
    use FetchItem::{Body, Envelope, Flags, InternalDate, Size};
    let macros: [(&str, &[FetchItem]); 3] = [
        ("ALL", &[Flags, InternalDate, Size, Envelope]),
        ("FAST", &[Flags, InternalDate, Size]),
        ("FULL", &[Flags, InternalDate, Size, Envelope, Body]),
    ];
    let found = macros.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, items)| items.to_vec())
}

/// `fetch-att`, whose `name` was read after `at` bytes.
fn item(lexer: &mut Lexer<'_>, at: usize, name: &str) -> Parsed<FetchItem> {
    match name.to_ascii_uppercase().as_str() {
        "UID" => Ok(FetchItem::Uid),
        "FLAGS" => Ok(FetchItem::Flags),
        "INTERNALDATE" => Ok(FetchItem::InternalDate),
        "RFC822.SIZE" => Ok(FetchItem::Size),
        "ENVELOPE" => Ok(FetchItem::Envelope),
        "BODYSTRUCTURE" => Ok(FetchItem::BodyStructure),
        "RFC822" => Ok(FetchItem::Rfc822),
        "RFC822.HEADER" => Ok(FetchItem::Rfc822Header),
        "RFC822.TEXT" => Ok(FetchItem::Rfc822Text),
        "BODY" if lexer.peek() != Some(b'[') => Ok(FetchItem::Body),
        "BODY" => {
            let (section, partial) = section_and_partial(lexer)?;
            Ok(FetchItem::Section { section, partial, peek: false })
        }
        "BODY.PEEK" => {
            let (section, partial) = section_and_partial(lexer)?;
            Ok(FetchItem::Section { section, partial, peek: true })
        }
        _ => lexer.bad_at(at, "Unknown item to fetch"),
    }
}

fn section_and_partial(lexer: &mut Lexer<'_>) -> Parsed<(Section, Option<(u32, u32)>)> {
    let section = section(lexer)?;
    if !lexer.eat(b'<') {
        return Ok((section, None));
    }
    let offset = lexer.number()?;
    lexer.expect(b'.', "Expected a full stop")?;
    let length = lexer.number_above_0()?;
    lexer.expect(b'>', "Expected >")?;
    Ok((section, Some((offset, length))))
}

/// `section`
fn section(lexer: &mut Lexer<'_>) -> Parsed<Section> {
    lexer.expect(b'[', "Expected a section in brackets")?;
    let mut path = Vec::new();
    let what = loop {
        if !lexer.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            break section_text(lexer, &path)?;
        }
        if path.len() == MAX_PATH {
            return lexer.bad("Section too deep");
        }
        path.push(lexer.number_above_0()?);
        if !lexer.eat(b'.') {
            break SectionPart::Whole;
        }
    };
    lexer.expect(b']', "Expected ]")?;
    Ok(Section { path, what })
}

/// What stands behind the `path` of a section, if any.
fn section_text(lexer: &mut Lexer<'_>, path: &[u32]) -> Parsed<SectionPart> {
    if path.is_empty() && lexer.peek() == Some(b']') {
        return Ok(SectionPart::Whole);
    }
    let at = lexer.at();
    let name = lexer.run(|byte| byte.is_ascii_alphabetic() || byte == b'.');
    match name.to_ascii_uppercase().as_slice() {
        b"HEADER" => Ok(SectionPart::Header),
        b"HEADER.FIELDS" => Ok(SectionPart::HeaderFields(field_names(lexer)?)),
        b"HEADER.FIELDS.NOT" => Ok(SectionPart::HeaderFieldsNot(field_names(lexer)?)),
        b"TEXT" => Ok(SectionPart::Text),
        b"MIME" if !path.is_empty() => Ok(SectionPart::Mime),
        _ => lexer.bad_at(at, "Expected a section"),
    }
}

/// `SP header-list`
fn field_names(lexer: &mut Lexer<'_>) -> Parsed<Vec<Text>> {
    lexer.space()?;
    lexer.expect(b'(', "Expected a list of header fields")?;
    let mut names = Vec::new();
    while names.len() < MAX_FIELDS {
        names.push(lexer.astring("Expected the name of a header field")?);
        if lexer.eat(b')') {
            return Ok(names);
        }
        lexer.expect(b' ', "Expected a space or a closing parenthesis")?;
    }
    lexer.bad("Too many header fields")
}

/// Writes a section as FETCH's answer names it, `BODY[1.HEADER.FIELDS (From To)]<0>`: with the offset
/// asked for, without length and `.PEEK` (RFC 3501 §7.4.2).
pub fn write_section(out: &mut Vec<u8>, section: &Section, offset: Option<u32>) {
    out.extend_from_slice(b"BODY[");
    let mut separator: &[u8] = b"";
    for part in &section.path {
        out.extend_from_slice(separator);
        writer::number(out, u64::from(*part));
        separator = b".";
    }
    if section.what != SectionPart::Whole {
        out.extend_from_slice(separator);
    }
    match &section.what {
        SectionPart::Whole => {}
        SectionPart::Header => out.extend_from_slice(b"HEADER"),
        SectionPart::HeaderFields(names) => write_field_names(out, b"HEADER.FIELDS", names),
        SectionPart::HeaderFieldsNot(names) => write_field_names(out, b"HEADER.FIELDS.NOT", names),
        SectionPart::Text => out.extend_from_slice(b"TEXT"),
        SectionPart::Mime => out.extend_from_slice(b"MIME"),
    }
    out.push(b']');
    if let Some(offset) = offset {
        out.push(b'<');
        writer::number(out, u64::from(offset));
        out.push(b'>');
    }
}

fn write_field_names(out: &mut Vec<u8>, which: &[u8], names: &[Text]) {
    out.extend_from_slice(which);
    let mut separator: &[u8] = b" (";
    for name in names {
        out.extend_from_slice(separator);
        writer::astring(out, name);
        separator = b" ";
    }
    out.push(b')');
}
