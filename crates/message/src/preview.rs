//! A glance at what a message says: the first words of its text (RFC 8970).

use crate::search::text_of;
use crate::{Content, Part, Structure};

/// Characters of a preview, at most (RFC 8970 §3.1).
const LENGTH: usize = 200;
/// Octets of text that are looked at. Newsletters begin with much that is not shown.
const REACH: usize = 64 * 1024;

/// The beginning of the text that a reader would show, on one line. Plain text is preferred to
/// HTML, of which only the words are taken; attachments do not count. Empty if there is no text.
pub fn preview(message: &[u8], structure: &Structure) -> String {
    let shown = first(&structure.root, "plain").or_else(|| first(&structure.root, "html"));
    let Some(part) = shown else { return String::new() };
    let mut reader = text_of(message, part);
    let mut text = String::new();
    while text.len() < REACH && reader.read(&mut text) {}
    if part.content_type.sub.is("html") { one_line(&words_of_html(&text)) } else { one_line(&text) }
}

fn first<'a>(part: &'a Part, sub: &str) -> Option<&'a Part> {
    match &part.content {
        Content::Multipart(children) => children.iter().find_map(|child| first(child, sub)),
        Content::Message(message) => first(&message.root, sub),
        Content::Leaf => {
            (part.content_type.is("text", sub) && !part.is_attachment()).then_some(part)
        }
    }
}

fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty())
    {
        let space = usize::from(length > 0);
        if length + space >= LENGTH {
            break;
        }
        line.extend((space == 1).then_some(' '));
        length += space;
        for character in word.chars().take(LENGTH - length) {
            line.push(character);
            length += 1;
        }
    }
    line
}

/// HTML without tags, comments, scripts and style sheets, the usual entities replaced.
fn words_of_html(html: &str) -> String {
    let mut words = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        entities(&rest[..open], &mut words);
        rest = &rest[open..];
        let close = if rest.starts_with("<!--") {
            "-->"
        } else if starts_with_tag(rest, "style") {
            "</style"
        } else if starts_with_tag(rest, "script") {
            "</script"
        } else if starts_with_tag(rest, "title") {
            "</title"
        } else {
            ">"
        };
        // Every tag is taken for the end of a word; within words they are rare.
        words.push(' ');
        match find_ignoring_case(rest, close) {
            Some(end) => rest = &rest[end + close.len()..],
            None => return words,
        }
        if close.starts_with("</") {
            rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    entities(rest, &mut words);
    words
}

fn starts_with_tag(html: &str, name: &str) -> bool {
    html.as_bytes().get(1..=name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes()
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

fn entities(text: &str, words: &mut String) {
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        words.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let reach = rest.floor_char_boundary(LONGEST_ENTITY);
        let entity = rest[..reach].find(';').and_then(|end| Some((character(&rest[..end])?, end)));
        match entity {
            Some((character, end)) => {
                words.push(character);
                rest = &rest[end + 1..];
            }
            None => words.push('&'),
        }
    }
    words.push_str(rest);
}

const LONGEST_ENTITY: usize = 10;

fn character(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "zwnj" | "zwj" | "shy" => ' ',
        entity => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            // Fillers that mailings put behind their own preview text.
            match char::from_u32(code)? {
                '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{feff}' => ' ',
                character => character,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &str) {
        let message = message.as_bytes();
        assert_eq!(preview(message, &Structure::scan(message)), expected);
    }

    #[test]
    fn the_first_words_are_shown() {
        check("", "");
        check("Subject: x\r\n\r\n  Hello,\r\n\r\n\tworld \r\n", "Hello, world");
        check("Content-Type: image/png\r\n\r\nxyz", "");
        check("Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nxyz", "");
        check(
            "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><HEAD><Style>p {}</STYLE></head><!-- <no> --><p>J=C3=B6rg &amp; co&#46; &bogus; 1 &lt; 2</p>",
            "J\u{f6}rg & co. &bogus; 1 < 2",
        );
        check(
            "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>html</b>\r\n--b\r\n\r\nplain\r\n--b--\r\n",
            "plain",
        );
        check(&format!("\r\n{}", "abcd ".repeat(100)), "abcd ".repeat(40).trim_end());
        check(&format!("\r\n{}", "\u{f6}".repeat(300)), &"\u{f6}".repeat(200));
        check("Content-Type: text/html\r\n\r\n<script>x<y", "");
        check("Content-Type: text/html\r\n\r\na<b", "a");
    }
}
