//! Known answers for ENVELOPE, BODY and BODYSTRUCTURE.

use super::*;

fn text(write: impl Fn(&Structure, &mut Vec<u8>), message: &str) -> String {
    let mut out = Vec::new();
    write(&Structure::scan(message.as_bytes()), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn check_envelope(header: &str, expected: &str) {
    let message = header.replace('\n', "\r\n") + "\r\n\r\nbody\r\n";
    assert_eq!(text(write_envelope, &message), format!("({expected})"), "{header}");
}

fn check_structure(message: &str, body: &str, bodystructure: &str) {
    let message = message.replace('\n', "\r\n");
    assert_eq!(text(write_body, &message), body, "BODY");
    assert_eq!(text(write_bodystructure, &message), bodystructure, "BODYSTRUCTURE");
}

#[test]
fn the_envelope_of_rfc_3501() {
    check_envelope(
        "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
From: Terry Gray <gray@cac.washington.edu>
Subject: IMAP4rev1 WG mtg summary and minutes
To: imap@cac.washington.edu
cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
Message-Id: <B27397-0100000@cac.washington.edu>
MIME-Version: 1.0
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII",
        "\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" \
         ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
         ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
         ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
         ((NIL NIL \"imap\" \"cac.washington.edu\")) \
         ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) \
         NIL NIL \"<B27397-0100000@cac.washington.edu>\"",
    );
}

#[test]
fn envelopes() {
    check_envelope("X: y", "NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL");
    // Present but empty is not absent, except for addresses (RFC 9051 §7.5.2).
    check_envelope(
        "Date:\nSubject:\nFrom:\nSender: \nReply-To:\nTo: ,\nCc:\nBcc:\nIn-Reply-To:\nMessage-ID:",
        "\"\" \"\" NIL NIL NIL NIL NIL NIL \"\" \"\"",
    );
    let a = "((NIL NIL \"a\" \"b\"))";
    check_envelope(
        "From: a@b\nSender:\nReply-To: ",
        &format!("NIL NIL {a} {a} {a} NIL NIL NIL NIL NIL"),
    );
    check_envelope(
        "From: a@b\nSender: c@d\nReply-To: e@f\nTo: g@h\nCc: i@j\nBcc: k@l\nIn-Reply-To: <m>",
        "NIL NIL ((NIL NIL \"a\" \"b\")) ((NIL NIL \"c\" \"d\")) ((NIL NIL \"e\" \"f\")) \
         ((NIL NIL \"g\" \"h\")) ((NIL NIL \"i\" \"j\")) ((NIL NIL \"k\" \"l\")) \"<m>\" NIL",
    );
    check_envelope(
        "To: g: a@b, N <@r,@s:c@d>;, h:;\nCc: (x)\nBcc: lone, <>",
        "NIL NIL NIL NIL NIL ((NIL NIL \"g\" NIL)(NIL NIL \"a\" \"b\")(\"N\" \"@r,@s\" \"c\" \"d\")\
         (NIL NIL NIL NIL)(NIL NIL \"h\" NIL)(NIL NIL NIL NIL)) NIL \
         ((NIL NIL \"lone\" \"MISSING_DOMAIN\")(NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\")) NIL NIL",
    );
    // Several fields are one list; of other fields the first one counts.
    check_envelope(
        "Subject: first\nSubject: second\nTo: a@b\nTo: c@d",
        "NIL \"first\" NIL NIL NIL ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) NIL NIL NIL NIL",
    );
}

/// How a subject appears.
fn check_string(subject: &[u8], expected: &[u8]) {
    let message = [b"Subject: ", subject, b"\r\n\r\n"].concat();
    let mut out = Vec::new();
    write_envelope(&Structure::scan(&message), &mut out);
    let expected = [b"(NIL ", expected, b" NIL NIL NIL NIL NIL NIL NIL NIL)"].concat();
    assert_eq!(out.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn strings_are_quoted_or_literal() {
    check_string(b"a \"b\" \\c", b"\"a \\\"b\\\" \\\\c\"");
    check_string(b"=?utf-8?q?=C3=B6?=", b"\"=?utf-8?q?=C3=B6?=\"");
    check_string(b"a\r\n b\r\n\tc", b"\"a b\tc\"");
    check_string(b"a\n b", b"\"a b\"");
    check_string("\u{f6}\"".as_bytes(), "{3}\r\n\u{f6}\"".as_bytes());
    check_string(b"\xff", b"{1}\r\n\xff");
    check_string(b"a\rb", b"{3}\r\na\rb");
    check_string(b"a\0b", b"\"ab\"");
    check_string(b"\xff\0\xff", b"{2}\r\n\xff\xff");
    check_string(b"\0", b"\"\"");
    check_string(&[b'x'; 1000], &[&b"\""[..], &[b'x'; 1000], b"\""].concat());
    check_string(&[b'x'; 1001], &[&b"{1001}\r\n"[..], &[b'x'; 1001]].concat());
}

#[test]
fn the_bodies_of_rfc_3501() {
    // 92 lines, 3028 octets; and the two parts of §7.4.2.
    let lines = "x".repeat(30) + "\n";
    let body = "x".repeat(84) + &lines.repeat(92);
    check_structure(
        &format!(
            "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\nContent-Transfer-Encoding: 7BIT\n\n{body}"
        ),
        "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92)",
        "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92 NIL NIL NIL NIL)",
    );
    check_structure(
        "Content-Type: MULTIPART/MIXED; BOUNDARY=b

--b
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII
Content-Transfer-Encoding: 7BIT

12345

--b
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=\"cc.diff\"
Content-ID: <960723163407.20117h@cac.washington.edu>
Content-Description: Compiler diff
Content-Transfer-Encoding: BASE64

123
--b--
",
        "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 7 1)\
         (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") \
         \"<960723163407.20117h@cac.washington.edu>\" \"Compiler diff\" \"BASE64\" 3 0) \"MIXED\")",
        "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 7 1 NIL NIL NIL NIL)\
         (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") \
         \"<960723163407.20117h@cac.washington.edu>\" \"Compiler diff\" \"BASE64\" 3 0 NIL NIL NIL NIL) \
         \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)",
    );
}

#[test]
fn extension_data() {
    check_structure(
        "Content-Type: image/gif; name=\"a\\\"b\"
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==
Content-Disposition: attachment; filename=a.gif; size=3
Content-Language: en, de
Content-Location: http://example.com/
 a.gif

gif",
        "(\"image\" \"gif\" (\"name\" \"a\\\"b\") NIL NIL \"7bit\" 3)",
        "(\"image\" \"gif\" (\"name\" \"a\\\"b\") NIL NIL \"7bit\" 3 \"Q2hlY2sgSW50ZWdyaXR5IQ==\" \
         (\"attachment\" (\"filename\" \"a.gif\" \"size\" \"3\")) (\"en\" \"de\") \"http://example.com/ a.gif\")",
    );
    check_structure(
        "Content-Type: multipart/related; boundary=b; type=\"text/html\"
Content-Disposition: inline
Content-Language: fr

--b

x
--b--",
        "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0) \"related\")",
        "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL) \"related\" \
         (\"boundary\" \"b\" \"type\" \"text/html\") (\"inline\" NIL) (\"fr\") NIL)",
    );
    check_structure(
        "Content-Transfer-Encoding: ?\nContent-Disposition:\nContent-Language:\nContent-ID:\n\n",
        "(\"text\" \"plain\" (\"charset\" \"us-ascii\") \"\" NIL \"7bit\" 0 0)",
        "(\"text\" \"plain\" (\"charset\" \"us-ascii\") \"\" NIL \"7bit\" 0 0 NIL NIL NIL NIL)",
    );
}

#[test]
fn attached_messages_show_their_envelope() {
    let envelope = "(NIL \"inner\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL)";
    check_structure(
        "Content-Type: multipart/digest; boundary=b

--b

Subject: inner
From: a@b
Content-Type: text/html

<p>
--b--",
        &format!(
            "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 57 {envelope} (\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0) 4) \"digest\")"
        ),
        &format!(
            "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 57 {envelope} (\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0 NIL NIL NIL NIL) 4 NIL NIL NIL NIL) \"digest\" (\"boundary\" \"b\") NIL NIL NIL)"
        ),
    );
}
