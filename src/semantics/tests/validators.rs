use std::time::{Duration, UNIX_EPOCH};

use http::{
    HeaderMap, Method,
    header::{self, ETAG, LAST_MODIFIED},
};

use super::headers;
use crate::semantics::{
    condition::{ConditionalFields, Current, Decision},
    field::HttpDate,
    validator::{EntityTag, Validators, validators::correct_last_modified},
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
    tag.write_to(&mut both, || NOW);
    assert_eq!(
        (&both[ETAG], &both[LAST_MODIFIED]),
        (&"\"new\"".parse().unwrap(), &before[1].1.parse().unwrap())
    );

    let mut both = headers(before);
    date.write_to(&mut both, || NOW);
    assert_eq!(both[ETAG], "\"old\"");
    assert_eq!(both[LAST_MODIFIED], DATE);

    let mut none = HeaderMap::new();
    Validators::new().write_to(&mut none, || NOW);
    assert!(none.is_empty());
}

#[test]
fn writing_replaces_repeated_lines() {
    let mut written = headers([("etag", "\"a\""), ("etag", "\"b\"")]);
    Validators::new()
        .with_etag(EntityTag::weak("c").unwrap())
        .write_to(&mut written, || NOW);
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
        let read = Validators::from_headers(&headers, || NOW);
        assert_eq!(
            (read.etag.is_some(), read.last_modified.is_some()),
            (*tag, *date),
            "{lines:?}"
        );
    }
}

/// Issue 10, A.6, R-9110-8.8.2.1-a: a date that is later than the message
/// becomes that of the message, and one of the same second is sent beside an
/// entity tag alone.
#[test]
fn dates_are_corrected_for_the_time_of_the_message() {
    let ago = |seconds| HttpDate::from_unix_seconds(NOW.unix_seconds() - seconds);
    // Modified so many seconds ago: what is sent with a tag, and without one.
    let table = [
        (86_400, Some(86_400), Some(86_400)),
        (1, Some(1), Some(1)),
        (0, Some(0), None),
        (-1, Some(0), None),
        (-86_400, Some(0), None),
    ];
    for (modified, tagged, alone) in table {
        for (tag, sent) in [
            (Some("\"1\""), tagged),
            (Some("W/\"1\""), tagged),
            (None, alone),
        ] {
            let sent = sent.map(ago);
            let mut validators = Validators::new().with_last_modified(ago(modified));
            validators.etag = tag.map(|tag| tag.parse().unwrap());
            let mut written = HeaderMap::new();
            validators.write_to(&mut written, || NOW);
            let date = written.get(LAST_MODIFIED).cloned();
            assert_eq!(date, sent.map(Into::into), "{modified} {tag:?}");
            assert_eq!(written.contains_key(ETAG), tag.is_some());

            // In the fields of a response: by its own `Date`, or by the clock.
            for (date, now) in [(None, NOW), (Some(NOW), ago(3600)), (Some(NOW), ago(-3600))] {
                let mut fields = HeaderMap::new();
                fields.insert(LAST_MODIFIED, ago(modified).into());
                fields.extend(tag.map(|tag| (ETAG, tag.parse().unwrap())));
                fields.extend(date.map(|date| (header::DATE, date.into())));
                let evaluated = correct_last_modified(&mut fields, || now);
                assert_eq!(evaluated, Some(ago(modified.max(0))), "{modified} {tag:?}");
                let written = fields.get(LAST_MODIFIED).cloned();
                assert_eq!(written, sent.map(Into::into), "{modified} {tag:?} {date:?}");
            }
        }
    }
    // Nothing is made of what is not there, or is no tag.
    let mut fields = headers([("etag", "unquoted")]);
    fields.insert(LAST_MODIFIED, NOW.into());
    assert_eq!(correct_last_modified(&mut fields, || NOW), Some(NOW));
    assert!(!fields.contains_key(LAST_MODIFIED));
}

/// R-9110-13.1.3-d: a modification time with a fraction revalidates with the
/// very date that was sent for it, and no earlier one.
#[test]
fn our_own_date_always_revalidates() {
    for nanos in [0, 1, 700_000_000, 999_999_999] {
        let modified = UNIX_EPOCH + Duration::new(784_111_777, nanos);
        let validators = Validators::new().with_last_modified(modified);
        let mut sent = HeaderMap::new();
        validators.write_to(&mut sent, || NOW);
        assert_eq!(sent[LAST_MODIFIED], DATE);
        let decide = |date: &str| {
            let request = headers([("if-modified-since", date)]);
            let current = Current::Present(validators.as_ref());
            ConditionalFields::from_headers(&request).evaluate(&Method::GET, current, || NOW)
        };
        assert_eq!(decide(DATE), Decision::NotModified, "{nanos} ns");
        assert_eq!(
            decide("Sun, 06 Nov 1994 08:49:36 GMT"),
            Decision::Proceed,
            "{nanos} ns"
        );
    }
}
