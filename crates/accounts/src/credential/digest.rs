//! Plain and salted digests: `{SHA256}…`, `{SSHA}…` and their relatives, as Dovecot reads them.
//!
//! The value is base64, or hexadecimal where its length says so or the scheme ends in `.HEX`
//! (`.B64`, `.BASE64` force the other). A salted value is the digest followed by the salt.

use super::ImportError;
use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

/// The longest salt accepted, in bytes.
const SALT_MAX: usize = 64;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A digest of a password, with its salt if it has one.
pub(super) struct Digested {
    algorithm: DigestAlgorithm,
    digest: Vec<u8>,
    salt: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DigestAlgorithm {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Salted {
    Yes,
    No,
}

impl Digested {
    /// Reads the value of an upper-case `scheme`.
    pub(super) fn parse(scheme: &str, value: &str) -> Result<Self, ImportError> {
        let (scheme, forced) = match scheme.split_once('.') {
            None => (scheme, None),
            Some((scheme, "HEX")) => (scheme, Some(Encoding::Hex)),
            Some((scheme, "B64" | "BASE64")) => (scheme, Some(Encoding::Base64)),
            Some(_) => return Err(ImportError::Unsupported),
        };
        let (algorithm, salted) = match scheme {
            "MD5" | "PLAIN-MD5" | "LDAP-MD5" => (DigestAlgorithm::Md5, Salted::No),
            "SMD5" => (DigestAlgorithm::Md5, Salted::Yes),
            "SHA" | "SHA1" => (DigestAlgorithm::Sha1, Salted::No),
            "SSHA" | "SSHA1" => (DigestAlgorithm::Sha1, Salted::Yes),
            "SHA224" => (DigestAlgorithm::Sha224, Salted::No),
            "SSHA224" => (DigestAlgorithm::Sha224, Salted::Yes),
            "SHA256" => (DigestAlgorithm::Sha256, Salted::No),
            "SSHA256" => (DigestAlgorithm::Sha256, Salted::Yes),
            "SHA384" => (DigestAlgorithm::Sha384, Salted::No),
            "SSHA384" => (DigestAlgorithm::Sha384, Salted::Yes),
            "SHA512" => (DigestAlgorithm::Sha512, Salted::No),
            "SSHA512" => (DigestAlgorithm::Sha512, Salted::Yes),
            _ => return Err(ImportError::Unsupported),
        };
        let size = algorithm.size();
        // Only the length of an unsalted value tells which encoding it is in.
        let encoding = match forced {
            Some(encoding) => encoding,
            None if salted == Salted::No && value.len() == 2 * size => Encoding::Hex,
            None => Encoding::Base64,
        };
        let mut digest = encoding.decode(value).ok_or(ImportError::Malformed)?;
        if digest.len() < size {
            return Err(ImportError::Malformed);
        }
        let salt = digest.split_off(size);
        let salt_ok = match salted {
            Salted::No => salt.is_empty(),
            Salted::Yes => (1..=SALT_MAX).contains(&salt.len()),
        };
        if salt_ok { Ok(Self { algorithm, digest, salt }) } else { Err(ImportError::Malformed) }
    }

    /// Whether it is the digest of this password.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let computed = match self.algorithm {
            DigestAlgorithm::Md5 => self.compute::<Md5>(password),
            DigestAlgorithm::Sha1 => self.compute::<Sha1>(password),
            DigestAlgorithm::Sha224 => self.compute::<Sha224>(password),
            DigestAlgorithm::Sha256 => self.compute::<Sha256>(password),
            DigestAlgorithm::Sha384 => self.compute::<Sha384>(password),
            DigestAlgorithm::Sha512 => self.compute::<Sha512>(password),
        };
        computed.ct_eq(&self.digest).into()
    }

    fn compute<D: Digest>(&self, password: &[u8]) -> Vec<u8> {
        let mut digest = D::new();
        digest.update(password);
        digest.update(&self.salt);
        digest.finalize().to_vec()
    }
}

impl DigestAlgorithm {
    fn size(self) -> usize {
        match self {
            DigestAlgorithm::Md5 => 16,
            DigestAlgorithm::Sha1 => 20,
            DigestAlgorithm::Sha224 => 28,
            DigestAlgorithm::Sha256 => 32,
            DigestAlgorithm::Sha384 => 48,
            DigestAlgorithm::Sha512 => 64,
        }
    }
}

enum Encoding {
    Hex,
    Base64,
}

impl Encoding {
    fn decode(&self, value: &str) -> Option<Vec<u8>> {
        match self {
            Encoding::Base64 => BASE64.decode(value).ok(),
            Encoding::Hex => {
                let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
                let (pairs, []) = value.as_bytes().as_chunks::<2>() else { return None };
                pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
            }
        }
    }
}
