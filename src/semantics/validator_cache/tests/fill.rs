use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{ACCEPT, ACCEPT_LANGUAGE},
};

use crate::semantics::{
    field::HttpDate,
    tests::headers,
    validator_cache::{FillRefusal, may_fill, remembered_validators, undeclared_vary},
};

type Fields<'a> = &'a [(&'static str, &'static str)];

const TAG: (&str, &str) = ("etag", "\"v1\"");

fn head(fields: Fields<'_>) -> HeaderMap {
    headers(fields.iter().copied())
}

const DECLARED: &[HeaderName] = &[ACCEPT, ACCEPT_LANGUAGE];

fn fill(status: u16, fields: Fields<'_>, has_principal: bool) -> Result<(), FillRefusal> {
    let status = StatusCode::from_u16(status).expect("a status");
    may_fill(status, &head(fields), DECLARED, has_principal)
}

#[track_caller]
fn assert_refused(fields: Fields<'_>, reason: FillRefusal) {
    assert_eq!(fill(200, fields, false), Err(reason), "{fields:?}");
}

/// R-9111-3-a
#[test]
fn a_tagged_200_fills() {
    let directives = [
        "max-age=60",
        "public",
        // A 304 from the entry is the validation that the directive asks for.
        "no-cache",
        "no-cache=\"x\"",
        "must-revalidate, max-age=0",
        "x-no-store=1",
    ];
    for value in directives {
        assert_eq!(fill(200, &[TAG, ("cache-control", value)], false), Ok(()));
    }
    for fields in [
        &[TAG][..],
        &[("etag", "W/\"v1\"")],
        // Targeted headers are for other caches.
        &[TAG, ("cdn-cache-control", "no-store, private")],
        &[
            TAG,
            ("vary", "Accept, ACCEPT-language"),
            ("vary", "accept,"),
        ],
        &[TAG, ("vary", "")],
        // RFC 9530, section 4: it selects a digest, and neither the tag nor the content.
        &[TAG, ("vary", "accept, Want-Repr-Digest")],
    ] {
        assert_eq!(fill(200, fields, false), Ok(()), "{fields:?}");
    }
}

/// R-9111-3-a, R-9111-3.3-a
#[test]
fn other_statuses_and_parts_fill_nothing() {
    for status in [100, 201, 203, 204, 301, 304, 404, 410, 412, 500, 503] {
        assert_eq!(fill(status, &[TAG], true), Err(FillRefusal::Status));
    }
    assert_eq!(fill(206, &[TAG], true), Err(FillRefusal::Partial));
    assert_refused(
        &[TAG, ("content-range", "bytes 0-1/2")],
        FillRefusal::Partial,
    );
}

/// R-9111-3-a
#[test]
fn no_store_is_obeyed() {
    for value in [
        "no-store",
        "NO-STORE",
        "no-store=1",
        "must-understand, no-store",
        "x; no-store",
    ] {
        let fields = [TAG, ("cache-control", value)];
        assert_refused(&fields, FillRefusal::NoStore);
        assert_eq!(fill(200, &fields, true), Err(FillRefusal::NoStore));
    }
    let lines = [
        TAG,
        ("cache-control", "public"),
        ("cache-control", "no-store"),
    ];
    assert_refused(&lines, FillRefusal::NoStore);
}

/// R-9111-3-a, R-9111-3.5-b
#[test]
fn private_responses_need_a_principal() {
    for value in ["private", "max-age=5, Private", "private=\"set-cookie\""] {
        let fields = [TAG, ("cache-control", value)];
        assert_refused(&fields, FillRefusal::Private);
        assert_eq!(fill(200, &fields, true), Ok(()));
    }
    let cookie = [TAG, ("set-cookie", "a=1")];
    assert_refused(&cookie, FillRefusal::SetCookie);
    assert_eq!(fill(200, &cookie, true), Err(FillRefusal::SetCookie));
}

/// R-9111-4.1-b
#[test]
fn undeclared_headers_in_vary_are_refused_by_name() {
    let cases: [(Fields<'_>, &[&str]); 6] = [
        (&[TAG, ("vary", "*")], &["*"]),
        (&[TAG, ("vary", "accept, Cookie")], &["Cookie"]),
        (&[TAG, ("vary", "want-repr-digest, x")], &["x"]),
        (
            &[TAG, ("vary", "accept"), ("vary", "origin, x")],
            &["origin", "x"],
        ),
        (
            &[TAG, ("vary", "accept accept-language")],
            &["accept accept-language"],
        ),
        (&[TAG, ("vary", "accept, *")], &["*"]),
    ];
    for (fields, names) in cases {
        assert_refused(fields, FillRefusal::Vary);
        let headers = head(fields);
        let undeclared: Vec<_> = undeclared_vary(&headers, DECLARED).collect();
        let names: Vec<_> = names.iter().map(|name| name.as_bytes()).collect();
        assert_eq!(undeclared, names);
    }
    // The `http` crate takes `*` for a name.
    let any = [HeaderName::from_static("*")];
    let headers = head(&[TAG, ("vary", "*")]);
    let filled = may_fill(StatusCode::OK, &headers, &any, false);
    assert_eq!(filled, Err(FillRefusal::Vary));
}

/// R-9111-3-a
#[test]
fn exactly_one_valid_tag_is_needed() {
    for fields in [
        &[][..],
        &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
        &[("etag", "v1")],
        &[("etag", "")],
        &[("etag", "w/\"v1\"")],
        &[TAG, TAG],
        &[("etag", "\"a\", \"b\"")],
    ] {
        assert_refused(fields, FillRefusal::NoTag);
    }
}

/// R-9110-15.4.5-a, R-9110-8.8.2.1-a
#[test]
fn the_headers_of_a_304_are_remembered_with_all_lines() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let response = head(&[
        ("etag", "W/\"v1\""),
        ("date", date),
        ("last-modified", "Sun, 06 Nov 1994 09:00:00 GMT"),
        ("cache-control", "max-age=1"),
        ("content-type", "text/plain"),
        ("cache-control", "x"),
        ("content-location", "/a"),
        ("expires", "0"),
        ("vary", "accept"),
        ("vary", "accept-language"),
        ("x-other", "1"),
    ]);
    let now = HttpDate::from_unix_seconds(784_120_000);
    let validators = remembered_validators(&response, || now);
    assert_eq!(
        validators.etag.as_ref().unwrap().as_header_value(),
        "W/\"v1\""
    );
    let made = HttpDate::parse(date.as_bytes(), now);
    assert_eq!(validators.last_modified, made, "no later than the message");

    let mut repeated = HeaderMap::new();
    validators.into_not_modified(&mut repeated, || now);
    for name in [
        "cache-control",
        "content-location",
        "expires",
        "vary",
        "etag",
    ] {
        let lines = |headers: &HeaderMap| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!(lines(&repeated), lines(&response), "{name}");
    }
    assert_eq!(repeated.keys_len(), 5);
}

#[test]
fn reasons_are_readable() {
    let reasons = [
        (FillRefusal::Status, "the status is not 200"),
        (
            FillRefusal::Partial,
            "the response has a part of the content",
        ),
        (FillRefusal::NoStore, "the response has `no-store`"),
        (
            FillRefusal::Private,
            "the response is `private`, and no user is named",
        ),
        (FillRefusal::SetCookie, "the response sets a cookie"),
        (
            FillRefusal::Vary,
            "`Vary` names a header that is not declared",
        ),
        (FillRefusal::NoTag, "the response has no valid entity tag"),
    ];
    for (reason, text) in reasons {
        assert_eq!(reason.to_string(), text);
    }
}
