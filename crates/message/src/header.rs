//! Header fields: cutting a header into fields, and unfolding a field's value (RFC 5322 §2.2).
//!
//! Knows nothing of what a field means. A line that is no field at all stays visible as a field
//! without a value, so that nothing of a header is lost to whoever copies it.

use memchr::memchr;
use std::borrow::Cow;

/// One field of a header, borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name, without the blanks that RFC 5322 §4.5 once allowed before the colon.
    pub name: &'a [u8],
    /// What follows the colon: folded, without the line end after it.
    pub value: &'a [u8],
    /// The whole field as it stands, all its lines and line ends.
    pub raw: &'a [u8],
}

impl Field<'_> {
    /// Whether this is the field called `name`; case does not matter.
    pub fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value on one line, see [`unfold`].
    pub fn unfolded(&self) -> Cow<'_, [u8]> {
        unfold(self.value)
    }
}

/// The fields of a header in their order. The empty line that ends a header ends the iteration.
pub fn fields(header: &[u8]) -> Fields<'_> {
    Fields { rest: header }
}

/// Iterator made by [`fields`].
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        if self.rest.is_empty() || is_blank_line(self.rest) {
            return None;
        }
        let (raw, rest) = self.rest.split_at(field_length(self.rest));
        self.rest = rest;

        let line = without_line_end(raw);
        Some(match memchr(b':', line) {
            Some(colon) => {
                Field { name: line[..colon].trim_ascii_end(), value: &line[colon + 1..], raw }
            }
            None => Field { name: line.trim_ascii_end(), value: &[], raw },
        })
    }
}

/// The value of a field on one line: the line breaks of its folding are taken out (RFC 5322
/// §2.2.3), blanks around it too. Everything else stays as it is.
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let mut rest = value.trim_ascii();
    if memchr(b'\n', rest).is_none() {
        return Cow::Borrowed(rest);
    }
    let mut line = Vec::with_capacity(rest.len());
    while let Some(newline) = memchr(b'\n', rest) {
        line.extend_from_slice(without_line_end(&rest[..=newline]));
        rest = &rest[newline + 1..];
    }
    line.extend_from_slice(rest);
    Cow::Owned(line)
}

/// Whether the text begins with an empty line, the end of a header.
pub(crate) fn is_blank_line(text: &[u8]) -> bool {
    text.starts_with(b"\r\n") || text.starts_with(b"\n")
}

/// The text without one CRLF or LF at its end.
pub(crate) fn without_line_end(line: &[u8]) -> &[u8] {
    match line {
        [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
        line => line,
    }
}

/// Octets of the first line and of the lines that continue it.
fn field_length(text: &[u8]) -> usize {
    let mut end = 0;
    while let Some(newline) = memchr(b'\n', &text[end..]) {
        end += newline + 1;
        if !matches!(text.get(end), Some(b' ' | b'\t')) {
            return end;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: &[(&str, &str)]) {
        let found: Vec<(String, String)> = fields(header.as_bytes())
            .map(|field| {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                (text(field.name), text(&field.unfolded()))
            })
            .collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(found, expected, "{header:?}");
    }

    #[test]
    fn fields_are_cut_and_unfolded() {
        check("", &[]);
        check("\r\nSubject: body\r\n", &[]);
        check("Subject: x\r\nTo: y\r\n\r\nBcc: body", &[("Subject", "x"), ("To", "y")]);
        check("Subject: x\nTo: y\n\nbody", &[("Subject", "x"), ("To", "y")]);
        check("Subject: This\r\n is a test\r\n", &[("Subject", "This is a test")]);
        check("Subject:\r\n\tThis\r\n\t\r\n is\r\n\r\n", &[("Subject", "This\t is")]);
        check("Subject : x", &[("Subject", "x")]);
        check("Subject:", &[("Subject", "")]);
        check("a:b:c\r\n", &[("a", "b:c")]);
        check("no field\r\nTo: y\r\n", &[("no field", ""), ("To", "y")]);
        check(" continues nothing: x\r\nTo: y\r\n", &[(" continues nothing", "x"), ("To", "y")]);
        check("Subject: x\r\n \r\nTo: y", &[("Subject", "x"), ("To", "y")]);
    }

    #[test]
    fn the_raw_fields_are_the_header() {
        let header = b"A: 1\r\n b\r\nno field\r\nC: 2\n\tx\nD";
        let whole: Vec<u8> = fields(header).flat_map(|field| field.raw.to_vec()).collect();
        assert_eq!(whole, header);
    }
}
