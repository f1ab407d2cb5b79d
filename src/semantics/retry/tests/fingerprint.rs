use http::{HeaderMap, Method, Uri};

use crate::semantics::{
    retry::{Fingerprint, FingerprintHasher},
    tests::headers,
};

fn fingerprint(method: &Method, uri: &str, headers: &HeaderMap, content: &[&str]) -> Fingerprint {
    let uri: Uri = uri.parse().expect("a URI");
    let mut hasher = FingerprintHasher::new(method, &uri, headers);
    for frame in content {
        hasher.content(frame.as_bytes());
    }
    hasher.finish()
}

/// R-IK07-2.4-a: method, target, content and its type tell requests apart.
#[test]
fn requests_differ_by_what_they_ask_for() {
    let json = headers([
        ("host", "api.example"),
        ("content-type", "application/json"),
    ]);
    let first = fingerprint(&Method::POST, "/orders", &json, &["{}"]);
    let text = headers([("host", "api.example"), ("content-type", "text/plain")]);
    let gzip = headers([
        ("host", "api.example"),
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ]);
    let elsewhere = headers([
        ("host", "other.example"),
        ("content-type", "application/json"),
    ]);
    let html = headers([
        ("host", "api.example"),
        ("content-type", "application/html"),
    ]);
    let neighbour = headers([
        ("host", "apj.example"),
        ("content-type", "application/json"),
    ]);
    let others = [
        // Each part has as many bytes as that of the first.
        fingerprint(&Method::HEAD, "/orders", &json, &["{}"]),
        fingerprint(&Method::POST, "/orderz", &json, &["{}"]),
        fingerprint(&Method::POST, "/orders", &json, &["[]"]),
        fingerprint(&Method::POST, "/orders", &html, &["{}"]),
        fingerprint(&Method::POST, "/orders", &neighbour, &["{}"]),
        fingerprint(&Method::PATCH, "/orders", &json, &["{}"]),
        fingerprint(&Method::POST, "/orders/", &json, &["{}"]),
        fingerprint(&Method::POST, "/orders?x=1", &json, &["{}"]),
        fingerprint(&Method::POST, "/orders", &json, &["{ }"]),
        fingerprint(&Method::POST, "/orders", &json, &[]),
        fingerprint(&Method::POST, "/orders", &text, &["{}"]),
        fingerprint(&Method::POST, "/orders", &gzip, &["{}"]),
        fingerprint(&Method::POST, "/orders", &elsewhere, &["{}"]),
        fingerprint(&Method::POST, "/orders", &HeaderMap::new(), &["{}"]),
    ];
    for (index, other) in others.iter().enumerate() {
        assert!(first.differs(other), "{index}");
    }
}

/// R-IK07-2.4-a: what a client or a proxy changes between two tries does not count.
#[test]
fn retries_have_one_fingerprint() {
    let first = headers([("host", "api.example"), ("content-type", "text/plain")]);
    let retry = headers([
        ("content-type", "text/plain"),
        ("user-agent", "other"),
        ("traceparent", "00-1-2-03"),
        ("host", "API.example"),
        ("accept", "*/*"),
    ]);
    let h2 = headers([("content-type", "text/plain")]);
    let one = fingerprint(&Method::POST, "/a", &first, &["ab", "c"]);
    assert!(!one.differs(&fingerprint(&Method::POST, "/a", &retry, &["a", "", "bc"])));
    let absolute = fingerprint(&Method::POST, "https://api.example/a", &h2, &["abc"]);
    assert!(!one.differs(&absolute));
}

#[test]
fn no_byte_moves_between_parts() {
    let plain = headers([("content-type", "text/plain")]);
    let of_lines = |lines: &[(&'static str, &'static str)]| {
        fingerprint(&Method::POST, "/", &headers(lines.iter().copied()), &[])
    };
    let pairs = [
        (
            fingerprint(&Method::POST, "/ab", &plain, &["c"]),
            fingerprint(&Method::POST, "/a", &plain, &["bc"]),
        ),
        (
            fingerprint(&Method::POST, "/", &headers([("content-type", "")]), &[]),
            fingerprint(&Method::POST, "/", &HeaderMap::new(), &[]),
        ),
        (
            // From one line to the next.
            of_lines(&[("content-type", "a"), ("content-type", "bc")]),
            of_lines(&[("content-type", "ab"), ("content-type", "c")]),
        ),
        (
            // From one header to the next.
            of_lines(&[("content-type", "gzip")]),
            of_lines(&[("content-encoding", "gzip")]),
        ),
    ];
    for (one, other) in pairs {
        assert!(one.differs(&other));
    }
}

/// A record of an older version is answered, and neither refused nor run again.
#[test]
fn other_versions_are_not_compared() {
    let one = fingerprint(&Method::POST, "/", &HeaderMap::new(), &["a"]);
    let mut bytes = one.to_bytes();
    assert_eq!(Fingerprint::from(bytes), one);
    bytes[32] ^= 1;
    assert!(one.differs(&Fingerprint::from(bytes)));
    bytes[0] += 1;
    assert!(!one.differs(&Fingerprint::from(bytes)));
    assert!(Fingerprint::custom("a").differs(&Fingerprint::custom("b")));
    assert!(!Fingerprint::custom("a").differs(&one));
}

/// An own fingerprint is of one method, path and query. The layer adds no host.
#[test]
fn an_own_fingerprint_is_bound_to_a_path_and_query() {
    let bound = |method: &Method, uri: &str| {
        let uri: Uri = uri.parse().expect("a URI");
        Fingerprint::custom("all").bound_to(method, &uri)
    };
    let one = bound(&Method::POST, "/o?tenant=a");
    assert!(!one.differs(&bound(&Method::POST, "https://b.example/o?tenant=a")));
    for (method, uri) in [
        (&Method::PATCH, "/o?tenant=a"),
        (&Method::POST, "/o?tenant=b"),
        (&Method::POST, "/o"),
        (&Method::POST, "/p?tenant=a"),
    ] {
        assert!(one.differs(&bound(method, uri)), "{method} {uri}");
    }
}

/// An application's own fingerprint cannot join two resources, nor two methods of one.
#[test]
fn a_custom_fingerprint_counts_for_one_resource() {
    let bound = |method: &str, path: &str, identity: &str| {
        let method = method.parse().expect("a method");
        let uri = path.parse().expect("a URI");
        Fingerprint::custom(identity).bound_to(&method, &uri)
    };
    let first = bound("POST", "/a", "i");
    assert!(!first.differs(&bound("POST", "/a", "i")));
    let others = [
        bound("POST", "/b", "i"),
        bound("HEAD", "/a", "i"),
        bound("POST", "/a", "j"),
    ];
    for (index, other) in others.iter().enumerate() {
        assert!(first.differs(other), "{index}");
    }
}

/// Stores keep fingerprints: the same version must not give a retry another one after an
/// upgrade.
#[test]
fn the_bytes_of_fingerprints_stay() {
    let typed = headers([("host", "api.example"), ("content-type", "text/plain")]);
    let custom = Fingerprint::custom("identity");
    let table = [
        (
            fingerprint(&Method::POST, "/a?b", &typed, &["ab", "c"]),
            "01a7b93d6883e04723",
        ),
        (custom, "001ed4c2811832cb8f"),
        (
            custom.bound_to(&Method::POST, &Uri::from_static("/a?b")),
            "0008d64fa4c28fb466",
        ),
    ];
    for (fingerprint, expected) in table {
        let bytes = fingerprint.to_bytes();
        let start = bytes[..9].iter().map(|byte| format!("{byte:02x}"));
        assert_eq!(start.collect::<String>(), expected);
    }
}
