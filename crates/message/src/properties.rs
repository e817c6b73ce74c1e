//! What holds for every message, checked on arbitrary octets and on arbitrary arrangements of what
//! messages are made of.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::search::{Needle, text_contains};
use crate::{
    Content, Part, SectionText, Structure, address_list, content_type, date, encoding, header,
    preview, write_body, write_bodystructure, write_envelope,
};

/// Lines that mean something to the scanner, in any order.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        "--b",
        "--b--",
        "--c",
        "--c--",
        "--bc",
        "-- ",
        "--",
        "",
        "",
        "",
        "text",
        " folded",
        "\t",
        "Content-Type: multipart/mixed; boundary=b",
        "Content-Type: multipart/digest; boundary=\"c\"",
        "Content-Type: multipart/x; boundary=bc",
        "Content-Type: message/rfc822",
        "Content-Type: text/html; charset=koi8-r",
        "Content-Type: message/rfc822; x=\"",
        "Content-Type:",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Disposition: attachment; filename*0*=utf-8''%41",
        "Content-Language: en,",
        "Content-ID: <i>",
        "Content-Location: \u{f6}",
        "Subject: =?utf-8?q?=C3?=",
        "From: \"a\" <b@c>, (x) d: e@f;",
        "To: <@r:x@y",
        "Date: 1 Jan 2000 00:00 Z",
        "Cc: ,;:<>@",
        "\0\r",
    ]);
    let end = prop::sample::select(vec!["\r\n", "\r\n", "\n", "\r", ""]);
    vec((line, end), 0..60).prop_map(|lines| {
        lines.into_iter().flat_map(|(line, end)| [line, end]).collect::<String>().into_bytes()
    })
}

/// Either kind of message.
fn any_message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![message(), vec(any::<u8>(), 0..400)]
}

fn check_part(message: &[u8], part: &Part) {
    assert_eq!(part.header().end, part.body().start);
    assert!(part.whole().end <= message.len() as u64);
    let newlines = part.body().of(message).iter().filter(|&&octet| octet == b'\n').count();
    assert_eq!(part.lines, newlines as u64);
    match &part.content {
        Content::Leaf => {
            assert!(!part.content_type.is_multipart() && !part.content_type.is_message());
        }
        Content::Multipart(children) => {
            assert!(part.content_type.is_multipart() && !children.is_empty());
            let mut end = part.body().start;
            for child in children {
                assert!(child.whole().start >= end && part.body().holds(child.whole()));
                end = child.whole().end;
                check_part(message, child);
            }
        }
        Content::Message(inner) => {
            assert!(part.content_type.is_message());
            assert_eq!(inner.root.whole(), part.body());
            check_part(message, &inner.root);
        }
    }
}

proptest! {
    #[test]
    fn a_scanned_structure_keeps_its_invariants(message in any_message()) {
        let structure = Structure::scan(&message);
        prop_assert_eq!(structure.size(), message.len() as u64);
        check_part(&message, &structure.root);
        prop_assert_eq!(&structure, &Structure::scan(&message));
    }

    #[test]
    fn decoding_undoes_encoding(message in any_message()) {
        let structure = Structure::scan(&message);
        let digest = structure.encode();
        prop_assert_eq!(Structure::decode(&digest), Ok(structure));
    }

    #[test]
    fn no_digest_does_harm(mut digest in vec(any::<u8>(), 0..200), message in message()) {
        if let Some(version) = digest.first_mut() {
            *version = 1;
        }
        if let Ok(structure) = Structure::decode(&digest) {
            prop_assert_eq!(Structure::decode(&structure.encode()), Ok(structure.clone()));
            // It describes some other message than this one.
            text_contains(&message, &structure, &Needle::new("x"));
            preview(&message, &structure);
        }
    }

    #[test]
    fn a_damaged_digest_does_no_harm(message in message(), place in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut digest = Structure::scan(&message).encode();
        let place = place.index(digest.len());
        digest[place] = octet;
        if let Ok(structure) = Structure::decode(&digest) {
            let mut out = Vec::new();
            write_bodystructure(&structure, &mut out);
            text_contains(&message, &structure, &Needle::new("x"));
            prop_assert_eq!(Structure::decode(&structure.encode()), Ok(structure));
        }
    }

    #[test]
    fn what_imap_is_told_is_clean(message in any_message()) {
        let structure = Structure::scan(&message);
        let mut out = Vec::new();
        write_envelope(&structure, &mut out);
        write_body(&structure, &mut out);
        write_bodystructure(&structure, &mut out);
        prop_assert!(!out.contains(&0));
        prop_assert_eq!(depth_after(&out), Some(0));
    }

    #[test]
    fn sections_stay_within_the_message(message in any_message(), path in vec(0_u32..4, 0..5)) {
        let structure = Structure::scan(&message);
        for text in [SectionText::Whole, SectionText::Header, SectionText::Text, SectionText::Mime] {
            if let Some(crate::Located::Verbatim(span)) = structure.locate(&path, &text) {
                prop_assert!(structure.root.whole().holds(span));
            }
        }
        let all = SectionText::HeaderFieldsNot(Vec::new()).filter(&message);
        let none = SectionText::HeaderFields(Vec::new()).filter(&message);
        prop_assert!(all.ends_with(b"\r\n"));
        prop_assert_eq!(none, b"\r\n");
    }

    #[test]
    fn nothing_that_reads_panics(octets in vec(any::<u8>(), 0..300), more in "[-+a-zA-Z0-9=?;:,.@<>()\"\\\\ \r\n\t*'%&/]{0,200}") {
        for value in [octets.as_slice(), more.as_bytes()] {
            address_list::parse(value, 10);
            date::parse(value);
            header::unfold(value);
            encoding::decode_words(value);
            if let Some(found) = content_type::ContentType::parse(value, 10) {
                content_type::readable_parameter(&found.parameters, "x");
            }
            for transfer in [encoding::TransferEncoding::Base64, encoding::TransferEncoding::QuotedPrintable] {
                prop_assert!(transfer.decode(value).len() <= value.len() + 2);
            }
            let structure = Structure::scan(value);
            preview(value, &structure);
            text_contains(value, &structure, &Needle::new("needle"));
        }
    }

    #[test]
    fn a_text_is_found_however_it_is_cut(before in "\\PC{0,40}", needle in "\\PC{1,20}", after in "\\PC{0,40}", padding in 8150_usize..8200) {
        let message = format!("\n{}{before}{needle}{after}", "x".repeat(padding));
        let structure = Structure::scan(message.as_bytes());
        prop_assert!(text_contains(message.as_bytes(), &structure, &Needle::new(&needle)));
    }
}

/// Reads IMAP output as IMAP would: how many parentheses are open at its end. `None` if it is not
/// well-formed.
fn depth_after(mut out: &[u8]) -> Option<i64> {
    let mut depth = 0;
    while let Some((&octet, rest)) = out.split_first() {
        out = rest;
        match octet {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'"' => loop {
                match out.split_first()? {
                    (b'"', rest) => {
                        out = rest;
                        break;
                    }
                    (b'\\', rest) => {
                        out = rest.split_first().filter(|(octet, _)| b"\"\\".contains(octet))?.1
                    }
                    (octet, rest) if octet.is_ascii() && !b"\r\n".contains(octet) => out = rest,
                    _ => return None,
                }
            },
            b'{' => {
                let end = out.windows(3).position(|window| window == b"}\r\n")?;
                let length: usize = std::str::from_utf8(&out[..end]).ok()?.parse().ok()?;
                out = out.get(end + 3 + length..)?;
            }
            octet if octet.is_ascii_alphanumeric() || octet == b' ' => {}
            _ => return None,
        }
        if depth < 0 {
            return None;
        }
    }
    Some(depth)
}
