//! The text of a reply of several lines: byte-stuffed, every line ended by CRLF (RFC 1939 §3).
//!
//! Works on chunks cut anywhere. What comes out does not depend on where they were cut.

/// Stuffs a message for the wire.
///
/// A bare LF ends a line and leaves as CRLF: a client that takes it for a line end must not find a
/// lone dot behind it that we did not put there. A bare CR is content.
#[derive(Debug, Default)]
pub(crate) struct Stuffer {
    /// The last byte taken; none at the beginning.
    last: Option<u8>,
}

impl Stuffer {
    /// Takes the next bytes and adds what they become to `out`.
    pub(crate) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        out.reserve(bytes.len() + bytes.len() / 32);
        while let Some(&first) = bytes.first() {
            if first == b'.' && self.is_at_line_start() {
                out.push(b'.');
            }
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                out.extend_from_slice(bytes);
                self.last = bytes.last().copied();
                return;
            };
            let before = if end == 0 { self.last } else { Some(bytes[end - 1]) };
            out.extend_from_slice(&bytes[..end]);
            if before != Some(b'\r') {
                out.push(b'\r');
            }
            out.push(b'\n');
            self.last = Some(b'\n');
            bytes = &bytes[end + 1..];
        }
    }

    /// Adds what ends the last line, if it is open, and the reply.
    pub(crate) fn finish(self, out: &mut Vec<u8>) {
        match self.last {
            None | Some(b'\n') => {}
            Some(b'\r') => out.push(b'\n'),
            Some(_) => out.extend_from_slice(b"\r\n"),
        }
        out.extend_from_slice(crate::reply::END);
    }

    fn is_at_line_start(&self) -> bool {
        matches!(self.last, None | Some(b'\n'))
    }
}

/// How far TOP goes: the header, the empty line, and some lines of the body (RFC 1939 §7).
#[derive(Debug)]
pub(crate) struct TopExtent {
    in_header: bool,
    /// The line so far holds nothing, or one CR.
    line_is_empty: bool,
    line_length: usize,
    lines_left: u32,
}

impl TopExtent {
    pub(crate) fn new(lines: u32) -> Self {
        Self { in_header: true, line_is_empty: true, line_length: 0, lines_left: lines }
    }

    /// How many of the next bytes belong to it.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while !self.is_over() {
            let rest = &bytes[taken..];
            let Some(end) = memchr::memchr(b'\n', rest) else {
                self.note(rest);
                return bytes.len();
            };
            self.note(&rest[..end]);
            taken += end + 1;
            if !self.in_header {
                self.lines_left -= 1;
            } else if self.line_is_empty {
                self.in_header = false;
            }
            self.line_is_empty = true;
            self.line_length = 0;
        }
        taken
    }

    /// Whether nothing more belongs to it.
    pub(crate) fn is_over(&self) -> bool {
        !self.in_header && self.lines_left == 0
    }

    fn note(&mut self, part: &[u8]) {
        self.line_is_empty &= part.is_empty() || (self.line_length == 0 && part == b"\r");
        self.line_length += part.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stuffed<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut stuffer = Stuffer::default();
        let mut out = Vec::new();
        for chunk in chunks {
            stuffer.push(chunk, &mut out);
        }
        stuffer.finish(&mut out);
        out
    }

    fn top<'a>(lines: u32, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut extent = TopExtent::new(lines);
        let mut out = Vec::new();
        for chunk in chunks {
            let taken = extent.take(chunk);
            out.extend_from_slice(&chunk[..taken]);
        }
        out
    }

    /// What a client makes of a reply: the inverse of stuffing.
    fn unstuffed(reply: &[u8]) -> Vec<u8> {
        let body = reply.strip_suffix(b".\r\n").expect("ended by a dot");
        let mut out = Vec::new();
        for line in body.split_inclusive(|byte| *byte == b'\n') {
            assert!(line.ends_with(b"\r\n"), "{body:?}");
            assert_ne!(line, b".\r\n", "the reply would end early");
            out.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        out
    }

    #[test]
    fn stuffing() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"", b".\r\n"),
            (b"a\r\n", b"a\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b"a\r", b"a\r\n.\r\n"),
            (b".", b"..\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\n.\nb\n", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"..\r\n", b"...\r\n.\r\n"),
            (b"a.b\r\n", b"a.b\r\n.\r\n"),
            (b"a\r.\r\n", b"a\r.\r\n.\r\n"),
            (b"\n\n", b"\r\n\r\n.\r\n"),
            (b"\r\r\n", b"\r\r\n.\r\n"),
            (b"\0\xff\r\n", b"\0\xff\r\n.\r\n"),
        ];
        for (message, expected) in rows {
            for cut in 0..=message.len() {
                let (one, two) = message.split_at(cut);
                assert_eq!(stuffed([one, two]), *expected, "{message:?} cut at {cut}");
            }
            assert_eq!(stuffed(message.chunks(1)), *expected, "{message:?} byte by byte");
        }
    }

    #[test]
    fn tops() {
        let message = b"A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\nthree";
        let rows: &[(&[u8], u32, &[u8])] = &[
            (message, 0, b"A: 1\r\nB: 2\r\n\r\n"),
            (message, 1, b"A: 1\r\nB: 2\r\n\r\none\r\n"),
            (message, 2, b"A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\n"),
            (message, 3, message),
            (message, u32::MAX, message),
            (b"A: 1\n\nb\nc\n", 1, b"A: 1\n\nb\n"),
            (b"A: 1\r\n", 5, b"A: 1\r\n"),
            (b"\r\nb\r\nc\r\n", 1, b"\r\nb\r\n"),
            (b"A: 1\r\n\r\r\nb\r\n\r\nc", 0, b"A: 1\r\n\r\r\nb\r\n\r\n"),
            (b"", 1, b""),
        ];
        for (message, lines, expected) in rows {
            for cut in 0..=message.len() {
                let (one, two) = message.split_at(cut);
                assert_eq!(top(*lines, [one, two]), *expected, "{message:?} cut at {cut}");
            }
            assert_eq!(top(*lines, message.chunks(1)), *expected, "{message:?} byte by byte");
        }
    }

    fn message() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(proptest::sample::select(b"\r\n..ab\0".to_vec()), 0..40)
    }

    proptest! {
        #[test]
        fn no_cut_matters(message in message(), size in 1usize..10) {
            let whole = stuffed([&message[..]]);
            prop_assert_eq!(&stuffed(message.chunks(size)), &whole);
            for lines in 0..4 {
                prop_assert_eq!(top(lines, message.chunks(size)), top(lines, [&message[..]]));
            }
        }

        #[test]
        fn clients_get_the_message_back(message in message()) {
            let mut expected = Vec::new();
            let mut last = None;
            for byte in &message {
                if *byte == b'\n' && last != Some(b'\r') {
                    expected.push(b'\r');
                }
                expected.push(*byte);
                last = Some(*byte);
            }
            match last {
                None | Some(b'\n') => {}
                Some(b'\r') => expected.push(b'\n'),
                Some(_) => expected.extend(b"\r\n"),
            }
            prop_assert_eq!(unstuffed(&stuffed([&message[..]])), expected);
        }
    }
}
