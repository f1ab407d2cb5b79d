use http::{
    HeaderMap, HeaderValue, Uri,
    header::{ACCEPT, HOST, HeaderName, TE},
};
use proptest::{collection::vec, prelude::*, sample::select};

use super::hashers;
use crate::semantics::{
    caching::no_vary_search::NoVarySearch,
    validator_cache::{KeyHasher, KeyParts, ValidatorKey},
};

fn policy() -> impl Strategy<Value = NoVarySearch> {
    let names = vec(select(vec!["a", "b", "", " "]), 0..3);
    (names, any::<bool>(), any::<bool>()).prop_map(|(names, except, key_order)| {
        let policy = if except {
            NoVarySearch::except(names)
        } else {
            NoVarySearch::params(names)
        };
        if key_order {
            policy.key_order()
        } else {
            policy
        }
    })
}

/// Generates URIs from few pieces, so two of them often match.
fn any_uri() -> impl Strategy<Value = Uri> {
    let pieces = vec!["a", "b", "=", "&", "&", "+", "%20", "%61", "%f6", "%c3%a9"];
    let query = prop_oneof![
        Just(String::new()),
        vec(select(pieces), 0..7).prop_map(|pieces| format!("?{}", pieces.concat())),
    ];
    let bases = vec![
        "/",
        "/",
        "/b",
        "http://h/",
        "http://H:80/",
        "https://h:/",
        "https://u@h/",
    ];
    (select(bases), query)
        .prop_map(|(base, query)| format!("{base}{query}").parse().expect("a URI"))
}

/// A request of few pieces, so that two of them are often equal, or differ in the place of a byte.
#[derive(Debug, Clone)]
struct Request {
    target: Uri,
    headers: Vec<(HeaderName, String)>,
    declared: &'static [HeaderName],
    principal: Option<String>,
}

impl Request {
    fn key(&self, hasher: &KeyHasher) -> ValidatorKey {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let value: HeaderValue = value.parse().expect("a value");
            headers.append(name, value);
        }
        hasher.key(&KeyParts {
            target: &self.target,
            uri: &self.target,
            headers: &headers,
            declared: self.declared,
            principal: self.principal.as_deref(),
            no_vary_search: None,
        })
    }

    /// Returns everything that counts, as parts that cannot be confused.
    fn normal_form(&self) -> impl PartialEq + use<> {
        let lines = |name: &HeaderName| {
            let lines = self.headers.iter().filter(|(other, _)| other == name);
            lines.map(|(_, line)| line.clone()).collect::<Vec<_>>()
        };
        let declared = self.declared.iter();
        (
            self.target.to_string(),
            lines(&HOST),
            declared
                .map(|name| (name.clone(), lines(name)))
                .collect::<Vec<_>>(),
            self.principal.clone(),
        )
    }
}

fn any_request() -> impl Strategy<Value = Request> {
    // The last one needs a length of two bytes, and two of it a second block.
    let piece = || {
        let pieces = ["", "a", "b", "aa", "ab"].map(String::from).into_iter();
        select(pieces.chain(["a".repeat(130)]).collect::<Vec<_>>())
    };
    let target = (select(vec!["/", "/a", "http://a/", "/?", "/?a"]), piece())
        .prop_map(|(base, rest)| format!("{base}{rest}").parse().expect("a URI"));
    let line = (select(vec![HOST, ACCEPT, TE]), piece());
    let declared = select(vec![
        &[][..],
        &[ACCEPT],
        &[TE],
        &[ACCEPT, TE],
        &[TE, ACCEPT],
    ]);
    let principal = proptest::option::of(piece());
    (target, vec(line, 0..3), declared, principal).prop_map(
        |(target, headers, declared, principal)| Request {
            target,
            headers,
            declared,
            principal,
        },
    )
}

proptest! {
    /// R-NVS-5-a: two URIs have one key exactly if the policy matches them.
    #[test]
    fn keys_agree_with_the_policy(policy in policy(), a in any_uri(), b in any_uri()) {
        let headers = HeaderMap::new();
        for hasher in hashers() {
            let [one, other] = [&a, &b].map(|target| hasher.key(&KeyParts {
                target,
                uri: target,
                headers: &headers,
                declared: &[],
                principal: None,
                no_vary_search: Some(&policy),
            }));
            prop_assert_eq!(one == other, policy.matches(&a, &b));
        }
    }

    /// R-9111-4-a, R-9111-4.1-b: two requests have one key exactly if all their parts are equal.
    #[test]
    fn keys_agree_with_the_parts(a in any_request(), b in any_request()) {
        for hasher in hashers() {
            let same = a.key(&hasher) == b.key(&hasher);
            prop_assert_eq!(same, a.normal_form() == b.normal_form());
        }
    }
}
