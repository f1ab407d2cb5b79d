//! Dates of other centuries, in each form, and text that is no date.

use std::time::SystemTime;

use http::{
    HeaderName, Method, Response,
    header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED},
};

use crate::{
    ConditionalLayer,
    clock::ManualClock,
    conditional::tests::{Answer, answer, request},
    semantics::field::HttpDate,
    test_support::{ScriptedBody, send},
};

/// 1994-11-06 08:49:37, the example in RFC 9110.
const EXAMPLE: i64 = 784_111_777;
/// 2026-11-20 12:00:00.
const NOW: i64 = 1_795_176_000;

const MALFORMED: [&str; 16] = [
    "",
    "0",
    "784111777",
    "true",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "sun, 06 nov 1994 08:49:37 gmt",
    "Mon, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Thu, 30 Feb 1995 00:00:00 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    "\"Sun, 06 Nov 1994 08:49:37 GMT\"",
    "Sun, 06 Nov -994 08:49:37 GMT",
];

fn dated(modified: i64, tagged: bool) -> Response<ScriptedBody> {
    let mut response = answer(&[]);
    if !tagged {
        response.headers_mut().remove(ETAG);
    }
    let modified = HttpDate::from_unix_seconds(modified).into();
    response.headers_mut().insert(LAST_MODIFIED, modified);
    response
}

fn get(fields: &[(HeaderName, &'static str)], response: Response<ScriptedBody>) -> Answer {
    let now = SystemTime::from(HttpDate::from_unix_seconds(NOW));
    let layer = ConditionalLayer::new().clock(ManualClock::new(now));
    let mut response = Some(response);
    send(&layer, request(Method::GET, fields), |_| {
        response.take().expect("one request")
    })
}

fn status(name: &HeaderName, date: &'static str) -> u16 {
    let fields = [(name.clone(), date)];
    get(&fields, dated(EXAMPLE, false)).status().as_u16()
}

/// R-9110-5.6.7-a, R-9110-13.1.3-c.
#[test]
fn each_form_of_a_date_decides_alike() {
    for date in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        assert_eq!(status(&IF_MODIFIED_SINCE, date), 304, "{date}");
        assert_eq!(status(&IF_UNMODIFIED_SINCE, date), 200, "{date}");
    }
    for date in [
        "Sun, 06 Nov 1994 08:49:36 GMT",
        "Sunday, 06-Nov-94 08:49:36 GMT",
        "Sun Nov  6 08:49:36 1994",
    ] {
        assert_eq!(status(&IF_MODIFIED_SINCE, date), 200, "{date}");
        assert_eq!(status(&IF_UNMODIFIED_SINCE, date), 412, "{date}");
    }
}

#[test]
fn dates_before_1970_are_earlier_than_all_content() {
    for date in ["Wed, 31 Dec 1969 23:59:59 GMT", "Wed Dec 31 23:59:59 1969"] {
        assert_eq!(status(&IF_MODIFIED_SINCE, date), 200, "{date}");
        assert_eq!(status(&IF_UNMODIFIED_SINCE, date), 412, "{date}");
    }
}

#[test]
fn dates_of_later_centuries_are_later_than_all_content() {
    for date in [
        "Tue, 01 Jan 2222 00:00:00 GMT",
        "Tue Jan  1 00:00:00 2222",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        assert_eq!(status(&IF_MODIFIED_SINCE, date), 304, "{date}");
        assert_eq!(status(&IF_UNMODIFIED_SINCE, date), 200, "{date}");
    }
}

/// R-9110-13.1.3-b, R-9110-13.1.4-a: a date that is none is ignored in a read.
#[test]
fn text_that_is_no_date_is_ignored() {
    for date in MALFORMED {
        assert_eq!(status(&IF_MODIFIED_SINCE, date), 200, "{date}");
        assert_eq!(status(&IF_UNMODIFIED_SINCE, date), 200, "{date}");
    }
}

/// R-9110-13.1.3-b: two lines are no date, even if they are equal.
#[test]
fn two_lines_are_no_date() {
    let line = (IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT");
    let answer = get(&[line.clone(), line], dated(EXAMPLE, false));
    assert_eq!(answer.status(), 200);
}

/// R-9110-13.1.3-a: any `If-None-Match` hides the date, even one that names nothing.
#[test]
fn a_useless_list_hides_a_date() {
    for list in ["", ",", "true", "\"x\"", "*, *", "\"v1"] {
        let fields = [
            (IF_NONE_MATCH, list),
            (IF_MODIFIED_SINCE, "Tue, 01 Jan 2222 00:00:00 GMT"),
        ];
        assert_eq!(get(&fields, dated(EXAMPLE, true)).status(), 200, "{list}");
    }
}

/// R-9110-8.8.2.1-a: a date is never later than the message.
#[test]
fn a_last_modified_of_2222_is_not_sent() {
    for (modified, sent) in [(7_952_342_400, NOW), (NOW + 1, NOW), (-1, -1)] {
        let answer = get(&[], dated(modified, true));
        let sent = HttpDate::from_unix_seconds(sent).to_string();
        assert_eq!(answer.headers()[LAST_MODIFIED], sent, "{modified}");
    }
}
