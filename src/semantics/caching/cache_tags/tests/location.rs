use http::{
    HeaderMap, Uri,
    header::{HOST, LOCATION},
};
use proptest::prelude::*;

use crate::semantics::{
    caching::cache_tags::{locations, target},
    proptests::strategies::value,
    tests::headers,
};

#[test]
fn the_target_has_the_authority_of_host() {
    type Lines<'a> = &'a [(&'a str, &'a str)];
    let table: [(&str, Lines<'_>, &str); 8] = [
        (
            "/notes/1?q",
            &[("host", "example.org:8080")],
            "http://example.org:8080/notes/1?q",
        ),
        ("/notes/1", &[], "/notes/1"),
        ("/notes/1", &[("host", "")], "/notes/1"),
        ("/notes/1", &[("host", "a b")], "/notes/1"),
        ("/notes/1", &[("host", "a/b")], "/notes/1"),
        ("/notes/1", &[("host", "a"), ("host", "b")], "/notes/1"),
        (
            "https://example.org/",
            &[("host", "other")],
            "https://example.org/",
        ),
        ("*", &[("host", "a")], "http://a/*"),
    ];
    for (uri, fields, expected) in table {
        let uri = uri.parse().unwrap();
        let found = target(&uri, &headers(fields.iter().copied()));
        // The result for `*` does not matter, as long as there is no panic.
        if uri != "*" {
            assert_eq!(found.to_string(), expected);
        }
    }
}

/// R-9111-4.4-c: URIs of other origins are ignored. The references are those of RFC 3986, section
/// 5.4, that can occur.
#[test]
fn only_locations_of_the_same_origin_are_returned() {
    let table = [
        ("g", Some("http://a/b/c/g")),
        ("./g", Some("http://a/b/c/g")),
        ("g/", Some("http://a/b/c/g/")),
        ("/g", Some("http://a/g")),
        ("//a/g", Some("http://a/g")),
        ("//a", Some("http://a/")),
        ("//a?y", Some("http://a/?y")),
        ("//g", None),
        ("ftp://a/g", None),
        ("HTTPS://a/g", Some("http://a/g")),
        ("?y", Some("http://a/b/c/d;p?y")),
        ("g?y", Some("http://a/b/c/g?y")),
        ("#s", Some("http://a/b/c/d;p?q")),
        ("g#s", Some("http://a/b/c/g")),
        ("", Some("http://a/b/c/d;p?q")),
        (".", Some("http://a/b/c/")),
        ("..", Some("http://a/b/")),
        ("../g", Some("http://a/b/g")),
        ("../../../g", Some("http://a/g")),
        ("/./g/../h", Some("http://a/h")),
        ("g?y/./x", Some("http://a/b/c/g?y/./x")),
        ("http://A:80/x", Some("http://a/x")),
        ("https://a/x", Some("http://a/x")),
        ("HTTPS://a:443/x", Some("http://a/x")),
        ("http://a:8080/x", None),
        ("http://a:99999/x", None),
        ("http://a:/x", Some("http://a/x")),
        ("http://me@a/x", Some("http://a/x")),
        ("http://a.example/x", None),
        ("http:g", None),
        ("g:h", None),
        ("mailto:a@a", None),
        ("http://", None),
        ("//", None),
        ("a b", None),
    ];
    let base: Uri = "http://a/b/c/d;p?q".parse().unwrap();
    for (reference, expected) in table {
        for name in ["location", "content-location"] {
            let fields = headers([(name, reference)]);
            let found: Vec<_> = locations(&base, &fields)
                .map(|uri| uri.to_string())
                .collect();
            assert_eq!(found, Vec::from_iter(expected), "{reference:?}");
        }
    }
    let bare: Uri = "/notes".parse().unwrap();
    let fields = headers([
        ("location", "/notes/1"),
        ("content-location", "http://a/notes/1"),
    ]);
    let found: Vec<_> = locations(&bare, &fields)
        .map(|uri| uri.to_string())
        .collect();
    assert_eq!(found, ["/notes/1"]);
}

proptest! {
    /// R-9111-4.4-c: no headers of request and response give a URI of another origin.
    #[test]
    fn locations_stay_at_the_origin(
        host in value(),
        location in prop_oneof![
            value(),
            "(http:|https:|)(//)?[a.:/?#@]{0,20}".prop_map(|text| text.parse().expect("a value")),
        ],
        path in "/[a-c./?]{0,10}",
    ) {
        let uri: Uri = path.parse().expect("a path");
        let headers = HeaderMap::from_iter([(HOST, host), (LOCATION, location)]);
        let target = target(&uri, &headers);
        for named in locations(&target, &headers) {
            prop_assert_eq!(named.authority(), target.authority());
            prop_assert_eq!(named.scheme(), target.scheme());
            prop_assert!(named.path().starts_with('/'));
            prop_assert!(!named.path().split('/').any(|segment| [".", ".."].contains(&segment)));
        }
    }
}
