//! Whether a message contains a text, as SEARCH asks (RFC 3501 §6.4.4): decoded, in Unicode, case
//! ignored, with memory bounded by a piece of the text and not by the message.

use memchr::memmem;
use std::sync::OnceLock;

use crate::encoding::{TextReader, TransferEncoding, decode_words};
use crate::header;
use crate::{Content, Part, Span, Structure};

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

    /// Whether it is the empty text.
    pub fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// Whether `text` contains it.
    pub fn is_in(&self, text: &str) -> bool {
        let mut folded = String::with_capacity(text.len());
        fold(text, &mut folded);
        self.is_in_folded(&folded)
    }

    fn is_in_folded(&self, folded: &str) -> bool {
        self.finder.find(folded.as_bytes()).is_some()
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

/// A header made ready for looking for any number of texts in it: each field is decoded and folded once, when it
/// is first looked at.
#[derive(Debug, Clone, Default)]
pub struct SearchedHeader<'a> {
    fields: Vec<SearchedField<'a>>,
}

#[derive(Debug, Clone)]
struct SearchedField<'a> {
    field: header::Field<'a>,
    folded: OnceLock<FoldedField>,
}

#[derive(Debug, Clone)]
struct FoldedField {
    /// The field, name and all.
    line: String,
    /// Where the value begins in `line`.
    value: usize,
}

impl<'a> SearchedHeader<'a> {
    /// Prepares a header.
    pub fn new(header: &'a [u8]) -> Self {
        Self::with_fields(header, |_| true)
    }

    /// Prepares the fields of a header whose names are wanted: it is as if it had no others.
    pub fn with_fields(header: &'a [u8], wanted: impl Fn(&[u8]) -> bool) -> Self {
        let searched = |field| SearchedField { field, folded: OnceLock::new() };
        let fields = header::fields(header).filter(|field| wanted(field.name));
        Self { fields: fields.map(searched).collect() }
    }

    /// Whether a field of this name contains the text (SEARCH HEADER, FROM, SUBJECT and so on). The
    /// empty text asks only whether there is such a field.
    pub fn contains(&self, name: &[u8], needle: &Needle) -> bool {
        self.fields.iter().filter(|field| field.field.is(name)).any(|field| {
            let folded = field.folded();
            needle.is_in_folded(&folded.line[folded.value..])
        })
    }

    /// Whether any field, its name included, contains the text (the header's share of SEARCH TEXT).
    pub fn any_contains(&self, needle: &Needle) -> bool {
        self.fields.iter().any(|field| needle.is_in_folded(&field.folded().line))
    }
}

impl SearchedField<'_> {
    fn folded(&self) -> &FoldedField {
        self.folded.get_or_init(|| FoldedField::new(self.field))
    }
}

impl FoldedField {
    fn new(field: header::Field<'_>) -> Self {
        let mut line = String::with_capacity(field.raw.len() + 1);
        fold_words(field.name, &mut line);
        line.push_str(": ");
        let value = line.len();
        fold_words(&field.unfolded(), &mut line);
        Self { line, value }
    }
}

/// An unfolded value, decoded and folded.
fn fold_words(value: &[u8], out: &mut String) {
    match std::str::from_utf8(value) {
        // As most are: no other letters, and no encoded words.
        Ok(plain) if plain.is_ascii() && memmem::find(value, b"=?").is_none() => {
            let start = out.len();
            out.push_str(plain);
            out[start..].make_ascii_lowercase();
        }
        _ => fold(&decode_words(value), out),
    }
}

/// Whether a body contains the text (SEARCH BODY): all parts that are text, decoded, and the
/// headers of attached messages. Parts in an unknown encoding are searched as they stand.
pub fn body_contains(message: &[u8], structure: &Structure, needle: &Needle) -> bool {
    needle.is_empty()
        || pieces(structure).iter().any(|piece| piece.contains(piece.span().of(message), needle))
}

/// Whether the header or the body contains the text (SEARCH TEXT).
pub fn text_contains(message: &[u8], structure: &Structure, needle: &Needle) -> bool {
    SearchedHeader::new(structure.root.header().of(message)).any_contains(needle)
        || body_contains(message, structure, needle)
}

/// A piece of a message that SEARCH BODY looks at. Whoever reads messages from disk reads these, one
/// at a time, and leaves attachments alone.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    span: Span,
    /// The part whose body it is; none for the header of an attached message.
    part: Option<&'a Part>,
}

impl Piece<'_> {
    /// Where it stands in the message.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether it is the header of an attached message.
    pub fn is_header(&self) -> bool {
        self.part.is_none()
    }

    /// Begins to look for texts in the piece, of which these are the octets.
    pub fn hunt<'a>(&self, octets: &'a [u8]) -> Hunt<'a> {
        let text = match self.part {
            None => Hunted::Header(header::fields(octets)),
            Some(part) => Hunted::Text(text_in(octets, part)),
        };
        Hunt { text, piece: String::new(), window: String::new() }
    }

    fn contains(&self, octets: &[u8], needle: &Needle) -> bool {
        let mut found = [needle.is_empty()];
        let mut hunt = self.hunt(octets);
        while !found[0] && hunt.go_on(std::iter::once(needle), &mut found) {}
        found[0]
    }
}

/// A search for texts in one piece, in steps: a piece may be as large as a message, and whoever
/// shares a thread with others lets them have their turn in between.
pub struct Hunt<'a> {
    text: Hunted<'a>,
    piece: String,
    /// Folded text in which a match may still begin.
    window: String,
}

enum Hunted<'a> {
    Header(header::Fields<'a>),
    Text(TextReader<'a>),
}

impl Hunt<'_> {
    /// Looks for those needles that are not `found` yet in the next field of a header, or the next 8
    /// KiB or so of a body; notes those it finds. False when nothing was left to look at.
    pub fn go_on<'n>(
        &mut self,
        needles: impl Iterator<Item = &'n Needle>,
        found: &mut [bool],
    ) -> bool {
        match &mut self.text {
            Hunted::Header(fields) => {
                let Some(field) = fields.next() else { return false };
                self.window = FoldedField::new(field).line;
            }
            Hunted::Text(reader) => {
                self.piece.clear();
                if !reader.read(&mut self.piece) {
                    return false;
                }
                fold(&self.piece, &mut self.window);
            }
        }
        let mut longest = 0;
        for (needle, found) in needles.zip(found).filter(|(_, found)| !**found) {
            *found = needle.is_in_folded(&self.window);
            longest = longest.max(needle.folded.len());
        }
        // A match may have begun in what we have seen, but for its last octet.
        let keep_from =
            self.window.floor_char_boundary((self.window.len() + 1).saturating_sub(longest));
        self.window.drain(..keep_from.min(self.window.len()));
        true
    }
}

/// The pieces that SEARCH BODY looks at, in their order.
pub fn pieces(structure: &Structure) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    collect_pieces(&structure.root, &mut pieces);
    pieces
}

fn collect_pieces<'a>(part: &'a Part, pieces: &mut Vec<Piece<'a>>) {
    match &part.content {
        Content::Multipart(children) => {
            children.iter().for_each(|child| collect_pieces(child, pieces));
        }
        Content::Message(inner) => {
            pieces.push(Piece { span: inner.root.header(), part: None });
            collect_pieces(&inner.root, pieces);
        }
        Content::Leaf if part.content_type.is_text() => {
            pieces.push(Piece { span: part.body(), part: Some(part) });
        }
        Content::Leaf => {}
    }
}

/// The text of a part that is text.
pub(crate) fn text_of<'a>(message: &'a [u8], part: &Part) -> TextReader<'a> {
    text_in(part.body().of(message), part)
}

fn text_in<'a>(body: &'a [u8], part: &Part) -> TextReader<'a> {
    let transfer = part.transfer_encoding().unwrap_or(TransferEncoding::Identity);
    let charset = part.content_type.parameter("charset").map(|label| label.as_bytes());
    TextReader::new(body, transfer, charset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter() {
        let check = |text: &str, needle: &str, expected| {
            assert_eq!(Needle::new(needle).is_in(text), expected, "{needle:?} in {text:?}");
        };
        check("Hello World", "o w", true);
        check("Hello World", "O W", true);
        check("Hello World", "worldly", false);
        check("J\u{d6}RG", "j\u{f6}rg", true);
        check("\u{39f}\u{394}\u{39f}\u{3a3}", "\u{3bf}\u{3b4}\u{3bf}\u{3c2}", true);
        check("\u{41f}\u{420}\u{418}\u{412}\u{415}\u{422}", "\u{43f}\u{440}\u{438}", true);
        check("\u{130}", "i\u{307}", true);
        check("", "", true);
        check("", "x", false);
    }

    #[test]
    fn header_fields() {
        let header = b"Subject: =?utf-8?q?J=C3=B6rg?=\r\n =?utf-8?q?_Meier?= writes\r\n\
            To: Mary <mary@example.org>\r\nTO: bob@example.org\r\nX-Empty:\r\n\r\nCc: body\r\n";
        let check = |name: &str, needle: &str, expected| {
            let found = SearchedHeader::new(header).contains(name.as_bytes(), &Needle::new(needle));
            assert_eq!(found, expected, "{name}: {needle}");
        };
        check("subject", "j\u{f6}rg meier WRITES", true);
        check("Subject", "utf-8", false);
        check("to", "MARY", true);
        check("to", "bob", true);
        check("to", "mary bob", false);
        check("x-empty", "", true);
        check("x-empty", "x", false);
        check("x-absent", "", false);
        check("cc", "body", false);
    }

    const MESSAGE: &[u8] = b"Subject: outer =?iso-8859-1?q?=FCber?=\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n\
        --b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\nX-Mime: mimeheader\r\n\r\n\
        Gr=FC=DFe aus M=FCn=\r\nchen\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        PHA+w4TDlsOcPC9wPg==\r\n\
        --b\r\nContent-Type: application/octet-stream\r\n\r\nbinary\r\n\
        --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: attached\r\n\r\ninside\r\n\
        --b--\r\nepilogue\r\n";

    #[test]
    fn bodies_and_texts() {
        let structure = Structure::scan(MESSAGE);
        let check = |needle: &str, in_body, in_text| {
            let needle = Needle::new(needle);
            assert_eq!(body_contains(MESSAGE, &structure, &needle), in_body, "BODY {needle:?}");
            assert_eq!(text_contains(MESSAGE, &structure, &needle), in_text, "TEXT {needle:?}");
        };
        check("", true, true);
        check("gr\u{fc}\u{df}e AUS m\u{fc}nchen", true, true);
        check("<P>\u{e4}\u{f6}\u{fc}</P>", true, true);
        check("Inside", true, true);
        check("attached", true, true);
        check("OUTER \u{dc}BER", false, true);
        check("subject: outer", false, true);
        check("=FC", false, false);
        check("binary", false, false);
        check("preamble", false, false);
        check("absent", false, false);
    }

    #[test]
    fn a_hunt_goes_in_small_steps_and_finds_all_its_texts() {
        let text = "needle\r\n".repeat(20_000) + "pin";
        let message = format!("\r\n{text}");
        let structure = Structure::scan(message.as_bytes());
        let pieces = pieces(&structure);
        let needles = ["NEEDLE", "pin", "absent", &"needle\r\n".repeat(3)].map(Needle::new);
        let mut found = [false; 4];
        let mut hunt = pieces[0].hunt(text.as_bytes());
        let mut steps = 0;
        while hunt.go_on(needles.iter(), &mut found) {
            steps += 1;
            assert!(hunt.window.len() < 100, "what is kept is no longer than the longest text");
        }
        assert_eq!(found, [true, true, false, true]);
        assert!(steps > text.len() / (16 * 1024), "{steps}");
    }

    #[test]
    fn matches_across_pieces_are_found() {
        for length in (8_100..8_300).chain(16_300..16_400) {
            let message = format!("\r\n{}N\u{f6}\u{f6}dle{}", "n".repeat(length), "n".repeat(100));
            let structure = Structure::scan(message.as_bytes());
            let found =
                |needle| body_contains(message.as_bytes(), &structure, &Needle::new(needle));
            assert!(found("n\u{f6}\u{f6}dle"), "behind {length}");
            assert!(!found("n\u{f6}\u{f6}dles"));
        }
    }
}
