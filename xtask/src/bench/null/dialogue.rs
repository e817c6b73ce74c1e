//! What the null server says: it agrees to everything, without looking.

use crate::bench::letter::{Letters, SIZE};
use memchr::memchr;

/// Output is handed over in pieces of about this size.
pub(super) const PIECE: usize = 64 * 1024;

/// The protocol that is pretended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    Imap,
    Pop3,
    Lmtp,
}

/// What comes next.
enum State {
    Command,
    /// So many bytes of a literal, and then the tag that waits for its answer.
    Literal {
        left: u64,
        tag: Vec<u8>,
    },
    /// A message that ends with a dot.
    Data,
    /// `DONE`, and then the tag.
    Idle {
        tag: Vec<u8>,
    },
    /// Messages that were asked for, up to `last`, and then the tag.
    Fetch {
        next: u64,
        last: u64,
        bodies: bool,
        tag: Vec<u8>,
    },
    Over,
}

/// One connection that agrees.
pub(super) struct Dialogue {
    speech: Speech,
    state: State,
    line: Vec<u8>,
}

/// What is fetched, always the same.
pub(super) struct Stock {
    letter: Vec<u8>,
}

impl Stock {
    pub(super) fn new() -> Self {
        Self { letter: Letters::new(SIZE, 1, 1).next().to_vec() }
    }
}

impl Dialogue {
    pub(super) fn new(speech: Speech) -> Self {
        Self { speech, state: State::Command, line: Vec::new() }
    }

    pub(super) fn greeting(&self) -> &'static [u8] {
        match self.speech {
            Speech::Imap => b"* OK null\r\n",
            Speech::Pop3 => b"+OK null\r\n",
            Speech::Lmtp => b"220 null\r\n",
        }
    }

    /// Whether it has said its goodbye.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Takes input and answers it, until there is no more of it or a piece of output is full. False: there
    /// is nothing left to do.
    pub(super) fn step(&mut self, input: &mut &[u8], stock: &Stock, out: &mut Vec<u8>) -> bool {
        while out.len() < PIECE {
            match &mut self.state {
                State::Fetch { next, last, bodies, tag } => {
                    if *next > *last {
                        out.extend_from_slice(&[tag, b" OK\r\n".as_slice()].concat());
                        self.state = State::Command;
                        continue;
                    }
                    fetched(*next, *bodies, stock, out);
                    *next += 1;
                }
                State::Literal { left, tag } if *left > 0 || input.is_empty() => {
                    if input.is_empty() {
                        return false;
                    }
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    *left -= here as u64;
                    *input = &input[here..];
                    if *left == 0 {
                        // The line end after it is an empty command.
                        out.extend_from_slice(&[tag, b" OK\r\n".as_slice()].concat());
                        self.state = State::Command;
                    }
                }
                _ => {
                    let Some(end) = memchr(b'\n', input) else {
                        self.line.extend_from_slice(input);
                        *input = &[];
                        return false;
                    };
                    let mut line = std::mem::take(&mut self.line);
                    line.extend_from_slice(&input[..end]);
                    *input = &input[end + 1..];
                    if line.last() == Some(&b'\r') {
                        line.pop();
                    }
                    self.answer(&line, stock, out);
                }
            }
        }
        true
    }

    fn answer(&mut self, line: &[u8], stock: &Stock, out: &mut Vec<u8>) {
        match (&mut self.state, self.speech) {
            (State::Data, _) => {
                if line == b"." {
                    out.extend_from_slice(b"250 OK\r\n");
                    self.state = State::Command;
                }
            }
            (State::Idle { tag }, _) => {
                out.extend_from_slice(&[tag, b" OK\r\n".as_slice()].concat());
                self.state = State::Command;
            }
            (_, Speech::Imap) => self.imap(line, out),
            (_, Speech::Pop3) => {
                out.extend_from_slice(b"+OK\r\n");
                if line.starts_with(b"RETR") {
                    out.extend_from_slice(&stock.letter);
                    out.extend_from_slice(b".\r\n");
                } else if line == b"QUIT" {
                    self.state = State::Over;
                }
            }
            (_, Speech::Lmtp) => match line {
                b"DATA" => {
                    out.extend_from_slice(b"354 Go\r\n");
                    self.state = State::Data;
                }
                _ => out.extend_from_slice(b"250 OK\r\n"),
            },
        }
    }

    fn imap(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(line);
        let words: Vec<&str> = text.split(' ').collect();
        let [tag, command, ..] = words.as_slice() else { return };
        let tag = tag.as_bytes().to_vec();
        match *command {
            "IDLE" => {
                out.extend_from_slice(b"+ idling\r\n");
                self.state = State::Idle { tag };
            }
            "APPEND" => {
                let size = words.last().map_or("", |word| word.trim_matches(['{', '}', '+']));
                if !line.ends_with(b"+}") {
                    out.extend_from_slice(b"+ Go\r\n");
                }
                self.state = State::Literal { left: size.parse().unwrap_or_default(), tag };
            }
            "FETCH" => {
                let (next, last) = words
                    .get(2)
                    .and_then(|set| set.split_once(':'))
                    .and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)))
                    .unwrap_or((1, 1));
                self.state = State::Fetch { next, last, bodies: text.contains("BODY"), tag };
            }
            "LOGOUT" => {
                out.extend_from_slice(&[b"* BYE\r\n", tag.as_slice(), b" OK\r\n"].concat());
                self.state = State::Over;
            }
            _ => out.extend_from_slice(&[tag.as_slice(), b" OK\r\n"].concat()),
        }
    }
}

fn fetched(number: u64, bodies: bool, stock: &Stock, out: &mut Vec<u8>) {
    if bodies {
        let size = stock.letter.len();
        out.extend_from_slice(format!("* {number} FETCH (BODY[] {{{size}}}\r\n").as_bytes());
        out.extend_from_slice(&stock.letter);
        out.extend_from_slice(b")\r\n");
    } else {
        out.extend_from_slice(
            format!(
                "* {number} FETCH (FLAGS () UID {number} RFC822.SIZE {SIZE} ENVELOPE (\"Sun, 22 Nov 2026 \
                 10:00:00 +0000\" \"Report {number:010} plain____ on the engine\" ((\"Ada Lovelace\" NIL \
                 \"ada\" \"sender.example\")) ((\"Ada Lovelace\" NIL \"ada\" \"sender.example\")) ((\"Ada \
                 Lovelace\" NIL \"ada\" \"sender.example\")) ((\"Charles Babbage\" NIL \"charles\" \
                 \"bench.example\")) NIL NIL NIL \"<{number:010}@sender.example>\"))\r\n"
            )
            .as_bytes(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says it byte by byte, which must not matter.
    fn check(speech: Speech, said: &str, heard: &str) {
        let (mut dialogue, stock, mut out) = (Dialogue::new(speech), Stock::new(), Vec::new());
        for byte in said.as_bytes() {
            let mut input = std::slice::from_ref(byte);
            while dialogue.step(&mut input, &stock, &mut out) {}
        }
        assert_eq!(String::from_utf8_lossy(&out), heard, "{said}");
    }

    #[test]
    fn it_agrees() {
        check(Speech::Imap, "a LOGIN x y\r\nb NOOP\r\n", "a OK\r\nb OK\r\n");
        check(Speech::Imap, "a IDLE\r\nDONE\r\n", "+ idling\r\na OK\r\n");
        check(Speech::Imap, "a APPEND x {3}\r\nabc\r\nb NOOP\r\n", "+ Go\r\na OK\r\nb OK\r\n");
        check(Speech::Imap, "a APPEND x {3+}\r\nabc\r\nb LOGOUT\r\n", "a OK\r\n* BYE\r\nb OK\r\n");
        check(Speech::Pop3, "USER x\r\nQUIT\r\n", "+OK\r\n+OK\r\n");
        check(Speech::Lmtp, "LHLO x\r\nDATA\r\nx\r\n.\r\n", "250 OK\r\n354 Go\r\n250 OK\r\n");
    }
}
