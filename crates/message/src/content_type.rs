//! The structured MIME fields Content-Type, Content-Disposition, Content-Transfer-Encoding and
//! Content-Language, and their parameters (RFC 2045 §5, RFC 2183, RFC 3282; RFC 2231 for long or
//! non-ASCII parameters).

use crate::RawText;
use crate::encoding::{decode_charset, decode_words};
use crate::lexer::{Lexer, is_blank};

/// What a part contains. For a part without a usable Content-Type field it is the default that
/// RFC 2045 §5.2 or RFC 2046 §5.1.5 names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    /// The type, such as `text`, in the case it was sent in.
    pub main: RawText,
    /// The subtype, such as `plain`.
    pub sub: RawText,
    /// The parameters in their order.
    pub parameters: Vec<Parameter>,
}

/// How a part wants to be shown (RFC 2183).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// Such as `inline` or `attachment`, in the case it was sent in.
    pub kind: RawText,
    /// The parameters in their order.
    pub parameters: Vec<Parameter>,
}

/// One `name=value`, as sent: RFC 2231 sections are neither joined nor decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name, with the asterisks of RFC 2231.
    pub name: RawText,
    /// The value, without quoting.
    pub value: RawText,
}

impl ContentType {
    /// A type with the parameters given.
    pub(crate) fn plain(main: &str, sub: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters = parameters
            .iter()
            .map(|&(name, value)| Parameter { name: name.into(), value: value.into() })
            .collect();
        Self { main: main.into(), sub: sub.into(), parameters }
    }

    /// What a part is that does not say what it is (RFC 2045 §5.2).
    pub(crate) fn text_plain() -> Self {
        Self::plain("text", "plain", &[("charset", "us-ascii")])
    }

    /// Whether this is `main/sub`; case does not matter.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main.is(main) && self.sub.is(sub)
    }

    /// Whether it is `text/` something.
    pub fn is_text(&self) -> bool {
        self.main.is("text")
    }

    /// Whether a part of this type is made of parts.
    pub(crate) fn is_multipart(&self) -> bool {
        self.main.is("multipart")
    }

    /// Whether a part of this type holds a message. Not `message/global`: IMAP4rev1 knows the
    /// envelope form of BODYSTRUCTURE for RFC822 only.
    pub(crate) fn is_message(&self) -> bool {
        self.is("message", "rfc822")
    }

    /// The value of a parameter as sent, the first of that name.
    pub fn parameter(&self, name: &str) -> Option<&RawText> {
        self.parameters.iter().find(|parameter| parameter.name.is(name)).map(|p| &p.value)
    }

    /// Reads an unfolded Content-Type, at most `room` parameters of it. `None` if it names no
    /// type and subtype.
    pub(crate) fn parse(value: &[u8], room: usize) -> Option<Self> {
        let mut lexer = Lexer::new(value);
        lexer.skip_blanks();
        let main = lexer.take_while(is_token);
        lexer.skip_blanks();
        let slash = lexer.take(b'/');
        lexer.skip_blanks();
        let sub = lexer.take_while(is_token);
        if main.is_empty() || !slash || sub.is_empty() {
            return None;
        }
        Some(Self { main: main.into(), sub: sub.into(), parameters: parameters(&mut lexer, room) })
    }
}

impl Disposition {
    /// Reads an unfolded Content-Disposition, at most `room` parameters of it.
    pub(crate) fn parse(value: &[u8], room: usize) -> Option<Self> {
        let mut lexer = Lexer::new(value);
        lexer.skip_blanks();
        let kind = lexer.take_while(is_token);
        if kind.is_empty() {
            return None;
        }
        Some(Self { kind: kind.into(), parameters: parameters(&mut lexer, room) })
    }
}

/// The one token a Content-Transfer-Encoding holds.
pub(crate) fn parse_token(value: &[u8]) -> Option<RawText> {
    let mut lexer = Lexer::new(value);
    lexer.skip_blanks();
    let token = lexer.take_while(is_token);
    (!token.is_empty()).then(|| token.into())
}

/// The tags of a Content-Language, at most `room`.
pub(crate) fn parse_languages(value: &[u8], room: usize) -> Vec<RawText> {
    let mut lexer = Lexer::new(value);
    let mut tags = Vec::new();
    while tags.len() < room {
        lexer.skip_blanks();
        let tag = lexer.take_while(is_token);
        if !tag.is_empty() {
            tags.push(tag.into());
        } else if lexer.take_one().is_empty() {
            break;
        }
    }
    tags
}

/// The value of a parameter in Unicode. RFC 2231 sections are put together in their order and
/// decoded; RFC 2047 words, which do not belong here but are common, are decoded too.
pub fn readable_parameter(parameters: &[Parameter], name: &str) -> Option<String> {
    let (octets, charset) = joined_parameter(parameters, name)?;
    let declared = charset.and_then(|charset| decode_charset(&charset, &octets));
    Some(declared.unwrap_or_else(|| decode_words(&octets)))
}

/// The octets of a parameter, RFC 2231 sections joined and percent signs decoded, and the charset
/// it declares for them.
pub(crate) fn joined_parameter(
    parameters: &[Parameter],
    name: &str,
) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let mut sections = Vec::new();
    for parameter in parameters {
        let full = parameter.name.as_bytes();
        let Some((head, tail)) = full.split_at_checked(name.len()) else { continue };
        if !head.eq_ignore_ascii_case(name.as_bytes()) {
            continue;
        }
        let (tail, extended) = match tail.strip_suffix(b"*") {
            Some(tail) => (tail, true),
            None => (tail, false),
        };
        let number = match tail {
            [] => 0_u32,
            [b'*', digits @ ..] => {
                match std::str::from_utf8(digits).ok().and_then(|d| d.parse().ok()) {
                    Some(number) => number,
                    None => continue,
                }
            }
            _ => continue,
        };
        sections.push((number, extended, parameter.value.as_bytes()));
    }
    sections.sort_by_key(|&(number, ..)| number);
    sections.dedup_by_key(|&mut (number, ..)| number);

    let mut octets = Vec::new();
    let mut charset = None;
    for (index, &(number, extended, value)) in sections.iter().enumerate() {
        // A section that never came ends the value.
        if usize::try_from(number) != Ok(index) {
            break;
        }
        if !extended {
            octets.extend_from_slice(value);
            continue;
        }
        // charset'language'text, in the first section only (RFC 2231 §4.1).
        let mut value = value;
        if index == 0 {
            let mut pieces = value.splitn(3, |&octet| octet == b'\'');
            if let (Some(label), Some(_language), Some(text)) =
                (pieces.next(), pieces.next(), pieces.next())
            {
                charset = (!label.is_empty()).then(|| label.to_vec());
                value = text;
            }
        }
        percent_decode(value, &mut octets);
    }
    (!sections.is_empty()).then_some((octets, charset))
}

fn percent_decode(mut value: &[u8], out: &mut Vec<u8>) {
    while let Some((&octet, rest)) = value.split_first() {
        value = rest;
        if octet == b'%'
            && let [high, low, rest @ ..] = rest
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            out.push(high << 4 | low);
            value = rest;
        } else {
            out.push(octet);
        }
    }
}

/// The value of a hexadecimal digit.
pub(crate) fn hex_digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Reads `; name=value` until the field ends. What is no parameter is skipped.
fn parameters(lexer: &mut Lexer<'_>, room: usize) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    while parameters.len() < room && lexer.peek().is_some() {
        lexer.skip_blanks();
        if lexer.take(b';') {
            continue;
        }
        let name = lexer.take_while(is_token);
        lexer.skip_blanks();
        if !name.is_empty() && lexer.take(b'=') {
            lexer.skip_blanks();
            parameters.push(Parameter { name: name.into(), value: parameter_value(lexer).into() });
        } else if name.is_empty() {
            lexer.take_one();
        }
    }
    parameters
}

/// A token or a quoted string. Values that needed quotes and have none are taken up to the next
/// semicolon: file names with blanks, boundaries with slashes.
fn parameter_value(lexer: &mut Lexer<'_>) -> Vec<u8> {
    if let Some(text) = lexer.quoted() {
        return text;
    }
    let start = lexer.offset();
    let token = lexer.take_while(|octet| !is_blank(octet) && octet != b';' && octet != b'(');
    lexer.skip_blanks();
    if matches!(lexer.peek(), None | Some(b';')) {
        return token.to_vec();
    }
    lexer.take_while(|octet| octet != b';');
    lexer.since(start).trim_ascii().to_vec()
}

/// RFC 2045 §5.1, with the octets above ASCII, which some mailers send unencoded.
fn is_token(octet: u8) -> bool {
    octet > b' ' && octet != 0x7f && !b"()<>@,;:\\\"/[]?=".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &RawText) -> String {
        String::from_utf8_lossy(raw.as_bytes()).into_owned()
    }

    fn check(value: &str, expected: &str) {
        let shown = ContentType::parse(value.as_bytes(), 100).map(|found| {
            let mut shown = format!("{}/{}", text(&found.main), text(&found.sub));
            for parameter in &found.parameters {
                shown += &format!("|{}={}", text(&parameter.name), text(&parameter.value));
            }
            shown
        });
        assert_eq!(shown.as_deref().unwrap_or("-"), expected, "{value:?}");
    }

    #[test]
    fn content_types() {
        check("text/plain; charset=us-ascii (Plain text)", "text/plain|charset=us-ascii");
        check("text/plain; charset=\"us-ascii\"", "text/plain|charset=us-ascii");
        check("Text/HTML", "Text/HTML");
        check(" text / plain ;charset = utf-8 ; ", "text/plain|charset=utf-8");
        check("text/plain;charset=a;;format=flowed;", "text/plain|charset=a|format=flowed");
        check("a/b; x=\"q\\\"uo;ted\"; y=z", "a/b|x=q\"uo;ted|y=z");
        check("a/b (c); (d) x (e) = (f) y (g)", "a/b|x=y");
        check(
            "multipart/mixed; boundary=----=_Part_1/2",
            "multipart/mixed|boundary=----=_Part_1/2",
        );
        check(
            "application/pdf; name=my file (1).pdf; x=y",
            "application/pdf|name=my file (1).pdf|x=y",
        );
        check("application/pdf; name=file(1).pdf", "application/pdf|name=file(1).pdf");
        check("text/plain charset=utf-8", "text/plain|charset=utf-8");
        check("a/b; x=\"open; y=z", "a/b|x=\"open|y=z");
        check("a/b; x=; y=z", "a/b|x=|y=z");
        check("a/b; =x; y; z=1", "a/b|z=1");
        check("text", "-");
        check("text/", "-");
        check("/plain", "-");
        check("", "-");
        check("text; charset=utf-8", "-");
    }

    #[test]
    fn rfc_2231_parameters() {
        let check = |value: &str, name: &str, expected: Option<&str>| {
            let found = ContentType::parse(value.as_bytes(), 100).expect(value);
            assert_eq!(
                readable_parameter(&found.parameters, name).as_deref(),
                expected,
                "{value:?}"
            );
        };
        check(
            "message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
            "url",
            Some("ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"),
        );
        check(
            "application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
            "title",
            Some("This is ***fun***"),
        );
        check(
            "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
            "title",
            Some("This is even more ***fun*** isn't it!"),
        );
        check("a/b; name*1=b; name*0=a; name*2=c", "name", Some("abc"));
        check("a/b; name*0=a; name*2=c", "name", Some("a"));
        check("a/b; name*=utf-8''%e2%82%ac%", "name", Some("\u{20ac}%"));
        check("a/b; name*=iso-8859-1''J%f6rg", "name", Some("J\u{f6}rg"));
        check("a/b; name=\"=?utf-8?B?SsO2cmc=?=\"", "name", Some("J\u{f6}rg"));
        check("a/b; name*=x", "name", Some("x"));
        check("a/b; name*x=x; names=y; nam=z", "name", None);
        check("a/b", "name", None);
    }

    #[test]
    fn other_fields() {
        let kind = |value: &str| Disposition::parse(value.as_bytes(), 9).map(|d| text(&d.kind));
        assert_eq!(kind("attachment; filename=x").as_deref(), Some("attachment"));
        assert_eq!(kind("; filename=x"), None);
        assert_eq!(parse_token(b" 8bit (it is)").as_ref().map(text).as_deref(), Some("8bit"));
        assert_eq!(parse_token(b"?invalid"), None);
        let tags =
            |value: &str| parse_languages(value.as_bytes(), 3).iter().map(text).collect::<Vec<_>>();
        assert_eq!(tags("en, fi (Finnish), se"), ["en", "fi", "se"]);
        assert_eq!(tags("a,b,c,d"), ["a", "b", "c"]);
        assert_eq!(tags(""), [""; 0]);
    }
}
