//! Parser of the three date formats.

use super::calendar::{CalendarTime, MONTHS, WEEKDAYS, weekday};
use crate::semantics::field::list::trim_ows;

/// Parses a date. Returns its seconds since 1970.
pub(super) fn unix_seconds(value: &[u8], now: i64) -> Option<i64> {
    let parser = DateParser(trim_ows(value));
    // The fourth byte distinguishes the formats: `Sun, `, `Sun Nov` and `Sunday`.
    let (named_weekday, time) = match parser.0.get(3)? {
        b',' => parser.imf_fixdate(),
        b' ' => parser.asctime(),
        _ => parser.rfc850(now),
    }?;
    let date = time.unix_seconds()?;
    (named_weekday == weekday(time.days())).then_some(date)
}

/// The bytes that remain to be parsed.
#[derive(Clone, Copy)]
struct DateParser<'a>(&'a [u8]);

/// The index of the weekday that the text names, and the rest of the date.
type WeekdayAndTime = (usize, CalendarTime);

impl DateParser<'_> {
    /// Parses a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    fn imf_fixdate(mut self) -> Option<WeekdayAndTime> {
        let weekday = self.short_weekday()?;
        self.literal(b", ")?;
        let day = self.digits(2)?;
        self.literal(b" ")?;
        let month = self.month()?;
        self.literal(b" ")?;
        let year = self.digits(4)?;
        self.literal(b" ")?;
        let second_of_day = self.time()?;
        self.literal(b" GMT")?;
        let time = CalendarTime {
            year,
            month,
            day,
            second_of_day,
        };
        self.finish((weekday, time))
    }

    /// Parses a date such as `Sunday, 06-Nov-94 08:49:37 GMT`.
    fn rfc850(mut self, now: i64) -> Option<WeekdayAndTime> {
        let weekday = self.name(WEEKDAYS)?;
        self.literal(b", ")?;
        let day = self.digits(2)?;
        self.literal(b"-")?;
        let month = self.month()?;
        self.literal(b"-")?;
        let year_of_century = self.digits(2)?;
        self.literal(b" ")?;
        let second_of_day = self.time()?;
        self.literal(b" GMT")?;

        // The latest matching year at most 50 years ahead (RFC 9110, section 5.6.7).
        let mut latest = CalendarTime::from_unix_seconds(now);
        latest.year += 50;
        let mut time = CalendarTime {
            year: latest.year - (latest.year - year_of_century).rem_euclid(100),
            month,
            day,
            second_of_day,
        };
        if time > latest {
            time.year -= 100;
        }
        self.finish((weekday, time))
    }

    /// Parses a date such as `Sun Nov  6 08:49:37 1994`.
    fn asctime(mut self) -> Option<WeekdayAndTime> {
        let weekday = self.short_weekday()?;
        self.literal(b" ")?;
        let month = self.month()?;
        self.literal(b" ")?;
        // A day below 10 has a space in place of its first digit.
        let day = match self.literal(b" ") {
            Some(()) => self.digits(1),
            None => self.digits(2),
        }?;
        self.literal(b" ")?;
        let second_of_day = self.time()?;
        self.literal(b" ")?;
        let time = CalendarTime {
            year: self.digits(4)?,
            month,
            day,
            second_of_day,
        };
        self.finish((weekday, time))
    }

    /// Skips a literal. Returns `None` if the text does not continue with it.
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// Parses a number of exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| 10 * number + i64::from(digit - b'0'))
        })
    }

    /// Parses one of the names. Returns its index.
    fn name<const N: usize>(&mut self, names: [&str; N]) -> Option<usize> {
        let index = (names.iter()).position(|name| self.0.starts_with(name.as_bytes()))?;
        self.literal(names[index].as_bytes())?;
        Some(index)
    }

    fn short_weekday(&mut self) -> Option<usize> {
        self.name(WEEKDAYS.map(|name| &name[..3]))
    }

    fn month(&mut self) -> Option<i64> {
        Some(self.name(MONTHS)? as i64 + 1)
    }

    /// Parses a time such as `08:49:37`. Returns the second of the day.
    fn time(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        self.literal(b":")?;
        let minute = self.digits(2)?;
        self.literal(b":")?;
        let second = self.digits(2)?;
        let leap = (hour, minute, second) == (23, 59, 60);
        let valid = leap || (hour < 24 && minute < 60 && second < 60);
        valid.then_some(3600 * hour + 60 * minute + second)
    }

    /// Returns the date if nothing follows it.
    fn finish(self, date: WeekdayAndTime) -> Option<WeekdayAndTime> {
        self.0.is_empty().then_some(date)
    }
}
