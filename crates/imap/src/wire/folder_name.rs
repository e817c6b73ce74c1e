//! Folder names on the wire: modified UTF-7 (RFC 3501 §5.1.3), both ways.
//!
//! UTF-8 as it is, which many clients send, is taken for what it is. Otherwise decoding is strict: a
//! name has one encoding only, so what was decoded is encoded again as it came, and no shifted
//! character can turn into a wildcard.

use super::lexer::{Lexer, Parsed};
use super::request::{Name, Text};
use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// `mailbox`
pub(super) fn folder_name(lexer: &mut Lexer<'_>) -> Parsed<Name> {
    let at = lexer.at();
    let name = lexer.astring("Expected a mailbox name")?;
    decoded(lexer, at, name)
}

/// `list-mailbox`
pub(super) fn pattern(lexer: &mut Lexer<'_>) -> Parsed<Name> {
    let at = lexer.at();
    let pattern = lexer.pattern("Expected a mailbox name or pattern")?;
    decoded(lexer, at, pattern)
}

fn decoded(lexer: &Lexer<'_>, at: usize, name: Text) -> Parsed<Name> {
    match decode(name) {
        Some(name) => Ok(name),
        None => lexer.bad_at(at, "Mailbox name is not in modified UTF-7"),
    }
}

/// Decodes a name; nothing if it is neither modified UTF-7 nor UTF-8.
pub fn decode(name: Vec<u8>) -> Option<String> {
    let name = String::from_utf8(name).ok()?;
    if !name.is_ascii() || !name.contains('&') {
        return Some(name);
    }
    let mut decoded = String::with_capacity(name.len());
    let mut rest = name.as_str();
    while let Some((plain, shifted)) = rest.split_once('&') {
        let (shifted, after) = shifted.split_once('-')?;
        decoded.push_str(plain);
        if shifted.is_empty() {
            decoded.push('&');
        } else {
            decode_shifted(shifted, &mut decoded)?;
            // Two shifts in a row could have been one.
            if after.starts_with('&') && !after.starts_with("&-") {
                return None;
            }
        }
        rest = after;
    }
    decoded.push_str(rest);
    Some(decoded)
}

/// UTF-16 in base64. Must not hold what can stand for itself (RFC 3501 §5.1.3).
fn decode_shifted(shifted: &str, decoded: &mut String) -> Option<()> {
    let bytes = BASE64.decode(shifted).ok()?;
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    for character in char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit))) {
        let character = character.ok()?;
        if is_plain(character) {
            return None;
        }
        decoded.push(character);
    }
    Some(())
}

/// Stands for itself, though `&` does so as `&-`.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~')
}

/// Encodes a name in modified UTF-7: printable ASCII.
pub fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let plain = is_plain(first);
        let end = rest.find(|character| is_plain(character) != plain).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if plain {
            encoded.push_str(&run.replace('&', "&-"));
        } else {
            let units: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
            encoded.push('&');
            BASE64.encode_string(&units, &mut encoded);
            encoded.push('-');
        }
        rest = after;
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_ways() {
        let rows = [
            ("INBOX", "INBOX"),
            ("", ""),
            // RFC 3501 §5.1.3
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("&", "&-"),
            ("&&", "&-&-"),
            ("R&D/100%", "R&-D/100%"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("ü&ü", "&APw-&-&APw-"),
            ("Отправленные", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"),
            ("📥", "&2D3c5Q-"),
            ("a\tb", "a&AAk-b"),
        ];
        for (name, encoded) in rows {
            assert_eq!(encode(name), encoded);
            assert_eq!(decode(encoded.into()).as_deref(), Some(name), "{encoded}");
        }
    }

    #[test]
    fn utf_8_is_taken_as_it_is() {
        for name in ["Entwürfe", "Bücher & Noten", "ü&-", "&APw-ü"] {
            assert_eq!(decode(name.into()).as_deref(), Some(name));
        }
        assert_eq!(decode(b"Entw\xfcrfe".to_vec()), None);
    }

    #[test]
    fn refuses() {
        let rows = [
            "&",             // not ended
            "a&APw",         // not ended
            "&APw b-",       // not base64
            "&A-",           // no whole byte
            "&AA-",          // no whole unit
            "&AP-",          // no whole unit
            "&APx-",         // bits left over
            "&2D0-",         // half a pair
            "&3OXYPQ-",      // a pair the wrong way round
            "&AEE-",         // an A can stand for itself
            "&ACo-",         // so can a wildcard
            "&ACY-",         // and &, as &-
            "&AGEA,A-",      // even next to others
            "&U,BTFw-&ZeU-", // could be one
            "&AP+8-",        // the slash of plain base64 is a comma
            "&AP/8-",
            "&APw=-", // no padding
        ];
        for name in rows {
            assert_eq!(decode(name.into()), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in ".*") {
            let encoded = encode(&name);
            prop_assert!(encoded.chars().all(is_plain));
            prop_assert_eq!(decode(encoded.into_bytes()), Some(name));
        }

        #[test]
        fn one_name_has_one_encoding(encoded in "[ a&A-D+,/0-9wg-]{0,12}") {
            if let Some(name) = decode(encoded.clone().into_bytes()) {
                prop_assert_eq!(encode(&name), encoded);
            }
        }
    }
}
