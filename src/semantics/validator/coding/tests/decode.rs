//! Tests of the tags in requests.

use http::{
    HeaderMap, Method,
    header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE},
};

use super::{codings, lines, sent};
use crate::semantics::validator::{EntityTag, coding::TagCodings};

/// R-9110-13.1.2-e, R-9110-13.1.2-d: only tags of variants that the request accepts are mapped.
#[test]
fn tags_of_accepted_codings_are_mapped_back_on_reads() {
    let table: &[(&[&str], &[&str], &[&str])] = &[
        // Accept-Encoding, If-None-Match, If-None-Match inside
        (&["gzip"], &["\"v1-gzip\""], &["\"v1\", \"v1-gzip\""]),
        (&["gzip"], &["W/\"v1-gzip\""], &["W/\"v1\", W/\"v1-gzip\""]),
        (&["gzip"], &["\"v1-br\""], &[""]),
        (&[], &["\"v1-gzip\""], &[""]),
        (&["gzip;q=0, br"], &["\"v1-gzip\", \"v1\""], &["\"v1\""]),
        (&["*"], &["\"v1-gzip\""], &["\"v1\", \"v1-gzip\""]),
        (&["identity"], &["W/\"v1-br\""], &["W/\"v1-br\""]),
        (&["gzip"], &["\"v1\""], &["\"v1\""]),
        (&["gzip"], &["*"], &["*"]),
        (
            &["gzip"],
            &["\"v1-GZIP\", \"gzip\""],
            &["\"v1-GZIP\", \"gzip\""],
        ),
        (&["gzip"], &["\"a,b-gzip\""], &["\"a,b\", \"a,b-gzip\""]),
        (&["gzip"], &["\"-gzip\""], &["\"\", \"-gzip\""]),
        (
            &["gzip, br"],
            &["\"v1-gzip-br\""],
            &["\"v1\", \"v1-gzip-br\""],
        ),
        (&["gzip"], &["\"v1-gzip-br\""], &[""]),
        // Lists, several lines, and malformed members.
        (
            &["gzip", "br"],
            &["\"a\" ,, \"b-br\",\"c-zstd\"", "*", "W/\"d-gzip\""],
            &[
                "\"a\", \"b\", \"b-br\", \"c-zstd\"",
                "*",
                "W/\"d\", W/\"d-gzip\"",
            ],
        ),
        (
            &["gzip"],
            &["v0-gzip, \"v1-gzip\" x, \"v2-gzip\", w/\"v3-gzip\", *, \"v4-gzip"],
            &["v0-gzip, \"v1-gzip\" x, \"v2\", \"v2-gzip\", w/\"v3-gzip\", *, \"v4-gzip"],
        ),
        (
            &["gzip"],
            &["v1-gzip", "\"v1-gzip"],
            &["v1-gzip", "\"v1-gzip"],
        ),
        // Requests that refuse plain content.
        (&["gzip, identity;q=0"], &["\"v1\""], &[""]),
        (
            &["gzip, *;q=0"],
            &["\"v1\", W/\"v1\", \"v1-br\", \"v1-gzip\""],
            &["W/\"v1\", \"v1\", \"v1-gzip\""],
        ),
    ];
    for (accept, outside, inside) in table {
        let mut headers = HeaderMap::new();
        for line in *accept {
            headers.append("accept-encoding", line.parse().unwrap());
        }
        for line in *outside {
            headers.append(IF_NONE_MATCH, line.parse().unwrap());
        }
        for method in ["GET", "HEAD", "QUERY"] {
            let mut headers = headers.clone();
            codings().decode(&method.parse().unwrap(), &mut headers);
            assert_eq!(lines(&headers, IF_NONE_MATCH), *inside, "{accept:?}");
        }
    }
}

/// R-9110-13.1.1-d: the `Accept-Encoding` of a `PUT` does not matter.
#[test]
fn tags_of_all_codings_are_mapped_back_on_writes() {
    let table: &[(&str, &str)] = &[
        ("\"v1-gzip\"", "\"v1\""),
        ("\"v1-br\", W/\"v1-gzip\"", "\"v1\", W/\"v1\""),
        ("\"v1-gzip-br\"", "\"v1\""),
        ("\"v1\"", "\"v1\""),
        ("*", "*"),
        ("\"v1-zstd\"", "\"v1-zstd\""),
        ("junk-gzip, \"a,-gzip\"", "junk-gzip, \"a,\""),
    ];
    for (outside, inside) in table {
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
            for accept in [None, Some("gzip;q=0"), Some("identity;q=0")] {
                let mut headers = sent(&[]);
                headers.append(IF_MATCH, outside.parse().unwrap());
                headers.append(IF_NONE_MATCH, outside.parse().unwrap());
                headers.append(IF_NONE_MATCH, outside.parse().unwrap());
                if let Some(accept) = accept {
                    headers.append("accept-encoding", accept.parse().unwrap());
                }
                codings().decode(&method, &mut headers);
                assert_eq!(lines(&headers, IF_MATCH), [*inside]);
                assert_eq!(lines(&headers, IF_NONE_MATCH), [*inside; 2]);
            }
        }
    }
}

/// R-9110-8.8.1-c: a part of plain content must never be joined to coded bytes.
#[test]
fn parts_are_cut_from_plain_content() {
    let mut headers = sent(&[
        ("accept-encoding", "gzip"),
        ("range", "bytes=5-"),
        ("if-range", "\"v1\""),
        ("if-match", "\"v1-gzip\""),
        ("if-none-match", "\"v0-gzip\""),
    ]);
    codings().decode(&Method::GET, &mut headers);
    assert_eq!(lines(&headers, IF_RANGE), ["\"v1\""]);
    assert!(headers.contains_key("range"));
    assert_eq!(lines(&headers, IF_MATCH), ["\"v1-gzip\""]);
    assert_eq!(lines(&headers, IF_NONE_MATCH), ["\"v0\", \"v0-gzip\""]);

    // The tag of coded bytes names no part inside. The response is whole, and `If-Match` counts.
    headers.insert(IF_RANGE, "\"v1-gzip\"".parse().unwrap());
    codings().decode(&Method::GET, &mut headers);
    assert_eq!(lines(&headers, IF_RANGE), ["\"v1-gzip\""]);
    assert!(!headers.contains_key("range"));
    assert_eq!(lines(&headers, IF_MATCH), ["\"v1\", \"v1-gzip\""]);

    // Other methods have no ranges (RFC 9110, section 14.2).
    for method in [Method::HEAD, Method::from_bytes(b"QUERY").unwrap()] {
        let mut headers = sent(&[
            ("accept-encoding", "gzip"),
            ("range", "bytes=5-"),
            ("if-match", "\"v1-gzip\""),
        ]);
        codings().decode(&method, &mut headers);
        assert_eq!(lines(&headers, IF_MATCH), ["\"v1\", \"v1-gzip\""]);
    }
}

/// R-9110-8.8.1-c: all variants share a date. So it does not say whether the client has the bytes that
/// the part would be joined to.
#[test]
fn a_date_permits_a_part_only_if_no_coding_is_accepted() {
    let date = "Fri, 20 Nov 2026 08:00:00 GMT";
    for (accept, condition, kept) in [
        ("gzip", date, false),
        ("*", date, false),
        ("gzip", "junk", false),
        ("identity", date, true),
        ("gzip;q=0", date, true),
        ("deflate", date, true),
        ("gzip", "\"v1\"", true),
        ("gzip", "W/\"v1\"", true),
        // No part of coded bytes exists inside, for any `Accept-Encoding`.
        ("gzip", "\"v1-gzip\"", false),
        ("br", "\"v1-gzip\"", false),
        ("identity", "\"v1-gzip\"", false),
        ("gzip", "W/\"v1-gzip\"", false),
    ] {
        let mut headers = sent(&[("accept-encoding", accept), ("range", "bytes=5-")]);
        headers.insert(IF_RANGE, condition.parse().unwrap());
        codings().decode(&Method::GET, &mut headers);
        assert_eq!(headers.contains_key("range"), kept, "{accept} {condition}");
        assert_eq!(lines(&headers, IF_RANGE), [condition]);
    }
    let mut headers = sent(&[("accept-encoding", "gzip"), ("range", "bytes=5-")]);
    codings().decode(&Method::GET, &mut headers);
    assert!(headers.contains_key("range"));
    // A tag in `If-None-Match` does not remove the range (issue 10, D.1).
    headers.insert(IF_NONE_MATCH, "\"v1\"".parse().unwrap());
    codings().decode(&Method::GET, &mut headers);
    assert!(headers.contains_key("range"));

    // A client may send `If-Unmodified-Since` with a range, too (section 13.1.4).
    for (accept, tag, kept) in [
        ("gzip", None, false),
        ("identity", None, true),
        ("gzip", Some(("if-range", "\"v1\"")), true),
        ("gzip", Some(("if-match", "\"v1\"")), true),
    ] {
        let mut lines = vec![("accept-encoding", accept), ("range", "bytes=5-")];
        lines.push(("if-unmodified-since", date));
        lines.extend(tag);
        let mut headers = sent(&lines);
        codings().decode(&Method::GET, &mut headers);
        assert_eq!(headers.contains_key("range"), kept, "{lines:?}");
        assert!(headers.contains_key("if-unmodified-since"));
    }
}

/// The last of 22 characters has two bits of the digest, so it is one of four. No coding ends in
/// one of them.
#[test]
fn tags_of_digests_do_not_look_coded() {
    let codings = TagCodings::new(["zstd", "br", "gzip", "deflate"]).unwrap();
    for last in 0..=u8::MAX {
        let mut digest = [0; 16];
        digest[15] = last;
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, EntityTag::from_digest(&digest).into());
        let opaque = headers[IF_MATCH].as_bytes();
        let end = opaque[opaque.len() - 2];
        assert!(b"AQgw".contains(&end), "{headers:?}");
        let before = headers.clone();
        codings.decode(&Method::PUT, &mut headers);
        assert_eq!(headers, before);
    }
}
