//! The words that all commands are made of: atoms, strings, numbers, literals (RFC 3501 §9).
//!
//! Works on the bytes of one command as they were sent, literals included. Where a literal is wanted
//! that has been announced but not read yet, it stops with [`Stop::Literal`]: the reader fetches
//! the bytes and has the command parsed again. So bytes are only asked for where the grammar takes
//! them.

use super::SyntaxError;
use super::request::{LiteralSize, Text};

/// Why parsing stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The command is wrong.
    Bad(SyntaxError),
    /// The literal announced at the end of the bytes must be read first.
    Literal(LiteralSize),
}

pub(super) type Parsed<T> = Result<T, Stop>;

/// A place in the bytes of one command.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The bytes end in the announcement of a literal that was not read yet.
    announced: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8], announced: bool) -> Self {
        Self { bytes, at: 0, announced }
    }

    /// How many bytes were consumed.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The error that `problem` occurred after `at` bytes.
    pub(super) fn bad_at<T>(&self, at: usize, problem: &'static str) -> Parsed<T> {
        Err(Stop::Bad(SyntaxError { problem, position: at + 1 }))
    }

    /// The error that `problem` occurs here.
    pub(super) fn bad<T>(&self, problem: &'static str) -> Parsed<T> {
        self.bad_at(self.at, problem)
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Consumes `byte` if it is next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8, problem: &'static str) -> Parsed<()> {
        if self.eat(byte) { Ok(()) } else { self.bad(problem) }
    }

    /// `SP`, exactly one.
    pub(super) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ', "Expected a space")
    }

    /// A space, unless nothing but spaces follows: those are left to [`Lexer::end`].
    pub(super) fn eat_separator(&mut self) -> bool {
        self.bytes[self.at..].iter().any(|byte| *byte != b' ') && self.eat(b' ')
    }

    /// The end of the command. Spaces before it are tolerated: some clients send one.
    pub(super) fn end(&mut self) -> Parsed<()> {
        while self.eat(b' ') {}
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            self.bad("Expected the end of the command")
        }
    }

    /// The longest run of bytes that `belongs` likes; may be empty.
    pub(super) fn run(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let count = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.at += count;
        &rest[..count]
    }

    /// Like [`Lexer::run`], but not empty.
    pub(super) fn word(
        &mut self,
        belongs: impl Fn(u8) -> bool,
        problem: &'static str,
    ) -> Parsed<&'a str> {
        let at = self.at;
        match std::str::from_utf8(self.run(belongs)) {
            Ok(word) if !word.is_empty() => Ok(word),
            _ => self.bad_at(at, problem),
        }
    }

    /// `atom`
    pub(super) fn atom(&mut self, problem: &'static str) -> Parsed<&'a str> {
        self.word(is_atom_char, problem)
    }

    /// Consumes `word`, in any letter case, if it is next and no letter follows it.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let rest = &self.bytes[self.at..];
        let found =
            rest.get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word.as_bytes()))
                && !rest.get(word.len()).is_some_and(u8::is_ascii_alphabetic);
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// `number`, 32 bits.
    pub(super) fn number(&mut self) -> Parsed<u32> {
        let at = self.at;
        match u32::try_from(self.long_number()?) {
            Ok(number) => Ok(number),
            Err(_) => self.bad_at(at, "Number too large"),
        }
    }

    /// `nz-number`, 32 bits.
    pub(super) fn number_above_0(&mut self) -> Parsed<u32> {
        let at = self.at;
        match self.number()? {
            0 => self.bad_at(at, "Expected a number above 0"),
            number => Ok(number),
        }
    }

    /// A number of up to 63 bits, as later revisions of IMAP have it (RFC 9051 §9, `number64`).
    pub(super) fn long_number(&mut self) -> Parsed<u64> {
        let at = self.at;
        let digits = self.word(|byte| byte.is_ascii_digit(), "Expected a number")?;
        match digits.parse::<i64>() {
            Ok(number) => Ok(number.unsigned_abs()),
            Err(_) => self.bad_at(at, "Number too large"),
        }
    }

    /// Exactly `count` digits.
    pub(super) fn digits(&mut self, count: usize, problem: &'static str) -> Parsed<u32> {
        let at = self.at;
        let mut number = 0u32;
        for _ in 0..count {
            match self.peek() {
                Some(digit @ b'0'..=b'9') => number = number * 10 + u32::from(digit - b'0'),
                _ => return self.bad_at(at, problem),
            }
            self.at += 1;
        }
        Ok(number)
    }

    /// `astring`
    pub(super) fn astring(&mut self, problem: &'static str) -> Parsed<Text> {
        self.string_or(is_astring_char, problem)
    }

    /// `list-mailbox`: like `astring`, but its bare form may hold wildcards.
    pub(super) fn pattern(&mut self, problem: &'static str) -> Parsed<Text> {
        self.string_or(|byte| is_astring_char(byte) || matches!(byte, b'%' | b'*'), problem)
    }

    fn string_or(&mut self, bare: impl Fn(u8) -> bool, problem: &'static str) -> Parsed<Text> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(problem),
            _ => Ok(self.word(bare, problem)?.as_bytes().to_vec()),
        }
    }

    /// `string`
    pub(super) fn string(&mut self, problem: &'static str) -> Parsed<Text> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal(),
            _ => self.bad(problem),
        }
    }

    /// `nstring`
    pub(super) fn nstring(&mut self) -> Parsed<Option<Text>> {
        if self.eat_word("NIL") {
            return Ok(None);
        }
        self.string("Expected a string or NIL").map(Some)
    }

    /// `quoted`. Bytes above 127 are tolerated, as UTF-8 names are sent by many clients.
    fn quoted(&mut self) -> Parsed<Text> {
        let start = self.at;
        self.at += 1;
        let mut text = Text::new();
        loop {
            text.extend_from_slice(self.run(|byte| !matches!(byte, b'"' | b'\\' | b'\r' | 0)));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(byte @ (b'"' | b'\\')) => text.push(byte),
                        _ => return self.bad(r#"Expected \ or " after \"#),
                    }
                    self.at += 1;
                }
                Some(_) if !self.is_at_line_end() => {
                    return self.bad("Control character in a quoted string");
                }
                _ => return self.bad_at(start, "Quoted string without end"),
            }
        }
    }

    /// Lines are joined by CRLF, and a line holds no LF.
    fn is_at_line_end(&self) -> bool {
        self.bytes[self.at..].starts_with(b"\r\n")
    }

    /// `literal`
    fn literal(&mut self) -> Parsed<Text> {
        let announced = self.announcement()?;
        if self.announced && self.at == self.bytes.len() {
            return Err(Stop::Literal(announced));
        }
        // The reader has put exactly that many bytes here.
        let rest = &self.bytes[self.at..];
        let Some(bytes) = usize::try_from(announced.size).ok().and_then(|size| rest.get(..size))
        else {
            return self.bad("Literal cut short");
        };
        if let Some(nul) = bytes.iter().position(|byte| *byte == 0) {
            return self.bad_at(self.at + nul, "NUL in a literal");
        }
        self.at += bytes.len();
        Ok(bytes.to_vec())
    }

    /// The announcement of a literal that stays unread: the message of APPEND.
    pub(super) fn unread_literal(&mut self) -> Parsed<LiteralSize> {
        let start = self.at;
        let announced = self.announcement()?;
        if self.announced && self.at == self.bytes.len() {
            Ok(announced)
        } else {
            self.bad_at(start, "Expected a literal")
        }
    }

    /// `{n}` or `{n+}` and its line end.
    fn announcement(&mut self) -> Parsed<LiteralSize> {
        let rest = &self.bytes[self.at..];
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match line.strip_suffix(b"\r").and_then(split_announcement) {
            Some((b"", literal)) if line.len() < rest.len() => {
                self.at += line.len() + 1;
                Ok(literal)
            }
            _ => self.bad("Expected a literal"),
        }
    }
}

/// The literal that a line announces by its end: `{n}` or `{n+}` (RFC 7888). A quoted string cannot end
/// so, and nothing else in the grammar does: whoever ends a line so means a literal.
pub(super) fn announced_by(line: &[u8]) -> Option<LiteralSize> {
    split_announcement(line).map(|(_, literal)| literal)
}

/// What stands before the announcement at the end of `line`, and the announcement.
fn split_announcement(line: &[u8]) -> Option<(&[u8], LiteralSize)> {
    let inner = line.strip_suffix(b"}")?;
    let (inner, synchronizing) = match inner.strip_suffix(b"+") {
        Some(inner) => (inner, false),
        None => (inner, true),
    };
    let digits = inner.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, digits) = inner.split_at(inner.len() - digits);
    let before = before.strip_suffix(b"{")?;
    if !(1..=MAX_DIGITS).contains(&digits.len()) {
        return None;
    }
    let size = digits
        .iter()
        .fold(0u64, |size, digit| size.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Some((before, LiteralSize { size, synchronizing }))
}

/// At most this many digits announce a literal; more than any size needs.
const MAX_DIGITS: usize = 20;

/// `ATOM-CHAR`
pub(super) fn is_atom_char(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e)
        && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// `ASTRING-CHAR`
pub(super) fn is_astring_char(byte: u8) -> bool {
    is_atom_char(byte) || byte == b']'
}
