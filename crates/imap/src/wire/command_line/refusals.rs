//! What does not parse, and where it goes wrong. Only tests.

use super::*;
use crate::wire::SyntaxError;

/// `line` is refused with `problem` at `position`.
fn check_bad(line: &str, position: usize, problem: &'static str) {
    let announced = line.ends_with("}\r\n");
    match parse(line.as_bytes(), announced) {
        Err(Stopped { stop: Stop::Bad(error), .. }) => {
            assert_eq!(error, SyntaxError { problem, position }, "{line}");
        }
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn bad_commands() {
    for (line, position, problem) in [
        ("", 1, "Expected a tag"),
        (" NOOP", 1, "Expected a tag"),
        ("+ NOOP", 1, "Expected a tag"),
        ("* NOOP", 1, "Expected a tag"),
        ("a", 2, "Expected a space"),
        ("a+ NOOP", 2, "Expected a space"),
        ("a ", 3, "Expected a command"),
        ("a  NOOP", 3, "Expected a command"),
        ("a NOOPS", 3, "Unknown command"),
        ("a DONE", 3, "Unknown command"),
        ("a UID", 6, "Expected a space"),
        ("a UID NOOP", 7, "Unknown command"),
        ("a NOOP x", 8, "Expected the end of the command"),
        ("a NOOP\0", 7, "Expected the end of the command"),
        ("a NOOP {3}\r\n", 8, "Expected the end of the command"),
        ("a SELECT", 9, "Expected a space"),
        ("a SELECT ", 10, "Expected a mailbox name"),
        ("a SELECT (", 10, "Expected a mailbox name"),
        ("a SELECT a*", 11, "Expected the end of the command"),
        ("a SELECT ü", 10, "Expected a mailbox name"),
        ("a SELECT \"\u{0}\"", 11, "Control character in a quoted string"),
        ("a SELECT \"a\rb\"", 12, "Control character in a quoted string"),
        (r#"a SELECT "abc"#, 10, "Quoted string without end"),
        ("a SELECT \"abc {5}\r\n", 10, "Quoted string without end"),
        (r#"a SELECT "a\bc""#, 13, r#"Expected \ or " after \"#),
        (r#"a SELECT "abc\"#, 15, r#"Expected \ or " after \"#),
        (r#"a SELECT "a"b"#, 13, "Expected the end of the command"),
        ("a SELECT {3", 10, "Expected a literal"),
        ("a SELECT {3}", 10, "Expected a literal"),
        ("a SELECT {3} {4}\r\n", 10, "Expected a literal"),
        ("a SELECT {-3}\r\n", 10, "Expected a literal"),
        ("a SELECT {}\r\n", 10, "Expected a literal"),
        ("a SELECT ~{3}\r\n", 11, "Expected the end of the command"),
        ("a SELECT {3}\r\na\0b", 16, "NUL in a literal"),
        ("a SELECT a&b", 10, "Mailbox name is not in modified UTF-7"),
        ("a LOGIN joe", 12, "Expected a space"),
        ("a LOGIN joe a b", 15, "Expected the end of the command"),
        ("a RENAME a", 11, "Expected a space"),
        (r#"a LIST "" (a)"#, 11, "Expected a mailbox name or pattern"),
        (r#"a LIST (SUBSCRIBED) "" *"#, 8, "Expected a mailbox name"),
        ("a STATUS x", 11, "Expected a space"),
        ("a STATUS x ()", 13, "Expected a status item"),
        ("a STATUS x (UNSEEN HIGHESTMODSEQ)", 20, "Unknown status item"),
        ("a STATUS x (UNSEEN", 19, "Expected a space or a closing parenthesis"),
        ("a ID", 5, "Expected a space"),
        ("a ID (a b)", 7, "Expected a string"),
        (r#"a ID ("a")"#, 10, "Expected a space"),
        (r#"a ID ("a" b)"#, 11, "Expected a string or NIL"),
        (r#"a ID ("a" NILS)"#, 11, "Expected a string or NIL"),
        ("a AUTHENTICATE PLAIN %", 22, "Expected base64"),
        ("a AUTHENTICATE PLAIN a b", 24, "Expected the end of the command"),
        ("a APPEND x", 11, "Expected a space"),
        ("a APPEND x \"message\"", 13, "Expected a day of the month"),
        ("a APPEND x message", 12, "Expected a literal"),
        ("a APPEND x {3}", 12, "Expected a literal"),
        ("a APPEND x (\\Seen){3}\r\n", 19, "Expected a space"),
        ("a APPEND x (\\Foo) {3}\r\n", 13, "Unknown flag"),
        ("a APPEND x (\\Seen ) {3}\r\n", 19, "Expected a flag"),
        ("a APPEND x (a) (b) {3}\r\n", 16, "Expected a literal"),
    ] {
        check_bad(line, position, problem);
    }
}

#[test]
fn bad_message_commands() {
    for (line, position, problem) in [
        ("a FETCH", 8, "Expected a space"),
        ("a FETCH 0 ALL", 9, "Expected a number above 0"),
        ("a FETCH 1:4294967296 ALL", 11, "Number too large"),
        ("a FETCH 1:99999999999999999999999 ALL", 11, "Number too large"),
        ("a FETCH 1: ALL", 11, "Expected a number or *"),
        ("a FETCH 1,,2 ALL", 11, "Expected a number or *"),
        ("a FETCH 1:2:3 ALL", 12, "Expected a space"),
        ("a FETCH $ ALL", 9, "Expected a number or *"),
        ("a FETCH -1 ALL", 9, "Expected a number or *"),
        ("a FETCH 1", 10, "Expected a space"),
        ("a FETCH 1 ", 11, "Expected an item to fetch"),
        ("a FETCH 1 ()", 12, "Expected an item to fetch"),
        ("a FETCH 1 RFC822.PEEK", 11, "Unknown item to fetch"),
        ("a FETCH 1 (ALL)", 12, "Unknown item to fetch"),
        ("a FETCH 1 FLAGS UID", 17, "Expected the end of the command"),
        ("a FETCH 1 (FLAGS", 17, "Expected a space or a closing parenthesis"),
        ("a FETCH 1 (FLAGS  UID)", 18, "Expected an item to fetch"),
        ("a FETCH 1 (FLAGS) (CHANGEDSINCE 1)", 19, "Expected the end of the command"),
        ("a FETCH 1 BODY.PEEK", 20, "Expected a section in brackets"),
        ("a FETCH 1 BODY[", 16, "Expected a section"),
        ("a FETCH 1 BODY[1.", 18, "Expected a section"),
        ("a FETCH 1 BODY[1.]", 18, "Expected a section"),
        ("a FETCH 1 BODY[0]", 16, "Expected a number above 0"),
        ("a FETCH 1 BODY[1TEXT]", 17, "Expected ]"),
        ("a FETCH 1 BODY[MIME]", 16, "Expected a section"),
        ("a FETCH 1 BODY[HEADER.]", 16, "Expected a section"),
        ("a FETCH 1 BODY[TEXT.1]", 16, "Expected a section"),
        ("a FETCH 1 BODY[HEADER.FIELDS]", 29, "Expected a space"),
        ("a FETCH 1 BODY[HEADER.FIELDS ()]", 31, "Expected the name of a header field"),
        ("a FETCH 1 BODY[]<0>", 19, "Expected a full stop"),
        ("a FETCH 1 BODY[]<0.0>", 20, "Expected a number above 0"),
        ("a FETCH 1 BODY[]<-1.1>", 18, "Expected a number"),
        ("a FETCH 1 BODY[]<1.1", 21, "Expected >"),
        ("a STORE 1", 10, "Expected a space"),
        ("a STORE 1 ++FLAGS (a)", 11, "Expected FLAGS, +FLAGS or -FLAGS"),
        ("a STORE 1 FLAGS.LOUD (a)", 11, "Expected FLAGS, +FLAGS or -FLAGS"),
        ("a STORE 1 (UNCHANGEDSINCE 1) FLAGS (a)", 11, "Expected FLAGS, +FLAGS or -FLAGS"),
        ("a STORE 1 FLAGS", 16, "Expected a space"),
        ("a STORE 1 FLAGS ", 17, "Expected a flag"),
        (r"a STORE 1 FLAGS (\Seen", 23, "Expected a closing parenthesis"),
        (r"a STORE 1 FLAGS \*", 18, "Expected the name of a flag"),
        (r"a STORE 1 FLAGS \Seen x \Foo", 25, "Unknown flag"),
        ("a COPY 1", 9, "Expected a space"),
        ("a UID EXPUNGE", 14, "Expected a space"),
        ("a EXPUNGE 1", 11, "Expected the end of the command"),
        ("a SEARCH", 9, "Expected a space"),
        ("a SEARCH ", 10, "Expected a search key"),
        ("a SEARCH RETURN (MIN) ALL", 10, "Unknown search key"),
        ("a SEARCH CHARSET UTF-8", 23, "Expected a space"),
        ("a SEARCH CHARSETS UTF-8", 10, "Unknown search key"),
        ("a SEARCH ALL CHARSET UTF-8", 14, "Unknown search key"),
        ("a SEARCH (ALL", 14, "Expected a space or a closing parenthesis"),
        ("a SEARCH ()", 11, "Expected a search key"),
        ("a SEARCH ALL)", 13, "Expected the end of the command"),
        ("a SEARCH OR ALL", 16, "Expected a space"),
        ("a SEARCH NOT", 13, "Expected a space"),
        ("a SEARCH FROM", 14, "Expected a space"),
        ("a SEARCH HEADER a", 18, "Expected a space"),
        ("a SEARCH SUBJECT foo{5}\r\n", 21, "Expected the end of the command"),
        ("a SEARCH LARGER -1", 17, "Expected a number"),
        ("a SEARCH LARGER 9223372036854775808", 17, "Number too large"),
        ("a SEARCH SINCE 30-Feb-2000", 16, "No such day"),
        (r"a SEARCH KEYWORD \Seen", 18, "Expected a flag"),
        ("a SEARCH UID ALL", 14, "Expected a number or *"),
    ] {
        check_bad(line, position, problem);
    }
}

#[test]
fn bounds() {
    let many = |count: usize, item: &str, separator: &str| vec![item; count].join(separator);
    let fits = |line: String| assert!(parse(line.as_bytes(), false).is_ok(), "{:.50}", line);
    let tag = many(60, "t", "");
    fits(format!("{tag} NOOP"));
    check_bad(&format!("{tag}t NOOP"), 1, "Tag too long");

    let set = many(10_000, "1", ",");
    fits(format!("a FETCH {set} UID"));
    check_bad(&format!("a FETCH {set},1 UID"), 20_009, "Too many elements in the set");

    fits(format!("a FETCH 1 ({})", many(100, "UID", " ")));
    check_bad(&format!("a FETCH 1 ({})", many(101, "UID", " ")), 412, "Too many items to fetch");

    fits(format!("a FETCH 1 BODY[HEADER.FIELDS ({})]", many(200, "a", " ")));
    let names = many(201, "a", " ");
    check_bad(&format!("a FETCH 1 BODY[HEADER.FIELDS ({names})]"), 431, "Too many header fields");

    fits(format!("a FETCH 1 BODY[{}]", many(100, "1", ".")));
    check_bad(&format!("a FETCH 1 BODY[{}]", many(101, "1", ".")), 216, "Section too deep");

    fits(format!("a STORE 1 FLAGS {}", many(200, "a", " ")));
    check_bad(&format!("a STORE 1 FLAGS {}", many(201, "a", " ")), 417, "Too many flags");
    fits(format!("a STORE 1 FLAGS {}", many(255, "a", "")));
    check_bad(&format!("a STORE 1 FLAGS {}", many(256, "a", "")), 17, "Flag too long");

    fits(format!("a STATUS a ({})", many(100, "UNSEEN", " ")));
    check_bad(&format!("a STATUS a ({})", many(101, "UNSEEN", " ")), 713, "Too many status items");

    fits(format!("a ID ({})", many(100, r#""a" """#, " ")));
    check_bad(&format!("a ID ({})", many(101, r#""a" """#, " ")), 707, "Too many fields");

    fits(format!("a SEARCH {}", many(1000, "1", " ")));
    check_bad(&format!("a SEARCH {}", many(1001, "1", " ")), 2010, "Too many search keys");

    for (open, close, levels, position) in [
        ("(", ")", 50, 61),
        ("NOT ", "", 50, 214),
        ("OR 1 ", "", 50, 263),
        ("OR (", ") 1", 25, 113),
    ] {
        let nested = |depth| format!("a SEARCH {}1{}", open.repeat(depth), close.repeat(depth));
        fits(nested(levels));
        check_bad(&nested(levels + 1), position, "Search keys nested too deep");
        check_bad(&nested(5000), position, "Search keys nested too deep");
    }
}
