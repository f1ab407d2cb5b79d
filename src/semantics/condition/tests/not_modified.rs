use http::{HeaderMap, HeaderName, Response, StatusCode, header::ACCEPT};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::semantics::{
    condition::{ConditionalFields, not_modified::strip_representation_metadata},
    field::HttpDate,
    proptests::strategies::value,
    tests::headers,
    validator::{EntityTag, RepeatedFields, Validators},
};

fn stripped<'a>(lines: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    let mut headers = headers(lines);
    strip_representation_metadata(&mut headers);
    headers
}

/// R-9110-15.4.5-a: a 304 has these headers of the 200, line by line.
#[test]
fn headers_that_a_304_must_repeat_stay() {
    let lines = [
        ("cache-control", "max-age=60"),
        ("cache-control", "must-revalidate"),
        ("content-location", "/it"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("etag", "\"x\""),
        ("expires", "Sun, 06 Nov 1994 08:50:37 GMT"),
        ("vary", "accept"),
        ("vary", "origin, cookie"),
    ];
    assert_eq!(stripped(lines), headers(lines));
}

/// R-9110-15.4.5-a, R-9111-4.3.4-b: a 304 that is made before the service runs has the headers of its 200.
#[test]
fn a_304_is_made_from_the_current_state() {
    let fields = RepeatedFields::new().with_vary([ACCEPT]);
    let current = Validators::from(EntityTag::strong("x").expect("a tag"))
        .with_last_modified(HttpDate::from_unix_seconds(0))
        .with_repeated(fields);
    // A client with the weak form cannot rely on the bytes of its 200.
    for (none_match, tag) in [
        ("\"x\"", "\"x\""),
        ("W/\"x\"", "W/\"x\""),
        ("W/\"x\", \"x\"", "\"x\""),
        ("*", "\"x\""),
    ] {
        let request = headers([("if-none-match", none_match)]);
        let mut response = Response::new(());
        let conditions = ConditionalFields::from_headers(&request);
        let now = || panic!("no date is written");
        conditions.write_not_modified(current.clone(), &mut response, now);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        let expected = headers([("vary", "accept"), ("etag", tag)]);
        assert_eq!(*response.headers(), expected, "{none_match}");
    }
}

/// R-9110-15.4.5-b: a 304 has no content, and so no headers that describe it.
#[test]
fn metadata_of_the_representation_is_removed() {
    for name in [
        "content-type",
        "content-length",
        "content-encoding",
        "content-language",
        "content-range",
        "content-digest",
        "repr-digest",
        "digest",
        "content-md5",
        "transfer-encoding",
        "trailer",
    ] {
        let left = stripped([(name, "a"), ("etag", "\"x\""), (name, "b")]);
        assert_eq!(left, headers([("etag", "\"x\"")]), "{name}");
    }
}

/// R-9110-15.4.5-b: without a tag, a cache needs the date for its update.
#[test]
fn last_modified_is_removed_only_beside_a_tag() {
    let date = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(
        stripped([date, ("etag", "\"x\"")]),
        headers([("etag", "\"x\"")])
    );
    assert_eq!(stripped([date]), headers([date]));
}

/// R-9110-15.4.5-c: the headers of other layers stay as they are.
#[test]
fn other_headers_stay_with_all_their_lines() {
    let lines = [
        ("access-control-allow-origin", "https://example.org"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "etag"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2; Secure"),
        ("link", "</a>; rel=next"),
        ("link", "</b>; rel=prev"),
        ("content-security-policy", "default-src 'self'"),
        ("strict-transport-security", "max-age=1"),
        ("retry-after", "1"),
        ("ratelimit", "limit=1"),
        ("server-timing", "db;dur=1"),
        ("traceparent", "00-0-0-00"),
        ("x-request-id", "1"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
        ("allow", "GET"),
        ("age", "1"),
    ];
    assert_eq!(stripped(lines), headers(lines));
}

#[test]
fn metadata_is_removed_among_many_headers() {
    let mut many = HeaderMap::new();
    for number in 0..5_000 {
        let name: HeaderName = format!("x-{number}").parse().unwrap();
        many.append(name, "1".parse().unwrap());
        many.append("content-type", "text/plain".parse().unwrap());
    }
    strip_representation_metadata(&mut many);
    assert_eq!(many.len(), 5_000);
}

proptest! {
    /// R-9110-15.4.5-a, R-9110-15.4.5-c: a second call changes nothing.
    #[test]
    fn whole_headers_are_removed_at_once(
        fields in vec((select(vec!["etag", "last-modified", "content-type", "set-cookie", "x-a"]), value()), 0..8),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        let before = headers.clone();
        strip_representation_metadata(&mut headers);
        for name in ["etag", "set-cookie", "x-a"] {
            prop_assert!(headers.get_all(name) == before.get_all(name));
        }
        prop_assert!(!headers.contains_key("content-type"));
        let once = headers.clone();
        strip_representation_metadata(&mut headers);
        prop_assert_eq!(headers, once);
    }
}
