//! Content-Transfer-Encodings, decoded piece by piece (RFC 2045 §6).

use memchr::memchr;

use crate::content_type::hex_digit;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferEncoding {
    /// 7bit, 8bit and binary: not encoded at all.
    Identity,
    /// base64.
    Base64,
    /// quoted-printable.
    QuotedPrintable,
}

impl TransferEncoding {
    /// The encoding of this name; case does not matter. `None` if it is not one of RFC 2045.
    pub fn named(name: &[u8]) -> Option<Self> {
        let known = [
            ("7bit", Self::Identity),
            ("8bit", Self::Identity),
            ("binary", Self::Identity),
            ("base64", Self::Base64),
            ("quoted-printable", Self::QuotedPrintable),
        ];
        known
            .into_iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()))
            .map(|(_, encoding)| encoding)
    }

    /// A decoder for an encoded body.
    pub fn decoder(self, body: &[u8]) -> TransferDecoder<'_> {
        TransferDecoder { encoding: self, rest: body, bits: 0, bit_count: 0 }
    }

    /// Decodes a body at once.
    pub fn decode(self, body: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        let mut decoder = self.decoder(body);
        while decoder.read(&mut decoded) {}
        decoded
    }
}

/// Decodes a body in pieces of bounded size, see [`TransferEncoding::decoder`].
#[derive(Debug, Clone)]
pub struct TransferDecoder<'a> {
    encoding: TransferEncoding,
    rest: &'a [u8],
    /// Bits of base64 that do not make an octet yet, and how many they are.
    bits: u32,
    bit_count: u32,
}

/// Encoded octets that one piece is made from.
const PIECE: usize = 8 * 1024;

impl TransferDecoder<'_> {
    /// Appends the next piece, at most about 8 KiB; false when nothing was left to decode.
    pub fn read(&mut self, out: &mut Vec<u8>) -> bool {
        if self.rest.is_empty() {
            return false;
        }
        match self.encoding {
            TransferEncoding::Identity => {
                let (piece, rest) = self.rest.split_at(PIECE.min(self.rest.len()));
                out.extend_from_slice(piece);
                self.rest = rest;
            }
            TransferEncoding::Base64 => self.read_base64(out),
            TransferEncoding::QuotedPrintable => {
                let full = out.len() + PIECE;
                while !self.rest.is_empty() && out.len() < full {
                    self.read_quoted_printable(out);
                }
            }
        }
        true
    }

    /// What is not of the alphabet is skipped (RFC 2045 §6.8). Padding ends a run of octets, not
    /// the body: some mailers put several runs one after the other.
    fn read_base64(&mut self, out: &mut Vec<u8>) {
        let (piece, rest) = self.rest.split_at(PIECE.min(self.rest.len()));
        self.rest = rest;
        for &octet in piece {
            let digit = match octet {
                b'A'..=b'Z' => octet - b'A',
                b'a'..=b'z' => octet - b'a' + 26,
                b'0'..=b'9' => octet - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => {
                    self.bit_count = 0;
                    continue;
                }
                _ => continue,
            };
            self.bits = self.bits << 6 | u32::from(digit);
            self.bit_count += 6;
            if self.bit_count >= 8 {
                self.bit_count -= 8;
                out.push((self.bits >> self.bit_count & 0xff) as u8);
            }
        }
    }

    /// Decodes one line, or a piece of one that is longer than any line of mail may be.
    fn read_quoted_printable(&mut self, out: &mut Vec<u8>) {
        let reach = &self.rest[..PIECE.min(self.rest.len())];
        let Some(newline) = memchr(b'\n', reach) else {
            let mut end = reach.len();
            if end < self.rest.len() {
                // Not in the middle of `=XX`.
                let tail = &reach[end - 2..];
                end -= memchr(b'=', tail).map_or(0, |equals| tail.len() - equals);
            }
            let (piece, rest) = self.rest.split_at(end);
            self.rest = rest;
            // At the end of the body a soft line break has no line to continue with.
            let piece =
                if rest.is_empty() { piece.strip_suffix(b"=").unwrap_or(piece) } else { piece };
            decode_quoted(piece, out);
            return;
        };
        let (line, rest) = self.rest.split_at(newline + 1);
        self.rest = rest;
        // Blanks at the end of a line were added on the way (RFC 2045 §6.7, rule 3).
        let text = line.trim_ascii_end();
        match text.strip_suffix(b"=") {
            Some(continued) => decode_quoted(continued, out),
            None => {
                decode_quoted(text, out);
                out.extend_from_slice(if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" });
            }
        }
    }
}

/// Decodes `=XX`; an equals sign that starts none stands for itself.
fn decode_quoted(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(equals) = memchr(b'=', text) {
        out.extend_from_slice(&text[..equals]);
        text = &text[equals + 1..];
        if let [high, low, rest @ ..] = text
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            out.push(high << 4 | low);
            text = rest;
        } else {
            out.push(b'=');
        }
    }
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(encoding: TransferEncoding, body: &str, expected: &str) {
        let decoded = encoding.decode(body.as_bytes());
        assert_eq!(String::from_utf8_lossy(&decoded), expected, "{body:?}");
    }

    #[test]
    fn base64() {
        let check = |body, expected| check(TransferEncoding::Base64, body, expected);
        check("", "");
        check("Zg==", "f");
        check("Zm8=", "fo");
        check("Zm9v", "foo");
        check("Zm9vYmFy\r\n", "foobar");
        check("Zm\r\n9v Ym!Fy", "foobar");
        check("Zg==Zg==", "ff");
        check("Zm8", "fo");
        check("Z", "");
        check("====", "");
    }

    #[test]
    fn quoted_printable() {
        let check = |body, expected| check(TransferEncoding::QuotedPrintable, body, expected);
        check(
            "Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
            "Now's the time for all folk to come to the aid of their country.",
        );
        check("a=3Db=3dc", "a=b=c");
        check("J=C3=B6rg \t\r\nx", "J\u{f6}rg\r\nx");
        check("a = \nb", "a b");
        check("a=\t \r\nb=", "ab");
        check("=", "");
        check("100 %=, =4, =zz =", "100 %=, =4, =zz ");
        check("a\nb\r\n", "a\nb\r\n");
        check("a=20\r\n", "a \r\n");
    }

    #[test]
    fn pieces_are_bounded_and_join() {
        let body = "=C3=B6".repeat(PIECE);
        let mut decoder = TransferEncoding::QuotedPrintable.decoder(body.as_bytes());
        let mut all = Vec::new();
        loop {
            let mut piece = Vec::new();
            if !decoder.read(&mut piece) {
                break;
            }
            assert!(piece.len() <= 2 * PIECE);
            all.extend(piece);
        }
        assert_eq!(all, "\u{f6}".repeat(PIECE).into_bytes());
    }

    #[test]
    fn names() {
        assert_eq!(TransferEncoding::named(b"BASE64"), Some(TransferEncoding::Base64));
        assert_eq!(TransferEncoding::named(b"8Bit"), Some(TransferEncoding::Identity));
        assert_eq!(TransferEncoding::named(b"x-uuencode"), None);
    }
}
