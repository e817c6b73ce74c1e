//! The message behind DATA: where it ends, and what its bytes are (RFC 5321 §4.1.1.4, §4.5.2).
//!
//! Only CR LF `.` CR LF ends it. A dot on a line that begins or ends with a bare CR or LF is content,
//! so no message can smuggle commands behind an end that another server does not see as one.

/// Takes the transparency out of message data. Works on chunks cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct Unstuffer {
    place: Place,
}

/// What the last bytes were, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// CR LF, or the beginning.
    #[default]
    LineStart,
    /// A dot behind that, not given out.
    Dot,
    /// A CR behind that, not given out.
    DotCr,
    /// Anything else.
    Line,
    /// A CR that was given out.
    Cr,
    /// The end of the data.
    End,
}

impl Unstuffer {
    /// Takes the next bytes up to the end of the data, adding to `out` what they mean; answers how
    /// many it took. None behind the end.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let mut taken = 0;
        while taken < bytes.len() && self.place != Place::End {
            if self.place == Place::Line {
                // The common case: all up to the next CR is content.
                let rest = &bytes[taken..];
                let content = memchr::memchr(b'\r', rest).unwrap_or(rest.len());
                out.extend_from_slice(&rest[..content]);
                taken += content;
                if content == rest.len() {
                    break;
                }
            }
            self.step(bytes[taken], out);
            taken += 1;
        }
        taken
    }

    /// Whether the end has come.
    pub(crate) fn is_over(&self) -> bool {
        self.place == Place::End
    }

    fn step(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.place = match (self.place, byte) {
            (Place::LineStart, b'.') => Place::Dot,
            (Place::Dot, b'\r') => Place::DotCr,
            (Place::DotCr, b'\n') => Place::End,
            (Place::DotCr, _) => {
                // The line went on: only its first dot was added on the way.
                out.push(b'\r');
                self.place = Place::Cr;
                return self.step(byte, out);
            }
            (Place::Cr, b'\n') => {
                out.push(byte);
                Place::LineStart
            }
            (_, b'\r') => {
                out.push(byte);
                Place::Cr
            }
            (_, _) => {
                out.push(byte);
                Place::Line
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the chunks mean, and how many bytes were taken if the end came.
    fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Option<usize>) {
        let mut unstuffer = Unstuffer::default();
        let (mut out, mut total) = (Vec::new(), 0);
        for chunk in chunks {
            let taken = unstuffer.push(chunk, &mut out);
            total += taken;
            assert!(taken == chunk.len() || unstuffer.is_over());
        }
        let over = unstuffer.is_over();
        (out, over.then_some(total))
    }

    /// Every way to cut the bytes in two or three, and byte by byte, comes to the same.
    fn check(bytes: &[u8], message: &[u8], end: Option<usize>) {
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let chunks = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(read(chunks), (message.to_vec(), end), "{bytes:?} {first} {second}");
            }
        }
        assert_eq!(read(bytes.chunks(1)), (message.to_vec(), end), "{bytes:?}");
    }

    #[test]
    fn data() {
        check(b".\r\n", b"", Some(3));
        check(b"a\r\n.\r\n", b"a\r\n", Some(6));
        check(b"a\r\n..\r\n.\r\nQUIT\r\n", b"a\r\n.\r\n", Some(10));
        check(b"...a\r\n.\r\n", b"..a\r\n", Some(9));
        check(b".a\r\n.\r\n", b"a\r\n", Some(7));
        check(b"\0\xff\r\n.\r\n", b"\0\xff\r\n", Some(7));
        check(b"a\r\n.", b"a\r\n", None);
        check(b"a", b"a", None);
    }

    #[test]
    fn nothing_else_ends_it() {
        check(b"a\n.\nb", b"a\n.\nb", None);
        check(b"a\n.\r\nb", b"a\n.\r\nb", None);
        check(b"a\r.\rb", b"a\r.\rb", None);
        check(b"a\r.\r\nb", b"a\r.\r\nb", None);
        check(b"a\r\n.\nb", b"a\r\n\nb", None);
        check(b"a\r\n.\rb", b"a\r\n\rb", None);
        check(b"a\r\n.\r\r\nb", b"a\r\n\r\r\nb", None);
        check(b"a\r\n.\r.\r\nb", b"a\r\n\r.\r\nb", None);
        check(b"a\r\n\0.\r\nb", b"a\r\n\0.\r\nb", None);
        check(b"a\r\n.\0\r\nb", b"a\r\n\0\r\nb", None);
        check(b"a\r\r\n.\r\n", b"a\r\r\n", Some(7));
        check(b"a\r\n.\r\r\n.\r\n", b"a\r\n\r\r\n", Some(10));
    }

    /// What a client does to a message that ends in CR LF.
    fn stuffed(message: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for (at, byte) in message.iter().enumerate() {
            if *byte == b'.' && (at == 0 || message[..at].ends_with(b"\r\n")) {
                out.push(b'.');
            }
            out.push(*byte);
        }
        out.extend_from_slice(b".\r\n");
        out
    }

    proptest! {
        #[test]
        fn messages_come_through(
            mut message in proptest::collection::vec(proptest::sample::select(b"\r\n..a\0".to_vec()), 0..40),
            size in 1usize..10,
        ) {
            message.extend(b"\r\n");
            let mut bytes = stuffed(&message);
            let length = bytes.len();
            bytes.extend(b"NOOP\r\n");
            prop_assert_eq!(read(bytes.chunks(size)), (message, Some(length)));
        }
    }
}
