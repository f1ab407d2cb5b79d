mod hashers;
mod properties;
mod targets;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_LANGUAGE, TE},
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
