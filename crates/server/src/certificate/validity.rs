//! From when to when a certificate is valid: the one thing in X.509 (RFC 5280 §4.1) that we tell
//! operators about and the TLS library does not tell us. Trusts nothing it reads.

use terms::UnixTime;

/// The time in which a certificate is valid, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// `notBefore`
    pub from: UnixTime,
    /// `notAfter`
    pub until: UnixTime,
}

impl Validity {
    /// Reads it out of a certificate in DER.
    pub fn of(der: &[u8]) -> Option<Self> {
        let (certificate, _) = element(der, SEQUENCE)?;
        let (to_be_signed, _) = element(certificate, SEQUENCE)?;
        // The version is left out of certificates of version 1.
        let rest = element(to_be_signed, VERSION).map_or(to_be_signed, |(_, rest)| rest);
        let (_serial, rest) = element(rest, INTEGER)?;
        let (_algorithm, rest) = element(rest, SEQUENCE)?;
        let (_issuer, rest) = element(rest, SEQUENCE)?;
        let (validity, _) = element(rest, SEQUENCE)?;
        let (from, rest) = time(validity)?;
        let (until, _) = time(rest)?;
        Some(Self { from, until })
    }

    /// Whether it is valid at this moment.
    pub fn covers(self, now: UnixTime) -> bool {
        self.from <= now && now <= self.until
    }
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// The content of the element that `der` begins with, and what follows it; nothing if it is of
/// another kind.
fn element(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        // Three bytes of length are enough for 16 MiB.
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    if *first == kind { rest.split_at_checked(length) } else { None }
}

/// `YYMMDDHHMMSSZ` before 2050, `YYYYMMDDHHMMSSZ` from then on (RFC 5280 §4.1.2.5).
fn time(der: &[u8]) -> Option<(UnixTime, &[u8])> {
    let (text, rest, century) = if let Some((text, rest)) = element(der, UTC_TIME) {
        let century = if text.first()? < &b'5' { "20" } else { "19" };
        (text, rest, century)
    } else {
        let (text, rest) = element(der, GENERALIZED_TIME)?;
        (text, rest, "")
    };
    let text = format!("{century}{}", std::str::from_utf8(text).ok()?);
    let digits = text.strip_suffix('Z')?;
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let at = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some((UnixTime(at.timestamp().as_second()), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(not_after_year: i32) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 2);
        params.not_after = rcgen::date_time_ymd(not_after_year, 1, 2);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn both_forms_of_time() {
        let from = UnixTime(1_767_312_000);
        for (year, until) in [(2036, 2_082_844_800), (2050, 2_524_694_400)] {
            let validity = Validity::of(&certificate(year)).unwrap();
            assert_eq!(validity, Validity { from, until: UnixTime(until) });
            assert!(validity.covers(from) && validity.covers(UnixTime(until)));
            assert!(!validity.covers(UnixTime(from.0 - 1)));
            assert!(!validity.covers(UnixTime(until + 1)));
        }
    }

    #[test]
    fn damage_is_no_panic() {
        let whole = certificate(2036);
        for cut in 0..whole.len() {
            let _ = Validity::of(&whole[..cut]);
        }
        for position in 0..whole.len().min(200) {
            for value in [0, 0x30, 0x7f, 0x80, 0x83, 0x84, 0xff] {
                let mut damaged = whole.clone();
                damaged[position] = value;
                let _ = Validity::of(&damaged);
            }
        }
    }
}
