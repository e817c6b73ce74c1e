//! The `$1$` hash of crypt(3): a thousand rounds of MD5 (Poul-Henning Kamp, FreeBSD 1994).
//!
//! Far too fast by now; only checked, never made.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The order in which the digest's bytes are written, three at a time.
const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];

/// A `$1$` hash, taken apart.
pub(super) struct Md5Crypt<'a> {
    salt: &'a [u8],
    hash: &'a [u8],
}

impl<'a> Md5Crypt<'a> {
    /// Reads what follows `$1$`: up to eight characters of salt, `$`, 22 characters of hash.
    pub(super) fn parse(rest: &'a str) -> Option<Self> {
        let (salt, hash) = rest.split_once('$')?;
        let ok = salt.len() <= 8 && hash.len() == 22 && hash.bytes().all(|b| ALPHABET.contains(&b));
        ok.then_some(Self { salt: salt.as_bytes(), hash: hash.as_bytes() })
    }

    /// Whether it is the hash of this password.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        encode(&compute(password, self.salt)).ct_eq(self.hash).into()
    }
}

fn compute(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password);
    let inner: [u8; 16] = inner.finalize().into();

    let mut outer = Md5::new().chain_update(password).chain_update(b"$1$").chain_update(salt);
    for part in password.chunks(16) {
        outer.update(&inner[..part.len()]);
    }
    let mut bits = password.len();
    while bits > 0 {
        // For a set bit a zero byte: a slip of the original that became the definition.
        if bits & 1 == 1 {
            outer.update([0]);
        } else {
            outer.update(password.get(..1).unwrap_or_default());
        }
        bits >>= 1;
    }
    let mut digest: [u8; 16] = outer.finalize().into();

    for round in 0..1000 {
        let mut next = Md5::new();
        next.update(if round % 2 == 1 { password } else { &digest });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if round % 2 == 1 { &digest } else { password });
        digest = next.finalize().into();
    }
    digest
}

fn encode(digest: &[u8; 16]) -> [u8; 22] {
    let mut text = [0; 22];
    let letter = |value: u32, place: usize| ALPHABET[(value >> (6 * place)) as usize & 0x3f];
    for (group, order) in text.chunks_mut(4).zip(ORDER) {
        let [high, middle, low] = order.map(|index| u32::from(digest[index]));
        let value = high << 16 | middle << 8 | low;
        for (place, target) in group.iter_mut().enumerate() {
            *target = letter(value, place);
        }
    }
    for place in 0..2 {
        text[20 + place] = letter(u32::from(digest[11]), place);
    }
    text
}
