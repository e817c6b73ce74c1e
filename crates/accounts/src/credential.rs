//! Passwords as they are stored: hashing new ones, checking presented ones.
//!
//! New passwords are argon2id. Hashes that come from elsewhere keep their `{SCHEME}` (OMA reference,
//! section 7) and are read the way Dovecot reads them, until their owner logs in and they can be
//! replaced. Which passwords are allowed is `password.rs`; how many are hashed at once, `hashing.rs`.
//!
//! 1. Nothing here tells one wrong password from another by its timing: digests are compared in
//!    constant time.
//! 2. A hash is accepted only if checking it costs a bounded amount of time and memory.

mod digest;
mod md5_crypt;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use digest::Digested;
use md5_crypt::Md5Crypt;
use terms::Secret;

/// Memory of one argon2id computation, in KiB; with two passes and one lane this is OWASP's first choice.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The longest hash accepted from outside, without its `{SCHEME}` (OMA reference, section 7).
const IMPORT_MAX: usize = 150;
/// Invariant 2: what a hash from outside may demand of us.
const BCRYPT_COST_MAX: u32 = 14;
const SHA_CRYPT_ROUNDS_MAX: u32 = 200_000;
const ARGON2_MEMORY_MAX_KIB: u32 = 128 * 1024;
const ARGON2_PASSES_MAX: u32 = 8;

/// Why a hashed password cannot be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The scheme is none that we can check.
    #[error("this kind of password hash is not supported by this server")]
    Unsupported,
    /// The hash is not what its scheme demands.
    #[error("the password hash is malformed")]
    Malformed,
    /// Checking it would take too much time or memory.
    #[error("the password hash asks for too many rounds or too much memory")]
    TooCostly,
}

/// The system gave no randomness, or no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password cannot be hashed at the moment")]
pub struct HashingFailed;

/// Hashes a password with argon2id and a fresh salt. Takes some ten milliseconds of processor time.
pub fn hash(secret: &Secret) -> Result<String, HashingFailed> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| HashingFailed)?;
    let hash = argon2id().ok_or(HashingFailed)?;
    let hash = hash.hash_password_with_salt(secret.reveal().as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| HashingFailed)
}

/// Whether the secret is the password that was stored. What cannot be understood matches nothing.
pub fn verify(secret: &Secret, stored: &str) -> bool {
    let password = secret.reveal().as_bytes();
    match Stored::parse(stored) {
        Ok(Stored::Argon2(hash)) => {
            argon2id().is_some_and(|argon2| argon2.verify_password(password, hash.as_ref()).is_ok())
        }
        // bcrypt ends at the first NUL in the C implementations; such a password is nobody's.
        Ok(Stored::Bcrypt(hash)) => {
            !password.contains(&0) && bcrypt::verify(password, hash).unwrap_or(false)
        }
        Ok(Stored::ShaCrypt(hash)) => {
            sha_crypt::ShaCrypt::default().verify_password(password, hash).is_ok()
        }
        Ok(Stored::Md5Crypt(hash)) => hash.matches(password),
        Ok(Stored::Digest(digest)) => digest.matches(password),
        Err(_) => false,
    }
}

/// Whether a text given as password is a hash: it begins with `{SCHEME}`.
pub fn is_hashed(text: &str) -> bool {
    split_scheme(text).is_some()
}

/// Checks that a `{SCHEME}…` text can be stored and checked later.
pub fn check_import(text: &str) -> Result<(), ImportError> {
    let (_, rest) = split_scheme(text).ok_or(ImportError::Malformed)?;
    if rest.is_empty() || rest.len() > IMPORT_MAX || !rest.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ImportError::Malformed);
    }
    Stored::parse(text).map(|_| ())
}

/// Whether the stored hash should be replaced at the next chance: not argon2id, or a weaker one than
/// we make now.
pub fn needs_upgrade(stored: &str) -> bool {
    let Ok(Stored::Argon2(hash)) = Stored::parse(stored) else { return true };
    let Ok(params) = Params::try_from(hash.as_ref()) else { return true };
    hash.algorithm.as_str() != "argon2id"
        || params.m_cost() < MEMORY_KIB
        || params.t_cost() < PASSES
}

/// A hash that no password matches and that takes as long to check as those we make: for names that
/// do not exist.
pub fn unmatchable() -> Result<String, HashingFailed> {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let mut random = [0; 48];
    getrandom::fill(&mut random).map_err(|_| HashingFailed)?;
    let (salt, output) = random.split_at(16);
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${output}"))
}

/// A random password that satisfies every rule of `password.rs`: 128 bits, in 22 letters and digits,
/// with a digit, a capital letter and a symbol behind them.
pub fn random_password() -> Result<Secret, HashingFailed> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut random = zeroize::Zeroizing::new([0; 16]);
    getrandom::fill(&mut *random).map_err(|_| HashingFailed)?;
    Ok(Secret::new(format!("{}-7K", URL_SAFE_NO_PAD.encode(*random))))
}

fn argon2id() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A stored password, understood.
enum Stored<'a> {
    Argon2(Box<PasswordHash>),
    Bcrypt(&'a str),
    ShaCrypt(&'a str),
    Md5Crypt(Md5Crypt<'a>),
    Digest(Digested),
}

impl<'a> Stored<'a> {
    fn parse(stored: &'a str) -> Result<Self, ImportError> {
        let Some((scheme, rest)) = split_scheme(stored) else { return Self::parse_crypt(stored) };
        let scheme = scheme.to_ascii_uppercase();
        match scheme.as_str() {
            "ARGON2" | "ARGON2ID" | "ARGON2I" if rest.starts_with("$argon2i") => {
                Self::parse_crypt(rest)
            }
            "BCRYPT" | "BLF-CRYPT" if rest.starts_with("$2") => Self::parse_crypt(rest),
            "SHA256-CRYPT" if rest.starts_with("$5$") => Self::parse_crypt(rest),
            "SHA512-CRYPT" if rest.starts_with("$6$") => Self::parse_crypt(rest),
            "MD5" | "MD5-CRYPT" if rest.starts_with("$1$") => Self::parse_crypt(rest),
            "CRYPT" => Self::parse_crypt(rest),
            "ARGON2" | "ARGON2ID" | "ARGON2I" | "BCRYPT" | "BLF-CRYPT" | "SHA256-CRYPT"
            | "SHA512-CRYPT" | "MD5-CRYPT" => Err(ImportError::Malformed),
            _ => Digested::parse(&scheme, rest).map(Stored::Digest),
        }
    }

    /// The modular form that crypt(3) reads: `$id$…`.
    fn parse_crypt(hash: &'a str) -> Result<Self, ImportError> {
        if hash.starts_with("$argon2") {
            let hash = PasswordHash::new(hash).map_err(|_| ImportError::Malformed)?;
            let params = Params::try_from(&hash).map_err(|_| ImportError::Malformed)?;
            if hash.salt.is_none() || hash.hash.is_none() {
                return Err(ImportError::Malformed);
            }
            if params.m_cost() > ARGON2_MEMORY_MAX_KIB || params.t_cost() > ARGON2_PASSES_MAX {
                return Err(ImportError::TooCostly);
            }
            return Ok(Stored::Argon2(Box::new(hash)));
        }
        if hash.starts_with("$2") {
            let parts: bcrypt::HashParts = hash.parse().map_err(|_| ImportError::Malformed)?;
            return match parts.get_cost() {
                4..=BCRYPT_COST_MAX => Ok(Stored::Bcrypt(hash)),
                0..4 => Err(ImportError::Malformed),
                _ => Err(ImportError::TooCostly),
            };
        }
        if let Some(rest) = hash.strip_prefix("$5$") {
            return sha_crypt_shape(rest, 43).map(|()| Stored::ShaCrypt(hash));
        }
        if let Some(rest) = hash.strip_prefix("$6$") {
            return sha_crypt_shape(rest, 86).map(|()| Stored::ShaCrypt(hash));
        }
        if let Some(rest) = hash.strip_prefix("$1$") {
            return Md5Crypt::parse(rest).map(Stored::Md5Crypt).ok_or(ImportError::Malformed);
        }
        // What is left of crypt(3): the old DES form, yescrypt, scrypt.
        Err(ImportError::Unsupported)
    }
}

/// Checks `[rounds=N$]salt$hash`, where the hash has `digits` characters.
fn sha_crypt_shape(rest: &str, digits: usize) -> Result<(), ImportError> {
    let mut fields: Vec<&str> = rest.splitn(4, '$').collect();
    if let Some(rounds) = fields[0].strip_prefix("rounds=") {
        let rounds: u32 = rounds.parse().map_err(|_| ImportError::Malformed)?;
        if rounds > SHA_CRYPT_ROUNDS_MAX {
            return Err(ImportError::TooCostly);
        }
        sha_crypt::Params::new(rounds).map_err(|_| ImportError::Malformed)?;
        fields.remove(0);
    }
    let [salt, hash] = fields[..] else { return Err(ImportError::Malformed) };
    let in_alphabet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/');
    let ok = (1..=16).contains(&salt.len())
        && salt.bytes().all(in_alphabet)
        && hash.len() == digits
        && hash.bytes().all(in_alphabet);
    if ok { Ok(()) } else { Err(ImportError::Malformed) }
}

/// `{SCHEME}rest`, if the text has that form.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.strip_prefix('{')?.split_once('}')?;
    let ok = (1..=32).contains(&scheme.len())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    ok.then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `stored` matches `password`, and nothing that is only nearly the same.
    fn check(stored: &str, password: &str) {
        assert_eq!(check_import(stored), Ok(()), "{stored}");
        assert!(verify(&Secret::new(password), stored), "{stored}");
        for wrong in [format!("{password}x"), password[1..].to_owned(), String::new()] {
            assert!(!verify(&Secret::new(wrong), stored), "{stored}");
        }
        assert!(needs_upgrade(stored), "{stored}");
    }

    #[test]
    fn plain_digests() {
        check("{MD5}5f4dcc3b5aa765d61d8327deb882cf99", "password");
        check("{MD5}X03MO1qnZdYdgyfeuILPmQ==", "password");
        check("{PLAIN-MD5}5F4DCC3B5AA765D61D8327DEB882CF99", "password");
        check("{LDAP-MD5}X03MO1qnZdYdgyfeuILPmQ", "password");
        check("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "password");
        check("{sha1}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "password");
        check("{SHA1.hex}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "password");
        check("{SHA.b64}W6ph5Mm5Pz8GgiULbPgzG37mj9g", "password");
        check("{SHA224}1j3JGeIB17xMglYw0s8l/ck9Sy8NRnBtKQONAQ==", "password");
        check("{SHA256}XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=", "password");
        check(
            "{SHA256}5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
            "password",
        );
        check(
            "{SHA384}qLZLq9CsqRpZvbt3YbQh1PK7OCgNOnW6DyHyvrxFWD1EbFmGYMlM5oDEfRnDB4On",
            "password",
        );
        check(
            "{SHA512}sQnzu7wkTrgkQZF+0G1hi5AI3Qmzvv0bXgc5THBqi7mAsdd4Xll27ASbRt9fEyavWi6m0QP9B8lThf+\
             rDKy8hg==",
            "password",
        );
    }

    #[test]
    fn salted_digests() {
        check("{SMD5}NwgELQv9hC4I0zECcexVRnNhbHR5IQ==", "password");
        check("{SSHA}EAYdtQcrqqjHqU+uuHb06s5QWwJzYWx0eSE=", "password");
        check("{SSHA1}EAYdtQcrqqjHqU+uuHb06s5QWwJzYWx0eSE=", "password");
        check("{SSHA224}3MPvp6inwROftvvAmdyvm2gIf468JGglBX2s8HNhbHR5IQ==", "password");
        check("{SSHA256}Arip2vXosEruhy6LNKgMwVpNVvJo3pkdkj+fEJ43heVzYWx0eSE=", "password");
        check(
            "{SSHA384}K/2YNREjLhzC11s71fIO2bCPI31EQ9TjQcCyQRMDklCLn6MTsx5BS6l0M4kttww2c2FsdHkh",
            "password",
        );
        check(
            "{SSHA512}XoLAjRlRt9+dF9LJnjT67SibGw26UwRek/yej90khtQ19U66+6vqb+\
             aHcM71dTmKwQkUsPZUNkahXqc8gmePc3NhbHR5IQ==",
            "password",
        );
    }

    #[test]
    fn crypt_hashes() {
        check("{MD5}$1$abcdefgh$G//4keteveJp0qb8z2DxG/", "password");
        check("{CRYPT}$1$abcdefgh$G//4keteveJp0qb8z2DxG/", "password");
        check("{CRYPT}$1$a$9O/6IlSSjU7FKDUT6TQa40", "a longer password than 16 characters");
        check("{CRYPT}$5$saltstring$OH4IDuTlsuTYPdED1gsuiRMyTAwNlRWyA6Xr3I4/dQ5", "password");
        check(
            "{CRYPT}$5$rounds=10000$saltstringsaltst$DnR6.aMZDwOMqtynA.o2eobA3dYZepULoyGw/CZ4ID0",
            "password",
        );
        check(
            "{CRYPT}$6$saltstring$adDbXsJjcDlq2662QPgd.tkSOVmnG9Tt3oXl4HR60SusC3AGjirnDenVZp3DGwL\
             wqy6iYKCzannhaX9DR72nN1",
            "password",
        );
        check("{BCRYPT}$2b$05$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu", "password");
        check("{CRYPT}$2y$05$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu", "password");
    }

    #[test]
    fn refused_hashes() {
        use ImportError::{Malformed, TooCostly, Unsupported};
        let rows = [
            ("password", Malformed),
            ("{MD5}", Malformed),
            ("{MD5}short", Malformed),
            ("{MD5}$1$abcdefghi$G//4keteveJp0qb8z2DxG/", Malformed),
            ("{SHA}5f4dcc3b5aa765d61d8327deb882cf99", Malformed),
            ("{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", Malformed),
            ("{SHA256}Xoh Im", Malformed),
            ("{BCRYPT}$6$saltstring$x", Malformed),
            ("{BCRYPT}$2b$05$tooshort", Malformed),
            ("{BCRYPT}$2b$03$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu", Malformed),
            ("{BCRYPT}$2b$31$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu", TooCostly),
            (
                "{CRYPT}$5$rounds=999999999$saltstringsaltst$DnR6.aMZDwOMqtynA.o2eobA3dYZepULoyGw/\
                 CZ4ID0",
                TooCostly,
            ),
            ("{CRYPT}$5$saltstring$short", Malformed),
            ("{CRYPT}$5$$OH4IDuTlsuTYPdED1gsuiRMyTAwNlRWyA6Xr3I4/dQ5", Malformed),
            ("{CRYPT}abJnggxhB/yWI", Unsupported),
            ("{DES}abJnggxhB/yWI", Unsupported),
            ("{CRYPT}$y$j9T$abc$def", Unsupported),
            ("{PLAIN}password", Unsupported),
            (
                "{ARGON2ID}$argon2id$v=19$m=4000000,t=2,p=1$c2FsdHNhbHQ$\
                 xMt8RllNIVFgdR3pPqEZrWmWAcBgRBHbB4iqp3xHFVw",
                TooCostly,
            ),
            ("{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ", Malformed),
        ];
        for (text, error) in rows {
            assert_eq!(check_import(text), Err(error), "{text}");
            assert!(!verify(&Secret::new("password"), text), "{text}");
        }
        let long = format!("{{SSHA}}{}", "A".repeat(IMPORT_MAX + 1));
        assert_eq!(check_import(&long), Err(Malformed));
    }

    #[test]
    fn our_own() {
        let secret = Secret::new("m0untain+Lake");
        let stored = hash(&secret).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify(&secret, &stored) && !needs_upgrade(&stored));
        assert!(!verify(&Secret::new("m0untain+lake"), &stored));
        assert_ne!(stored, hash(&secret).unwrap());
        assert_eq!(check_import(&format!("{{ARGON2ID}}{stored}")), Ok(()));

        let nobody = unmatchable().unwrap();
        assert!(!verify(&secret, &nobody) && !needs_upgrade(&nobody), "{nobody}");
        assert!(Stored::parse(&nobody).is_ok());
    }

    #[test]
    fn what_counts_as_hashed() {
        assert!(is_hashed("{SHA}x") && is_hashed("{NoSuch}") && is_hashed("{SHA.hex}"));
        assert!(
            !is_hashed("{}x") && !is_hashed("{a b}") && !is_hashed("x{SHA}") && !is_hashed("{")
        );
    }

    proptest::proptest! {
        /// Whatever is stored and presented: no panic, no accidental match, no endless work.
        #[test]
        fn nothing_breaks(
            stored in "(\\{[A-Za-z0-9.-]{0,14}\\})?(\\$(1|2b|5|6|argon2id)\\$)?[ -~é]{0,90}",
            secret in ".{0,20}",
        ) {
            let _ = (check_import(&stored), needs_upgrade(&stored));
            proptest::prop_assert!(!verify(&Secret::new(secret), &stored));
        }
    }
}
