//! HTTP dates (RFC 9110, section 5.6.7): three forms in, IMF-fixdate out.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::HeaderValue;

/// A date in whole seconds, as header fields carry it.
///
/// The range is 1970 to 9999. Earlier and later times saturate, and fractions
/// of a second are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate(i64);

const LAST_SECOND: u64 = 253_402_300_799;
const SECONDS_IN_FIFTY_YEARS: u64 = 50 * 31_556_952;
/// The calendar, weekdays included, repeats after so many years.
const CALENDAR_CYCLE: u16 = 400;

impl HttpDate {
    /// The start of 1970.
    pub const EPOCH: Self = Self(0);

    /// Some date before 1970, which only a client can name.
    const EARLIER: Self = Self(-1);

    /// The date so many seconds after the start of 1970.
    #[must_use]
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(if seconds > LAST_SECOND {
            LAST_SECOND.cast_signed()
        } else {
            seconds.cast_signed()
        })
    }

    /// Seconds since the start of 1970.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        if self.0 < 0 {
            0
        } else {
            self.0.cast_unsigned()
        }
    }

    /// Reads IMF-fixdate, RFC 850 or asctime form; `None` if it is not one
    /// valid date.
    ///
    /// An RFC 850 date has two digits for its year and means the latest such
    /// year that is not more than 50 years after `now`. A date before 1970 is
    /// valid and before every other.
    #[must_use]
    pub fn parse(value: &[u8], now: Self) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
        match text.as_bytes() {
            [.., b'G', b'M', b'T'] if text.len() == 29 => parse_year(text, 12..16),
            [.., b'G', b'M', b'T'] => Rfc850::split(text)?.resolve(now),
            _ if text.len() == 24 => parse_year(text, 20..24),
            _ => None,
        }
    }
}

/// Hands `text` to the parser, a year before 1970 moved up by whole calendar
/// cycles first, since that parser starts at 1970.
fn parse_year(text: &str, year: std::ops::Range<usize>) -> Option<HttpDate> {
    let digits = text.get(year.clone())?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let written: u16 = digits.parse().ok()?;
    if written >= 1970 {
        return parse_modern(text);
    }
    let cycles = (1970 - written).div_ceil(CALENDAR_CYCLE);
    let mut moved = text.to_owned();
    moved.replace_range(year, &(written + cycles * CALENDAR_CYCLE).to_string());
    parse_modern(&moved).map(|_| HttpDate::EARLIER)
}

fn parse_modern(text: &str) -> Option<HttpDate> {
    // The parser knows no leap second, but a date may have one: it is the
    // second after 23:59:59, as everywhere in Unix time.
    const LEAP: &str = "23:59:60";
    let parse = |text: &str| httpdate::parse_http_date(text).ok().map(HttpDate::from);
    if !text.contains(LEAP) {
        return parse(text);
    }
    let before = parse(&text.replace(LEAP, "23:59:59"))?;
    Some(HttpDate::from_unix_seconds(before.unix_seconds() + 1))
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`, taken apart.
struct Rfc850<'a> {
    weekday: &'a str,
    day: &'a str,
    month: &'a str,
    year: u16,
    time: &'a str,
}

impl<'a> Rfc850<'a> {
    fn split(text: &'a str) -> Option<Self> {
        const WEEKDAYS: [&str; 7] = [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ];
        let (weekday, rest) = text.split_once(", ")?;
        let (date, time) = rest.split_once(' ')?;
        let mut parts = date.split('-');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let two_digits = year.len() == 2 && year.bytes().all(|byte| byte.is_ascii_digit());
        if !WEEKDAYS.contains(&weekday) || !two_digits || parts.next().is_some() {
            return None;
        }
        Some(Self {
            weekday: &weekday[..3],
            day,
            month,
            year: year.parse().ok()?,
            time,
        })
    }

    fn resolve(&self, now: HttpDate) -> Option<HttpDate> {
        let latest = HttpDate::from_unix_seconds(now.unix_seconds() + SECONDS_IN_FIFTY_YEARS);
        let latest_year = latest.year();
        let year = latest_year - (latest_year % 100 + 100 - self.year) % 100;
        let date = self.in_year(year).filter(|date| *date <= latest);
        if date.is_none() && year == latest_year {
            return self.in_year(year - 100);
        }
        date
    }

    fn in_year(&self, year: u16) -> Option<HttpDate> {
        let Self {
            weekday,
            day,
            month,
            time,
            ..
        } = self;
        parse_year(&format!("{weekday}, {day} {month} {year} {time}"), 12..16)
    }
}

impl HttpDate {
    fn year(self) -> u16 {
        let text = self.to_string();
        text.get(12..16)
            .and_then(|year| year.parse().ok())
            .unwrap_or(1970)
    }
}

impl From<SystemTime> for HttpDate {
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_unix_seconds(since_epoch.as_secs())
    }
}

impl From<HttpDate> for SystemTime {
    fn from(date: HttpDate) -> Self {
        UNIX_EPOCH + Duration::from_secs(date.unix_seconds())
    }
}

impl From<HttpDate> for HeaderValue {
    fn from(date: HttpDate) -> Self {
        Self::from_maybe_shared(Bytes::from(date.to_string())).expect("a date is visible ASCII")
    }
}

impl fmt::Display for HttpDate {
    /// Writes IMF-fixdate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        httpdate::HttpDate::from(SystemTime::from(*self)).fmt(f)
    }
}
