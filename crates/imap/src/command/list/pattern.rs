//! Patterns of LIST and LSUB: `*` stands for anything, `%` for anything within a level.

use terms::FolderName;

/// Longer patterns fit nothing that could exist, and cost time.
const MAX_LENGTH: usize = 2000;

/// The inbox's name has no case (RFC 3501 §5.1).
const INBOX: &str = "INBOX";

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) struct Pattern {
    items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    /// This character.
    Exactly(char),
    /// `*`
    Anything,
    /// `%`
    WithinLevel,
}

impl Pattern {
    /// Reads a pattern; nothing if it is too long.
    pub(in crate::command) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let mut items: Vec<Item> = Vec::new();
        for character in text.chars() {
            let item = match character {
                '*' => Item::Anything,
                '%' => Item::WithinLevel,
                character => Item::Exactly(character),
            };
            // Wildcards in a row are one: the widest of them.
            match (items.last_mut(), item) {
                (Some(last @ (Item::Anything | Item::WithinLevel)), Item::Anything) => *last = item,
                (Some(Item::Anything | Item::WithinLevel), Item::WithinLevel) => {}
                _ => items.push(item),
            }
        }
        Some(Self { items })
    }

    /// Whether the last level may be anything, which makes LSUB show the parents of what is subscribed.
    pub(in crate::command) fn ends_in_percent(&self) -> bool {
        self.items.last() == Some(&Item::WithinLevel)
    }

    /// Whether the name fits. Takes time in proportion to name × pattern at most.
    pub(in crate::command) fn fits(&self, name: &FolderName) -> bool {
        let name = name.as_str();
        let caseless = if name == INBOX || name.starts_with("INBOX/") { INBOX.len() } else { 0 };
        // `reached[i]`: the first i items fit what was read of the name.
        let mut reached = vec![false; self.items.len() + 1];
        reached[0] = true;
        self.skip_wildcards(&mut reached);
        for (at, character) in name.chars().enumerate() {
            let same = |wanted: char| {
                wanted == character || (at < caseless && wanted.eq_ignore_ascii_case(&character))
            };
            for (index, item) in self.items.iter().enumerate().rev() {
                let stays = match item {
                    Item::Exactly(_) => false,
                    Item::Anything => true,
                    Item::WithinLevel => character != FolderName::SEPARATOR,
                };
                // What the item takes in: a character of its own, or one more as a wildcard.
                let moves =
                    reached[index] && matches!(item, Item::Exactly(wanted) if same(*wanted));
                reached[index + 1] = moves || (stays && reached[index + 1]);
            }
            reached[0] = false;
            self.skip_wildcards(&mut reached);
            if !reached.contains(&true) {
                return false;
            }
        }
        reached.last() == Some(&true)
    }

    /// Wildcards also stand for nothing.
    fn skip_wildcards(&self, reached: &mut [bool]) {
        for (index, item) in self.items.iter().enumerate() {
            if reached[index] && !matches!(item, Item::Exactly(_)) {
                reached[index + 1] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let check = |pattern: &str, fits: &[&str], doesnt: &[&str]| {
            let parsed = Pattern::parse(pattern).unwrap();
            for (names, expected) in [(fits, true), (doesnt, false)] {
                for name in names {
                    let name = FolderName::parse(name).unwrap();
                    assert_eq!(parsed.fits(&name), expected, "{pattern} | {name}");
                }
            }
        };
        check("*", &["INBOX", "a", "a/b/c"], &[]);
        check("%", &["INBOX", "a"], &["a/b"]);
        check("a/%", &["a/b"], &["a", "a/b/c", "ab"]);
        check("a/*", &["a/b", "a/b/c"], &["a", "b/a/c"]);
        check("a*", &["a", "ab", "a/b"], &["ba"]);
        check("%/b", &["a/b"], &["b", "a/a/b", "a/bb"]);
        check("*b", &["b", "a/b", "ab"], &["a", "ba"]);
        check("a%c*e", &["ace", "abcde", "abc/e"], &["a/c/e", "acd"]);
        check("%%", &["a"], &["a/b"]);
        check("%*", &["a", "a/b"], &[]);
        check("*%*%", &["a", "a/b"], &[]);
        check("inbox", &["INBOX"], &["INBOX/a", "inboxes"]);
        check("iNbOx/%", &["INBOX/a"], &["INBOX", "INBOX/a/b"]);
        check("i%", &["INBOX"], &["Inboxes"]);
        check("inbox/A", &["INBOX/A"], &["INBOX/a"]);
        check("Grüße", &["Grüße"], &["Grusse"]);
        check("a", &["a"], &["A", "ab"]);
    }

    #[test]
    fn hostile_patterns_cost_little() {
        let pattern = Pattern::parse(&"*a%".repeat(600)).unwrap();
        let name = FolderName::parse(&"a".repeat(999)).unwrap();
        assert!(pattern.fits(&name));
        assert!(Pattern::parse(&"x".repeat(MAX_LENGTH + 1)).is_none());
    }
}
