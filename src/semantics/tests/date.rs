use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::semantics::field::HttpDate;

/// 1994-11-06 08:49:37, the example of the standard.
const EXAMPLE: HttpDate = HttpDate::from_unix_seconds(784_111_777);
/// 2026-11-20 12:00:00.
const NOW: HttpDate = HttpDate::from_unix_seconds(1_795_176_000);

fn read(text: &str) -> Option<HttpDate> {
    HttpDate::parse(text.as_bytes(), NOW)
}

/// R-9110-5.6.7-a: all three forms are read.
#[test]
fn three_forms_mean_the_same() {
    for text in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994",
        "\t Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sunday, 06-Nov-94 08:49:37 GMT\t",
        " Sun Nov  6 08:49:37 1994 ",
    ] {
        assert_eq!(read(text), Some(EXAMPLE), "{text}");
    }
}

/// R-9110-5.6.7-a: one form is written, always 29 characters.
#[test]
fn fixdate_is_written() {
    assert_eq!(EXAMPLE.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(HttpDate::EPOCH.to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    let last = HttpDate::from_unix_seconds(i64::MAX);
    assert_eq!(last.to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(read(&last.to_string()), Some(last));
}

/// R-9110-5.6.7-a: two digits mean the latest such year that is not more than
/// 50 years ahead.
#[test]
fn years_of_two_digits_have_a_pivot() {
    let table = [
        (
            "Friday, 20-Nov-26 12:00:00 GMT",
            "Fri, 20 Nov 2026 12:00:00 GMT",
        ),
        (
            "Wednesday, 18-Nov-76 12:00:00 GMT",
            "Wed, 18 Nov 2076 12:00:00 GMT",
        ),
        (
            "Monday, 22-Nov-76 12:00:00 GMT",
            "Mon, 22 Nov 1976 12:00:00 GMT",
        ),
        (
            "Tuesday, 22-Nov-77 12:00:00 GMT",
            "Tue, 22 Nov 1977 12:00:00 GMT",
        ),
        (
            "Friday, 31-Dec-99 23:59:59 GMT",
            "Fri, 31 Dec 1999 23:59:59 GMT",
        ),
        (
            "Saturday, 01-Jan-00 00:00:00 GMT",
            "Sat, 01 Jan 2000 00:00:00 GMT",
        ),
        (
            "Tuesday, 29-Feb-00 00:00:00 GMT",
            "Tue, 29 Feb 2000 00:00:00 GMT",
        ),
    ];
    for (text, meant) in table {
        assert_eq!(read(text), Some(read(meant).expect(meant)), "{text}");
    }
    // Sunday is right for 2076 alone, which is two days too far ahead.
    assert_eq!(read("Sunday, 22-Nov-76 12:00:00 GMT"), None);
    // Seen from 1999, `00` is next year.
    let of_1999 = HttpDate::from_unix_seconds(944_006_400);
    let next = HttpDate::parse(b"Saturday, 01-Jan-00 00:00:00 GMT", of_1999);
    assert_eq!(next, Some(HttpDate::from_unix_seconds(946_684_800)));
}

/// Issue 10, A.8, R-9110-5.6.7-a: dates before 1970 compare as what they are,
/// and are written as they were read.
#[test]
fn dates_before_1970_are_dates() {
    let ordered = [
        "Sat, 01 Jan 0000 00:00:00 GMT",
        "Tue, 29 Feb 0000 00:00:00 GMT",
        "Fri, 31 Dec 1599 23:59:59 GMT",
        "Mon, 01 Jan 1900 00:00:00 GMT",
        "Thu, 29 Feb 1912 00:00:00 GMT",
        "Sun, 01 Jan 1950 00:00:00 GMT",
        "Fri, 01 Jan 1965 00:00:00 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ];
    let dates = ordered.map(|text| read(text).expect(text));
    assert!(dates.is_sorted_by(|a, b| a < b), "{dates:?}");
    assert_eq!(dates.map(|date| date.to_string()), ordered);
    let last_before_1970 = HttpDate::from_unix_seconds(-1);
    assert_eq!(dates[7], last_before_1970);
    assert_eq!(dates[7].unix_seconds(), -1);
    assert_eq!(dates[5].unix_seconds(), -631_152_000);
    assert_eq!(dates[0].unix_seconds(), -62_167_219_200);
    for same in [
        "Wed Dec 31 23:59:59 1969",
        "Wednesday, 31-Dec-69 23:59:59 GMT",
    ] {
        let in_1980 = HttpDate::from_unix_seconds(315_532_800 - 1);
        let now = if same.contains('-') { in_1980 } else { NOW };
        let date = HttpDate::parse(same.as_bytes(), now);
        assert_eq!(date, Some(last_before_1970), "{same}");
    }
    let leap = read("Wed, 31 Dec 1969 23:59:60 GMT");
    assert_eq!(leap, Some(HttpDate::EPOCH));
    for wrong in [
        // The weekday is that of the day before.
        "Tue, 31 Dec 1969 23:59:59 GMT",
        "Tue Dec 31 23:59:59 1969",
        "Fri, 01 Jan 0000 00:00:00 GMT",
        // No leap years.
        "Wed, 29 Feb 1911 00:00:00 GMT",
        "Thu, 29 Feb 1900 00:00:00 GMT",
    ] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

/// Issue 10, A.8, R-9110-5.6.7-a: the 50 years after which a date of two digits
/// is one of the past are calendar years, to the second.
#[test]
fn fifty_years_are_calendar_years() {
    let table = [
        // Exactly 50 years ahead, a second less, and a second more.
        (
            "Fri, 20 Nov 2026 12:00:00 GMT",
            "Friday, 20-Nov-76 12:00:00 GMT",
            "Fri, 20 Nov 2076 12:00:00 GMT",
        ),
        (
            "Fri, 20 Nov 2026 12:00:00 GMT",
            "Friday, 20-Nov-76 11:59:59 GMT",
            "Fri, 20 Nov 2076 11:59:59 GMT",
        ),
        (
            "Fri, 20 Nov 2026 12:00:00 GMT",
            "Saturday, 20-Nov-76 12:00:01 GMT",
            "Sat, 20 Nov 1976 12:00:01 GMT",
        ),
        // 29 February: the year 2074 has none, and 2000 has one.
        (
            "Thu, 29 Feb 2024 12:00:00 GMT",
            "Wednesday, 28-Feb-74 23:59:59 GMT",
            "Wed, 28 Feb 2074 23:59:59 GMT",
        ),
        (
            "Thu, 29 Feb 2024 12:00:00 GMT",
            "Friday, 01-Mar-74 00:00:00 GMT",
            "Fri, 01 Mar 1974 00:00:00 GMT",
        ),
        (
            "Wed, 01 Mar 1950 00:00:00 GMT",
            "Tuesday, 29-Feb-00 23:59:59 GMT",
            "Tue, 29 Feb 2000 23:59:59 GMT",
        ),
        (
            "Mon, 28 Feb 2050 00:00:00 GMT",
            "Tuesday, 29-Feb-00 00:00:00 GMT",
            "Tue, 29 Feb 2000 00:00:00 GMT",
        ),
        // Across a century, and across the start of 1970.
        (
            "Fri, 31 Dec 1999 23:59:59 GMT",
            "Friday, 31-Dec-49 23:59:59 GMT",
            "Fri, 31 Dec 2049 23:59:59 GMT",
        ),
        (
            "Thu, 31 Dec 1998 23:59:59 GMT",
            "Saturday, 01-Jan-49 00:00:00 GMT",
            "Sat, 01 Jan 1949 00:00:00 GMT",
        ),
        (
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Saturday, 01-Jan-21 00:00:00 GMT",
            "Sat, 01 Jan 1921 00:00:00 GMT",
        ),
    ];
    for (now, text, meant) in table {
        let now = read(now).expect(now);
        let date = HttpDate::parse(text.as_bytes(), now).map(|date| date.to_string());
        assert_eq!(date.as_deref(), Some(meant), "{text} at {now}");
    }
    // A year that no field can carry is as far as dates go.
    let first = HttpDate::from_unix_seconds(i64::MIN);
    let before = HttpDate::parse(b"Thursday, 31-Dec-99 23:59:59 GMT", first);
    assert_eq!(before, None);
    let before = HttpDate::parse(b"Friday, 31-Dec-99 23:59:59 GMT", first);
    assert_eq!(before, Some(first));
}

/// A weekday that is wrong in the one year that two digits mean is not tried a
/// century earlier, where it is right.
#[test]
fn a_wrong_weekday_is_not_that_of_a_century_earlier() {
    // 20 November 1976 was a Saturday, and 20 November 1926 too.
    assert_eq!(read("Saturday, 20-Nov-76 12:00:00 GMT"), None);
    assert_eq!(read("Saturday, 20-Nov-26 12:00:00 GMT"), None);
}

/// R-9110-5.6.7-a: the grammar has 60 as a second.
#[test]
fn a_leap_second_is_the_second_after() {
    let midnight = read("Sun, 01 Jan 2017 00:00:00 GMT");
    assert!(midnight.is_some());
    for text in [
        "Sat, 31 Dec 2016 23:59:60 GMT",
        "Saturday, 31-Dec-16 23:59:60 GMT",
        "Sat Dec 31 23:59:60 2016",
    ] {
        assert_eq!(read(text), midnight, "{text}");
    }
    assert_eq!(read("Sat, 31 Dec 2016 23:58:60 GMT"), None);
    assert_eq!(read("Sat, 31 Dec 2016 23:59:61 GMT"), None);
    let last = HttpDate::from_unix_seconds(i64::MAX);
    assert_eq!(read("Fri, 31 Dec 9999 23:59:60 GMT"), Some(last));
}

/// R-9110-13.1.3-b: anything else is no date.
#[test]
fn what_is_not_a_date() {
    for text in [
        "",
        "0",
        "yesterday",
        "784111777",
        "1994-11-06T08:49:37Z",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Wed, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 +8:49:37 GMT",
        "Sun Nov  6 08:49:37 +994",
        "Sun Nov +6 08:49:37 1994",
        "Tuesday, 06-Nov-+1 08:49:37 GMT",
        "Tuesday, +6-Nov-01 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
        "\"Sun, 06 Nov 1994 08:49:37 GMT\"",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 6-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-9x 08:49:37 GMT",
        "Sunday, 06-November-94 08:49:37 GMT",
        "Sunday, 06-Nov-94-1 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "sunday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 UTC",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(
        HttpDate::parse(b"Sun, 06 Nov 1994 08:49:37 GMT\xe9", NOW),
        None
    );
    assert_eq!(
        HttpDate::parse(b"Sun, 06 N\xc3\xb6v 1994 08:49:37 GM", NOW),
        None
    );
    assert_eq!(
        HttpDate::parse(b"Sunday, 06-N\xc3\xb6v-94 08:49:37 GMT", NOW),
        None
    );
}

/// R-9110-13.1.3-d: times are cut to whole seconds, never rounded up.
#[test]
fn fractions_are_dropped() {
    let time = UNIX_EPOCH + Duration::from_nanos(1_999_999_999);
    assert_eq!(HttpDate::from(time), HttpDate::from_unix_seconds(1));
}

/// Issue 10, A.8: also before 1970, where a fraction is of the second that
/// began before it.
#[test]
fn times_before_1970_are_dates() {
    for (before, seconds) in [
        (Duration::from_secs(1), -1),
        (Duration::from_nanos(1), -1),
        (Duration::from_nanos(1_000_000_001), -2),
        (Duration::from_secs(631_152_000), -631_152_000),
    ] {
        let date = HttpDate::from(UNIX_EPOCH - before);
        assert_eq!(date, HttpDate::from_unix_seconds(seconds), "{before:?}");
    }
    let of_1950 = HttpDate::from_unix_seconds(-631_152_000);
    let time = UNIX_EPOCH - Duration::from_secs(631_152_000);
    assert_eq!(SystemTime::from(of_1950), time);
}

#[test]
fn times_out_of_range_saturate() {
    let first = HttpDate::from_unix_seconds(i64::MIN);
    assert_eq!(first.to_string(), "Sat, 01 Jan 0000 00:00:00 GMT");
    assert_eq!(read(&first.to_string()), Some(first));
    let before = SystemTime::from(first) - Duration::from_secs(1);
    assert_eq!(HttpDate::from(before), first);
    let last = HttpDate::from_unix_seconds(i64::MAX);
    assert_eq!(last.unix_seconds(), 253_402_300_799);
    let after = SystemTime::from(last) + Duration::from_secs(1);
    assert_eq!(HttpDate::from(after), last);
}
