use std::time::{Duration, UNIX_EPOCH};

use http::{
    HeaderMap, Method,
    header::{ETAG, LAST_MODIFIED},
};

use super::headers;
use crate::semantics::{
    date::HttpDate,
    etag::EntityTag,
    precondition::{Current, Decision, evaluate},
    validators::{Validators, ValidatorsRef},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const NOW: HttpDate = HttpDate::from_unix_seconds(1_795_176_000);

/// R-9110-8.8.3.1-a: adding one validator never removes the other.
#[test]
fn one_validator_leaves_the_other_alone() {
    let tag = Validators::new().with_etag(EntityTag::strong("new").unwrap());
    let date = Validators::new().with_last_modified(HttpDate::from_unix_seconds(784_111_777));
    let before = [
        ("etag", "\"old\""),
        ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ];

    let mut both = headers(before);
    tag.write_to(&mut both);
    assert_eq!(
        (&both[ETAG], &both[LAST_MODIFIED]),
        (&"\"new\"".parse().unwrap(), &before[1].1.parse().unwrap())
    );

    let mut both = headers(before);
    date.write_to(&mut both);
    assert_eq!(both[ETAG], "\"old\"");
    assert_eq!(both[LAST_MODIFIED], DATE);

    let mut none = HeaderMap::new();
    Validators::new().write_to(&mut none);
    assert!(none.is_empty());
}

#[test]
fn writing_replaces_repeated_lines() {
    let mut written = headers([("etag", "\"a\""), ("etag", "\"b\"")]);
    Validators::new()
        .with_etag(EntityTag::weak("c").unwrap())
        .write_to(&mut written);
    assert_eq!(written.get_all(ETAG).iter().count(), 1);
    assert_eq!(written[ETAG], "W/\"c\"");
}

/// R-9110-8.8.3-a: what cannot be read is missing, and nothing is made of it.
#[test]
fn reading_a_response() {
    type Lines<'a> = &'a [(&'a str, &'a str)];
    let table: &[(Lines<'_>, bool, bool)] = &[
        (&[], false, false),
        (&[("etag", "\"a\"")], true, false),
        (&[("last-modified", DATE)], false, true),
        (&[("etag", "W/\"a\""), ("last-modified", DATE)], true, true),
        (&[("etag", "a"), ("last-modified", DATE)], false, true),
        (
            &[("etag", "\"a\""), ("last-modified", "yesterday")],
            true,
            false,
        ),
        (&[("etag", "\"a\""), ("etag", "\"a\"")], false, false),
        (
            &[("last-modified", DATE), ("last-modified", DATE)],
            false,
            false,
        ),
        (&[("etag", "\"a\", \"b\"")], false, false),
    ];
    for (lines, tag, date) in table {
        let headers = headers(lines.iter().copied());
        let read = ValidatorsRef::from_headers(&headers, NOW);
        assert_eq!(
            (read.etag.is_some(), read.last_modified.is_some()),
            (*tag, *date),
            "{lines:?}"
        );
    }
}

/// R-9110-13.1.3-d: a modification time with a fraction revalidates with the
/// very date that was sent for it, and no earlier one.
#[test]
fn our_own_date_always_revalidates() {
    for nanos in [0, 1, 700_000_000, 999_999_999] {
        let modified = UNIX_EPOCH + Duration::new(784_111_777, nanos);
        let validators = Validators::new().with_last_modified(modified);
        let mut sent = HeaderMap::new();
        validators.write_to(&mut sent);
        assert_eq!(sent[LAST_MODIFIED], DATE);
        let decide = |date: &str| {
            let request = headers([("if-modified-since", date)]);
            let current = Current::Present(validators.as_ref());
            evaluate(&Method::GET, &request, current, NOW)
        };
        assert_eq!(decide(DATE), Decision::NotModified, "{nanos} ns");
        assert_eq!(
            decide("Sun, 06 Nov 1994 08:49:36 GMT"),
            Decision::Proceed,
            "{nanos} ns"
        );
    }
}
