//! How IMAP writes structures: ENVELOPE, BODY and BODYSTRUCTURE (RFC 3501 §7.4.2).
//!
//! The output is 7-bit in quoted strings; text that does not fit there becomes a literal. NUL,
//! which IMAP cannot send at all, is left out.

#[cfg(test)]
mod tests;

use crate::address_list::{Correspondent, Listed};
use crate::content_type::{Disposition, Parameter};
use crate::{Content, Envelope, Part, RawText, Structure};

/// Writes the value of ENVELOPE.
pub fn write_envelope(structure: &Structure, out: &mut Vec<u8>) {
    envelope(&structure.envelope, out);
}

/// Writes the value of BODY, which has no extension data.
pub fn write_body(structure: &Structure, out: &mut Vec<u8>) {
    part(&structure.root, Form::Body, out);
}

/// Writes the value of BODYSTRUCTURE, all extension data included.
pub fn write_bodystructure(structure: &Structure, out: &mut Vec<u8>) {
    part(&structure.root, Form::BodyStructure, out);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Body,
    BodyStructure,
}

fn envelope(envelope: &Envelope, out: &mut Vec<u8>) {
    out.push(b'(');
    nstring(envelope.date.as_ref(), out);
    out.push(b' ');
    nstring(envelope.subject.as_ref(), out);
    let lists = [
        envelope.from.as_slice(),
        envelope.sender_or_from(),
        envelope.reply_to_or_from(),
        &envelope.to,
        &envelope.cc,
        &envelope.bcc,
    ];
    for list in lists {
        out.push(b' ');
        addresses(list, out);
    }
    out.push(b' ');
    nstring(envelope.in_reply_to.as_ref(), out);
    out.push(b' ');
    nstring(envelope.message_id.as_ref(), out);
    out.push(b')');
}

fn addresses(list: &[Listed], out: &mut Vec<u8>) {
    if list.is_empty() {
        return nil(out);
    }
    out.push(b'(');
    for listed in list {
        match listed {
            Listed::Address(who) => address(who, out),
            Listed::GroupStart(name) => {
                out.extend_from_slice(b"(NIL NIL ");
                string(name.as_bytes(), out);
                out.extend_from_slice(b" NIL)");
            }
            Listed::GroupEnd => out.extend_from_slice(b"(NIL NIL NIL NIL)"),
        }
    }
    out.push(b')');
}

/// NIL in the last two places would mean a group, so a missing part is named as missing.
fn address(who: &Correspondent, out: &mut Vec<u8>) {
    out.push(b'(');
    nstring(who.name.as_ref(), out);
    out.push(b' ');
    nstring(who.route.as_ref(), out);
    out.push(b' ');
    string(who.local.as_ref().map_or(b"MISSING_MAILBOX", RawText::as_bytes), out);
    out.push(b' ');
    string(who.domain.as_ref().map_or(b"MISSING_DOMAIN", RawText::as_bytes), out);
    out.push(b')');
}

fn part(part: &Part, form: Form, out: &mut Vec<u8>) {
    out.push(b'(');
    match &part.content {
        Content::Multipart(children) => multipart(part, children, form, out),
        Content::Message(message) => {
            basic(part, out);
            out.push(b' ');
            envelope(&message.envelope, out);
            out.push(b' ');
            self::part(&message.root, form, out);
            out.push(b' ');
            number(part.lines, out);
        }
        Content::Leaf => {
            basic(part, out);
            if part.content_type.is_text() {
                out.push(b' ');
                number(part.lines, out);
            }
        }
    }
    if form == Form::BodyStructure {
        if !matches!(part.content, Content::Multipart(_)) {
            out.push(b' ');
            nstring(part.md5.as_ref(), out);
        }
        extension(part, out);
    }
    out.push(b')');
}

fn multipart(part: &Part, children: &[Part], form: Form, out: &mut Vec<u8>) {
    for child in children {
        self::part(child, form, out);
    }
    out.push(b' ');
    string(part.content_type.sub.as_bytes(), out);
    if form == Form::BodyStructure {
        out.push(b' ');
        parameters(&part.content_type.parameters, out);
    }
}

/// Type, subtype and `body-fields`: what all parts but multiparts begin with.
fn basic(part: &Part, out: &mut Vec<u8>) {
    string(part.content_type.main.as_bytes(), out);
    out.push(b' ');
    string(part.content_type.sub.as_bytes(), out);
    out.push(b' ');
    parameters(&part.content_type.parameters, out);
    out.push(b' ');
    nstring(part.id.as_ref(), out);
    out.push(b' ');
    nstring(part.description.as_ref(), out);
    out.push(b' ');
    string(part.encoding.as_ref().map_or(b"7bit", RawText::as_bytes), out);
    out.push(b' ');
    number(part.body().len(), out);
}

/// Disposition, language and location, which all parts end with.
fn extension(part: &Part, out: &mut Vec<u8>) {
    out.push(b' ');
    match &part.disposition {
        Some(Disposition { kind, parameters: list }) => {
            out.push(b'(');
            string(kind.as_bytes(), out);
            out.push(b' ');
            parameters(list, out);
            out.push(b')');
        }
        None => nil(out),
    }
    out.push(b' ');
    if part.languages.is_empty() {
        nil(out);
    } else {
        list(&part.languages, out, |tag, out| string(tag.as_bytes(), out));
    }
    out.push(b' ');
    nstring(part.location.as_ref(), out);
}

fn parameters(parameters: &[Parameter], out: &mut Vec<u8>) {
    if parameters.is_empty() {
        return nil(out);
    }
    list(parameters, out, |parameter, out| {
        string(parameter.name.as_bytes(), out);
        out.push(b' ');
        string(parameter.value.as_bytes(), out);
    });
}

fn list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'(');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        write(item, out);
    }
    out.push(b')');
}

fn number(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}

fn nil(out: &mut Vec<u8>) {
    out.extend_from_slice(b"NIL");
}

fn nstring(text: Option<&RawText>, out: &mut Vec<u8>) {
    match text {
        Some(text) => string(text.as_bytes(), out),
        None => nil(out),
    }
}

/// Longer text becomes a literal, which clients read without looking for its end.
const LONGEST_QUOTED: usize = 1000;

fn string(text: &[u8], out: &mut Vec<u8>) {
    let quotable = |&octet: &u8| octet.is_ascii() && !matches!(octet, b'\r' | b'\n');
    let text = || text.iter().filter(|&&octet| octet != 0);
    let length = text().count();
    if length <= LONGEST_QUOTED && text().all(quotable) {
        out.push(b'"');
        for &octet in text() {
            if matches!(octet, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(octet);
        }
        out.push(b'"');
    } else {
        out.extend_from_slice(format!("{{{length}}}\r\n").as_bytes());
        out.extend(text());
    }
}
