//! Structure to digest.

use super::{VERSION, listed, part_bit};
use crate::address_list::Listed;
use crate::content_type::Parameter;
use crate::{Content, Envelope, Part, RawText, Structure};

pub(super) fn digest(message: &Structure) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.push(VERSION);
    structure(message, 0, &mut out);
    out
}

fn structure(message: &Structure, parent_start: u64, out: &mut Vec<u8>) {
    envelope(&message.envelope, out);
    part(&message.root, parent_start, out);
}

fn envelope(envelope: &Envelope, out: &mut Vec<u8>) {
    let texts = [&envelope.date, &envelope.subject, &envelope.in_reply_to, &envelope.message_id];
    let lists = [
        &envelope.from,
        &envelope.sender,
        &envelope.reply_to,
        &envelope.to,
        &envelope.cc,
        &envelope.bcc,
    ];
    let present =
        texts.iter().map(|text| text.is_some()).chain(lists.iter().map(|list| !list.is_empty()));
    let mask = present.zip(0..).fold(0_u64, |mask, (there, bit)| mask | u64::from(there) << bit);
    number(mask, out);
    texts.into_iter().flatten().for_each(|value| text(value, out));
    for list in lists {
        if !list.is_empty() {
            number(list.len() as u64, out);
            list.iter().for_each(|element| listed_element(element, out));
        }
    }
}

fn listed_element(element: &Listed, out: &mut Vec<u8>) {
    match element {
        Listed::GroupEnd => out.push(listed::GROUP_END),
        Listed::GroupStart(name) => {
            out.push(listed::GROUP_START);
            text(name, out);
        }
        Listed::Address(who) => {
            let texts = [
                (&who.name, listed::NAME),
                (&who.route, listed::ROUTE),
                (&who.local, listed::LOCAL),
                (&who.domain, listed::DOMAIN),
            ];
            optional_texts(listed::ADDRESS, &texts, out);
        }
    }
}

fn part(part: &Part, parent_start: u64, out: &mut Vec<u8>) {
    number(part.start.wrapping_sub(parent_start), out);
    number(part.header_length, out);
    number(part.body_length, out);
    number(part.lines, out);
    text(&part.content_type.main, out);
    text(&part.content_type.sub, out);
    parameters(&part.content_type.parameters, out);

    let mut mask = 0;
    if part.disposition.is_some() {
        mask |= part_bit::DISPOSITION;
    }
    if !part.languages.is_empty() {
        mask |= part_bit::LANGUAGES;
    }
    let texts = [
        (&part.id, part_bit::ID),
        (&part.description, part_bit::DESCRIPTION),
        (&part.encoding, part_bit::ENCODING),
        (&part.md5, part_bit::MD5),
        (&part.location, part_bit::LOCATION),
    ];
    optional_texts(mask, &texts, out);
    if let Some(disposition) = &part.disposition {
        text(&disposition.kind, out);
        parameters(&disposition.parameters, out);
    }
    if !part.languages.is_empty() {
        number(part.languages.len() as u64, out);
        part.languages.iter().for_each(|tag| text(tag, out));
    }

    // What kind of content follows is told by the content type (invariant 3 of `structure`).
    match &part.content {
        Content::Leaf => {}
        Content::Multipart(children) => {
            number(children.len() as u64, out);
            children.iter().for_each(|child| self::part(child, part.start, out));
        }
        Content::Message(message) => structure(message, part.start, out),
    }
}

fn parameters(parameters: &[Parameter], out: &mut Vec<u8>) {
    number(parameters.len() as u64, out);
    for parameter in parameters {
        text(&parameter.name, out);
        text(&parameter.value, out);
    }
}

/// A mask with the bits of the texts that are there, then these texts.
fn optional_texts(mask: u8, texts: &[(&Option<RawText>, u8)], out: &mut Vec<u8>) {
    out.push(
        texts.iter().fold(mask, |mask, (text, bit)| if text.is_some() { mask | bit } else { mask }),
    );
    texts.iter().filter_map(|(text, _)| text.as_ref()).for_each(|value| text(value, out));
}

fn text(value: &RawText, out: &mut Vec<u8>) {
    number(value.as_bytes().len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

fn number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
