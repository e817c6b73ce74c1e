//! Commands as they come from the pipe: whole, in pieces, with literals, and far too much of it.

use super::*;
use crate::wire::printer::print;
use crate::wire::round_trip::{almost_a_command, request};
use carrier::{Drain, Feed};
use futures::FutureExt;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Write;

const LIMITS: ReadLimits = ReadLimits { line: 60, literal: 20, literals: 3, skip: 100 };

/// Reads commands until no more comes, an APPEND with its message. Answers with what was understood
/// and said, a line each.
async fn dialogue(
    input: &mut Input,
    output: &mut Output,
    drain: &Drain,
    limits: ReadLimits,
) -> String {
    let mut story = String::new();
    loop {
        let event = match read_request(input, output, &limits).await {
            Ok((Tag(tag), Request::Append { folder, literal, .. })) if folder == "no" => {
                match skip_append(input, literal, &limits).await {
                    Ok(()) => format!("{tag} skipped"),
                    Err(error) => format!("{tag} skipped: {error}"),
                }
            }
            Ok((tag, request @ Request::Append { literal, .. })) => {
                let mut message = Vec::new();
                if read_literal(input, literal, &mut message).await.is_err() {
                    return story + "gone in a message\n";
                }
                let rest = read_append_rest(input, &tag, &limits).await;
                let message = String::from_utf8_lossy(&message).into_owned();
                format!(
                    "{} {} {message:?} {rest:?}",
                    tag.0,
                    String::from_utf8_lossy(&print(&request))
                )
            }
            Ok((tag, request)) => {
                format!("{} {}", tag.0, String::from_utf8_lossy(&print(&request)))
            }
            Err(error @ (ReadError::Unskippable | ReadError::Gone(_))) => {
                let _ = writeln!(story, "{error}");
                return story;
            }
            Err(ReadError::Bad { tag, error }) => format!("{} BAD {error}", shown(tag)),
            Err(ReadError::TooLong { tag }) => format!("{} too long", shown(tag)),
            Err(ReadError::TooBig { tag }) => format!("{} too big", shown(tag)),
        };
        drain.offer(|said| (said.len(), story.push_str(&String::from_utf8_lossy(said))));
        let _ = writeln!(story, "{event}");
    }
}

fn shown(tag: Option<Tag>) -> String {
    tag.map_or("*".to_owned(), |Tag(tag)| tag)
}

/// The story of a client that sends `pieces` and leaves.
fn story<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: ReadLimits) -> String {
    let (feed, mut input) = carrier::input();
    let (mut output, drain) = carrier::output();
    let mut dialogue = Box::pin(dialogue(&mut input, &mut output, &drain, limits));
    for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() {
            let count = push(&feed, rest);
            rest = &rest[count..];
            if let Some(story) = dialogue.as_mut().now_or_never() {
                return story;
            }
        }
    }
    feed.close();
    dialogue.now_or_never().unwrap()
}

fn push(feed: &Feed, bytes: &[u8]) -> usize {
    let count = feed.room().min(bytes.len());
    assert!(count > 0, "the reader waits while its input is full");
    feed.push(&bytes[..count]);
    count
}

/// What happens when a client sends `sent`, all at once, byte by byte, and in two pieces.
#[track_caller]
fn check(sent: &str, expected: &str) {
    let expected = format!("{expected}\nthe client is gone\n");
    check_to_the_end(sent, &expected);
}

#[track_caller]
fn check_to_the_end(sent: &str, expected: &str) {
    let sent = sent.as_bytes();
    assert_eq!(story([sent], LIMITS), expected);
    assert_eq!(story(sent.chunks(1), LIMITS), expected);
    for at in 0..=sent.len() {
        let (first, second) = sent.split_at(at);
        assert_eq!(
            story([first, second], LIMITS),
            expected,
            "in two pieces, the first of {at} bytes"
        );
    }
}

#[test]
fn reading_can_move_between_threads() {
    fn check(_: impl Send) {}
    let (_feed, mut input) = carrier::input();
    let (mut output, _drain) = carrier::output();
    check(read_request(&mut input, &mut output, &LIMITS));
    check(read_append_rest(&mut input, &Tag("a".into()), &LIMITS));
}

#[test]
fn lines() {
    check("a NOOP\r\n", "a NOOP");
    check("a NOOP\nb NOOP\r\n", "a NOOP\nb NOOP");
    check("\r\n\r\n\na NOOP\r\n\r\n", "a NOOP");
    check("a NOOP\r\nb NOO", "a NOOP");
    check(" \r\n", "* BAD Expected a tag at position 1");
    check("a\r\n", "a BAD Expected a space at position 2");
    check("a FOO\r\nb NOOP\r\n", "a BAD Unknown command at position 3\nb NOOP");
}

#[test]
fn literals() {
    check("a LOGIN {3}\r\njoe {2}\r\nxy\r\n", "+ Ready\r\n+ Ready\r\na LOGIN \"joe\" \"xy\"");
    check("a LOGIN {3+}\r\njoe {2+}\r\nxy\r\n", "a LOGIN \"joe\" \"xy\"");
    check("a LOGIN {0}\r\n {0}\r\n\r\n", "+ Ready\r\n+ Ready\r\na LOGIN \"\" \"\"");
    check("a LOGIN {0+}\n {4+}\n\r\n\r\n\r\nb NOOP\n", "a LOGIN \"\" {4}\r\n\r\n\r\n\nb NOOP");
    check("a LOGIN {6+}\r\n x {9} y\r\n", "a LOGIN \" x {9}\" \"y\"");
    check(
        "a LOGIN {10+}\r\n\r\nb NOOP\r\n x\r\nc NOOP\r\n",
        "a LOGIN {10}\r\n\r\nb NOOP\r\n \"x\"\nc NOOP",
    );
    // Something is missing after the literal, and is not looked for in the next line.
    check("a LOGIN {3+}\r\njoe\r\nb NOOP\r\n", "a BAD Expected a space at position 18\nb NOOP");
    check_to_the_end("a LOGIN {3+}\r\njo", "the client is gone\n");
}

#[test]
fn a_literal_is_not_asked_for_where_the_grammar_takes_none() {
    check("a FOO {3}\r\nb NOOP\r\n", "a BAD Unknown command at position 3\nb NOOP");
    check(
        "a NOOP {3}\r\nb NOOP\r\n",
        "a BAD Expected the end of the command at position 8\nb NOOP",
    );
    check("a FETCH {3}\r\nb NOOP\r\n", "a BAD Expected a number or * at position 9\nb NOOP");
    check("{3}\r\nb NOOP\r\n", "* BAD Expected a tag at position 1\nb NOOP");
}

#[test]
fn literals_of_refused_commands_are_never_commands() {
    let bad = "a BAD Unknown command at position 3\nc NOOP";
    check("a FOO {9+}\r\nb LOGOUT\n\r\nc NOOP\r\n", bad);
    check("a FOO {8+}\r\nb LOGOUT\r\nc NOOP\r\n", bad);
    check("a FOO {8+}\r\nb LOGOUT {8+}\r\nb LOGOUT {0+}\r\n b LOGOUT\r\nc NOOP\r\n", bad);
    // The client would not send the second literal before it is asked.
    check("a FOO {8+}\r\nb LOGOUT {8}\r\nc NOOP\r\n", bad);
    check("{8+}\r\nb LOGOUT\r\nc NOOP\r\n", "* BAD Expected a tag at position 1\nc NOOP");
    check(
        "a SELECT x{8+}\r\nb LOGOUT\r\nc NOOP\r\n",
        "a BAD Expected the end of the command at position 11\nc NOOP",
    );
    check(
        "a SELECT \"x {8+}\r\nb LOGOUT\r\nc NOOP\r\n",
        "a BAD Quoted string without end at position 10\nc NOOP",
    );
}

#[test]
fn too_large_literals() {
    check("a LOGIN {21}\r\nb NOOP\r\n", "a too big\nb NOOP");
    check("a LOGIN {99999999999999999999}\r\nb NOOP\r\n", "a too big\nb NOOP");
    check("a LOGIN {20}\r\n12345678901234567890 {1}\r\nb NOOP\r\n", "+ Ready\r\na too big\nb NOOP");
    check("a LOGIN {21+}\r\nb NOOP\r\nc NOOP\r\nd N x\r\ne NOOP\r\n", "a too big\ne NOOP");
    check_to_the_end("a LOGIN {101+}\r\nb NOOP\r\n", "Too much data to skip\n");
    check_to_the_end("a LOGIN {99999999999999999999+}\r\nb NOOP\r\n", "Too much data to skip\n");
    let many = "a ID ({1}\r\na {1}\r\nb {1}\r\nc {1}\r\nd NOOP\r\n";
    check(many, "+ Ready\r\n+ Ready\r\n+ Ready\r\na too big\nd NOOP");
    // Each of these is small.
    let endless = format!("a FOO {{1+}}\r\n{}", "x{1+}\r\n".repeat(100));
    check_to_the_end(&endless, "Too much data to skip\n");
    let endless = format!("a FOO {{0+}}\r\n{}", "{0+}\r\n".repeat(100));
    check_to_the_end(&endless, "Too much data to skip\n");
}

#[test]
fn too_long_lines() {
    let x = "x".repeat(70);
    check(&format!("a NOOP {x}\r\nb NOOP\r\n"), "a too long\nb NOOP");
    check(&format!("{x} NOOP\r\nb NOOP\r\n"), "* too long\nb NOOP");
    check(&format!("{x}\r\nb NOOP\r\n"), "* too long\nb NOOP");
    // An announcement at its end is still seen.
    check(&format!("a NOOP {x} {{8+}}\r\nb LOGOUT\r\nc NOOP\r\n"), "a too long\nc NOOP");
    check(&format!("a NOOP {x} {{8}}\r\nc NOOP\r\n"), "a too long\nc NOOP");
    // The lines of a command count together.
    let half = "x".repeat(30);
    check(
        &format!("a LOGIN {{1+}}\r\n{half}\r\nb NOOP\r\n"),
        "a BAD Expected a space at position 16\nb NOOP",
    );
    let sent = format!("a LIST \"{half}\" {{1+}}\r\n{half}\r\nb NOOP\r\n");
    check(&sent, "a too long\nb NOOP");
    let set = "1,".repeat(20);
    check(
        &format!("a FETCH {set}2 ALL\r\n"),
        &format!("a FETCH {set}2 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)"),
    );
}

#[test]
fn append() {
    check(
        "a APPEND x {5}\r\nhello\r\nb NOOP\r\n",
        "a APPEND \"x\" () {5} \"hello\" Ok(())\nb NOOP",
    );
    check(
        "a APPEND {1+}\r\nx {0+}\r\n  \r\nb NOOP\r\n",
        "a APPEND \"x\" () {0+} \"\" Ok(())\nb NOOP",
    );
    // As large as the dialogue takes it.
    let large = "x".repeat(150);
    check(
        &format!("a APPEND x {{150+}}\r\n{large}\r\nb NOOP\r\n"),
        &format!("a APPEND \"x\" () {{150+}} {large:?} Ok(())\nb NOOP"),
    );
    // RFC 3502 is not spoken.
    let refused = "Err(Bad { tag: Some(Tag(\"a\")), error: SyntaxError { \
                   problem: \"Expected the end of the command\", position: 2 } })";
    check(
        "a APPEND x {1}\r\ny {8+}\r\nb LOGOUT\r\nc NOOP\r\n",
        &format!("a APPEND \"x\" () {{1}} \"y\" {refused}\nc NOOP"),
    );
    check(
        "a APPEND x {1}\r\ny z\r\nc NOOP\r\n",
        &format!("a APPEND \"x\" () {{1}} \"y\" {refused}\nc NOOP"),
    );
    check(
        &format!("a APPEND x {{1}}\r\ny{large} {{8+}}\r\nb LOGOUT\r\nc NOOP\r\n"),
        "a APPEND \"x\" () {1} \"y\" Err(TooLong { tag: Some(Tag(\"a\")) })\nc NOOP",
    );
}

#[test]
fn append_refused() {
    check("a APPEND no {8}\r\nb NOOP\r\n", "a skipped\nb NOOP");
    check("a APPEND no {8+}\r\nb LOGOUT\r\nc NOOP\r\n", "a skipped\nc NOOP");
    check("a APPEND no {8+}\r\nb LOGOUT {8+}\r\nb LOGOUT\r\nc NOOP\r\n", "a skipped\nc NOOP");
    check(
        "a APPEND no (\\Foo) {8+}\r\nb LOGOUT\r\nc NOOP\r\n",
        "a BAD Unknown flag at position 14\nc NOOP",
    );
    let sent = format!("a APPEND no {{101+}}\r\n{}", "x".repeat(101));
    let (feed, mut input) = carrier::input();
    feed.push(sent.as_bytes());
    let (mut output, _drain) = carrier::output();
    let read = read_request(&mut input, &mut output, &LIMITS).now_or_never();
    let Some(Ok((_, Request::Append { literal, .. }))) = read else { panic!("{read:?}") };
    assert_eq!(
        skip_append(&mut input, literal, &LIMITS).now_or_never(),
        Some(Err(ReadError::Unskippable)),
    );
}

proptest! {
    /// What a client means does not depend on how the network cuts it.
    #[test]
    fn pieces_do_not_matter(
        requests in vec(request(), 1..4),
        cuts in vec(1usize..40, 1..20),
    ) {
        let mut sent = Vec::new();
        for request in &requests {
            sent.extend_from_slice(b"a ");
            sent.extend(print(request));
            if let Request::Append { literal, .. } = request {
                sent.extend_from_slice(b"\r\n");
                sent.resize(sent.len() + literal.size.min(1000) as usize, b'x');
            }
            sent.extend_from_slice(b"\r\n");
        }
        prop_assert_eq!(story(cut(&sent, &cuts), LIMITS), story([&sent[..]], LIMITS));
        let limits = ReadLimits::AFTER_LOGIN;
        prop_assert_eq!(story(cut(&sent, &cuts), limits), story([&sent[..]], limits));
    }

    #[test]
    fn no_bytes_make_it_panic(
        lines in vec(prop_oneof![almost_a_command(), vec(any::<u8>(), 0..30)], 0..8),
        cuts in vec(1usize..40, 1..20),
    ) {
        let sent = lines.join(&b"\r\n"[..]);
        prop_assert_eq!(story(cut(&sent, &cuts), LIMITS), story([&sent[..]], LIMITS));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever stands before an announcement, what it announces is not taken for a command, and the
    /// next command is not lost.
    #[test]
    fn no_byte_of_a_literal_is_a_command(start in almost_a_command(), plus: bool, stuffing in 0usize..90) {
        let mut sent: Vec<u8> = start.into_iter().filter(|byte| !b"\r\n".contains(byte)).collect();
        let literal = format!("{:stuffing$}\r\nsmuggled NOOP\r\n", "");
        let read = parse(&[&sent[..], b" {1}\r\n"].concat(), true);
        let asked = match &read {
            Err(Stopped { stop: Stop::Literal(_), .. }) => true,
            Ok((_, request)) => matches!(request, Request::Append { .. }),
            Err(_) => false,
        };
        sent.extend(format!(" {{{}{}}}\r\n", literal.len(), if plus { "+" } else { "" }).bytes());
        // Without plus, the client waits whether it is asked.
        let limits = ReadLimits { line: 1000, literal: 1000, ..LIMITS };
        if plus || asked {
            sent.extend_from_slice(literal.as_bytes());
            sent.extend_from_slice(b"\r\n");
        }
        sent.extend_from_slice(b"last NOOP\r\n");
        let (feed, mut input) = carrier::input();
        let (mut output, _drain) = carrier::output();
        feed.push(&sent);
        let mut tags = Vec::new();
        while let Some(read) = read_request(&mut input, &mut output, &limits).now_or_never() {
            match read {
                Ok((tag, Request::Append { literal, .. })) => {
                    let _ = read_literal(&mut input, literal, &mut Vec::new()).now_or_never();
                    let _ = read_append_rest(&mut input, &tag, &limits).now_or_never();
                }
                Ok((tag, _)) => tags.push(tag.0),
                Err(ReadError::Bad { tag, .. } | ReadError::TooBig { tag }) => {
                    tags.extend(tag.map(|tag| tag.0));
                }
                Err(ReadError::Unskippable) => {
                    tags.push("last".into());
                    break;
                }
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
        prop_assert_eq!(tags.iter().filter(|tag| *tag == "last").count(), 1);
        prop_assert!(!tags.iter().any(|tag| tag == "smuggled"));
    }
}

/// Cuts `sent` into pieces of these lengths, over and over.
fn cut<'a>(sent: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = sent;
    for length in lengths.iter().cycle() {
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            return pieces;
        }
    }
    pieces
}
