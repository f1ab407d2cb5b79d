use std::time::{Duration, UNIX_EPOCH};

use http::{
    HeaderMap, Method,
    header::{self, ETAG, LAST_MODIFIED},
};

use crate::semantics::{
    condition::{ConditionalFields, Current, Decision},
    field::HttpDate,
    tests::headers,
    validator::{EntityTag, Validators, validators::correct_last_modified},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const NOW: HttpDate = HttpDate::from_unix_seconds(1_795_176_000);

/// R-9110-8.8.3.1-a: writing one validator keeps the other.
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

/// R-9110-8.8.3-a: a malformed validator counts as missing.
#[test]
fn validators_are_read_from_responses() {
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

/// Issue 10, A.6, R-9110-8.8.2.1-a: a date after that of the message becomes the date of the
/// message. A date of the same second is sent only beside an entity tag.
#[test]
fn dates_are_corrected_for_the_time_of_the_message() {
    let ago = |seconds| HttpDate::from_unix_seconds(NOW.unix_seconds() - seconds);
    // Seconds since the modification: as modified, as sent with a tag, as sent without one.
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

            // A response is corrected by its own `Date`, or by the clock.
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
    // A malformed tag does not count as a tag.
    let mut fields = headers([("etag", "unquoted")]);
    fields.insert(LAST_MODIFIED, NOW.into());
    assert_eq!(correct_last_modified(&mut fields, || NOW), Some(NOW));
    assert!(!fields.contains_key(LAST_MODIFIED));
}

/// R-9110-13.1.3-d: a modification time with a fraction revalidates with the date that was sent
/// for it, and with no earlier one.
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

/// Tags decide alone. The dates beside them do not matter.
#[test]
fn the_same_state_has_the_same_tag() {
    let tagged = |text: &str| Validators::from(text.parse::<EntityTag>().unwrap());
    let dated =
        |seconds| Validators::new().with_last_modified(HttpDate::from_unix_seconds(seconds));
    for (one, other, same) in [
        (
            tagged("\"1\""),
            tagged("\"1\"").with_last_modified(HttpDate::EPOCH),
            true,
        ),
        (tagged("\"1\""), tagged("\"2\""), false),
        (tagged("\"1\""), tagged("W/\"1\""), false),
        (tagged("W/\"1\""), tagged("W/\"1\""), true),
        (tagged("\"1\""), Validators::new(), false),
        (dated(1), dated(1), true),
        (dated(1), dated(2), false),
        (dated(1), Validators::new(), false),
    ] {
        assert_eq!(one.is_same_state(&other), same, "{one:?} {other:?}");
        assert_eq!(other.is_same_state(&one), same, "{one:?} {other:?}");
    }
}
