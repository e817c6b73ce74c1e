//! Dates: of APPEND and INTERNALDATE with time and zone, of SEARCH without (RFC 3501 §9).
//!
//! The calendar is the proleptic Gregorian one, computed by days; nothing here needs a zone database,
//! as the wire only knows offsets.

use super::lexer::{Lexer, Parsed};
use super::request::Day;
use terms::{InternalDate, UnixTime};

pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const SECONDS_OF_DAY: i64 = 86_400;

/// `date-time`: `"17-Jul-1996 02:44:25 -0700"`. A day of one digit may lack its leading space.
pub(super) fn date_time(lexer: &mut Lexer<'_>) -> Parsed<InternalDate> {
    lexer.expect(b'"', "Expected a date and time in quotes")?;
    lexer.eat(b' ');
    let day = date_text(lexer)?;
    lexer.space()?;
    let hour = below(lexer, 24, "Expected an hour of two digits")?;
    lexer.expect(b':', "Expected a colon")?;
    let minute = below(lexer, 60, "Expected a minute of two digits")?;
    lexer.expect(b':', "Expected a colon")?;
    // 60 is a leap second.
    let second = below(lexer, 61, "Expected a second of two digits")?;
    lexer.space()?;
    let offset_minutes = zone(lexer)?;
    lexer.expect(b'"', "Expected a quotation mark")?;
    let local = days(day) * SECONDS_OF_DAY + i64::from((hour * 60 + minute) * 60 + second);
    Ok(InternalDate { at: UnixTime(local - i64::from(offset_minutes) * 60), offset_minutes })
}

/// `zone`: minutes east of UTC.
fn zone(lexer: &mut Lexer<'_>) -> Parsed<i16> {
    const PROBLEM: &str = "Expected a zone like +0100";
    let west = match lexer.peek() {
        Some(b'+') => false,
        Some(b'-') => true,
        _ => return lexer.bad(PROBLEM),
    };
    lexer.eat(if west { b'-' } else { b'+' });
    let minutes = below(lexer, 24, PROBLEM)? * 60 + below(lexer, 60, PROBLEM)?;
    let minutes = i16::try_from(minutes).unwrap_or(i16::MAX);
    Ok(if west { -minutes } else { minutes })
}

/// Two digits that make a number below `limit`.
fn below(lexer: &mut Lexer<'_>, limit: u32, problem: &'static str) -> Parsed<u32> {
    let at = lexer.at();
    let number = lexer.digits(2, problem)?;
    if number < limit { Ok(number) } else { lexer.bad_at(at, problem) }
}

/// `date`: `1-Feb-1994`, quoted or not.
pub(super) fn date(lexer: &mut Lexer<'_>) -> Parsed<Day> {
    if !lexer.eat(b'"') {
        return date_text(lexer);
    }
    let day = date_text(lexer)?;
    lexer.expect(b'"', "Expected a quotation mark")?;
    Ok(day)
}

/// `date-text`
fn date_text(lexer: &mut Lexer<'_>) -> Parsed<Day> {
    let start = lexer.at();
    let day = match lexer.run(|byte| byte.is_ascii_digit()) {
        [one @ b'1'..=b'9'] => one - b'0',
        [ten @ b'0'..=b'3', one] => (ten - b'0') * 10 + (one - b'0'),
        _ => return lexer.bad_at(start, "Expected a day of the month"),
    };
    lexer.expect(b'-', "Expected a hyphen")?;
    let at = lexer.at();
    let name = lexer.run(|byte| byte.is_ascii_alphabetic());
    let month = (1..).zip(MONTHS).find(|(_, month)| name.eq_ignore_ascii_case(month.as_bytes()));
    let Some((month, _)) = month else {
        return lexer.bad_at(at, "Expected a month like Jan");
    };
    lexer.expect(b'-', "Expected a hyphen")?;
    let year = lexer.digits(4, "Expected a year of four digits")?;
    let year = u16::try_from(year).unwrap_or(u16::MAX);
    if !(1..=days_of_month(year, month)).contains(&day) {
        return lexer.bad_at(start, "No such day");
    }
    Ok(Day { year, month, day })
}

fn days_of_month(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Counts in years that begin in March, so that the leap day is their last.
fn days(day: Day) -> i64 {
    let month = i64::from(day.month);
    let year = i64::from(day.year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day.day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970
}

/// 400 years.
const DAYS_OF_ERA: i64 = 146_097;

/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

/// 0000-01-01 and 9999-12-31, in days since 1970-01-01: what a year of four digits can say.
const WRITABLE: std::ops::RangeInclusive<i64> = -719_528..=2_932_896;

/// The inverse of [`days`], for [`WRITABLE`] days.
fn day_of(days: i64) -> Day {
    let days = days + DAYS_TO_1970;
    let era = days.div_euclid(DAYS_OF_ERA);
    let day_of_era = days.rem_euclid(DAYS_OF_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    Day {
        year: u16::try_from(year).unwrap_or(0),
        month: u8::try_from(month).unwrap_or(1),
        day: u8::try_from(day).unwrap_or(1),
    }
}

/// Day and second of day in the date's own zone. Times that four digits cannot say become the nearest
/// that they can.
fn local(date: InternalDate) -> (Day, u32) {
    let seconds = date.at.0.saturating_add(i64::from(date.offset_minutes) * 60).clamp(
        WRITABLE.start() * SECONDS_OF_DAY,
        WRITABLE.end() * SECONDS_OF_DAY + SECONDS_OF_DAY - 1,
    );
    let second = u32::try_from(seconds.rem_euclid(SECONDS_OF_DAY)).unwrap_or(0);
    (day_of(seconds.div_euclid(SECONDS_OF_DAY)), second)
}

impl Day {
    /// The day of `date` in its own zone, as SEARCH compares it (RFC 3501 §6.4.4: BEFORE, ON, SINCE
    /// disregard time and time zone).
    pub fn of(date: InternalDate) -> Self {
        local(date).0
    }
}

/// Writes `date-time`, with its quotes.
pub fn write(out: &mut Vec<u8>, date: InternalDate) {
    let (day, second) = local(date);
    out.push(b'"');
    if day.day < 10 {
        out.push(b' ');
        out.push(b'0' + day.day);
    } else {
        two_digits(out, day.day.into());
    }
    out.push(b'-');
    let month = MONTHS.get(usize::from(day.month).wrapping_sub(1)).copied().unwrap_or("Jan");
    out.extend_from_slice(month.as_bytes());
    out.push(b'-');
    two_digits(out, u32::from(day.year) / 100);
    two_digits(out, u32::from(day.year) % 100);
    out.push(b' ');
    two_digits(out, second / 3600);
    out.push(b':');
    two_digits(out, second / 60 % 60);
    out.push(b':');
    two_digits(out, second % 60);
    out.extend_from_slice(if date.offset_minutes < 0 { b" -" } else { b" +" });
    let minutes = u32::from(date.offset_minutes.unsigned_abs());
    two_digits(out, minutes / 60);
    two_digits(out, minutes % 60);
    out.push(b'"');
}

/// `number` is below 100.
fn two_digits(out: &mut Vec<u8>, number: u32) {
    let digit = |digit: u32| b'0' + u8::try_from(digit % 10).unwrap_or(0);
    out.push(digit(number / 10));
    out.push(digit(number));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::lexer::Stop;
    use proptest::prelude::*;

    fn parse(text: &str) -> Parsed<InternalDate> {
        let mut lexer = Lexer::new(text.as_bytes(), false);
        let date = date_time(&mut lexer)?;
        lexer.end()?;
        Ok(date)
    }

    fn parse_day(text: &str) -> Parsed<Day> {
        let mut lexer = Lexer::new(text.as_bytes(), false);
        let day = date(&mut lexer)?;
        lexer.end()?;
        Ok(day)
    }

    fn written(date: InternalDate) -> String {
        let mut out = Vec::new();
        write(&mut out, date);
        String::from_utf8(out).unwrap()
    }

    fn date_at(at: i64, offset_minutes: i16) -> InternalDate {
        InternalDate { at: UnixTime(at), offset_minutes }
    }

    #[test]
    fn reads_and_writes() {
        let rows = [
            (r#""17-Jul-1996 02:44:25 -0700""#, 837_596_665, -420),
            (r#"" 7-Feb-1994 21:52:25 -0800""#, 760_686_745, -480),
            (r#"" 1-Jan-1970 00:00:00 +0000""#, 0, 0),
            (r#""31-Dec-1969 23:59:59 +0000""#, -1, 0),
            (r#""29-Feb-2024 12:00:00 +0530""#, 1_709_188_200, 330),
            (r#""29-Feb-2000 00:00:00 +2359""#, 951_696_060, 1439),
            (r#"" 1-Jan-0000 00:00:00 +0000""#, -62_167_219_200, 0),
            (r#""31-Dec-9999 23:59:59 +0000""#, 253_402_300_799, 0),
        ];
        for (text, at, offset_minutes) in rows {
            let date = date_at(at, offset_minutes);
            assert_eq!(parse(text), Ok(date), "{text}");
            assert_eq!(written(date), text);
        }
        // What clients also write.
        assert_eq!(parse(r#""7-feb-1994 21:52:25 -0800""#), Ok(date_at(760_686_745, -480)));
        assert_eq!(parse(r#""07-FEB-1994 21:52:25 -0800""#), Ok(date_at(760_686_745, -480)));
        assert_eq!(parse(r#""31-Dec-2016 23:59:60 +0000""#), Ok(date_at(1_483_228_800, 0)));
    }

    #[test]
    fn refuses() {
        let rows = [
            ("17-Jul-1996 02:44:25 -0700", 1, "Expected a date and time in quotes"),
            (r#""32-Jul-1996 02:44:25 -0700""#, 2, "No such day"),
            (r#""00-Jul-1996 02:44:25 -0700""#, 2, "No such day"),
            (r#""29-Feb-1900 02:44:25 -0700""#, 2, "No such day"),
            (r#""40-Jul-1996 02:44:25 -0700""#, 2, "Expected a day of the month"),
            (r#""117-Jul-1996 02:44:25 -0700""#, 2, "Expected a day of the month"),
            (r#""17 Jul 1996 02:44:25 -0700""#, 4, "Expected a hyphen"),
            (r#""17-July-1996 02:44:25 -0700""#, 5, "Expected a month like Jan"),
            (r#""17-Jul-96 02:44:25 -0700""#, 9, "Expected a year of four digits"),
            (r#""17-Jul-19960 02:44:25 -0700""#, 13, "Expected a space"),
            (r#""17-Jul-1996 24:44:25 -0700""#, 14, "Expected an hour of two digits"),
            (r#""17-Jul-1996 2:44:25 -0700""#, 14, "Expected an hour of two digits"),
            (r#""17-Jul-1996 02:60:25 -0700""#, 17, "Expected a minute of two digits"),
            (r#""17-Jul-1996 02:44:61 -0700""#, 20, "Expected a second of two digits"),
            (r#""17-Jul-1996 02:44:25 0700""#, 23, "Expected a zone like +0100"),
            (r#""17-Jul-1996 02:44:25 PST""#, 23, "Expected a zone like +0100"),
            (r#""17-Jul-1996 02:44:25 -0760""#, 26, "Expected a zone like +0100"),
            (r#""17-Jul-1996 02:44:25 -0700"#, 28, "Expected a quotation mark"),
        ];
        for (text, position, problem) in rows {
            let Err(Stop::Bad(error)) = parse(text) else { panic!("{text} is taken") };
            assert_eq!((error.position, error.problem), (position, problem), "{text}");
        }
    }

    #[test]
    fn days_of_search() {
        let day = |year, month, day| Day { year, month, day };
        assert_eq!(parse_day("1-Feb-1994"), Ok(day(1994, 2, 1)));
        assert_eq!(parse_day(r#""29-feb-2024""#), Ok(day(2024, 2, 29)));
        for bad in
            ["", "1-Feb-94", "1-Feb", r#""1-Feb-1994"#, "29-Feb-2023", " 1-Feb-1994", "+1-Feb-1994"]
        {
            assert!(parse_day(bad).is_err(), "{bad}");
        }
        // The day is that of the date's own zone.
        assert_eq!(Day::of(date_at(0, 0)), day(1970, 1, 1));
        assert_eq!(Day::of(date_at(0, -1)), day(1969, 12, 31));
        assert_eq!(Day::of(date_at(86_399, 1)), day(1970, 1, 2));
    }

    #[test]
    fn times_that_cannot_be_said_are_the_nearest() {
        assert_eq!(written(date_at(i64::MAX, 60)), r#""31-Dec-9999 23:59:59 +0100""#);
        assert_eq!(written(date_at(i64::MIN, -60)), r#"" 1-Jan-0000 00:00:00 -0100""#);
        assert_eq!(Day::of(date_at(i64::MAX, i16::MAX)).year, 9999);
        assert!(written(date_at(0, i16::MIN)).ends_with(r#" -4608""#));
    }

    #[test]
    fn every_day_of_ten_thousand_years() {
        let mut expected = Day { year: 0, month: 1, day: 1 };
        for number in WRITABLE {
            let day = day_of(number);
            assert_eq!((day, days(day)), (expected, number));
            expected.day += 1;
            if expected.day > days_of_month(expected.year, expected.month) {
                expected.day = 1;
                expected.month += 1;
            }
            if expected.month > 12 {
                expected.month = 1;
                expected.year += 1;
            }
        }
        assert_eq!(expected.year, 10_000);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(at in -62_167_000_000i64..253_402_000_000, offset in -1439i16..=1439) {
            let date = date_at(at, offset);
            prop_assert_eq!(parse(&written(date)), Ok(date));
        }

        #[test]
        fn any_time_can_be_written(at: i64, offset: i16) {
            prop_assert_eq!(written(date_at(at, offset)).len(), 28);
        }
    }
}
