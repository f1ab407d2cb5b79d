mod properties;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::semantics::field::HttpDate;

/// 1994-11-06 08:49:37, the example in RFC 9110.
const EXAMPLE: HttpDate = HttpDate::from_unix_seconds(784_111_777);
/// 2026-11-20 12:00:00.
const NOW: HttpDate = HttpDate::from_unix_seconds(1_795_176_000);

fn read(text: &str) -> Option<HttpDate> {
    HttpDate::parse(text.as_bytes(), NOW)
}

/// R-9110-5.6.7-a.
#[test]
fn all_three_formats_are_parsed() {
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

/// R-9110-5.6.7-a: dates are formatted as IMF-fixdate, in 29 characters.
#[test]
fn dates_are_formatted_as_fixdate() {
    assert_eq!(EXAMPLE.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(HttpDate::EPOCH.to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    // The day after the last of February, in a century that is no leap year.
    let march = HttpDate::from_unix_seconds(4_107_542_400);
    assert_eq!(march.to_string(), "Mon, 01 Mar 2100 00:00:00 GMT");
    let last = HttpDate::from_unix_seconds(i64::MAX);
    assert_eq!(last.to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(read(&last.to_string()), Some(last));
}

/// R-9110-5.6.7-a: two digits mean the latest matching year at most 50 years ahead.
#[test]
fn a_year_of_two_digits_is_at_most_50_years_ahead() {
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
    // Sunday is the weekday in 2076, which is two days too far ahead.
    assert_eq!(read("Sunday, 22-Nov-76 12:00:00 GMT"), None);
    // In 1999, `00` means the next year.
    let of_1999 = HttpDate::from_unix_seconds(944_006_400);
    let next = HttpDate::parse(b"Saturday, 01-Jan-00 00:00:00 GMT", of_1999);
    assert_eq!(next, Some(HttpDate::from_unix_seconds(946_684_800)));
}

/// Issue 10, A.8, R-9110-5.6.7-a: dates before 1970 have an order, and format as they were
/// parsed.
#[test]
fn dates_before_1970_are_parsed() {
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
        // These are no leap years.
        "Wed, 29 Feb 1911 00:00:00 GMT",
        "Thu, 29 Feb 1900 00:00:00 GMT",
    ] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

/// Issue 10, A.8, R-9110-5.6.7-a: the limit of 50 years counts calendar years, to the second.
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
        // The limit may lie in the next century, or on the other side of 1970.
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
    // The range ends at the last year that the format can express.
    let first = HttpDate::from_unix_seconds(i64::MIN);
    let before = HttpDate::parse(b"Thursday, 31-Dec-99 23:59:59 GMT", first);
    assert_eq!(before, None);
    let before = HttpDate::parse(b"Friday, 31-Dec-99 23:59:59 GMT", first);
    assert_eq!(before, Some(first));
}

/// If the weekday is wrong for the year that two digits mean, no earlier century is tried.
#[test]
fn a_wrong_weekday_does_not_select_another_century() {
    // 20 November was a Saturday in 1976 and in 1926.
    assert_eq!(read("Saturday, 20-Nov-76 12:00:00 GMT"), None);
    assert_eq!(read("Saturday, 20-Nov-26 12:00:00 GMT"), None);
}

/// R-9110-5.6.7-a: the grammar allows the second 60.
#[test]
fn a_leap_second_is_the_next_second() {
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

/// R-9110-13.1.3-b.
#[test]
fn other_text_is_not_a_date() {
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
        // The weekdays are those of the days that they would be.
        "Mon, 00 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT",
        "Wed, 32 Jan 1995 08:49:37 GMT",
        "Mon, 29 Feb 2100 08:49:37 GMT",
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

/// R-9110-13.1.3-d: times are truncated to whole seconds, never rounded up.
#[test]
fn fractions_are_dropped() {
    let time = UNIX_EPOCH + Duration::from_nanos(1_999_999_999);
    assert_eq!(HttpDate::from(time), HttpDate::from_unix_seconds(1));
}

/// Issue 10, A.8: before 1970, too, a time belongs to the second that began before it.
#[test]
fn times_before_1970_are_converted() {
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
