//! What scanning finds, told as one line per part.

use super::*;
use crate::{Content, Span};

/// The tree as text: the type of each part; of leaves the lines and the body, of attached messages
/// the lines and the subject.
fn show(message: &[u8], structure: &Structure) -> String {
    let mut out = String::new();
    show_part(message, &structure.root, 0, &mut out);
    out
}

fn show_part(message: &[u8], part: &Part, indent: usize, out: &mut String) {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let kind = &part.content_type;
    let (main, sub) = (text(kind.main.as_bytes()), text(kind.sub.as_bytes()));
    *out += &format!("{:indent$}{main}/{sub}", "");
    match &part.content {
        Content::Leaf => {
            *out += &format!(" {} \"{}\"\n", part.lines, text(part.body().of(message)));
        }
        Content::Multipart(children) => {
            *out += "\n";
            children.iter().for_each(|child| show_part(message, child, indent + 1, out));
        }
        Content::Message(inner) => {
            let subject = inner.envelope.subject.as_ref();
            let subject = subject.map_or("-".to_owned(), |subject| text(subject.as_bytes()));
            *out += &format!(" {} {subject}\n", part.lines);
            show_part(message, &inner.root, indent + 1, out);
        }
    }
}

/// Checks a message written with LF both as it is and with CRLF.
fn check(message: &str, expected: &[&str]) {
    let expected: String = expected.iter().map(|line| format!("{line}\n")).collect();
    let found = show(message.as_bytes(), &Structure::scan(message.as_bytes()));
    assert_eq!(found, expected, "with LF");

    let message = message.replace('\n', "\r\n");
    let structure = Structure::scan(message.as_bytes());
    let found = show(message.as_bytes(), &structure).replace("\\r\\n", "\\n");
    assert_eq!(found, expected, "with CRLF");
    assert_eq!(structure.size(), message.len() as u64);
    assert_eq!(Structure::decode(&structure.encode()), Ok(structure));
}

/// A message with this type and body.
fn check_type(content_type: &str, body: &str, expected: &[&str]) {
    check(&format!("Subject: outer\nContent-Type: {content_type}\n\n{body}"), expected);
}

#[test]
fn messages_without_parts() {
    check("", &["text/plain 0 \"\""]);
    check("Subject: x\n", &["text/plain 0 \"\""]);
    check("Subject: x\n\n", &["text/plain 0 \"\""]);
    check("\nbody", &["text/plain 0 \"body\""]);
    check("\n\n\nbody\n", &["text/plain 3 \"\\n\\nbody\\n\""]);
    check("Subject: x\n\nbody\n--b\n", &["text/plain 2 \"body\\n--b\\n\""]);
    check_type("TEXT/Html", "<p>", &["TEXT/Html 0 \"<p>\""]);
    check_type("nonsense", "x", &["text/plain 0 \"x\""]);
    check("Content-Type: a/b\nContent-Type: c/d\n\nx", &["a/b 0 \"x\""]);
    check("content-TYPE:\n a/b\n\nx", &["a/b 0 \"x\""]);
    check("no header line\nContent-Type: a/b\n\nx", &["a/b 0 \"x\""]);
}

#[test]
fn multiparts_of_rfc_2046() {
    check(
        "From: Nathaniel Borenstein <nsb@bellcore.com>
To: Ned Freed <ned@innosoft.com>
Date: Sun, 21 Mar 1993 23:56:48 -0800 (PST)
Subject: Sample message
MIME-Version: 1.0
Content-type: multipart/mixed; boundary=\"simple boundary\"

This is the preamble.  It is to be ignored, though it
is a handy place for composition agents to include an
explanatory note to non-MIME conformant readers.

--simple boundary

This is implicitly typed plain US-ASCII text.
It does NOT end with a linebreak.
--simple boundary
Content-type: text/plain; charset=us-ascii

This is explicitly typed plain US-ASCII text.
It DOES end with a linebreak.

--simple boundary--

This is the epilogue.  It is also to be ignored.
",
        &[
            "multipart/mixed",
            " text/plain 1 \"This is implicitly typed plain US-ASCII text.\\nIt does NOT end with a linebreak.\"",
            " text/plain 2 \"This is explicitly typed plain US-ASCII text.\\nIt DOES end with a linebreak.\\n\"",
        ],
    );
    check_type(
        "multipart/digest; boundary=\"---- next message ----\"",
        "
------ next message ----

From: someone-else
Subject: my opinion

body

------ next message ----
Content-Type: text/plain

no message
------ next message ----

From: someone-else-again
Subject: my different opinion

body

------ next message ------
",
        &[
            "multipart/digest",
            " message/rfc822 4 my opinion",
            "  text/plain 1 \"body\\n\"",
            " text/plain 0 \"no message\"",
            " message/rfc822 4 my different opinion",
            "  text/plain 1 \"body\\n\"",
        ],
    );
}

#[test]
fn the_message_of_rfc_2049() {
    check_type(
        "multipart/mixed; boundary=unique-boundary-1",
        "This is the preamble area of a multipart message.
--unique-boundary-1

  ... Some text appears here ...

--unique-boundary-1
Content-type: text/plain; charset=US-ASCII

More text.
--unique-boundary-1
Content-Type: multipart/parallel; boundary=unique-boundary-2

--unique-boundary-2
Content-Type: audio/basic
Content-Transfer-Encoding: base64

audio

--unique-boundary-2
Content-Type: image/jpeg
Content-Transfer-Encoding: base64

image

--unique-boundary-2--

--unique-boundary-1
Content-type: text/enriched

<bold>enriched</bold>

--unique-boundary-1
Content-Type: message/rfc822

From: (mailbox in US-ASCII)
To: (address in US-ASCII)
Subject: (subject in US-ASCII)
Content-Type: Text/plain; charset=ISO-8859-1
Content-Transfer-Encoding: Quoted-printable

... Additional text in ISO-8859-1 goes here ...

--unique-boundary-1--
",
        &[
            "multipart/mixed",
            " text/plain 1 \"  ... Some text appears here ...\\n\"",
            " text/plain 0 \"More text.\"",
            " multipart/parallel",
            "  audio/basic 1 \"audio\\n\"",
            "  image/jpeg 1 \"image\\n\"",
            " text/enriched 1 \"<bold>enriched</bold>\\n\"",
            " message/rfc822 7 (subject in US-ASCII)",
            "  Text/plain 1 \"... Additional text in ISO-8859-1 goes here ...\\n\"",
        ],
    );
}

/// A multipart/mixed with boundary `b`.
fn check_mixed(body: &str, expected: &[&str]) {
    check_type("multipart/mixed; boundary=b", body, expected);
}

#[test]
fn a_delimiter_is_a_whole_line() {
    for line in
        ["x --b", "--bc", "--b c", "--b-", "--b--c", "-- b", " --b", "--B", "--", "---b", "--b\t."]
    {
        check_mixed(
            &format!("--b\n\n{line}\ny\n--b--\n"),
            &["multipart/mixed", &format!(" text/plain 1 \"{}\\ny\"", line.escape_default())],
        );
    }

    // Transport padding is allowed (RFC 2046 §5.1.1).
    check_mixed("--b \t\n\nx\n--b-- \t\n--b\n", &["multipart/mixed", " text/plain 0 \"x\""]);
    // The last line may lack its end.
    check_mixed("--b\n\nx\n--b--", &["multipart/mixed", " text/plain 0 \"x\""]);
    check_mixed("--b\n\nx\n--b", &["multipart/mixed", " text/plain 0 \"x\"", " text/plain 0 \"\""]);
}

#[test]
fn a_longer_boundary_is_another_boundary() {
    let expected = ["multipart/mixed", " multipart/mixed", "  text/plain 0 \"x\""];
    let check_nested = |outer: &str, inner: &str| {
        let body = format!(
            "--{outer}\nContent-Type: multipart/mixed; boundary=\"{inner}\"\n\n--{inner}\n\nx\n--{inner}--\n--{outer}--\n"
        );
        check_type(&format!("multipart/mixed; boundary=\"{outer}\""), &body, &expected);
    };
    check_nested("b", "bb");
    check_nested("bb", "b");
    // `--b--` would close `b`, but `b--` is the inner one.
    check_nested("b", "b--");
}

#[test]
fn the_line_end_before_a_delimiter_belongs_to_it() {
    check_mixed("--b\n\nx\n--b--\n", &["multipart/mixed", " text/plain 0 \"x\""]);
    check_mixed("--b\n\nx\n\n--b--\n", &["multipart/mixed", " text/plain 1 \"x\\n\""]);
    check_mixed("--b\n\n\n--b--\n", &["multipart/mixed", " text/plain 0 \"\""]);
    check_mixed("--b\n\n--b--\n", &["multipart/mixed", " text/plain 0 \"\""]);
    check_mixed("--b\n--b--\n", &["multipart/mixed", " text/plain 0 \"\""]);

    // A carriage return alone is no line end.
    let message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\r\n--b--";
    assert_eq!(
        show(message, &Structure::scan(message)),
        "multipart/mixed\n text/plain 0 \"x\\r\"\n"
    );
}

#[test]
fn empty_parts_are_parts() {
    check_mixed(
        "--b\n--b\n\n--b\nContent-Type: a/b\n--b\nContent-Type: c/d\n\n--b--\n",
        &[
            "multipart/mixed",
            " text/plain 0 \"\"",
            " text/plain 0 \"\"",
            " a/b 0 \"\"",
            " c/d 0 \"\"",
        ],
    );
}

#[test]
fn the_closing_delimiter_may_be_missing() {
    check_mixed("--b\n\nx\n", &["multipart/mixed", " text/plain 1 \"x\\n\""]);
    check_mixed(
        "--b\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--b\n\ny\n--b--\n",
        &["multipart/mixed", " multipart/mixed", "  text/plain 0 \"x\"", " text/plain 0 \"y\""],
    );
    // Behind its closing delimiter an inner boundary means nothing any more.
    check_mixed(
        "--b\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--i--\n--i\n\nno part\n--b--\n",
        &["multipart/mixed", " multipart/mixed", "  text/plain 0 \"x\""],
    );
    check_mixed("--b\n\nx\n--b--\n--b\n\nno part\n", &["multipart/mixed", " text/plain 0 \"x\""]);
}

#[test]
fn an_outer_boundary_ends_what_is_inside() {
    // Within a header of an inner part.
    check_mixed(
        "--b\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: a/b\n--b\n\ny\n--b--\n",
        &["multipart/mixed", " multipart/mixed", "  a/b 0 \"\"", " text/plain 0 \"y\""],
    );
    // Within an attached message, in its header and in its body.
    check_mixed(
        "--b\nContent-Type: message/rfc822\n\nSubject: s\n--b\nContent-Type: message/rfc822\n\nSubject: t\n\nx\n--b--\n",
        &[
            "multipart/mixed",
            " message/rfc822 1 s",
            "  text/plain 0 \"\"",
            " message/rfc822 2 t",
            "  text/plain 0 \"x\"",
        ],
    );
    // Both multiparts share one boundary: the inner one takes what it can.
    check_mixed(
        "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--b\n\ny\n--b--\n",
        &["multipart/mixed", " multipart/mixed", "  text/plain 0 \"x\"", " text/plain 0 \"y\""],
    );
}

#[test]
fn a_multipart_that_is_none_is_text() {
    check_type("multipart/mixed", "--b\n\nx\n", &["text/plain 3 \"--b\\n\\nx\\n\""]);
    check_type("multipart/mixed; boundary=\"\"", "--\n\nx\n", &["text/plain 3 \"--\\n\\nx\\n\""]);
    check_mixed("nothing here\n", &["text/plain 1 \"nothing here\\n\""]);
    check_mixed("--b--\n", &["text/plain 1 \"--b--\\n\""]);
    check_mixed("", &["text/plain 0 \"\""]);
}

#[test]
fn unusual_boundaries() {
    check_type(
        "multipart/mixed; boundary=\"b  \"",
        "--b\n\nx\n--b--",
        &["multipart/mixed", " text/plain 0 \"x\""],
    );
    check_type(
        "multipart/mixed;\n boundary=\"a\n b\"",
        "--a b\n\nx\n--a b--",
        &["multipart/mixed", " text/plain 0 \"x\""],
    );
    check_type(
        "multipart/mixed; boundary*0=a; boundary*1=b",
        "--ab\n\nx\n--ab--",
        &["multipart/mixed", " text/plain 0 \"x\""],
    );
    check_type(
        "multipart/mixed; boundary=\"--\"",
        "----\n\nx\n------",
        &["multipart/mixed", " text/plain 0 \"x\""],
    );
}

#[test]
fn attached_messages() {
    check_type(
        "message/rfc822",
        "Subject: inner\nContent-Type: message/rfc822\n\nSubject: innermost\n\nx\n",
        &["message/rfc822 6 inner", " message/rfc822 3 innermost", "  text/plain 1 \"x\\n\""],
    );
    check_type("message/rfc822", "", &["message/rfc822 0 -", " text/plain 0 \"\""]);
    check_type(
        "message/delivery-status",
        "a: b\n\n",
        &["message/delivery-status 2 \"a: b\\n\\n\""],
    );
    check_type(
        "message/rfc822\nContent-Transfer-Encoding: base64",
        "U3Vi\n",
        &["application/octet-stream 1 \"U3Vi\\n\""],
    );
}

#[test]
fn spans_are_exact() {
    let message = b"A: 1\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\nB: 2\r\n\r\nxyz\r\n--b--\r\n";
    let structure = Structure::scan(message);
    let Content::Multipart(children) = &structure.root.content else { panic!("no multipart") };
    let text = |span: Span| String::from_utf8_lossy(span.of(message)).into_owned();
    assert_eq!(
        text(structure.root.header()),
        "A: 1\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    );
    assert_eq!(text(children[0].header()), "B: 2\r\n\r\n");
    assert_eq!(text(children[0].body()), "xyz");
    assert_eq!(text(children[0].whole()), "B: 2\r\n\r\nxyz");
}

#[test]
fn nesting_is_bounded() {
    let mut message = String::new();
    for level in 0..5_000 {
        message +=
            &format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
    }
    let structure = Structure::scan(message.as_bytes());
    let mut part = &structure.root;
    let mut depth = 0;
    while let Content::Multipart(children) = &part.content {
        assert_eq!(children.len(), 1);
        part = &children[0];
        depth += 1;
    }
    assert_eq!(depth, MAX_DEPTH);
    assert!(part.content_type.is("application", "octet-stream"));
    assert_eq!(part.body().end, message.len() as u64);
    assert_eq!(Structure::decode(&structure.encode()), Ok(structure));

    let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(5_000);
    let structure = Structure::scan(messages.as_bytes());
    assert_eq!(Structure::decode(&structure.encode()), Ok(structure));
}

#[test]
fn the_number_of_parts_is_bounded() {
    let mut message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    message += &"--b\r\n\r\nx\r\n".repeat(MAX_PARTS + 500);
    message += "--b--\r\n";
    let structure = Structure::scan(message.as_bytes());
    let Content::Multipart(children) = &structure.root.content else { panic!("no multipart") };
    assert_eq!(children.len(), MAX_PARTS);
    let last = &children[MAX_PARTS - 1];
    assert!(last.content_type.is("application", "octet-stream"));
    assert_eq!(last.whole().end, message.len() as u64);
    assert_eq!(Structure::decode(&structure.encode()), Ok(structure));
}

#[test]
fn the_index_is_bounded() {
    let check = |field: &str, most: usize| {
        let message = format!("{field}\r\n").repeat(40) + "\r\n";
        let digest = Structure::scan(message.as_bytes()).encode();
        assert!(digest.len() <= most, "{} octets for {}", digest.len(), &field[..20]);
        assert!(Structure::decode(&digest).is_ok());
    };
    check(&format!("Subject: {}", "x".repeat(MAX_FIELD * 2)), MAX_FIELD + 100);
    check(&format!("To: {}", "a@b,".repeat(MAX_FIELD)), MAX_ITEMS * 6 + 100);
    check(&format!("Content-Type: a/b{}", ";a=b".repeat(MAX_FIELD)), MAX_ITEMS * 4 + 100);
    check(&format!("Content-Language: {}", "a,".repeat(MAX_FIELD)), MAX_ITEMS * 2 + 200);
}

#[test]
fn hostile_messages_take_linear_time() {
    let head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for piece in [
        "\n--",
        "\n--b",
        "--b\n",
        "--b--\n",
        "--b\n\n",
        "\n",
        "-",
        "--",
        ":\n",
        " \n",
        "\r",
        "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
        "--b\nContent-Type: message/rfc822\n\n",
        "--b          x\n",
    ] {
        Structure::scan((head.to_owned() + &piece.repeat(200_000)).as_bytes());
    }
}
