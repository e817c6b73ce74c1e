//! Names as clients write them.

use terms::Address;

/// The longest name looked at, in bytes: an address, written in letters of four bytes.
const NAME_MAX: usize = 1024;

/// The address a client means by a login name: any letter case, any Unicode form of its letters
/// (SASLprep, RFC 4013), blanks around it forgiven. Nothing for what cannot be an address here.
pub(crate) fn login_name(text: &str) -> Option<Address> {
    if text.len() > NAME_MAX {
        return None;
    }
    let prepared = stringprep::saslprep(text).ok()?;
    Address::parse(prepared.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let rows = [
            ("joe@example.com", Some("joe@example.com")),
            (" Joe@EXAMPLE.com\t", None),
            (" Joe@EXAMPLE.com ", Some("joe@example.com")),
            // Full-width letters, a soft hyphen, a no-break space.
            ("ｊｏｅ＠example.com", Some("joe@example.com")),
            ("jo\u{ad}e@example.com", Some("joe@example.com")),
            ("\u{a0}joe@example.com", Some("joe@example.com")),
            ("joe", None),
            ("", None),
            ("jöe@example.com", None),
            ("joe@example.com\0", None),
            ("joe@example.com\r\n", None),
            ("*@example.com", None),
        ];
        for (text, expected) in rows {
            let name = login_name(text);
            assert_eq!(name.as_ref().map(Address::as_str), expected, "{text:?}");
        }
        assert_eq!(login_name(&"a".repeat(NAME_MAX + 1)), None);
    }

    proptest::proptest! {
        /// What is taken for a name is one, and is found again by its own text.
        #[test]
        fn any_text(text in ".{0,60}") {
            if let Some(name) = login_name(&text) {
                proptest::prop_assert_eq!(login_name(name.as_str()), Some(name));
            }
        }
    }
}
