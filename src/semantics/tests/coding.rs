use http::{
    HeaderMap, Method, StatusCode,
    header::{ETAG, IF_MATCH, IF_NONE_MATCH, IF_RANGE, VARY},
};

use super::headers;
use crate::semantics::{coding::TagCodings, etag::EntityTag};

pub(super) type Lines = [(&'static str, &'static str)];

fn codings() -> TagCodings {
    TagCodings::new(["br", "gzip"]).unwrap()
}

pub(super) fn lines(headers: &HeaderMap, name: http::HeaderName) -> Vec<&str> {
    let lines = headers.get_all(name).iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

pub(super) fn sent(lines: &Lines) -> HeaderMap {
    headers(lines.iter().copied())
}

/// The fields of a response to a `method` with the fields `asked`.
pub(super) fn answer(
    codings: &TagCodings,
    method: &Method,
    asked: &Lines,
    status: u16,
    fields: &Lines,
) -> HeaderMap {
    let asked = codings.decode(method, &mut sent(asked));
    let mut headers = sent(fields);
    codings.encode(StatusCode::from_u16(status).unwrap(), &mut headers, &asked);
    headers
}

pub(super) fn tag(headers: &HeaderMap) -> &str {
    let [tag] = lines(headers, ETAG)[..] else {
        panic!("one tag");
    };
    tag
}

/// R-9110-8.8.1-c, R-9110-8.8.3-c.
#[test]
fn a_variant_has_the_suffix_of_its_coding() {
    let table = [
        // ETag, Content-Encoding, ETag outside
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
        // Not configured.
        ("\"v1\"", "zstd", "W/\"v1\""),
        ("\"v1\"", "gzip, zstd", "W/\"v1\""),
        // The handler's own.
        ("\"v1-gzip\"", "gzip", "\"v1-gzip\""),
        ("\"v1-gzip-br\"", "gzip, br", "\"v1-gzip-br\""),
        ("\"v1-br-gzip\"", "gzip, br", "\"v1-br-gzip-gzip-br\""),
        ("\"v1-gzip\"", "br", "\"v1-gzip-br\""),
        ("\"v1-gzip-br\"", "br", "\"v1-gzip-br-br\""),
        ("\"v1-gzip\"", "identity", "W/\"v1-gzip\""),
        ("W/\"v1-gzip\"", "gzip", "W/\"v1-gzip\""),
        // No tags.
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

/// R-9110-13.1.2-e, R-9110-13.1.2-d: only what this request would be given.
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
        // Lists, lines, and what is malformed.
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
        // What is refused as it is.
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

/// R-9110-13.1.1-d: a `PUT` has no meaningful `Accept-Encoding`.
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

/// R-9110-8.8.1-c: a part of the content without coding must never be joined
/// to coded bytes.
#[test]
fn parts_are_of_what_has_no_coding() {
    let mut headers = sent(&[
        ("accept-encoding", "gzip"),
        ("range", "bytes=5-"),
        ("if-range", "\"v1-gzip\""),
        ("if-match", "\"v1-gzip\""),
        ("if-none-match", "\"v0-gzip\""),
    ]);
    codings().decode(&Method::GET, &mut headers);
    assert_eq!(lines(&headers, IF_RANGE), ["\"v1-gzip\""]);
    assert_eq!(lines(&headers, IF_MATCH), ["\"v1-gzip\""]);
    assert_eq!(lines(&headers, IF_NONE_MATCH), ["\"v0\", \"v0-gzip\""]);

    headers.remove("range");
    codings().decode(&Method::GET, &mut headers);
    assert_eq!(lines(&headers, IF_MATCH), ["\"v1\", \"v1-gzip\""]);
}

/// R-9110-8.8.1-c: a date stands for every variant, so that nothing tells
/// whether the client has the bytes that the part is to be joined to.
#[test]
fn a_date_gives_a_part_only_where_no_coding_is_taken() {
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
}

/// R-9110-8.6-a, R-9110-15.4.5-e, R-9111-4.1-a: a date makes a 304 too.
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

/// R-9110-13.1.2-e: the 304 has the tag of the variant that the client named;
/// R-9110-8.6-a: and a length only where that is the one without coding.
#[test]
fn a_304_has_the_tag_that_was_named() {
    let table: &[(&str, &str, &str, &str, bool)] = &[
        // Accept-Encoding, If-None-Match, ETag inside, outside, Content-Length
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
        // Several: what compression would choose.
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
        // Not the one that would be chosen, but one that is taken.
        ("gzip, br", "\"v1-gzip\"", "\"v1\"", "\"v1-gzip\"", false),
        // The handler's own.
        ("gzip", "\"v1-gzip\"", "\"v1-gzip\"", "\"v1-gzip\"", false),
        // Not given, so not what matched.
        ("br", "W/\"v1\", \"v1-gzip\"", "\"v1\"", "W/\"v1\"", false),
        ("br", "\"v1-gzip\"", "\"v1-gzip\"", "W/\"v1-gzip\"", false),
        // Nothing named the current version.
        ("gzip", "*", "\"v1\"", "W/\"v1\"", false),
        ("", "*", "\"v1\"", "\"v1\"", true),
        ("gzip", "*", "W/\"v1\"", "W/\"v1\"", false),
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
    // Nothing that is ours to understand.
    let headers = answer(&codings(), &Method::GET, &[], 304, &[("etag", "\"v1\"")]);
    assert_eq!(tag(&headers), "\"v1\"");
}

/// R-9110-8.8.1-c: what is not the content of a read keeps its tag.
#[test]
fn writes_keep_their_tags() {
    let condition = [("if-match", "\"v0-gzip\"")];
    for (method, status) in [(Method::PUT, 412), (Method::PUT, 204), (Method::GET, 412)] {
        let fields = [("etag", "\"v1\"")];
        let headers = answer(&codings(), &method, &condition, status, &fields);
        assert_eq!(headers, sent(&fields), "{method} {status}");
    }
    // Content that is coded may be a representation.
    let fields = [("etag", "\"v1\""), ("content-encoding", "gzip")];
    let headers = answer(&codings(), &Method::POST, &condition, 200, &fields);
    assert_eq!(tag(&headers), "\"v1-gzip\"");
    assert!(!headers.contains_key(VARY));
}

/// R-9110-12.5.5-a, R-9110-12.5.5-b, R-9110-12.5.5-c, R-9111-4.1-a.
#[test]
fn vary_is_there_once_on_every_variant() {
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

#[test]
fn foreign_suffixes_are_only_understood() {
    let codings = codings()
        .tolerate(["--gzip", ";gzip", "-zstd", "-x-gzip"])
        .unwrap();
    for named in [
        "\"v1--gzip\"",
        "\"v1;gzip\"",
        "\"v1-x-gzip\"",
        "\"v1-gzip\"",
    ] {
        let mut headers = sent(&[("accept-encoding", "gzip"), ("if-none-match", named)]);
        let asked = codings.decode(&Method::GET, &mut headers);
        assert_eq!(lines(&headers, IF_NONE_MATCH), [format!("\"v1\", {named}")]);
        let mut response = sent(&[("etag", "\"v1\"")]);
        codings.encode(StatusCode::NOT_MODIFIED, &mut response, &asked);
        assert_eq!(tag(&response), named);

        let mut headers = sent(&[("accept-encoding", "br"), ("if-none-match", named)]);
        codings.decode(&Method::GET, &mut headers);
        assert_eq!(lines(&headers, IF_NONE_MATCH), [""]);
        let mut headers = sent(&[("if-match", named)]);
        codings.decode(&Method::PUT, &mut headers);
        assert_eq!(lines(&headers, IF_MATCH), ["\"v1\""]);
    }
    let fields = [("etag", "\"v1\""), ("content-encoding", "zstd")];
    let headers = answer(&codings, &Method::GET, &[], 200, &fields);
    assert_eq!(tag(&headers), "W/\"v1\"");
}

#[test]
fn what_is_no_coding_is_refused() {
    for name in [
        "", "a b", "gzip,", "g\"", "gzip;q=1", "*", "identity", "Identity", "é",
    ] {
        assert!(TagCodings::new([name]).is_err(), "{name}");
        let message = codings().codings([name]).unwrap_err().to_string();
        assert!(message.contains("token"));
    }
    for suffix in [
        "",
        "-",
        "gzip",
        "-\"gzip",
        "- gzip",
        "-gzip;",
        "-identity",
        "-é",
        "é-gzip",
    ] {
        let error = codings().tolerate([suffix]).unwrap_err();
        assert!(error.to_string().contains("suffix"), "{suffix}");
    }
    let upper = TagCodings::new(["GZIP", "x-gzip", "gzip"]).unwrap();
    let fields = [("etag", "\"v1\""), ("content-encoding", "gzip")];
    assert_eq!(
        tag(&answer(&upper, &Method::GET, &[], 200, &fields)),
        "\"v1-gzip\""
    );
    let none = TagCodings::new([""; 0]).unwrap();
    assert_eq!(
        tag(&answer(&none, &Method::GET, &[], 200, &fields)),
        "W/\"v1\""
    );
}

/// The last of 22 characters has two bits of a digest, and no coding ends in
/// one of the four that there are.
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
