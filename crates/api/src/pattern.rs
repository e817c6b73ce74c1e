//! The wildcards of searches (OMA reference, section 8): `?` one character, `*` any string.

/// Whether the pattern covers the whole text, without regard to case.
///
/// Takes time in proportion to pattern times text, whatever the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on if what follows the latest star does not fit: one character further.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(&expected) if expected == '?' || expected == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    (p, t) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let rows = [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("?", "", false),
            ("*.adm", "ops@acme.adm", true),
            ("n*", "north.example", true),
            ("N*H.example", "north.example", true),
            ("n?rth*", "north.example", true),
            ("orth", "north", false),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("*a*b*c", "xxaxxbxxbxx", false),
            ("a**b", "ab", true),
            ("a?b", "a*b", true),
            ("ü*", "Übung", true),
            ("[a]", "a", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(!matches(&"*a".repeat(500), &"a".repeat(400)));
    }
}
