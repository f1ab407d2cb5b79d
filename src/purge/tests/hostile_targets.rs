//! Hosts and locations that clients and handlers choose.

use http::{HeaderMap, HeaderValue, Request, header::LOCATION, request::Parts};

use super::targets;
use crate::purge::Purge;

fn written(uri: &str, hosts: &[&str]) -> Parts {
    let hosts = hosts
        .iter()
        .fold(Request::put(uri), |put, host| put.header("host", *host));
    hosts.body(()).expect("a request").into_parts().0
}

/// A `Host` that is no authority names no other site.
#[test]
fn a_host_that_is_no_authority_is_left_out() {
    for host in [
        "a.example, b.example",
        "a b",
        "a/../b",
        "",
        "a.example/x",
        "a?b",
        "a#b",
    ] {
        assert_eq!(
            targets(&Purge::of(&written("/x", &[host]))),
            ["/x"],
            "{host}"
        );
    }
    let two = written("/x", &["a.example", "b.example"]);
    assert_eq!(targets(&Purge::of(&two)), ["/x"]);
}

#[test]
fn the_authority_of_the_uri_wins_over_host() {
    let both = written("http://a.example/x", &["b.example"]);
    assert_eq!(targets(&Purge::of(&both)), ["http://a.example/x"]);
}

/// R-9111-4.4-c: a response invalidates nothing at another origin, however it is spelt.
#[test]
fn a_location_cannot_leave_its_origin() {
    let request = written("/a/b", &["a.example"]);
    for location in [
        "//b.example/c",
        "http://a.example@b.example/c",
        "http://a.example.b.example/c",
        "http://a.example:8080/c",
        "http:////b.example/c",
        "javascript:alert(1)",
        "http:c",
        "//a.example:80:80/c",
        "ftp://a.example/c",
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.parse().expect("a value"));
        let purge = Purge::of(&request).with_locations(&headers);
        assert!(
            targets(&purge)
                .iter()
                .all(|target| target.starts_with("http://a.example/")),
            "{location}: {purge:?}"
        );
    }
}

#[test]
fn a_location_that_is_no_uri_is_left_out() {
    let request = written("/a/b", &["a.example"]);
    for bytes in [&b"/a b"[..], b"/\xe9", b"/\xc3\xa9", b"/a\tb", b" "] {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_bytes(bytes).expect("a value"));
        assert_eq!(Purge::of(&request).with_locations(&headers).len(), 1);
    }
    let mut twice = HeaderMap::new();
    twice.append(LOCATION, HeaderValue::from_static("/c"));
    twice.append(LOCATION, HeaderValue::from_static("/d"));
    assert_eq!(Purge::of(&request).with_locations(&twice).len(), 1);
}

/// A location of 64 KiB, with as many dots, takes linear time.
#[test]
fn a_long_location_stays_at_its_origin() {
    let request = written("/a/b", &["a.example"]);
    for segment in ["../", "./", "x/../", "//", "%2e%2e/"] {
        let mut headers = HeaderMap::new();
        let location = "/".to_owned() + &segment.repeat(60_000 / segment.len());
        headers.insert(LOCATION, location.parse().expect("a value"));
        let purge = Purge::of(&request).with_locations(&headers);
        let found = targets(&purge);
        assert!(
            found
                .iter()
                .all(|target| target.starts_with("http://a.example/"))
        );
        assert!(
            found.iter().all(|target| !target.contains("/../")),
            "{segment}"
        );
    }
}

#[test]
fn a_purge_keeps_wild_paths_as_they_are() {
    let wild = written("/*?q=*&%2a=%0d%0a", &["a.example"]);
    assert_eq!(
        targets(&Purge::of(&wild)),
        ["http://a.example/*?q=*&%2a=%0d%0a"]
    );
}
