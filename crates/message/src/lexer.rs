//! The lexical layer that address lists, MIME fields and dates share: blanks, comments, quoted
//! strings and runs of other octets (RFC 5322 §3.2).
//!
//! Linear on any input: a quotation mark or parenthesis that is never closed is an ordinary octet,
//! and once one has been seen nobody looks for another end of its kind.

/// A position in one unfolded header value.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    open_quote: bool,
    open_comment: bool,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, open_quote: false, open_comment: false }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Takes the next octet if it is this one.
    pub(crate) fn take(&mut self, octet: u8) -> bool {
        let found = self.peek() == Some(octet);
        self.at += usize::from(found);
        found
    }

    /// Takes octets as long as they satisfy `wanted`.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&octet| !wanted(octet)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Takes one octet, whatever it is.
    pub(crate) fn take_one(&mut self) -> &'a [u8] {
        let one = &self.rest()[..1.min(self.rest().len())];
        self.at += one.len();
        one
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The octets from `start` up to here.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Takes blanks and comments; tells what was there.
    pub(crate) fn skip_blanks(&mut self) -> Blanks {
        let start = self.at;
        let mut comment = None;
        loop {
            self.take_while(is_blank);
            match self.comment() {
                Some(text) => comment = Some(text),
                None => return Blanks { any: self.at > start, comment },
            }
        }
    }

    /// Takes a quoted string, if one starts and ends from here on: its text without the quoting.
    pub(crate) fn quoted(&mut self) -> Option<Vec<u8>> {
        if self.open_quote || self.peek() != Some(b'"') {
            return None;
        }
        let mut text = Vec::new();
        let mut octets = self.bytes.iter().enumerate().skip(self.at + 1);
        while let Some((at, &octet)) = octets.next() {
            match octet {
                b'"' => {
                    self.at = at + 1;
                    return Some(text);
                }
                b'\\' => text.extend(octets.next().map(|(_, &escaped)| escaped)),
                octet => text.push(octet),
            }
        }
        self.open_quote = true;
        None
    }

    /// Takes a comment, if one starts and ends from here on: its text without the outer
    /// parentheses and the quoting.
    fn comment(&mut self) -> Option<Vec<u8>> {
        if self.open_comment || self.peek() != Some(b'(') {
            return None;
        }
        let mut text = Vec::new();
        let mut depth = 0_usize;
        let mut octets = self.bytes.iter().enumerate().skip(self.at + 1);
        while let Some((at, &octet)) = octets.next() {
            match octet {
                b')' if depth == 0 => {
                    self.at = at + 1;
                    return Some(text.trim_ascii().to_vec());
                }
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => {
                    text.extend(octets.next().map(|(_, &escaped)| escaped));
                    continue;
                }
                _ => {}
            }
            text.push(octet);
        }
        self.open_comment = true;
        None
    }
}

/// What stood between two words.
#[derive(Debug, Default)]
pub(crate) struct Blanks {
    /// Whether anything did.
    pub(crate) any: bool,
    /// The text of the last comment.
    pub(crate) comment: Option<Vec<u8>>,
}

pub(crate) fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}
