//! The target of a request in its key.

use http::{HeaderMap, header::HOST};

use super::{PLAIN, Parts, assert_distinct, assert_same, hashers, uri, with_headers};
use crate::semantics::{caching::no_vary_search::NoVarySearch, validator_cache::KeyParts};

/// R-9111-4-a
#[test]
fn each_uri_has_its_own_key() {
    assert_distinct(&[
        uri("/a"),
        uri("/A"),
        uri("/a/"),
        uri("/a/b"),
        uri("/a%2Fb"),
        uri("/a%2fb"),
        uri("//a/b"),
        uri("/a?"),
        uri("/a?x=1"),
        uri("/a?x=2"),
        uri("/a?x=1&"),
        uri("/a?x=%31"),
        uri("http://h/a"),
        uri("https://h/a"),
        uri("http://h:81/a"),
        uri("http://h:443/a"),
        uri("http://u@h/a"),
        uri("http://U@h/a"),
        uri("http://other/a"),
    ]);
}

/// R-9111-4-a
#[test]
fn spellings_of_one_authority_have_one_key() {
    assert_same(&[
        uri("http://host/a"),
        uri("http://HOST/a"),
        uri("http://host:80/a"),
        uri("http://host:/a"),
    ]);
    assert_same(&[uri("https://host/a"), uri("https://Host:443/a")]);
    assert_same(&[uri("http://[::1]/a"), uri("http://[::1]:80/a")]);
    assert_distinct(&[uri("http://[::80]/a"), uri("http://[::]/a")]);
    assert_same(&[uri("http://U@host/a"), uri("http://U@HOST/a")]);
    let [lower, upper] = ["h", "H"].map(|letter| format!("http://{}/a", letter.repeat(300)));
    assert_same(&[uri(&lower), uri(&upper)]);
}

/// R-9111-4-a
#[test]
fn the_authority_may_be_in_host() {
    let host = |headers| with_headers(headers, &[]);
    assert_same(&[host(&[(HOST, "h")]), host(&[(HOST, "H")])]);
    let long_host = "x".repeat(300);
    let long_host: &'static str = long_host.leak();
    let longer = format!("{long_host}y").leak();
    let proxied = |headers| Parts {
        uri: "http://h/a",
        headers,
        ..PLAIN
    };
    assert_distinct(&[
        host(&[]),
        host(&[(HOST, "")]),
        host(&[(HOST, "h")]),
        // Without a scheme, no port is the default.
        host(&[(HOST, "h:80")]),
        host(&[(HOST, "h:443")]),
        host(&[(HOST, "h"), (HOST, "i")]),
        host(&[(HOST, "i"), (HOST, "h")]),
        host(&[(HOST, "hi")]),
        host(&[(HOST, long_host)]),
        host(&[(HOST, longer)]),
        // A handler may use either.
        proxied(&[]),
        proxied(&[(HOST, "i")]),
        proxied(&[(HOST, "j")]),
    ]);
}

/// R-NVS-5-a
#[test]
fn parameters_without_meaning_do_not_select() {
    let policy = NoVarySearch::params(["utm"]).key_order();
    let request = |text| Parts {
        policy: Some(&policy),
        ..uri(text)
    };
    assert_same(&[request("/a?x=1&y=2"), request("/a?y=2&utm=3&x=%31")]);
    assert_distinct(&[
        request("/a?x=1"),
        request("/a?z=1"),
        request("/a?x="),
        request("/a?x=1&x=2"),
        request("/a?x=2&x=1"),
        request("/b?x=1"),
        request("/a"),
    ]);
    let ordered = NoVarySearch::params(["utm"]);
    let ordered = |text| Parts {
        policy: Some(&ordered),
        ..uri(text)
    };
    assert_same(&[ordered("/a?x=1&utm=3"), ordered("/a?x=1")]);
    assert_distinct(&[ordered("/a?x=1&y=2"), ordered("/a?y=2&x=1")]);
    let exact = NoVarySearch::new();
    let exact = |text| Parts {
        policy: Some(&exact),
        ..uri(text)
    };
    assert_same(&[exact("/a?x=1"), uri("/a?x=1")]);
}

/// R-9111-4-a: a handler that forwards requests keeps the URI of the client. Below a router the
/// service sees a part of its path, and the policy for queries still counts.
#[test]
fn the_uri_of_the_service_counts_too() {
    let policy = NoVarySearch::params(["utm"]);
    let headers = HeaderMap::new();
    for hasher in hashers() {
        let key = |target: &str, uri: &str| {
            let [target, uri] = [target, uri].map(|uri| uri.parse().expect("a URI"));
            hasher.key(&KeyParts {
                target: &target,
                uri: &uri,
                headers: &headers,
                declared: &[],
                principal: None,
                no_vary_search: Some(&policy),
            })
        };
        assert_ne!(key("/batch", "/a"), key("/batch", "/b"));
        assert_ne!(key("/batch", "/a?x=1"), key("/batch", "/a?x=2"));
        assert_ne!(key("/v1/a", "/a"), key("/v2/a", "/a"));
        assert_eq!(
            key("/v1/a?utm=1", "/a?utm=1"),
            key("/v1/a?utm=2", "/a?utm=2")
        );
    }
}
