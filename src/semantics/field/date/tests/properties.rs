use std::{
    ops::RangeInclusive,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use proptest::{collection::vec, prelude::*};

use crate::semantics::field::HttpDate;

/// The seconds of the years 0000 to 9999.
const SECONDS: RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;
/// The seconds of 400 years.
const CYCLE: i64 = 146_097 * 86_400;

proptest! {
    /// R-9110-5.6.7-a.
    #[test]
    fn a_formatted_date_parses_back(seconds in SECONDS, now: i64) {
        let date = HttpDate::from_unix_seconds(seconds);
        let now = HttpDate::from_unix_seconds(now);
        let written = date.to_string();
        prop_assert_eq!(written.len(), 29);
        prop_assert_eq!(HttpDate::parse(written.as_bytes(), now), Some(date));
        prop_assert_eq!(HttpDate::from(SystemTime::from(date)), date);
        // The calendar repeats after 400 years, weekdays included. `httpdate` begins at 1970.
        let (cycles, seconds) = (seconds.div_euclid(CYCLE), seconds.rem_euclid(CYCLE));
        let other = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs()));
        let year = other[12..16].parse::<i64>().expect("a year") + 400 * cycles;
        prop_assert_eq!(&written, &format!("{}{year:04}{}", &other[..12], &other[16..]));

        // `Sun, 06 Nov 1994 08:49:37 GMT` as `Sun Nov  6 08:49:37 1994`.
        let day = if &written[5..6] == "0" { format!(" {}", &written[6..7]) } else { written[5..7].to_owned() };
        let asctime = format!(
            "{} {} {day} {} {}",
            &written[..3], &written[8..11], &written[17..25], &written[12..16],
        );
        prop_assert_eq!(HttpDate::parse(asctime.as_bytes(), now), Some(date));
    }

    /// R-9110-5.6.7-a: within 49 years of now, two digits identify the year.
    #[test]
    fn a_year_of_two_digits_is_near_now(now in -20_000_000_000..=20_000_000_000_i64, ahead in -1_546_300_000..1_546_300_000_i64) {
        const WEEKDAYS: [&str; 7] =
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let date = HttpDate::from_unix_seconds(now + ahead);
        let written = date.to_string();
        let weekday = WEEKDAYS.iter().find(|day| day.starts_with(&written[..3])).expect("a weekday");
        let rfc850 = format!(
            "{weekday}, {}-{}-{} {}",
            &written[5..7], &written[8..11], &written[14..16], &written[17..],
        );
        let now = HttpDate::from_unix_seconds(now);
        prop_assert_eq!(HttpDate::parse(rfc850.as_bytes(), now), Some(date), "{}", rfc850);
    }

    /// Dates and almost-dates are parsed as `httpdate` parses them.
    #[test]
    fn httpdate_parses_the_same_dates(
        text in "(Sun|Mon|Tue), ([0-3][0-9]) (Jan|Feb|Nov) (19|20)[0-9]{2} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] GMT",
    ) {
        let ours = HttpDate::parse(text.as_bytes(), HttpDate::EPOCH);
        match httpdate::parse_http_date(&text) {
            Ok(theirs) => prop_assert_eq!(ours, Some(HttpDate::from(theirs))),
            // `httpdate` supports neither years before 1970 nor leap seconds.
            Err(_) => prop_assert!(
                ours.is_none_or(|date| date < HttpDate::EPOCH || text.contains("23:59:60"))
            ),
        }
    }

    #[test]
    fn any_bytes_parse_without_a_panic(bytes in vec(any::<u8>(), 0..40), now: i64) {
        let now = HttpDate::from_unix_seconds(now);
        if let Some(date) = HttpDate::parse(&bytes, now) {
            prop_assert_eq!(HttpDate::parse(date.to_string().as_bytes(), now), Some(date));
        }
    }
}
