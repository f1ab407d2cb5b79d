//! From text to a date.

use super::calendar::{CalendarTime, MONTHS, WEEKDAYS, weekday};
use crate::semantics::field::list::trim_ows;

/// Returns the seconds since 1970.
pub(super) fn unix_seconds(value: &[u8], now: i64) -> Option<i64> {
    let text = Text(trim_ows(value));
    let (named, time) = match text.0.get(3)? {
        b',' => text.imf_fixdate(),
        b' ' => text.asctime(),
        _ => text.rfc850(now),
    }?;
    let date = time.unix_seconds()?;
    (named == weekday(time.days())).then_some(date)
}

/// What is left to read.
#[derive(Clone, Copy)]
struct Text<'a>(&'a [u8]);

/// The weekday that the text names, and the time without it.
type Written = (usize, CalendarTime);

impl Text<'_> {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    fn imf_fixdate(mut self) -> Option<Written> {
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
        self.end((weekday, time))
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`.
    fn rfc850(mut self, now: i64) -> Option<Written> {
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

        let mut latest = CalendarTime::of(now);
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
        self.end((weekday, time))
    }

    /// `Sun Nov  6 08:49:37 1994`.
    fn asctime(mut self) -> Option<Written> {
        let weekday = self.short_weekday()?;
        self.literal(b" ")?;
        let month = self.month()?;
        self.literal(b" ")?;
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
        self.end((weekday, time))
    }

    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| 10 * number + i64::from(digit - b'0'))
        })
    }

    /// Returns the index of the name that comes next.
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

    /// `08:49:37` as a second of the day.
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

    fn end(self, written: Written) -> Option<Written> {
        self.0.is_empty().then_some(written)
    }
}
