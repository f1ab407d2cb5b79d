//! Tests of labels: the validators that a response gets from a source.

use http::{HeaderMap, Response, response::Parts};

use crate::semantics::{
    field::HttpDate,
    tests::headers,
    validator::{EntityTag, Label, Validators},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn before() -> Validators {
    Validators::new()
        .with_etag(EntityTag::strong("1").unwrap())
        .with_last_modified(HttpDate::from_unix_seconds(784_111_777))
}

fn head(status: u16, own: &[(&str, &str)]) -> Parts {
    let mut response = Response::builder().status(status).body(()).unwrap();
    *response.headers_mut() = headers(own.iter().copied());
    response.into_parts().0
}

fn field<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

/// R-9110-8.8-b, R-9110-8.8.1-c: a response gets the validators of the source if it is a whole
/// representation without a tag.
#[test]
fn the_response_decides_about_its_label() {
    type Row<'a> = (
        u16,
        &'a [(&'a str, &'a str)],
        Label,
        Option<&'a str>,
        Option<&'a str>,
    );
    let table: [Row<'_>; 12] = [
        (200, &[], Label::Confirm, Some("\"1\""), Some(DATE)),
        (203, &[], Label::Confirm, Some("\"1\""), Some(DATE)),
        (
            200,
            &[("etag", "\"own\"")],
            Label::OwnTag,
            Some("\"own\""),
            Some(DATE),
        ),
        (
            200,
            &[("etag", "junk")],
            Label::OwnTag,
            Some("junk"),
            Some(DATE),
        ),
        (
            200,
            &[("last-modified", "own")],
            Label::Confirm,
            Some("\"1\""),
            Some("own"),
        ),
        (
            200,
            &[("content-encoding", "gzip")],
            Label::Weaken,
            Some("W/\"1\""),
            Some(DATE),
        ),
        (201, &[], Label::Keep, None, None),
        (204, &[], Label::Keep, None, None),
        // Issue 10, A.2: parts of two states must not share a tag.
        (206, &[], Label::Keep, None, None),
        (304, &[], Label::Keep, None, None),
        (404, &[], Label::Keep, None, None),
        (500, &[], Label::Keep, None, None),
    ];
    for (status, own, expected, tag, modified) in table {
        let mut parts = head(status, own);
        let label = Label::for_response(parts.status, &parts.headers, true, &before());
        assert_eq!(label, expected, "{status} {own:?}");
        label.write(&mut parts.headers, &before());
        assert_eq!(field(&parts.headers, "etag"), tag, "{status} {own:?}");
        assert_eq!(
            field(&parts.headers, "last-modified"),
            modified,
            "{status} {own:?}"
        );
    }
}

/// Issue 10, A.2: content that is read after its head was sent may be newer than any
/// confirmation. A weak tag or a date needs no confirmation.
#[test]
fn only_a_strong_tag_is_confirmed() {
    let parts = head(200, &[]);
    let label = Label::for_response(parts.status, &parts.headers, false, &before());
    assert_eq!(label, Label::Weaken);
    let weak = Validators::from(EntityTag::weak("1").unwrap());
    for before in [weak, before_without_tag(), Validators::new()] {
        for exact in [true, false] {
            let mut parts = head(200, &[]);
            let label = Label::for_response(parts.status, &parts.headers, exact, &before);
            assert_eq!(label, Label::AsRead);
            label.write(&mut parts.headers, &before);
            let tag = before.etag.as_ref().map(|_| "W/\"1\"");
            assert_eq!(field(&parts.headers, "etag"), tag);
        }
    }
}

fn before_without_tag() -> Validators {
    Validators {
        etag: None,
        ..before()
    }
}
