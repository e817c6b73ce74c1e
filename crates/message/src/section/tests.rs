//! Sections by example.

use super::*;

/// The tree of RFC 3501 §6.4.5.
const MESSAGE: &str = "Subject: zero\r\n\
Content-Type: MULTIPART/MIXED; boundary=b\r\n\
\r\n\
--b\r\n\
\r\n\
one\r\n\
--b\r\n\
Content-Type: APPLICATION/OCTET-STREAM\r\n\
\r\n\
two\r\n\
--b\r\n\
Content-Type: MESSAGE/RFC822\r\n\
\r\n\
Subject: three\r\n\
Content-Type: multipart/mixed; boundary=c\r\n\
\r\n\
--c\r\n\
\r\n\
three-one\r\n\
--c\r\n\
Content-Type: APPLICATION/OCTET-STREAM\r\n\
\r\n\
three-two\r\n\
--c--\r\n\
--b\r\n\
Content-Type: MULTIPART/MIXED; boundary=d\r\n\
\r\n\
--d\r\n\
Content-Type: IMAGE/GIF\r\n\
\r\n\
four-one\r\n\
--d\r\n\
Content-Type: MESSAGE/RFC822\r\n\
\r\n\
Subject: four-two\r\n\
\r\n\
four-two-one\r\n\
--d--\r\n\
--b--\r\n";

/// Checks a section as a client writes it, such as `4.2.HEADER`. `-` stands for none.
fn check(message: &str, section: &str, expected: &str) {
    let mut path = Vec::new();
    let mut words = section.split('.').filter(|word| !word.is_empty()).peekable();
    while let Some(number) = words.peek().and_then(|word| word.parse().ok()) {
        path.push(number);
        words.next();
    }
    let fields = |names: &str| names.split('+').map(|name| name.as_bytes().to_vec()).collect();
    let text = match words.collect::<Vec<_>>()[..] {
        [] => SectionText::Whole,
        ["HEADER"] => SectionText::Header,
        ["HEADER", "FIELDS", names] => SectionText::HeaderFields(fields(names)),
        ["HEADER", "FIELDS", "NOT", names] => SectionText::HeaderFieldsNot(fields(names)),
        ["TEXT"] => SectionText::Text,
        ["MIME"] => SectionText::Mime,
        _ => panic!("no section: {section}"),
    };
    let found = match Structure::scan(message.as_bytes()).locate(&path, &text) {
        None => "-".to_owned(),
        Some(Located::Verbatim(span)) => {
            String::from_utf8_lossy(span.of(message.as_bytes())).into_owned()
        }
        Some(Located::Filtered(span)) => {
            String::from_utf8_lossy(&text.filter(span.of(message.as_bytes()))).into_owned()
        }
    };
    assert_eq!(found, expected, "BODY[{section}]");
}

#[test]
fn the_tree_of_rfc_3501() {
    let (header, text) = MESSAGE.split_at(MESSAGE.find("--b").unwrap());
    check(MESSAGE, "", MESSAGE);
    check(MESSAGE, "HEADER", header);
    check(MESSAGE, "TEXT", text);
    check(MESSAGE, "1", "one");
    check(MESSAGE, "1.MIME", "\r\n");
    check(MESSAGE, "2", "two");
    check(MESSAGE, "2.MIME", "Content-Type: APPLICATION/OCTET-STREAM\r\n\r\n");
    check(MESSAGE, "3.MIME", "Content-Type: MESSAGE/RFC822\r\n\r\n");
    let three_header = "Subject: three\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n";
    let three_text = "--c\r\n\r\nthree-one\r\n--c\r\nContent-Type: APPLICATION/OCTET-STREAM\r\n\r\nthree-two\r\n--c--";
    check(MESSAGE, "3", &format!("{three_header}{three_text}"));
    check(MESSAGE, "3.HEADER", three_header);
    check(MESSAGE, "3.TEXT", three_text);
    check(MESSAGE, "3.1", "three-one");
    check(MESSAGE, "3.2", "three-two");
    check(MESSAGE, "3.2.MIME", "Content-Type: APPLICATION/OCTET-STREAM\r\n\r\n");
    check(MESSAGE, "4.MIME", "Content-Type: MULTIPART/MIXED; boundary=d\r\n\r\n");
    check(MESSAGE, "4.1", "four-one");
    check(MESSAGE, "4.1.MIME", "Content-Type: IMAGE/GIF\r\n\r\n");
    check(MESSAGE, "4.2", "Subject: four-two\r\n\r\nfour-two-one");
    check(MESSAGE, "4.2.HEADER", "Subject: four-two\r\n\r\n");
    check(MESSAGE, "4.2.HEADER.FIELDS.subject", "Subject: four-two\r\n\r\n");
    check(MESSAGE, "4.2.TEXT", "four-two-one");
    check(MESSAGE, "4.2.1", "four-two-one");
    check(MESSAGE, "4.2.1.MIME", "Subject: four-two\r\n\r\n");
}

#[test]
fn sections_that_do_not_exist() {
    for section in [
        "0",
        "5",
        "4294967295",
        "1.1",
        "2.1",
        "3.3",
        "3.1.1",
        "4.3",
        "4.2.2",
        "4.2.1.1",
        "1.0",
        "MIME",
        "1.HEADER",
        "1.TEXT",
        "4.HEADER",
        "4.TEXT",
        "4.1.HEADER.FIELDS.x",
        "4.2.1.TEXT",
        "5.MIME",
    ] {
        check(MESSAGE, section, "-");
    }
}

#[test]
fn a_message_that_is_no_multipart_has_one_part() {
    let message = "Subject: s\r\n\r\nbody\r\n";
    check(message, "1", "body\r\n");
    check(message, "TEXT", "body\r\n");
    check(message, "1.MIME", "Subject: s\r\n\r\n");
    for section in ["1.1", "2", "1.HEADER", "1.TEXT"] {
        check(message, section, "-");
    }
    let message = "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\nbody\r\n";
    check(message, "1", "Subject: s\r\n\r\nbody\r\n");
    check(message, "1.HEADER", "Subject: s\r\n\r\n");
    check(message, "1.1", "body\r\n");
    check(message, "1.1.1", "-");
    check(message, "1.2", "-");
}

#[test]
fn header_fields_keep_order_and_folding() {
    let message = "A: 1\r\nB: 2\r\n folded\r\na : 3\r\nno field\r\nC: 4\r\n\r\nA: body\r\n";
    check(message, "HEADER.FIELDS.A", "A: 1\r\na : 3\r\n\r\n");
    check(message, "HEADER.FIELDS.c+b+x", "B: 2\r\n folded\r\nC: 4\r\n\r\n");
    check(message, "HEADER.FIELDS.x", "\r\n");
    check(message, "HEADER.FIELDS.NOT.a", "B: 2\r\n folded\r\nno field\r\nC: 4\r\n\r\n");
    check(
        message,
        "HEADER.FIELDS.NOT.x",
        "A: 1\r\nB: 2\r\n folded\r\na : 3\r\nno field\r\nC: 4\r\n\r\n",
    );
    // The empty line is there even if the message lacks it.
    check("A: 1", "HEADER.FIELDS.A", "A: 1\r\n\r\n");
    check("A: 1", "HEADER", "A: 1");
    check("", "HEADER.FIELDS.A", "\r\n");
}
