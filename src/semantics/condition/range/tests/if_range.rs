use super::{LIMITS, MADE, headers, of_length, planned, tagged};
use crate::semantics::{
    condition::range::Representation,
    field::HttpDate,
    validator::{TagRef, ValidatorsRef},
};

/// 2001-09-09 01:46:39, the second before the response.
const SECOND_BEFORE: &str = "Sun, 09 Sep 2001 01:46:39 GMT";

fn modified(seconds_before: i64) -> Representation<'static> {
    let modified = HttpDate::from_unix_seconds(MADE.unix_seconds() - seconds_before);
    Representation {
        validators: ValidatorsRef::new(TagRef::parse(b"\"v1\""), Some(modified)),
        date: Some(MADE),
        ..of_length(10)
    }
}

/// R-9110-13.1.5-b.
#[test]
fn a_tag_is_compared_strongly() {
    for (if_range, current, expected) in [
        ("\"v1\"", "\"v1\"", "4-5"),
        (" \"v1\" ", "\"v1\"", "4-5"),
        ("\"v2\"", "\"v1\"", "whole"),
        ("\"V1\"", "\"v1\"", "whole"),
        ("W/\"v1\"", "\"v1\"", "whole"),
        ("\"v1\"", "W/\"v1\"", "whole"),
        ("W/\"v1\"", "W/\"v1\"", "whole"),
        ("\"v1\", \"v2\"", "\"v1\"", "whole"),
        ("\"v1", "\"v1\"", "whole"),
        ("v1", "\"v1\"", "whole"),
        ("*", "\"v1\"", "whole"),
        ("", "\"v1\"", "whole"),
    ] {
        let headers = headers(&["bytes=4-5"], &[if_range]);
        assert_eq!(
            planned(&headers, &tagged(current), LIMITS),
            expected,
            "{if_range}"
        );
    }
    let untagged = planned(
        &headers(&["bytes=4-5"], &["\"v1\""]),
        &of_length(10),
        LIMITS,
    );
    assert_eq!(untagged, "whole");
}

/// R-9110-13.1.5-b. Neither 416 nor 412.
#[test]
fn a_false_condition_is_the_whole_even_for_no_byte() {
    let headers = headers(&["bytes=99-"], &["\"old\""]);
    assert_eq!(planned(&headers, &tagged("\"v1\""), LIMITS), "whole");
}

/// R-9110-13.1.5-a.
#[test]
fn without_a_range_it_is_ignored() {
    let headers = headers(&[], &["\"v1\""]);
    assert_eq!(planned(&headers, &tagged("\"v1\""), LIMITS), "whole");
}

#[test]
fn several_lines_are_false() {
    let headers = headers(&["bytes=4-5"], &["\"v1\"", "\"v1\""]);
    assert_eq!(planned(&headers, &tagged("\"v1\""), LIMITS), "whole");
}

/// R-9110-13.1.5-c.
#[test]
fn a_date_is_equal_and_older_than_the_response() {
    let headers = |date| headers(&["bytes=4-5"], &[date]);
    let same = headers(SECOND_BEFORE);
    assert_eq!(planned(&same, &modified(1), LIMITS), "4-5");
    // Not one second earlier or later.
    assert_eq!(planned(&same, &modified(2), LIMITS), "whole");
    assert_eq!(planned(&same, &modified(0), LIMITS), "whole");
    // In the second of the response, there may be two states.
    let now = headers("Sun, 09 Sep 2001 01:46:40 GMT");
    assert_eq!(planned(&now, &modified(0), LIMITS), "whole");
    // The other two forms of a date.
    for form in ["Sunday, 09-Sep-01 01:46:39 GMT", "Sun Sep  9 01:46:39 2001"] {
        assert_eq!(
            planned(&headers(form), &modified(1), LIMITS),
            "4-5",
            "{form}"
        );
    }
    let undated = Representation {
        date: None,
        ..modified(1)
    };
    assert_eq!(planned(&same, &undated, LIMITS), "whole");
}
