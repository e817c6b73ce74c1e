//! The Date field (RFC 5322 §3.3, with the obsolete years and zones of §4.3).
//!
//! Reads only; the time of arrival and IMAP's own date formats are not known here.

use crate::lexer::Lexer;

/// The moment a message says it was sent, and the zone it says it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SentDate {
    /// Seconds since 1970-01-01 00:00:00 UTC, leap seconds not counted.
    pub unix_seconds: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

impl SentDate {
    /// The date on the sender's calendar, in days since 1970-01-01. This is what SENTBEFORE,
    /// SENTON and SENTSINCE compare: they disregard time and zone (RFC 3501 §6.4.4).
    pub fn calendar_day(self) -> i64 {
        (self.unix_seconds + i64::from(self.offset_minutes) * 60).div_euclid(SECONDS_PER_DAY)
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; the counterpart to
/// [`SentDate::calendar_day`] for whoever has a date to compare.
///
/// `month` counts from 1. `None` for a date that does not exist.
pub fn days_from_calendar(year: i32, month: u32, day: u32) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    // Years that start in March put the leap day last, and months into a pattern of 153 days.
    let year = i64::from(year) - i64::from(month <= 2);
    let month_from_march = i64::from((month + 9) % 12);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

const SECONDS_PER_DAY: i64 = 86_400;

/// Reads a Date field's value. `None` if it names no existing moment; a missing zone is read as
/// UTC, a missing time is not accepted.
pub fn parse(value: &[u8]) -> Option<SentDate> {
    let mut words = Words { lexer: Lexer::new(value) };
    let mut first = words.next();
    if !first.first()?.is_ascii_digit() {
        first = words.next(); // The day of the week, which says nothing new.
    }
    let day = number(first, 1..=2)?;
    let month = month(words.next())?;
    let year = year(words.next())?;
    let hour = number(words.next(), 1..=2).filter(|&hour| hour < 24)?;
    let minute = words.after_colon()?;
    let second = if words.at_colon() { words.after_colon()? } else { 0 };
    // A leap second counts as the second before it.
    let second = if second == 60 { 59 } else { second };
    if minute > 59 || second > 59 {
        return None;
    }
    let offset_minutes = zone(words.zone());

    let days = days_from_calendar(year, month, day)?;
    let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let unix_seconds = days * SECONDS_PER_DAY + of_day - i64::from(offset_minutes) * 60;
    Some(SentDate { unix_seconds, offset_minutes })
}

/// Cuts a date into its words. Blanks, comments, commas and the dashes some write between day,
/// month and year only separate.
struct Words<'a> {
    lexer: Lexer<'a>,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> &'a [u8] {
        loop {
            self.lexer.skip_blanks();
            if !self.lexer.take(b',') && !self.lexer.take(b'-') {
                break;
            }
        }
        let digits = self.lexer.take_while(|octet| octet.is_ascii_digit());
        if digits.is_empty() {
            self.lexer.take_while(|octet| octet.is_ascii_alphabetic())
        } else {
            digits
        }
    }

    fn at_colon(&mut self) -> bool {
        self.lexer.skip_blanks();
        self.lexer.peek() == Some(b':')
    }

    fn after_colon(&mut self) -> Option<u32> {
        self.lexer.skip_blanks();
        if !self.lexer.take(b':') {
            return None;
        }
        self.lexer.skip_blanks();
        number(self.lexer.take_while(|octet| octet.is_ascii_digit()), 1..=2)
    }

    fn zone(&mut self) -> &'a [u8] {
        self.lexer.skip_blanks();
        self.lexer.take_while(|octet| octet.is_ascii_alphanumeric() || b"+-".contains(&octet))
    }
}

fn number(digits: &[u8], lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    if !lengths.contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
}

fn month(word: &[u8]) -> Option<u32> {
    const MONTHS: [&[u8]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let short = word.get(..3)?;
    (1..).zip(MONTHS).find(|(_, name)| name.eq_ignore_ascii_case(short)).map(|(number, _)| number)
}

/// Four digits or more, or the two and three of old mail (RFC 5322 §4.3).
fn year(digits: &[u8]) -> Option<i32> {
    let year = i32::try_from(number(digits, 2..=5)?).ok()?;
    Some(match digits.len() {
        2 if year < 50 => year + 2000,
        2 | 3 => year + 1900,
        _ => year,
    })
}

/// Minutes east of UTC. Military letters were defined wrongly by RFC 822 and mean nothing; like
/// unknown names they count as UTC (RFC 5322 §4.3).
fn zone(word: &[u8]) -> i32 {
    if let [sign @ (b'+' | b'-'), digits @ ..] = word {
        let Some(value) = number(digits, 4..=4).and_then(|value| i32::try_from(value).ok()) else {
            return 0;
        };
        let minutes = value / 100 * 60 + value % 100;
        return if *sign == b'-' { -minutes } else { minutes };
    }
    let hours = match word.to_ascii_uppercase().as_slice() {
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => 0,
    };
    hours * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<(i64, i32)>) {
        let found = parse(value.as_bytes()).map(|date| (date.unix_seconds, date.offset_minutes));
        assert_eq!(found, expected, "{value:?}");
    }

    #[test]
    fn dates_of_rfc_5322() {
        check("Fri, 21 Nov 1997 09:55:06 -0600", Some((880_127_706, -360)));
        check("Tue, 1 Jul 2003 10:52:37 +0200", Some((1_057_049_557, 120)));
        check("Thu, 13 Feb 1969 23:32 -0330", Some((-27_723_480, -210)));
        check("21 Nov 97 09:55:06 GMT", Some((880_106_106, 0)));
        check(
            "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
            Some((-27_723_480, -210)),
        );
        check("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", Some((880_127_706, -360)));
    }

    #[test]
    fn zones_and_years_of_old() {
        check("1 Jan 70 00:00 UT", Some((0, 0)));
        check("1 Jan 1970 00:00:00 EST", Some((18_000, -300)));
        check("1 Jan 1970 00:00:00 pdt", Some((25_200, -420)));
        check("1 Jan 1970 00:00:00 Z", Some((0, 0)));
        check("1 Jan 1970 00:00:00 K", Some((0, 0)));
        check("1 Jan 1970 00:00:00", Some((0, 0)));
        check("1 Jan 100 00:00:00 GMT", Some((946_684_800, 0)));
        check("1 Jan 49 00:00:00 GMT", Some((2_493_072_000, 0)));
        check("1 Jan 50 00:00:00 GMT", Some((-631_152_000, 0)));
    }

    #[test]
    fn what_mailers_really_send() {
        check("Sat, 24-Mar-2007 23:00:00 +0200", Some((1_174_770_000, 120)));
        check("Thu,01 Jan 1970 00:00:00 +0000 (GMT)", Some((0, 0)));
        check("Thu 1 January 1970 0:00:00 GMT+01:00", Some((0, 0)));
        check("31 Dec 1998 23:59:60 +0000", Some((915_148_799, 0)));
        check("29 Feb 2000 00:00:00 +0000", Some((951_782_400, 0)));
        check("1 Jan 1970 00:00:00 +9999", Some((-9999 / 100 * 3600 - 99 * 60, 99 * 60 + 99)));
    }

    #[test]
    fn what_is_no_date() {
        for value in [
            "",
            "x",
            "Fri",
            "Fri,",
            "29 Feb 1900 00:00:00 +0000",
            "31 Apr 2000 00:00:00 +0000",
            "0 Jan 2000 00:00:00 +0000",
            "1 Foo 2000 00:00:00 +0000",
            "1 Jan 2000",
            "1 Jan 2000 24:00:00 +0000",
            "1 Jan 2000 00:60:00 +0000",
            "1 Jan 2000 00:00:61 +0000",
            "1 Jan 2000 00 +0000",
            "1 Jan 999999 00:00:00 +0000",
            "1 Jan 2 00:00:00 +0000",
            "999 Jan 2000 00:00:00 +0000",
            "2000-01-01T00:00:00Z",
        ] {
            check(value, None);
        }
    }

    #[test]
    fn the_calendar_day_is_the_senders() {
        let day = |value: &str| parse(value.as_bytes()).map(SentDate::calendar_day);
        assert_eq!(day("2 Jan 1970 00:30:00 +0200"), Some(1));
        assert_eq!(day("1 Jan 1970 23:30:00 -0800"), Some(0));
        assert_eq!(day("31 Dec 1969 23:30:00 +0000"), Some(-1));
        assert_eq!(days_from_calendar(2000, 3, 1), Some(11_017));
        assert_eq!(days_from_calendar(2000, 13, 1), None);
    }
}
