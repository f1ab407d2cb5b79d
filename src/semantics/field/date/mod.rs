//! HTTP dates (RFC 9110, section 5.6.7): three forms in, IMF-fixdate out.

mod calendar;
mod parse;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;

use self::calendar::{CalendarTime, MONTHS, WEEKDAYS, weekday};

/// A date in whole seconds, as headers carry it.
///
/// The range is the years 0000 to 9999 of the Gregorian calendar, which four digits can
/// express. Earlier and later times saturate. Fractions of a second are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate(i64);

/// 0000-01-01 00:00:00.
const FIRST_SECOND: i64 = -62_167_219_200;
/// 9999-12-31 23:59:59.
const LAST_SECOND: i64 = 253_402_300_799;

impl HttpDate {
    /// The start of 1970.
    pub const EPOCH: Self = Self(0);

    /// Returns the date that is this many seconds after the start of 1970.
    ///
    /// A negative number gives a date before 1970.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        // `clamp` is not `const`.
        Self(if seconds < FIRST_SECOND {
            FIRST_SECOND
        } else if seconds > LAST_SECOND {
            LAST_SECOND
        } else {
            seconds
        })
    }

    /// Returns the seconds since the start of 1970. The number is negative before 1970.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }

    /// Parses a date in the IMF-fixdate, RFC 850 or asctime format. Returns `None` if the value
    /// is not one valid date.
    ///
    /// An RFC 850 date has a year of two digits. It means the latest matching year that is at
    /// most 50 calendar years after `now`. A date with the wrong weekday is invalid. A leap
    /// second (`23:59:60`) is the second after `23:59:59`.
    #[must_use]
    pub fn parse(value: &[u8], now: Self) -> Option<Self> {
        parse::unix_seconds(value, now.0).map(Self::from_unix_seconds)
    }

    /// Returns the time from `earlier` to this date, or zero if `earlier` is later.
    pub(crate) fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// Formats the date as IMF-fixdate.
    fn imf_fixdate(self) -> [u8; 29] {
        let time = CalendarTime::from_unix_seconds(self.0);
        let mut text = *b"Mon, 00 Jan 0000 00:00:00 GMT";
        let weekday = WEEKDAYS[weekday(time.days())].as_bytes();
        text[..3].copy_from_slice(&weekday[..3]);
        write_digits(&mut text[5..7], time.day);
        text[8..11].copy_from_slice(MONTHS[time.month as usize - 1].as_bytes());
        write_digits(&mut text[12..16], time.year);
        write_digits(&mut text[17..19], time.second_of_day / 3600);
        write_digits(&mut text[20..22], time.second_of_day / 60 % 60);
        write_digits(&mut text[23..25], time.second_of_day % 60);
        text
    }
}

/// Fills `places` with the last digits of a number.
fn write_digits(places: &mut [u8], mut number: i64) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl From<SystemTime> for HttpDate {
    fn from(time: SystemTime) -> Self {
        let whole = |seconds: Duration| i64::try_from(seconds.as_secs()).unwrap_or(i64::MAX);
        let seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => whole(since),
            // Before 1970, too, a time belongs to the second that started before it.
            Err(before) => {
                let before = before.duration();
                -whole(before) - i64::from(before.subsec_nanos() > 0)
            }
        };
        Self::from_unix_seconds(seconds)
    }
}

/// A date before 1970 that `SystemTime` cannot represent on this platform becomes the start of
/// 1970.
impl From<HttpDate> for SystemTime {
    fn from(date: HttpDate) -> Self {
        let distance = Duration::from_secs(date.0.unsigned_abs());
        if date.0 < 0 {
            UNIX_EPOCH.checked_sub(distance).unwrap_or(UNIX_EPOCH)
        } else {
            UNIX_EPOCH + distance
        }
    }
}

impl From<HttpDate> for HeaderValue {
    fn from(date: HttpDate) -> Self {
        Self::from_bytes(&date.imf_fixdate()).expect("a date is visible ASCII")
    }
}

impl fmt::Display for HttpDate {
    /// Formats the date as IMF-fixdate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.imf_fixdate();
        f.pad(std::str::from_utf8(&text).expect("a date is ASCII"))
    }
}
