//! What replies are made of, written into a buffer (RFC 3501 §9).
//!
//! Dates, sets and sections are written by the files that parse them. Nothing is checked here beyond
//! what keeps the client in step: no line end, NUL or quote can get out of a string.

use super::folder_name::encode;
use super::lexer::is_astring_char;
use terms::Flags;

/// Longer strings are sent as literals: clients limit their lines.
const MAX_QUOTED: usize = 1000;

/// `number`
pub fn number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// `string`: quoted where that is possible and short, or a literal. A NUL, which neither form can hold
/// (RFC 3501 §9, `CHAR8`), becomes a question mark.
pub fn string(out: &mut Vec<u8>, text: &[u8]) {
    let is_quotable = |byte: &u8| matches!(byte, 1..=0x7f) && !matches!(byte, b'\r' | b'\n');
    if text.len() <= MAX_QUOTED && text.iter().all(is_quotable) {
        quoted(out, text);
    } else {
        literal_head(out, text.len() as u64);
        out.extend(text.iter().map(|byte| if *byte == 0 { b'?' } else { *byte }));
    }
}

/// `nstring`
pub fn nstring(out: &mut Vec<u8>, text: Option<&[u8]>) {
    match text {
        Some(text) => string(out, text),
        None => nil(out),
    }
}

/// `nil`
pub fn nil(out: &mut Vec<u8>) {
    out.extend_from_slice(b"NIL");
}

/// `astring`: bare where that is possible.
pub fn astring(out: &mut Vec<u8>, text: &[u8]) {
    let is_bare = !text.is_empty()
        && text.iter().all(|byte| is_astring_char(*byte))
        && !text.eq_ignore_ascii_case(b"NIL");
    if is_bare {
        out.extend_from_slice(text);
    } else {
        string(out, text);
    }
}

/// What announces a literal of `size` bytes, which the caller writes next.
pub fn literal_head(out: &mut Vec<u8>, size: u64) {
    out.push(b'{');
    number(out, size);
    out.extend_from_slice(b"}\r\n");
}

/// `mailbox`: the name in modified UTF-7.
pub fn folder_name(out: &mut Vec<u8>, name: &str) {
    astring(out, encode(name).as_bytes());
}

/// `"(" [flag *(SP flag)] ")"`
pub fn flags(out: &mut Vec<u8>, flags: &Flags) {
    let system = flags.system().map(|flag| flag.name());
    let names = system.chain(flags.keywords.iter().map(|keyword| keyword.as_str()));
    out.push(b'(');
    for (place, name) in names.enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(name.as_bytes());
    }
    out.push(b')');
}

/// `text`, for people to read: what is not printable ASCII becomes a question mark.
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.chars().map(|character| match character {
        ' '..='~' => u8::try_from(character).unwrap_or(b'?'),
        _ => b'?',
    }));
}

/// `text` holds only what can be quoted.
fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use terms::{Keyword, SystemFlag};

    fn check(write: impl Fn(&mut Vec<u8>), expected: &str) {
        let mut out = Vec::new();
        write(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn strings() {
        check(|out| string(out, b""), r#""""#);
        check(|out| string(out, br#"a "b" \c"#), r#""a \"b\" \\c""#);
        check(|out| string(out, b"a\r\nb"), "{4}\r\na\r\nb");
        check(|out| string(out, "ü".as_bytes()), "{2}\r\nü");
        check(|out| string(out, b"a\0b"), "{3}\r\na?b");
        check(|out| string(out, &[b'x'; 1000]), &format!("\"{}\"", "x".repeat(1000)));
        check(|out| string(out, &[b'x'; 1001]), &format!("{{1001}}\r\n{}", "x".repeat(1001)));
        check(|out| nstring(out, None), "NIL");
        check(|out| nstring(out, Some(b"NIL")), r#""NIL""#);
    }

    #[test]
    fn astrings() {
        check(|out| astring(out, b"INBOX"), "INBOX");
        check(|out| astring(out, b"nil"), r#""nil""#);
        check(|out| astring(out, b""), r#""""#);
        check(|out| astring(out, b"a]b"), "a]b");
        for text in ["a b", "a%", "a*", "a(b", "a)", "{3}"] {
            check(|out| astring(out, text.as_bytes()), &format!("\"{text}\""));
        }
    }

    #[test]
    fn names_flags_text() {
        check(|out| folder_name(out, "Entwürfe/R&D"), "Entw&APw-rfe/R&-D");
        check(|out| folder_name(out, "Sent \"Items\""), r#""Sent \"Items\"""#);
        check(|out| flags(out, &Flags::default()), "()");
        let mut some: Flags = [SystemFlag::Seen, SystemFlag::Answered].into_iter().collect();
        check(|out| flags(out, &some), r"(\Answered \Seen)");
        some.keywords.insert(Keyword::parse("$Junk").unwrap());
        check(|out| flags(out, &some), r"(\Answered \Seen $Junk)");
        check(|out| text(out, "a\r\n* BYE ü"), "a??* BYE ?");
    }

    proptest! {
        #[test]
        fn numbers(value: u64) {
            check(|out| number(out, value), &value.to_string());
        }
    }
}
