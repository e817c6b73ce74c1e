//! Which new passwords are allowed (OMA reference, section 7).
//!
//! Always: 1 to 54 characters of ASCII 33 and 35 to 126, that is no blank and no `"`. How much more is
//! asked for is a domain's setting, `password_strength`. Where none is set, [`Strength::DEFAULT`]
//! applies: `good`, the rule that the original platform states for its users today.

use terms::{Address, Secret};

/// The longest plain password.
pub const LENGTH_MAX: usize = 54;
/// A local part shorter than this may occur in a password: it would by chance.
const LOCAL_PART_MIN: usize = 3;

/// The least strength of new passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Anything that is allowed at all.
    Weak,
    /// 8 characters of two kinds, without the account's name or domain.
    Medium,
    /// 10 characters with a digit, a capital letter and a symbol, without name or domain.
    Good,
    /// As `Good`, 14 characters.
    Strong,
}

impl Strength {
    /// What applies where nothing is set.
    pub const DEFAULT: Strength = Strength::Good;

    /// By its name in the API.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "weak" => Strength::Weak,
            "medium" => Strength::Medium,
            "good" => Strength::Good,
            "strong" => Strength::Strong,
            _ => return None,
        })
    }
}

/// Why a password is refused, in words for whoever chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Empty or too long.
    #[error("a password has 1 to {LENGTH_MAX} characters")]
    Length,
    /// A character that is not allowed.
    #[error(
        "a password consists of ASCII letters, digits and symbols, without blanks and quotation marks"
    )]
    Character,
    /// Holds the account's name or domain.
    #[error("a password must not contain the user name or the domain")]
    ContainsName,
    /// Not strong enough.
    #[error(
        "the password is too weak: at least 8 characters of two kinds (letters in two cases, digits, symbols)"
    )]
    NotMedium,
    /// Not strong enough.
    #[error(
        "the password is too weak: at least 10 characters with a digit, a capital letter and a symbol"
    )]
    NotGood,
    /// Not strong enough.
    #[error(
        "the password is too weak: at least 14 characters with a digit, a capital letter and a symbol"
    )]
    NotStrong,
}

/// Checks a new password for an account.
pub fn check(secret: &Secret, strength: Strength, account: &Address) -> Result<(), PasswordError> {
    let text = secret.reveal();
    if !(1..=LENGTH_MAX).contains(&text.len()) {
        return Err(PasswordError::Length);
    }
    if !text.bytes().all(|b| b == 33 || (35..=126).contains(&b)) {
        return Err(PasswordError::Character);
    }
    if strength == Strength::Weak {
        return Ok(());
    }
    let kinds: [fn(&u8) -> bool; 4] = [
        u8::is_ascii_lowercase,
        u8::is_ascii_uppercase,
        u8::is_ascii_digit,
        u8::is_ascii_punctuation,
    ];
    let [_, capital, digit, symbol] = kinds.map(|kind| text.as_bytes().iter().any(kind));
    let two_kinds = kinds.iter().filter(|kind| text.as_bytes().iter().any(kind)).count() >= 2;
    let all_asked_for = capital && digit && symbol;
    match strength {
        Strength::Medium if text.len() < 8 || !two_kinds => return Err(PasswordError::NotMedium),
        Strength::Good if text.len() < 10 || !all_asked_for => return Err(PasswordError::NotGood),
        Strength::Strong if text.len() < 14 || !all_asked_for => {
            return Err(PasswordError::NotStrong);
        }
        _ => {}
    }
    let lower = text.to_ascii_lowercase();
    let local = account.local();
    let holds_local = local.len() >= LOCAL_PART_MIN && lower.contains(local);
    if holds_local || lower.contains(account.domain()) {
        return Err(PasswordError::ContainsName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        use PasswordError::*;
        use Strength::*;
        let lee = Address::parse("lee@north.example").unwrap();
        let long = "a".repeat(LENGTH_MAX);
        let too_long = "a".repeat(LENGTH_MAX + 1);
        let rows: &[(&str, Strength, Result<(), PasswordError>)] = &[
            ("pencil75", Weak, Ok(())),
            ("x", Weak, Ok(())),
            ("lee", Weak, Ok(())),
            (&long, Weak, Ok(())),
            (&too_long, Weak, Err(Length)),
            ("", Weak, Err(Length)),
            ("two words", Weak, Err(Character)),
            ("quo\"te", Weak, Err(Character)),
            ("ümlaut", Weak, Err(Character)),
            ("tab\tin", Weak, Err(Character)),
            ("pencil75", Medium, Ok(())),
            ("pencil7", Medium, Err(NotMedium)),
            ("pencilpencil", Medium, Err(NotMedium)),
            ("Sleeping77", Medium, Err(ContainsName)),
            ("x1north.EXAMPLE", Medium, Err(ContainsName)),
            ("pencil75", Good, Err(NotGood)),
            ("m0untain+Lake", Good, Ok(())),
            ("m0untain+lake", Good, Err(NotGood)),
            ("mountain+Lake", Good, Err(NotGood)),
            ("m0untainLakes", Good, Err(NotGood)),
            ("m0untain+Lake", Strong, Err(NotStrong)),
            ("m0untain+Lakes", Strong, Ok(())),
        ];
        for (text, strength, expected) in rows {
            assert_eq!(check(&Secret::new(*text), *strength, &lee), *expected, "{text}");
        }
        let short = Address::parse("a@north.example").unwrap();
        assert_eq!(check(&Secret::new("pencilcase75"), Medium, &short), Ok(()));
    }
}
