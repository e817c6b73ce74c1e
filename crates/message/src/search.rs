//! Whether a message contains a text, as SEARCH asks (RFC 3501 §6.4.4): decoded, in Unicode, case
//! ignored, with memory bounded by a piece of the text and not by the message.

use memchr::memmem;

use crate::encoding::{TextReader, TransferEncoding, decode_words};
use crate::header;
use crate::{Content, Part, Structure};

/// A text to look for.
#[derive(Debug, Clone)]
pub struct Needle {
    folded: String,
    finder: memmem::Finder<'static>,
}

impl Needle {
    /// Prepares a text for searching. The empty text is found everywhere.
    pub fn new(text: &str) -> Self {
        let mut folded = String::with_capacity(text.len());
        fold(text, &mut folded);
        let finder = memmem::Finder::new(folded.as_bytes()).into_owned();
        Self { folded, finder }
    }

    /// Whether `text` contains it.
    pub fn is_in(&self, text: &str) -> bool {
        let mut folded = String::with_capacity(text.len());
        fold(text, &mut folded);
        self.finder.find(folded.as_bytes()).is_some()
    }

    /// Whether the text of an encoded body contains it.
    fn is_in_body(&self, mut reader: TextReader<'_>) -> bool {
        if self.folded.is_empty() {
            return true;
        }
        let mut piece = String::new();
        let mut window = String::new();
        while reader.read(&mut piece) {
            fold(&piece, &mut window);
            piece.clear();
            if self.finder.find(window.as_bytes()).is_some() {
                return true;
            }
            // A match may have begun in what we have seen, but for its last octet.
            let keep_from =
                window.floor_char_boundary((window.len() + 1).saturating_sub(self.folded.len()));
            window.drain(..keep_from);
        }
        false
    }
}

/// Case folding, character by character, so that a text folds the same whole or in pieces.
fn fold(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            character if character.is_ascii() => out.push(character.to_ascii_lowercase()),
            // A sigma is one letter, wherever in its word it stands.
            '\u{3c2}' => out.push('\u{3c3}'),
            character => out.extend(character.to_lowercase()),
        }
    }
}

/// Whether a field of this name contains the text (SEARCH HEADER, FROM, SUBJECT and so on). The
/// empty text asks only whether there is such a field.
pub fn header_contains(header: &[u8], name: &[u8], needle: &Needle) -> bool {
    header::fields(header)
        .filter(|field| field.is(name))
        .any(|field| needle.is_in(&decode_words(&field.unfolded())))
}

/// Whether any field, its name included, contains the text.
fn any_header_contains(header: &[u8], needle: &Needle) -> bool {
    header::fields(header).any(|field| {
        let mut line = decode_words(field.name);
        line.push_str(": ");
        line.push_str(&decode_words(&field.unfolded()));
        needle.is_in(&line)
    })
}

/// Whether a body contains the text (SEARCH BODY): all parts that are text, decoded, and the
/// headers of attached messages. Parts in an unknown encoding are searched as they stand.
pub fn body_contains(message: &[u8], structure: &Structure, needle: &Needle) -> bool {
    needle.folded.is_empty() || part_contains(message, &structure.root, needle)
}

/// Whether the header or the body contains the text (SEARCH TEXT).
pub fn text_contains(message: &[u8], structure: &Structure, needle: &Needle) -> bool {
    any_header_contains(structure.root.header().of(message), needle)
        || body_contains(message, structure, needle)
}

fn part_contains(message: &[u8], part: &Part, needle: &Needle) -> bool {
    match &part.content {
        Content::Multipart(children) => {
            children.iter().any(|child| part_contains(message, child, needle))
        }
        Content::Message(inner) => text_contains(message, inner, needle),
        Content::Leaf if part.content_type.is_text() => needle.is_in_body(text_of(message, part)),
        Content::Leaf => false,
    }
}

/// The text of a part that is text.
pub(crate) fn text_of<'a>(message: &'a [u8], part: &Part) -> TextReader<'a> {
    let transfer = part.transfer_encoding().unwrap_or(TransferEncoding::Identity);
    let charset = part.content_type.parameter("charset").map(|label| label.as_bytes());
    TextReader::new(part.body().of(message), transfer, charset)
}
