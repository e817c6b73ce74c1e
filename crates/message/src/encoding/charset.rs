//! Charsets to Unicode.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, WINDOWS_1252};

use super::transfer::{TransferDecoder, TransferEncoding};

/// Text in Unicode. `None` if the charset is unknown; octets that mean nothing in it become
/// U+FFFD.
pub fn decode_charset(charset: &[u8], octets: &[u8]) -> Option<String> {
    let label = charset.trim_ascii();
    let encoding = match Label::of(label) {
        Label::Known(encoding) => encoding,
        Label::Guess if is_us_ascii(label) => guess(octets),
        Label::Guess => return None,
    };
    Some(encoding.decode_without_bom_handling(octets).0.into_owned())
}

/// Text of which nobody said what it is: UTF-8 if it can be, else the superset of Latin 1 that
/// most such text turns out to be.
pub(super) fn decode_unlabelled(octets: &[u8]) -> String {
    guess(octets).decode_without_bom_handling(octets).0.into_owned()
}

fn guess(octets: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(octets).is_ok() { UTF_8 } else { WINDOWS_1252 }
}

enum Label {
    Known(&'static Encoding),
    /// Unknown, or US-ASCII: octets above it break the promise, so they may be anything.
    Guess,
}

impl Label {
    fn of(label: &[u8]) -> Self {
        if is_us_ascii(label) {
            return Self::Guess;
        }
        Encoding::for_label_no_replacement(label).map_or(Self::Guess, Self::Known)
    }
}

fn is_us_ascii(label: &[u8]) -> bool {
    [&b"us-ascii"[..], b"ascii", b"ansi_x3.4-1968"]
        .iter()
        .any(|name| label.eq_ignore_ascii_case(name))
}

/// The text of an encoded body, in pieces of bounded size.
pub(crate) struct TextReader<'a> {
    octets: TransferDecoder<'a>,
    buffer: Vec<u8>,
    decoder: Decoder,
    ended: bool,
}

impl<'a> TextReader<'a> {
    pub(crate) fn new(body: &'a [u8], transfer: TransferEncoding, charset: Option<&[u8]>) -> Self {
        let octets = transfer.decoder(body);
        let encoding = match charset.map_or(Label::Guess, |label| Label::of(label.trim_ascii())) {
            Label::Known(encoding) => encoding,
            Label::Guess if is_utf8(octets.clone()) => UTF_8,
            Label::Guess => WINDOWS_1252,
        };
        Self { octets, buffer: Vec::new(), decoder: encoding.new_decoder(), ended: false }
    }

    /// Appends the next piece; false when nothing was left.
    pub(crate) fn read(&mut self, out: &mut String) -> bool {
        if self.ended {
            return false;
        }
        self.buffer.clear();
        self.ended = !self.octets.read(&mut self.buffer);
        decode(&mut self.decoder, &self.buffer, out, self.ended);
        true
    }
}

fn decode(decoder: &mut Decoder, mut octets: &[u8], out: &mut String, last: bool) {
    loop {
        out.reserve(octets.len().max(16));
        let (result, read, _) = decoder.decode_to_string(octets, out, last);
        octets = octets.get(read..).unwrap_or_default();
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

/// Octets of a body by which its charset is guessed: more would keep the thread for too long.
const GUESSED_BY: usize = 1024 * 1024;

/// Whether a body is UTF-8, by its beginning, found without holding more of it than a piece.
fn is_utf8(mut octets: TransferDecoder<'_>) -> bool {
    let mut seen = 0;
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut buffer = Vec::new();
    let mut text = String::new();
    loop {
        buffer.clear();
        text.clear();
        let last = !octets.read(&mut buffer);
        seen += buffer.len();
        text.reserve(buffer.len() * 3 + 16);
        let (result, _) = decoder.decode_to_string_without_replacement(&buffer, &mut text, last);
        match result {
            encoding_rs::DecoderResult::InputEmpty if last || seen > GUESSED_BY => return true,
            encoding_rs::DecoderResult::InputEmpty => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets() {
        let check = |charset: &str, octets: &[u8], expected: Option<&str>| {
            assert_eq!(
                decode_charset(charset.as_bytes(), octets).as_deref(),
                expected,
                "{charset}"
            );
        };
        check("UTF-8", "J\u{f6}rg".as_bytes(), Some("J\u{f6}rg"));
        check("iso-8859-1", b"J\xf6rg", Some("J\u{f6}rg"));
        check(" ISO-8859-15 ", b"\xa4", Some("\u{20ac}"));
        check(
            "koi8-r",
            b"\xf0\xd2\xc9\xd7\xc5\xd4",
            Some("\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}"),
        );
        check("iso-2022-jp", b"\x1b$B$\"\x1b(B", Some("\u{3042}"));
        check("us-ascii", b"abc", Some("abc"));
        check("us-ascii", "\u{f6}".as_bytes(), Some("\u{f6}"));
        check("us-ascii", b"\xf6", Some("\u{f6}"));
        check("utf-8", b"a\xffb", Some("a\u{fffd}b"));
        check("x-nonsense", b"abc", None);
        check("", b"abc", None);
    }

    #[test]
    fn text_is_read_in_pieces() {
        let check = |body: &[u8], transfer, charset: Option<&str>, expected: &str| {
            let mut reader = TextReader::new(body, transfer, charset.map(str::as_bytes));
            let mut text = String::new();
            while reader.read(&mut text) {}
            assert_eq!(text, expected);
        };
        use TransferEncoding::{Base64, Identity, QuotedPrintable};
        check(b"", Identity, None, "");
        check(b"J=F6rg", QuotedPrintable, Some("iso-8859-1"), "J\u{f6}rg");
        check(b"J=C3=B6rg", QuotedPrintable, None, "J\u{f6}rg");
        check(b"J=F6rg", QuotedPrintable, Some("us-ascii"), "J\u{f6}rg");
        check(b"SsO2cmc=", Base64, Some("utf-8"), "J\u{f6}rg");
        check(b"SsO2cmc=", Base64, Some("x-nonsense"), "J\u{f6}rg");
        check(b"a\xc3", Identity, Some("utf-8"), "a\u{fffd}");
        let long = "\u{20ac}".repeat(20_000);
        check(long.as_bytes(), Identity, None, &long);
        check(&[0xf6; 20_000], Identity, None, &"\u{f6}".repeat(20_000));
    }
}
