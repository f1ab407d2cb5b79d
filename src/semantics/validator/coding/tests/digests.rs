//! Digests of content that was coded.

use http::{HeaderMap, Method};

use super::{Lines, TagCodings, answer, codings, sent};

const DIGESTS: [(&str, &str); 4] = [
    ("repr-digest", "sha-256=:AAAA:"),
    ("content-digest", "sha-256=:AAAA:"),
    ("digest", "SHA-256=AAAA"),
    ("content-md5", "AAAA"),
];

/// Returns `true` if all digests are there, and `false` if there are none.
fn has_digests(headers: &HeaderMap) -> bool {
    let count = DIGESTS
        .iter()
        .filter(|(name, _)| headers.contains_key(*name));
    match count.count() {
        0 => false,
        4 => true,
        _ => panic!("only some digests: {headers:?}"),
    }
}

fn keeps(codings: &TagCodings, method: &Method, status: u16, fields: &Lines) -> bool {
    let fields = [fields, &DIGESTS[..]].concat();
    let request = [("accept-encoding", "gzip, br")];
    has_digests(&answer(codings, method, &request, status, &fields))
}

/// R-9530-5-a: what a layer inside has coded has other bytes than those of the digest.
#[test]
fn a_digest_of_other_bytes_is_removed() {
    let gzip = ("content-encoding", "gzip");
    let rows: [(&Lines, bool); 16] = [
        // Without a coding, nothing was changed.
        (&[("etag", "\"v1\"")], true),
        (
            &[("etag", "\"v1\""), ("content-encoding", "identity")],
            true,
        ),
        (&[("content-encoding", "")], true),
        (&[], true),
        (&[("etag", "\"v1\""), gzip], false),
        (&[("etag", "W/\"v1\""), gzip], false),
        (
            &[("last-modified", "Fri, 20 Nov 2026 08:00:00 GMT"), gzip],
            false,
        ),
        (&[gzip], false),
        (&[("etag", "broken"), gzip], false),
        (
            &[("etag", "\"v1\""), ("content-encoding", "identity, x")],
            false,
        ),
        (
            &[("content-encoding", "gzip, br"), ("etag", "\"v1-br\"")],
            false,
        ),
        // The handler coded it, and says so in its tag.
        (&[("etag", "\"v1-gzip\""), gzip], true),
        (&[("etag", "W/\"v1-gzip\""), gzip], true),
        (
            &[("etag", "\"v1-gzip-br\""), ("content-encoding", "gzip, br")],
            true,
        ),
        // A layer inside coded it once more.
        (
            &[("etag", "\"v1-gzip\""), ("content-encoding", "gzip, br")],
            false,
        ),
        (&[("etag", "\"v1-br\""), gzip], false),
    ];
    for (fields, expected) in rows {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            for status in [200, 206, 404] {
                let kept = keeps(&codings(), &method, status, fields);
                assert_eq!(kept, expected, "{method} {status} {fields:?}");
            }
        }
        let kept = keeps(&codings().weaken(), &Method::GET, 200, fields);
        assert_eq!(kept, expected, "weaken {fields:?}");
    }
}

/// The digest of a 304 is that of plain content, as its length is.
#[test]
fn a_304_to_a_client_with_coded_content_has_no_digest() {
    let rows = [
        ("gzip", "\"v1-gzip\"", false),
        ("gzip", "\"v1\"", true),
        ("gzip", "*", false),
        ("", "\"v1\"", true),
        ("", "*", true),
    ];
    for (accept, named, expected) in rows {
        let request = [("accept-encoding", accept), ("if-none-match", named)];
        let fields = [&[("etag", "\"v1\"")], &DIGESTS[..]].concat();
        let headers = answer(&codings(), &Method::GET, &request, 304, &fields);
        assert_eq!(has_digests(&headers), expected, "{accept} {named}");
    }
}

/// `Vary` still names the header that selected the digest: other clients get one.
#[test]
fn all_else_stays() {
    let fields = [
        ("vary", "want-repr-digest"),
        ("content-encoding", "gzip"),
        ("repr-digest", "sha-256=:AAAA:"),
    ];
    let headers = answer(&codings(), &Method::POST, &[], 200, &fields);
    assert_eq!(headers, sent(&fields[..2]));
}
