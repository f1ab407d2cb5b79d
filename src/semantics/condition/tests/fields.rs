use crate::semantics::{
    condition::{ConditionalFields, Current},
    field::HttpDate,
    tests::headers,
};

const NOW: HttpDate = HttpDate::from_unix_seconds(1_795_176_000);

/// R-9110-13.1.4-a: `now` decides the century of a year with two digits, and so the weekday. A
/// valid date is never ignored.
#[test]
fn dates_with_two_digit_years_are_conditions() {
    for date in [
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Friday, 21-Nov-25 08:49:37 GMT",
    ] {
        let date = [("if-unmodified-since", date)];
        let headers = headers(date);
        let conditions = ConditionalFields::from_headers(&headers);
        assert!(
            conditions.guards_writes(Current::Unknown, || NOW),
            "{date:?}"
        );
    }
}
