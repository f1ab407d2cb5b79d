//! Tests of `ETag` and `Vary` in responses.

use http::{
    HeaderMap, Method, StatusCode,
    header::{ETAG, VARY},
};

use super::{answer, codings, lines, sent, tag};

/// R-9110-8.8.1-c, R-9110-8.8.3-c.
#[test]
fn a_variant_has_the_suffix_of_its_coding() {
    let table = [
        // `ETag` of the handler, `Content-Encoding`, `ETag` of the response
        ("\"v1\"", "gzip", "\"v1-gzip\""),
        ("\"v1\"", "br", "\"v1-br\""),
        ("\"v1\"", "GZIP", "\"v1-gzip\""),
        ("\"v1\"", "x-gzip", "\"v1-gzip\""),
        ("\"v1\"", "gzip, br", "\"v1-gzip-br\""),
        ("\"v1\"", "identity", "\"v1\""),
        ("\"v1\"", "identity, gzip", "\"v1-gzip\""),
        ("\"v1\"", "", "\"v1\""),
        ("\"\"", "gzip", "\"-gzip\""),
        ("\"a,b\"", "gzip", "\"a,b-gzip\""),
        ("W/\"v1\"", "gzip", "W/\"v1\""),
        // Codings that are not configured.
        ("\"v1\"", "zstd", "W/\"v1\""),
        ("\"v1\"", "gzip, zstd", "W/\"v1\""),
        // Tags whose suffix the handler made.
        ("\"v1-gzip\"", "gzip", "\"v1-gzip\""),
        ("\"v1-gzip-br\"", "gzip, br", "\"v1-gzip-br\""),
        ("\"v1-br-gzip\"", "gzip, br", "\"v1-br-gzip-gzip-br\""),
        ("\"v1-gzip\"", "br", "\"v1-gzip-br\""),
        ("\"v1-gzip-br\"", "br", "\"v1-gzip-br-br\""),
        ("\"v1-gzip\"", "identity", "W/\"v1-gzip\""),
        ("W/\"v1-gzip\"", "gzip", "W/\"v1-gzip\""),
        // Malformed tags.
        ("v1", "gzip", "v1"),
        ("\"v 1\"", "gzip", "\"v 1\""),
    ];
    for (inside, coding, outside) in table {
        let fields = [("etag", inside), ("content-encoding", coding)];
        let headers = answer(&codings(), &Method::GET, &[], 200, &fields);
        assert_eq!(tag(&headers), outside, "{inside} {coding}");
    }
    let two_lines = [
        ("etag", "\"v1\""),
        ("content-encoding", "gzip"),
        ("content-encoding", "br"),
    ];
    let headers = answer(&codings(), &Method::GET, &[], 200, &two_lines);
    assert_eq!(tag(&headers), "\"v1-gzip-br\"");
}

/// R-9110-8.8.3-c.
#[test]
fn suffixes_can_be_weak_tags_instead() {
    let codings = codings().weaken();
    for (inside, coding, outside) in [
        ("\"v1\"", "gzip", "W/\"v1\""),
        ("\"v1-gzip\"", "gzip", "W/\"v1-gzip\""),
        ("\"v1\"", "identity", "\"v1\""),
        ("\"v1-gzip\"", "identity", "W/\"v1-gzip\""),
        ("W/\"v1\"", "gzip", "W/\"v1\""),
    ] {
        let fields = [("etag", inside), ("content-encoding", coding)];
        let headers = answer(&codings, &Method::GET, &[], 200, &fields);
        assert_eq!(tag(&headers), outside);
    }
    let asked = [("accept-encoding", "gzip"), ("if-none-match", "W/\"v1\"")];
    let headers = answer(&codings, &Method::GET, &asked, 304, &[("etag", "\"v1\"")]);
    assert_eq!(tag(&headers), "W/\"v1\"");
}

/// R-9110-8.6-a, R-9110-15.4.5-e, R-9111-4.1-a: a date can cause a 304, too.
#[test]
fn a_304_by_a_date_alone_fits_every_variant() {
    let date = "Fri, 20 Nov 2026 08:00:00 GMT";
    let fields = [("last-modified", date), ("content-length", "5")];
    for (accept, length) in [("gzip", false), ("gzip;q=0", true)] {
        let asked = [("accept-encoding", accept), ("if-modified-since", date)];
        let headers = answer(&codings(), &Method::GET, &asked, 304, &fields);
        assert_eq!(headers.contains_key("content-length"), length, "{accept}");
        assert_eq!(lines(&headers, VARY), ["accept-encoding"]);
        assert!(!headers.contains_key(ETAG));
    }
    let headers = answer(&codings(), &Method::GET, &[], 200, &fields);
    assert_eq!(lines(&headers, VARY), ["accept-encoding"]);
}

/// R-9110-13.1.2-e, R-9110-8.6-a: the 304 has the tag of the variant that the client named. It has
/// a length only for plain content.
#[test]
fn a_304_has_the_tag_that_was_named() {
    let table: &[(&str, &str, &str, &str, bool)] = &[
        // `Accept-Encoding`, `If-None-Match`, `ETag` of the handler, `ETag` of the response, has
        // `Content-Length`
        ("gzip", "\"v1-gzip\"", "\"v1\"", "\"v1-gzip\"", false),
        (
            "gzip",
            "\"v0\", \"v1-gzip\"",
            "\"v1\"",
            "\"v1-gzip\"",
            false,
        ),
        ("gzip", "W/\"v1-gzip\"", "\"v1\"", "W/\"v1-gzip\"", false),
        ("gzip", "\"v1\"", "\"v1\"", "\"v1\"", true),
        ("gzip", "W/\"v1\"", "\"v1\"", "W/\"v1\"", false),
        ("gzip", "W/\"v1\"", "W/\"v1\"", "W/\"v1\"", false),
        ("gzip", "\"v1-gzip\"", "W/\"v1\"", "W/\"v1-gzip\"", false),
        ("", "\"v1\"", "\"v1\"", "\"v1\"", true),
        ("", "W/\"v1\"", "\"v1\"", "W/\"v1\"", true),
        // R-9111-4.3.4-b: the weak form only if the client names no other.
        ("", "\"v1\", W/\"v1\"", "\"v1\"", "\"v1\"", true),
        ("", "\"v1\"", "W/\"v1\"", "W/\"v1\"", true),
        // Several tags: only those of the current version count (issue 10, D.1).
        (
            "gzip",
            "\"v1-gzip\", \"v0-gzip\"",
            "\"v1\"",
            "\"v1-gzip\"",
            false,
        ),
        (
            "gzip, br",
            "\"v1-gzip\", \"v0-br\", \"v0\"",
            "\"v1\"",
            "\"v1-gzip\"",
            false,
        ),
        // The variant that compression prefers wins, in any order.
        (
            "gzip, identity",
            "\"v1-gzip\", \"v1\"",
            "\"v1\"",
            "\"v1-gzip\"",
            false,
        ),
        (
            "gzip, br",
            "\"v1-br\", \"v1-gzip\"",
            "\"v1\"",
            "\"v1-br\"",
            false,
        ),
        (
            "gzip",
            "\"v1\", \"v1-gzip\"",
            "\"v1\"",
            "\"v1-gzip\"",
            false,
        ),
        (
            "gzip",
            "\"v1-gzip\", \"v1\"",
            "\"v1\"",
            "\"v1-gzip\"",
            false,
        ),
        (
            "gzip, br",
            "\"v1-gzip\", \"v1-br\"",
            "\"v1\"",
            "\"v1-br\"",
            false,
        ),
        (
            "gzip, br;q=0.9",
            "\"v1-gzip\", \"v1-br\"",
            "\"v1\"",
            "\"v1-gzip\"",
            false,
        ),
        (
            "br, gzip;q=0",
            "\"v1-br\", \"v1-gzip\"",
            "\"v1\"",
            "\"v1-br\"",
            false,
        ),
        (
            "gzip;q=0.5, identity",
            "\"v1-gzip\", \"v1\"",
            "\"v1\"",
            "\"v1\"",
            true,
        ),
        (
            "gzip, identity;q=0",
            "\"v1-gzip\", \"v1\"",
            "\"v1\"",
            "\"v1-gzip\"",
            false,
        ),
        // An accepted variant that compression would not choose.
        ("gzip, br", "\"v1-gzip\"", "\"v1\"", "\"v1-gzip\"", false),
        // Tags whose suffix the handler made.
        ("gzip", "\"v1-gzip\"", "\"v1-gzip\"", "\"v1-gzip\"", false),
        // A variant that is not accepted did not match.
        ("br", "W/\"v1\", \"v1-gzip\"", "\"v1\"", "W/\"v1\"", false),
        ("br", "\"v1-gzip\"", "\"v1-gzip\"", "W/\"v1-gzip\"", false),
        // No tag of the current version.
        ("gzip", "*", "\"v1\"", "W/\"v1\"", false),
        ("", "*", "\"v1\"", "\"v1\"", true),
        ("gzip", "*", "W/\"v1\"", "W/\"v1\"", false),
        ("", "*", "W/\"v1\"", "W/\"v1\"", true),
    ];
    for (accept, named, inside, outside, length) in table {
        let asked = [("accept-encoding", *accept), ("if-none-match", *named)];
        let fields = [("etag", *inside), ("content-length", "5")];
        for method in [Method::GET, Method::HEAD] {
            let headers = answer(&codings(), &method, &asked, 304, &fields);
            assert_eq!(tag(&headers), *outside, "{accept} {named} {inside}");
            assert_eq!(headers.contains_key("content-length"), *length, "{named}");
            assert_eq!(lines(&headers, VARY), ["accept-encoding"]);
        }
    }
    // A date decided.
    let asked = [
        ("accept-encoding", "gzip"),
        ("if-modified-since", "Fri, 20 Nov 2026 08:00:00 GMT"),
    ];
    let headers = answer(&codings(), &Method::GET, &asked, 304, &[("etag", "\"v1\"")]);
    assert_eq!(tag(&headers), "W/\"v1\"");
    // A weak tag stays weak if no coding is accepted (issue 10, D.1).
    let weak = [("etag", "W/\"v1\"")];
    let headers = answer(&codings(), &Method::GET, &asked[1..], 304, &weak);
    assert_eq!(tag(&headers), "W/\"v1\"");
    // A malformed tag stays as it is.
    let headers = answer(&codings(), &Method::GET, &[], 304, &[("etag", "\"v1\"")]);
    assert_eq!(tag(&headers), "\"v1\"");
}

/// R-9110-8.8.1-c: responses to writes keep their tags.
#[test]
fn writes_keep_their_tags() {
    let condition = [("if-match", "\"v0-gzip\"")];
    for (method, status) in [(Method::PUT, 412), (Method::PUT, 204), (Method::GET, 412)] {
        let fields = [("etag", "\"v1\"")];
        let headers = answer(&codings(), &method, &condition, status, &fields);
        assert_eq!(headers, sent(&fields), "{method} {status}");
    }
    // Only a read can get a coded variant with the same tag.
    let coded = answer(
        &codings(),
        &Method::PUT,
        &[],
        200,
        &[("etag", "\"v1-gzip\"")],
    );
    assert_eq!(tag(&coded), "\"v1-gzip\"");
    // Content that is coded may be a representation.
    let fields = [("etag", "\"v1\""), ("content-encoding", "gzip")];
    let headers = answer(&codings(), &Method::POST, &condition, 200, &fields);
    assert_eq!(tag(&headers), "\"v1-gzip\"");
    assert!(!headers.contains_key(VARY));
}

/// R-9110-12.5.5-a, R-9110-12.5.5-b, R-9110-12.5.5-c, R-9111-4.1-a.
#[test]
fn each_variant_has_one_vary() {
    let table: &[(&[&str], &[&str])] = &[
        (&[], &["accept-encoding"]),
        (&["Accept-Encoding"], &["Accept-Encoding"]),
        (&["origin, accept-encoding"], &["origin, accept-encoding"]),
        (&["Origin", "Cookie"], &["origin, cookie, accept-encoding"]),
        (&["*"], &["*"]),
    ];
    for (before, after) in table {
        for status in [200, 206, 304, 404, 412] {
            let mut headers = sent(&[("etag", "\"v1\"")]);
            for line in *before {
                headers.append(VARY, line.parse().unwrap());
            }
            let asked = codings().decode(&Method::GET, &mut HeaderMap::new());
            codings().encode(StatusCode::from_u16(status).unwrap(), &mut headers, &asked);
            let expected = if status < 400 { after } else { before };
            assert_eq!(lines(&headers, VARY), *expected, "{status}");
        }
    }
    let untagged = answer(&codings(), &Method::GET, &[], 200, &[]);
    assert!(untagged.is_empty());
    let written = answer(&codings(), &Method::PUT, &[], 200, &[("etag", "\"v1\"")]);
    assert!(!written.contains_key(VARY));
}
