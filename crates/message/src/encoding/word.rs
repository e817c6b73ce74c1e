//! Encoded words in headers (RFC 2047, with the language tags of RFC 2231 §5).

use memchr::memmem;

use super::charset::{decode_charset, decode_unlabelled};
use super::transfer::TransferEncoding;
use crate::content_type::hex_digit;

/// An unfolded header value as readable text. Words that cannot be decoded stay as they are;
/// octets outside them that are not ASCII are taken for UTF-8, else for Latin 1.
///
/// Adjacent words of one charset are decoded together, since some mailers cut characters in two.
pub fn decode_words(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let mut pending: Option<Pending<'_>> = None;
    let mut rest = value;
    loop {
        let next = next_word(rest);
        let (between, after) = match &next {
            Some((start, _, after)) => (&rest[..*start], *after),
            None => (rest, &[][..]),
        };
        // Blanks between two words belong to neither (RFC 2047 §6.2).
        if next.is_none() || pending.is_none() || !between.trim_ascii().is_empty() {
            flush(&mut pending, &mut text);
            text.push_str(&decode_unlabelled(between));
        }
        let Some((_, word, _)) = next else { return text };
        match &mut pending {
            Some(open) if open.charset.eq_ignore_ascii_case(word.charset) => {
                open.octets.extend_from_slice(&word.decoded());
            }
            _ => {
                flush(&mut pending, &mut text);
                pending = Some(Pending { charset: word.charset, octets: word.decoded() });
            }
        }
        rest = after;
    }
}

/// Words not yet turned into text.
struct Pending<'a> {
    charset: &'a [u8],
    octets: Vec<u8>,
}

fn flush(pending: &mut Option<Pending<'_>>, text: &mut String) {
    if let Some(Pending { charset, octets }) = pending.take() {
        match decode_charset(charset, &octets) {
            Some(decoded) => text.push_str(&decoded),
            None => text.push_str(&decode_unlabelled(&octets)),
        }
    }
}

struct EncodedWord<'a> {
    charset: &'a [u8],
    base64: bool,
    text: &'a [u8],
}

impl EncodedWord<'_> {
    fn decoded(&self) -> Vec<u8> {
        if self.base64 {
            return TransferEncoding::Base64.decode(self.text);
        }
        let mut octets = Vec::with_capacity(self.text.len());
        let mut rest = self.text;
        while let Some((&octet, after)) = rest.split_first() {
            rest = after;
            if octet == b'='
                && let [high, low, after @ ..] = after
                && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
            {
                octets.push(high << 4 | low);
                rest = after;
            } else {
                octets.push(if octet == b'_' { b' ' } else { octet });
            }
        }
        octets
    }
}

/// The first encoded word: where it starts, what it is, what follows it.
///
/// Linear over a whole value: a beginning that turns out to be no word was looked at no further
/// than to the end of its charset and encoding, or to the next question mark.
fn next_word(value: &[u8]) -> Option<(usize, EncodedWord<'_>, &[u8])> {
    let mut from = 0;
    while let Some(start) = memmem::find(&value[from..], b"=?") {
        let start = from + start;
        if let Some((word, after)) = word_at(&value[start + 2..]) {
            return Some((start, word, after));
        }
        from = start + 2;
    }
    None
}

/// `charset?encoding?text?=`, standing behind the opening.
fn word_at(text: &[u8]) -> Option<(EncodedWord<'_>, &[u8])> {
    let charset_length = text.iter().take(LONGEST_CHARSET).position(|&octet| octet == b'?')?;
    let (charset, rest) = text.split_at(charset_length);
    let (base64, rest) = match rest {
        [b'?', b'b' | b'B', b'?', rest @ ..] => (true, rest),
        [b'?', b'q' | b'Q', b'?', rest @ ..] => (false, rest),
        _ => return None,
    };
    // Blanks and question marks are not allowed inside, but the former are common.
    let length = memchr::memchr(b'?', rest)?;
    let after = rest[length..].strip_prefix(b"?=")?;
    let charset = charset.split(|&octet| octet == b'*').next().unwrap_or(charset);
    if charset.is_empty() || charset.iter().any(|octet| !octet.is_ascii_graphic()) {
        return None;
    }
    Some((EncodedWord { charset, base64, text: &rest[..length] }, after))
}

const LONGEST_CHARSET: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &str) {
        assert_eq!(decode_words(value.as_bytes()), expected, "{value:?}");
    }

    #[test]
    fn examples_of_rfc_2047() {
        check("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>");
        check("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld J\u{f8}rn Simonsen");
        check("=?ISO-8859-1?Q?Andr=E9?= Pirard", "Andr\u{e9} Pirard");
        check(
            "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
            "If you can read this you understand the example.",
        );
        check("(=?ISO-8859-1?Q?a?=)", "(a)");
        check("(=?ISO-8859-1?Q?a?= b)", "(a b)");
        check("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)");
        check("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)");
        check("(=?ISO-8859-1?Q?a_b?=)", "(a b)");
        check("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)");
    }

    #[test]
    fn what_mailers_really_send() {
        check("", "");
        check("plain", "plain");
        check("=?utf-8*en?q?a?=", "a");
        check("=?utf-8?q?a b?=", "a b");
        check("=?utf-8?q?=C3?= =?utf-8?q?=B6?=", "\u{f6}");
        check("J\u{f6}rg =?utf-8?q?x?=", "J\u{f6}rg x");
        check("a =?utf-8?q?b?= c", "a b c");
        check("=?x-nonsense?q?abc?=", "abc");
        check("a=?utf-8?q?b?=c", "abc");
        assert_eq!(decode_words(b"J\xf6rg"), "J\u{f6}rg");
    }

    #[test]
    fn what_is_no_word_stays() {
        for value in [
            "=?",
            "=??=",
            "=?utf-8?q?abc",
            "=?utf-8?x?abc?=",
            "=?utf-8?q?abc?",
            "=??q?a?=",
            "=?utf-8?q?a?b?=",
        ] {
            check(value, value);
        }
    }

    #[test]
    fn hostile_values_take_linear_time() {
        for piece in ["=?", "=?a?q?", "=?a?q?b?=", "=?a?b?"] {
            decode_words(piece.repeat(40_000).as_bytes());
        }
    }
}
