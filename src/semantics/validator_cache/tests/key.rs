mod properties;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_LANGUAGE, HOST, TE},
};

use crate::semantics::{
    caching::no_vary_search::NoVarySearch,
    validator_cache::{KeyHasher, KeyParts, ValidatorKey},
};

/// Each kind of hasher, for everything that holds for both.
fn hashers() -> [KeyHasher; 2] {
    [
        KeyHasher::for_process("notes", "1"),
        KeyHasher::shared("notes", "1"),
    ]
}

/// A request that tests change one part of.
#[derive(Clone, Copy)]
struct Parts<'a> {
    uri: &'a str,
    headers: &'a [(HeaderName, &'static str)],
    declared: &'a [HeaderName],
    principal: Option<&'a str>,
    policy: Option<&'a NoVarySearch>,
}

const PLAIN: Parts<'_> = Parts {
    uri: "/a",
    headers: &[],
    declared: &[],
    principal: None,
    policy: None,
};

impl Parts<'_> {
    fn key(self, hasher: &KeyHasher) -> ValidatorKey {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            headers.append(name, HeaderValue::from_static(value));
        }
        let uri = self.uri.parse().expect("a URI");
        hasher.key(&KeyParts {
            target: &uri,
            uri: &uri,
            headers: &headers,
            declared: self.declared,
            principal: self.principal,
            no_vary_search: self.policy,
        })
    }
}

fn uri(uri: &str) -> Parts<'_> {
    Parts { uri, ..PLAIN }
}

fn with_headers<'a>(
    headers: &'a [(HeaderName, &'static str)],
    declared: &'a [HeaderName],
) -> Parts<'a> {
    Parts {
        headers,
        declared,
        ..PLAIN
    }
}

#[track_caller]
fn assert_distinct(requests: &[Parts<'_>]) {
    for hasher in hashers() {
        for (at, one) in requests.iter().enumerate() {
            assert_eq!(one.key(&hasher), one.key(&hasher.clone()));
            for other in &requests[..at] {
                let what = (one.uri, one.headers, other.uri, other.headers);
                assert_ne!(one.key(&hasher), other.key(&hasher), "{what:?}");
            }
        }
    }
}

#[track_caller]
fn assert_same(requests: &[Parts<'_>]) {
    for hasher in hashers() {
        for other in requests {
            let what = (other.uri, other.headers);
            assert_eq!(requests[0].key(&hasher), other.key(&hasher), "{what:?}");
        }
    }
}

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

/// R-9111-4.1-b
#[test]
fn declared_headers_select() {
    let declared = &[ACCEPT_LANGUAGE, ACCEPT];
    let both = |headers| with_headers(headers, declared);
    assert_same(&[
        both(&[(ACCEPT_LANGUAGE, "de"), (ACCEPT, "*/*")]),
        both(&[(ACCEPT, "*/*"), (ACCEPT_LANGUAGE, " de\t")]),
        both(&[(ACCEPT_LANGUAGE, "de"), (ACCEPT, "*/*"), (TE, "1")]),
    ]);
    assert_distinct(&[
        both(&[]),
        both(&[(ACCEPT_LANGUAGE, "")]),
        both(&[(ACCEPT_LANGUAGE, "de")]),
        both(&[(ACCEPT, "de")]),
        both(&[(ACCEPT_LANGUAGE, "de, en")]),
        both(&[(ACCEPT_LANGUAGE, "de"), (ACCEPT_LANGUAGE, "en")]),
        both(&[(ACCEPT_LANGUAGE, "en"), (ACCEPT_LANGUAGE, "de")]),
        both(&[(ACCEPT_LANGUAGE, "de"), (ACCEPT, "en")]),
        with_headers(&[(ACCEPT_LANGUAGE, "de")], &[ACCEPT_LANGUAGE]),
        with_headers(&[(ACCEPT, "de")], &[ACCEPT]),
        with_headers(&[], &[]),
        with_headers(&[], &[ACCEPT]),
    ]);
}

/// R-9111-3.5-b
#[test]
fn principals_never_share_a_key() {
    let principal = |principal| Parts { principal, ..PLAIN };
    let long = "p".repeat(700);
    assert_distinct(&[
        principal(None),
        principal(Some("")),
        principal(Some("a")),
        principal(Some("A")),
        principal(Some("\0")),
        principal(Some(&long)),
        principal(Some(&long[1..])),
    ]);
}

/// No byte moves from one part to the next, across blocks too.
#[test]
fn parts_have_ends() {
    let paths: Vec<_> = (240..520)
        .map(|len| format!("/{}", "b".repeat(len)))
        .collect();
    let mut requests: Vec<_> = paths.iter().map(|path| uri(path)).collect();
    for principal in ["b", "bb", "bbb"] {
        let with_principal = |path: &'static str| Parts {
            principal: Some(principal),
            ..uri(path)
        };
        requests.extend(["/a", "/ab", "/abb", "/a?b", "/a?bb"].map(with_principal));
    }
    assert_distinct(&requests);
}

/// The length of a part of more than 127 bytes takes two bytes.
#[test]
fn long_parts_have_ends() {
    let long: &'static str = "x".repeat(201).leak();
    let short = &long[1..];
    let declared = [ACCEPT];
    let one = [(ACCEPT, short), (ACCEPT, long)];
    let other = [(ACCEPT, long), (ACCEPT, short)];
    assert_distinct(&[
        with_headers(&one, &declared),
        with_headers(&other, &declared),
    ]);
}

#[test]
fn namespaces_and_builds_are_apart() {
    let key = |namespace, build| PLAIN.key(&KeyHasher::shared(namespace, build));
    let keys = [key("n", "1"), key("n", "2"), key("m", "1"), key("n1", "")];
    assert_eq!(key("n", "1"), keys[0]);
    for (at, one) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(one));
    }
}

/// R-9111-7-a: a client that knows everything but the secret cannot compute a key.
#[test]
fn keys_of_a_process_are_secret() {
    let [one, other] = [(); 2].map(|()| KeyHasher::for_process("notes", "1"));
    let [one, other] = [one, other].map(|hasher| PLAIN.key(&hasher));
    assert_ne!(one, other);
    let (half, rest) = one.as_bytes().split_at(8);
    assert_ne!(half, &rest[..8], "the halves are not one function");
    // Requests that differ only in a later block differ in both halves.
    let hasher = KeyHasher::for_process("notes", "1");
    let [one, other] = ["1", "2"].map(|last| {
        let path = format!("/{}{last}", "a".repeat(600));
        *uri(&path).key(&hasher).as_bytes()
    });
    assert_ne!(one[..8], other[..8]);
    assert_ne!(one[8..16], other[8..16]);
}

/// Keys that other processes know must not change by accident.
#[test]
fn shared_keys_are_stable() {
    let request = Parts {
        uri: "http://h/a?b",
        headers: &[(ACCEPT, "*/*")],
        declared: &[ACCEPT],
        principal: Some("p"),
        policy: None,
    };
    let hasher = KeyHasher::shared("n", "1");
    let key = request.key(&hasher);
    assert_eq!(format!("{key:?}"), "ValidatorKey(9a55cab105b2a3f1..)");
    // The length of a part takes a byte more from 127 bytes on, and again from 16,383 on.
    for (bytes, expected) in [
        (126, "d7f3ba45d8b7c629"),
        (127, "e2d2f60ffdaa9e49"),
        (255, "ec38d1cbf55a6976"),
        (16_255, "b83cdd6d52d46a52"),
        (16_383, "ec2b572a5f2b493d"),
        (40_000, "a805fe332772e6d5"),
    ] {
        let principal = "p".repeat(bytes);
        let principal = Some(&*principal);
        let key = Parts {
            principal,
            ..request
        }
        .key(&hasher);
        assert_eq!(format!("{key:?}"), format!("ValidatorKey({expected}..)"));
    }
}

#[test]
fn debug_shows_no_secret() {
    let shown = hashers().map(|hasher| format!("{hasher:?}"));
    assert_eq!(shown, ["KeyHasher::for_process", "KeyHasher::shared"]);
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
