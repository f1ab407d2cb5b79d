//! Dates in the conditions of writes, against the layer's clock.

use std::time::{Duration, SystemTime};

use crate::precondition::tests::resource;
use crate::{
    PreconditionLayer,
    clock::ManualClock,
    semantics::{field::HttpDate, validator::Validators},
    test_support::{Log, knows, request, send},
};

/// 2026-11-20 12:00:00.
const NOW: i64 = 1_795_176_000;

/// Returns the status of a `PUT`, and `true` if it was performed.
fn put(now: i64, modified: i64, date: &str, required: bool) -> (u16, bool) {
    let log = Log::default();
    let clock = ManualClock::new(SystemTime::from(HttpDate::from_unix_seconds(now)));
    let modified = HttpDate::from_unix_seconds(modified);
    let layer = PreconditionLayer::new(knows(Validators::new().with_last_modified(modified)));
    let layer = layer.require_if(move |_| required).clock(clock);
    let request = request("PUT", "/notes/1", [("if-unmodified-since", date)]);
    let answer = send(&layer, request, resource(None, &log));
    (answer.status().as_u16(), log.take() == ["PUT"])
}

/// Issue 10, D.1, R-9110-13.1.4-a: a date with a two-digit year is read with the layer's
/// clock. If it were ignored, the write would be performed.
#[test]
fn short_dates_are_read_by_the_clock_of_the_layer() {
    let table = [
        // In 1970 it would be a Friday of 1925.
        (
            NOW,
            1_767_225_600,
            "Thursday, 20-Nov-25 00:00:00 GMT",
            false,
        ),
        (NOW, 1_600_000_000, "Thursday, 20-Nov-25 00:00:00 GMT", true),
        // From 2000 on it would be a Saturday of 2050.
        (
            631_152_000,
            -157_766_400,
            "Sunday, 01-Jan-50 00:00:00 GMT",
            false,
        ),
        (
            631_152_000,
            -631_152_001,
            "Sunday, 01-Jan-50 00:00:00 GMT",
            true,
        ),
    ];
    for (now, modified, date, holds) in table {
        let expected = if holds { (204, true) } else { (412, false) };
        for required in [false, true] {
            assert_eq!(put(now, modified, date, required), expected, "{date}");
        }
    }
}

/// Issue 10, A.8: a condition with a date in 1950 is false for a change in 1965.
#[test]
fn dates_before_1970_are_compared() {
    let of_1965 = -157_766_400;
    for (date, expected) in [
        ("Sun, 01 Jan 1950 00:00:00 GMT", (412, false)),
        ("Thu, 31 Dec 1964 23:59:59 GMT", (412, false)),
        ("Fri, 01 Jan 1965 00:00:00 GMT", (204, true)),
        ("Wed, 31 Dec 1969 23:59:59 GMT", (204, true)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", (204, true)),
    ] {
        assert_eq!(put(NOW, of_1965, date, false), expected, "{date}");
    }
}

/// Issue 10, A.6: a date cannot tell two changes in one second apart. So a date of the
/// current second is false.
#[test]
fn a_date_of_the_current_second_is_false() {
    let date = HttpDate::from_unix_seconds(NOW).to_string();
    let before = HttpDate::from_unix_seconds(NOW - 1).to_string();
    for required in [false, true] {
        assert_eq!(put(NOW, NOW, &date, required), (412, false));
        assert_eq!(put(NOW - 1, NOW, &date, required), (412, false));
        assert_eq!(put(NOW + 1, NOW, &date, required), (204, true));
        assert_eq!(put(NOW, NOW - 1, &before, required), (204, true));
    }
}

/// The clock is read for each request.
#[test]
fn the_clock_is_read_for_each_request() {
    let now = SystemTime::from(HttpDate::from_unix_seconds(NOW));
    let clock = ManualClock::new(now);
    let source = knows(Validators::new().with_last_modified(now));
    let layer = PreconditionLayer::new(source).clock(clock.clone());
    let date = HttpDate::from_unix_seconds(NOW).to_string();
    let put = || {
        let request = request("PUT", "/", [("if-unmodified-since", &*date)]);
        send(&layer, request, resource(None, &Log::default())).status()
    };
    assert_eq!(put(), 412);
    clock.advance(Duration::from_secs(1));
    assert_eq!(put(), 204);
}
