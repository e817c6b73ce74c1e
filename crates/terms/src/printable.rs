//! Text that somebody else chose, made fit for logs and terminals.

/// The text with nothing in it that could break a line, move a cursor or turn letters around, and of at
/// most `longest` letters: what is longer ends in `…`.
pub fn printable(text: &str, longest: usize) -> String {
    let mut letters = text.chars().map(|it| if is_unprintable(it) { '\u{fffd}' } else { it });
    let mut cut: String = letters.by_ref().take(longest).collect();
    if letters.next().is_some() {
        cut.pop();
        cut.push('…');
    }
    cut
}

/// Control characters, what separates lines, what changes the direction of writing (Unicode's
/// `Bidi_Control`), and what is there without being seen.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_seen_and_not_too_much_of_it() {
        for (text, expected) in [
            ("", ""),
            ("joe@a.example", "joe@a.example"),
            ("jörg 日本", "jörg 日本"),
            ("fourteen words", "fourteen wor…"),
            ("thirteen word", "thirteen word"),
            ("a\r\nb\tc\0\x1b[", "a\u{fffd}\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}["),
            ("x\u{202e}gpj", "x\u{fffd}gpj"),
            ("\u{85}\u{200b}\u{2028}\u{2066}\u{feff}", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(printable(text, 13), expected, "{text:?}");
        }
    }
}
