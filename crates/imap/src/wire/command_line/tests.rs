//! What parses to what.

use super::*;
use crate::wire::printer::print;
use crate::wire::request::LiteralSize;

/// `line` is taken, and means what `expected` says in the one way in which our printer would say it.
fn check(line: &str, expected: &str) {
    let announced = line.ends_with("}\r\n");
    match parse(line.as_bytes(), announced) {
        Ok((Tag(tag), request)) => {
            assert!(line.starts_with(&tag), "{line}");
            assert_eq!(String::from_utf8_lossy(&print(&request)), expected, "{line}");
        }
        Err(stopped) => panic!("{line}: {stopped:?}"),
    }
}

#[test]
fn examples_of_rfc_3501() {
    for (line, expected) in [
        ("abcd CAPABILITY", "CAPABILITY"),
        ("a002 NOOP", "NOOP"),
        ("A023 LOGOUT", "LOGOUT"),
        ("a001 STARTTLS", "STARTTLS"),
        ("A001 AUTHENTICATE GSSAPI", "AUTHENTICATE GSSAPI"),
        ("a001 LOGIN SMITH SESAME", r#"LOGIN "SMITH" "SESAME""#),
        ("A001 LOGIN {11}\r\nFRED FOOBAR {7}\r\nfat man", r#"LOGIN "FRED FOOBAR" "fat man""#),
        ("A142 SELECT INBOX", r#"SELECT "INBOX""#),
        ("A932 EXAMINE blurdybloop", r#"EXAMINE "blurdybloop""#),
        ("A003 CREATE owatagusiam/", r#"CREATE "owatagusiam/""#),
        ("A004 CREATE owatagusiam/blurdybloop", r#"CREATE "owatagusiam/blurdybloop""#),
        ("A683 DELETE blurdybloop", r#"DELETE "blurdybloop""#),
        ("A684 DELETE foo.bar", r#"DELETE "foo.bar""#),
        ("A683 RENAME blurdybloop sarasoop", r#"RENAME "blurdybloop" "sarasoop""#),
        ("A002 SUBSCRIBE #news.comp.mail.mime", r##"SUBSCRIBE "#news.comp.mail.mime""##),
        ("A002 UNSUBSCRIBE #news.comp.mail.mime", r##"UNSUBSCRIBE "#news.comp.mail.mime""##),
        (r#"A682 LIST "" *"#, r#"LIST "" "*""#),
        (r#"A101 LIST "" """#, r#"LIST "" """#),
        (r#"A102 LIST #news.comp.mail.misc """#, r##"LIST "#news.comp.mail.misc" """##),
        (r#"A103 LIST /usr/staff/jones """#, r#"LIST "/usr/staff/jones" """#),
        ("A202 LIST ~/Mail/ %", r#"LIST "~/Mail/" "%""#),
        (r##"A002 LSUB "#news." "comp.mail.*""##, r##"LSUB "#news." "comp.mail.*""##),
        (r##"A003 LSUB "#news." "comp.%""##, r##"LSUB "#news." "comp.%""##),
        (
            "A042 STATUS blurdybloop (UIDNEXT MESSAGES)",
            r#"STATUS "blurdybloop" (UIDNEXT MESSAGES)"#,
        ),
        (
            "A003 APPEND saved-messages (\\Seen) {310}\r\n",
            r#"APPEND "saved-messages" (\Seen) {310}"#,
        ),
        ("FXXZ CHECK", "CHECK"),
        ("A341 CLOSE", "CLOSE"),
        ("A202 EXPUNGE", "EXPUNGE"),
        (
            r#"A282 SEARCH FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith""#,
            r#"SEARCH FLAGGED SINCE 1-Feb-1994 NOT HEADER "From" "Smith""#,
        ),
        (r#"A283 SEARCH TEXT "string not in mailbox""#, r#"SEARCH TEXT "string not in mailbox""#),
        ("A284 SEARCH CHARSET UTF-8 TEXT {6}\r\nXXXXXX", r#"SEARCH CHARSET "UTF-8" TEXT "XXXXXX""#),
        (
            "A654 FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
            "FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
        ),
        (r"A003 STORE 2:4 +FLAGS (\Deleted)", r"STORE 2:4 +FLAGS (\Deleted)"),
        ("A003 COPY 2:4 MEETING", r#"COPY 2:4 "MEETING""#),
        ("A999 UID FETCH 4827313:4828442 FLAGS", "UID FETCH 4827313:4828442 (FLAGS)"),
        ("a001 login mrc secret", r#"LOGIN "mrc" "secret""#),
        ("a002 select inbox", r#"SELECT "inbox""#),
        ("a003 fetch 12 full", "FETCH 12 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY)"),
        ("a004 fetch 12 body[header]", "FETCH 12 (BODY[HEADER])"),
        (r"a005 store 12 +flags \deleted", r"STORE 12 +FLAGS (\Deleted)"),
    ] {
        check(line, expected);
    }
}

#[test]
fn examples_of_extensions() {
    for (line, expected) in [
        // RFC 2177, RFC 2342, RFC 3691
        ("A002 IDLE", "IDLE"),
        ("A001 NAMESPACE", "NAMESPACE"),
        ("A202 UNSELECT", "UNSELECT"),
        // RFC 2971 §3.1
        (
            r#"a023 ID ("name" "sodr" "version" "19.34" "vendor" "Pink Floyd Music Limited")"#,
            r#"ID ("name" "sodr" "version" "19.34" "vendor" "Pink Floyd Music Limited")"#,
        ),
        ("a042 ID NIL", "ID ()"),
        ("a ID ()", "ID ()"),
        (r#"a ID ("os" nil)"#, r#"ID ("os" NIL)"#),
        // RFC 4959 §5
        ("C01 AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q=", "AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q="),
        ("A01 AUTHENTICATE external =", "AUTHENTICATE EXTERNAL ="),
        // RFC 7888 §4
        ("A001 LOGIN {11+}\r\nFRED FOOBAR {7+}\r\nfat man", r#"LOGIN "FRED FOOBAR" "fat man""#),
        // RFC 4315 §2.1, §3
        ("A101 UID EXPUNGE 3000:3002", "UID EXPUNGE 3000:3002"),
        (
            "A003 APPEND saved-messages (\\Seen) {297+}\r\n",
            r#"APPEND "saved-messages" (\Seen) {297+}"#,
        ),
        // RFC 6851 §3.3, §3.2
        ("a UID MOVE 42:69 foo", r#"UID MOVE 42:69 "foo""#),
        ("a MOVE 1:* foo", r#"MOVE 1:* "foo""#),
    ] {
        check(line, expected);
    }
}

#[test]
fn strings_and_names() {
    for (line, expected) in [
        (r#"a LOGIN "a\"b\\c" """#, r#"LOGIN "a\"b\\c" """#),
        ("a LOGIN joe@example.com p]ss", r#"LOGIN "joe@example.com" "p]ss""#),
        ("a LOGIN joe \"pässwörd\"", "LOGIN \"joe\" {10}\r\npässwörd"),
        ("a LOGIN {0}\r\n {0+}\r\n", r#"LOGIN "" """#),
        ("a LOGIN {3}\r\n}\r\n {4}\r\n{1}\n", "LOGIN {3}\r\n}\r\n {4}\r\n{1}\n"),
        ("a SELECT Entw&APw-rfe", r#"SELECT "Entw&APw-rfe""#),
        ("a SELECT \"Entwürfe\"", r#"SELECT "Entw&APw-rfe""#),
        ("a SELECT {9}\r\nEntwürfe", r#"SELECT "Entw&APw-rfe""#),
        ("a LIST \"\" {3}\r\na*b", r#"LIST "" "a*b""#),
        (r#"a LIST "" %/%]*"#, r#"LIST "" "%/%]*""#),
        (r#"a.b-c SELECT "nil""#, r#"SELECT "nil""#),
    ] {
        // A literal that is empty and last was read, too.
        let (_, request) = parse(line.as_bytes(), false).unwrap_or_else(|e| panic!("{line} {e:?}"));
        assert_eq!(String::from_utf8_lossy(&print(&request)), expected, "{line}");
    }
}

#[test]
fn what_clients_get_away_with() {
    for (line, expected) in [
        ("a noop ", "NOOP"),
        ("a NoOp   ", "NOOP"),
        ("a SELECT INBOX ", r#"SELECT "INBOX""#),
        ("a UID SEARCH ALL ", "UID SEARCH ALL"),
        (r"a STORE 1 flags \Seen ", r"STORE 1 FLAGS (\Seen)"),
        (
            r"a STORE 1 -FLAGS.SILENT (\recent \SEEN $Junk junk)",
            r"STORE 1 -FLAGS.SILENT (\Seen $Junk junk)",
        ),
        (r"a STORE 1 FLAGS \Recent", r"STORE 1 FLAGS ()"),
        ("a STORE 1 FLAGS ()", r"STORE 1 FLAGS ()"),
        ("a AUTHENTICATE PLAIN ", "AUTHENTICATE PLAIN"),
        ("a APPEND x {007}\r\n", r#"APPEND "x" () {7}"#),
        (
            "a APPEND x (\\Recent) \"7-Feb-1994 21:52:25 -0800\" {5000000000}\r\n",
            r#"APPEND "x" () " 7-Feb-1994 21:52:25 -0800" {5000000000}"#,
        ),
    ] {
        check(line, expected);
    }
}

#[test]
fn fetch_items() {
    for (items, expected) in [
        ("ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"),
        ("fast", "FLAGS INTERNALDATE RFC822.SIZE"),
        (
            "(UID RFC822 rfc822.header RFC822.TEXT bodystructure BODY)",
            "UID RFC822 RFC822.HEADER RFC822.TEXT BODYSTRUCTURE BODY",
        ),
        ("BODY[]", "BODY[]"),
        ("body.peek[]<0.100>", "BODY.PEEK[]<0.100>"),
        (
            "BODY[1.2.HEADER.FIELDS (From \"To\" {2}\r\nCc)]<4294967295.1>",
            "BODY[1.2.HEADER.FIELDS (From To Cc)]<4294967295.1>",
        ),
        ("BODY[header.fields.not (a)]", "BODY[HEADER.FIELDS.NOT (a)]"),
        ("BODY[TEXT]", "BODY[TEXT]"),
        (
            "(BODY[4] BODY[4.2.2.1] BODY[4.1.MIME] BODY[4.2.TEXT])",
            "BODY[4] BODY[4.2.2.1] BODY[4.1.MIME] BODY[4.2.TEXT]",
        ),
    ] {
        check(&format!("a FETCH 1 {items}"), &format!("FETCH 1 ({expected})"));
    }
}

#[test]
fn search_keys() {
    for (keys, expected) in [
        (
            "ALL answered BCC a BEFORE 1-Feb-1994 BODY b CC c DELETED FLAGGED FROM d",
            r#"ALL ANSWERED HEADER "Bcc" "a" BEFORE 1-Feb-1994 BODY "b" HEADER "Cc" "c" DELETED FLAGGED HEADER "From" "d""#,
        ),
        (
            "KEYWORD $MDNSent NEW OLD ON \"01-feb-1994\" RECENT SEEN SINCE 1-Feb-1994 SUBJECT {1}\r\n* TEXT \"\"",
            r#"KEYWORD $MDNSent NEW OLD ON 1-Feb-1994 RECENT SEEN SINCE 1-Feb-1994 HEADER "Subject" "*" TEXT """#,
        ),
        (
            "TO a UNANSWERED UNDELETED UNFLAGGED UNKEYWORD b UNSEEN DRAFT UNDRAFT",
            r#"HEADER "To" "a" UNANSWERED UNDELETED UNFLAGGED UNKEYWORD b UNSEEN DRAFT UNDRAFT"#,
        ),
        (
            "HEADER Message-ID <a@b> LARGER 1 SMALLER 9223372036854775807 SENTBEFORE 1-Jan-0001 SENTON 1-Jan-2000 SENTSINCE 1-Jan-2000",
            r#"HEADER "Message-ID" "<a@b>" LARGER 1 SMALLER 9223372036854775807 SENTBEFORE 1-Jan-0001 SENTON 1-Jan-2000 SENTSINCE 1-Jan-2000"#,
        ),
        ("1:*,3 UID 4:2 *", "1:*,3 UID 4:2 *"),
        ("OR (SEEN 1) NOT OR ALL OLD", "OR (SEEN 1) NOT OR ALL OLD"),
        ("(ALL)", "(ALL)"),
        ("charset us-ascii ALL", r#"CHARSET "US-ASCII" ALL"#),
    ] {
        check(&format!("a UID SEARCH {keys}"), &format!("UID SEARCH {expected}"));
    }
}

#[test]
fn literals_are_wanted_where_the_grammar_takes_them() {
    let wanted = |line: &str| match parse(line.as_bytes(), true) {
        Err(Stopped { tag, stop: Stop::Literal(literal) }) => (tag, literal),
        other => panic!("{line}: {other:?}"),
    };
    for (line, size, synchronizing) in [
        ("a LOGIN {5}\r\n", 5, true),
        ("a LOGIN {5}\r\n{0}\r\n {6+}\r\n", 6, false),
        ("a LOGIN {0}\r\n", 0, true),
        ("a LOGIN {0}\r\n {0}\r\n", 0, true),
        ("a APPEND {5}\r\n", 5, true),
        ("a SEARCH (OR FROM {18446744073709551616+}\r\n", u64::MAX, false),
        ("a FETCH 1 BODY[HEADER.FIELDS ({4}\r\n", 4, true),
    ] {
        let found = wanted(line);
        assert_eq!(found, (Some(Tag("a".into())), LiteralSize { size, synchronizing }), "{line}");
    }
    // APPEND's message is no string.
    check("a APPEND {5}\r\nINBOX {0}\r\n", r#"APPEND "INBOX" () {0}"#);
}
