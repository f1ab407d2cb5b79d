//! Dates in conditions, against the system's clock.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};

use super::{Expected, PreconditionRejection, Preconditions, expected};
use crate::{
    clock::{Clock, SystemClock},
    semantics::{condition::Current, field::HttpDate, validator::Validators},
    test_support::request,
};

/// A date with a two-digit year. Its weekday is another one in the century of 1970, until 2071.
const SHORT: (&str, &str) = ("if-unmodified-since", "Saturday, 20-Nov-21 00:00:00 GMT");

fn modified(at: impl Into<HttpDate>) -> Current {
    Validators::new().with_last_modified(at).into()
}

fn preconditions(method: &str, field: (&str, &str)) -> Preconditions {
    Preconditions::of(&request(method, "/", [field]))
}

/// Issue 10, D.1, R-9110-13.1.4-a: a date with a two-digit year is read with the current
/// time. If it were ignored, the write would be performed.
#[test]
fn short_dates_are_compared() {
    let later = || modified(HttpDate::from_unix_seconds(1_640_995_200));
    assert!(preconditions("PUT", SHORT).check(later()).is_err());
    assert!(expected(&[SHORT]).check(later()).is_err());
    assert!(expected(&[SHORT]).is_conditional());
    assert_eq!(expected(&[SHORT]).versions(), Some(Vec::new()));
    assert!(expected(&[SHORT]).confirm_written(None::<()>).is_err());

    let earlier = || modified(HttpDate::from_unix_seconds(1_600_000_000));
    assert!(preconditions("PUT", SHORT).check(earlier()).is_ok());
    assert!(expected(&[SHORT]).check(earlier()).is_ok());
    let since = ("if-modified-since", SHORT.1);
    let rejection = preconditions("GET", since).check(earlier()).unwrap_err();
    assert!(matches!(rejection, PreconditionRejection::NotModified(_)));
}

/// Issue 10, A.8: a condition with a date in 1950 is false for a change in 1965.
#[test]
fn dates_before_1970_are_compared() {
    let of_1965 = || modified(HttpDate::from_unix_seconds(-157_766_400));
    for (date, holds) in [
        ("Sun, 01 Jan 1950 00:00:00 GMT", false),
        ("Fri, 01 Jan 1965 00:00:00 GMT", true),
    ] {
        let field = ("if-unmodified-since", date);
        assert_eq!(expected(&[field]).check(of_1965()).is_ok(), holds, "{date}");
        let checked = preconditions("DELETE", field).check(of_1965());
        assert_eq!(checked.is_ok(), holds, "{date}");
    }
}

/// Issue 10, A.6, R-9110-8.8.2.1-a: a refusal has no date in the future, and none that does
/// not tell two states apart.
#[test]
fn future_dates_are_not_sent() {
    let to_come = SystemClock.now() + Duration::from_secs(86_400);
    let date = HttpDate::from(to_come).to_string();
    let put = request("PUT", "/", [("if-unmodified-since", &*date)]);
    let failed = Expected::of(&put).check(modified(to_come)).unwrap_err();
    let response = Response::<Bytes>::from(failed);
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
    assert!(!response.headers().contains_key("last-modified"));

    let check = |method, name, current: Current| {
        let rejection = preconditions(method, (name, &date)).check(current);
        Response::<Bytes>::from(rejection.unwrap_err())
    };
    let response = check("PUT", "if-unmodified-since", modified(to_come));
    assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
    assert!(!response.headers().contains_key("last-modified"));
    let response = check("GET", "if-modified-since", modified(to_come));
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert!(!response.headers().contains_key("last-modified"));

    // Beside a tag, the date is the time of the refusal.
    let tagged = crate::test_support::tagged("1").with_last_modified(to_come);
    let response = check("PUT", "if-unmodified-since", tagged.into());
    let sent = response.headers()["last-modified"].as_bytes();
    let sent = HttpDate::parse(sent, HttpDate::EPOCH).map(SystemTime::from);
    assert!(sent.is_some_and(|sent| sent <= SystemClock.now()));
}
