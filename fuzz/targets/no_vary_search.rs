//! `No-Vary-Search` with any content, and the queries that it makes equal.

#![no_main]

use http::{HeaderMap, Uri};
use libfuzzer_sys::fuzz_target;
use sfv::{Dictionary, Parser};
use tower_conditional::{cache_policy::NoVarySearch, fuzzing::NO_VARY_SEARCH};
use tower_conditional_fuzz::one_field;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let field = one_field(&NO_VARY_SEARCH, parts.next().unwrap_or_default());
    let policy = NoVarySearch::parse(&field);
    let queries = parts.next().unwrap_or_default();
    check_written_header(&policy);
    check_malformed_header(&field, &policy);

    let mut uris = queries.split(|byte| *byte == 0).map(uri);
    let [a, b, c] = [(); 3].map(|()| uris.next().flatten().unwrap_or_default());
    check_equivalence(&policy, &a, &b, &c);
    check_equivalence(&NoVarySearch::new(), &a, &b, &c);
});

/// Returns a query at `/`, or a whole URI.
fn uri(text: &[u8]) -> Option<Uri> {
    match text.strip_prefix(b"?") {
        Some(_) => Uri::try_from([b"/", text].concat()).ok(),
        None => Uri::try_from(text).ok(),
    }
}

/// Checks that a written header can be read again, and is strictly a dictionary without both lists.
fn check_written_header(policy: &NoVarySearch) {
    let Some(value) = policy.header_value() else {
        assert!(policy.is_exact());
        return;
    };
    assert_eq!(value.as_bytes(), policy.to_string().as_bytes());
    let parsed: Dictionary = Parser::new(value.as_bytes()).parse().expect("strict");
    assert!(!(parsed.contains_key("params") && parsed.contains_key("except")));
    let again = HeaderMap::from_iter([(NO_VARY_SEARCH, value)]);
    assert_eq!(NoVarySearch::parse(&again), *policy);
}

/// Checks that a header that is no dictionary has no effect.
fn check_malformed_header(field: &HeaderMap, policy: &NoVarySearch) {
    let lines = field.get_all(NO_VARY_SEARCH).iter();
    let lines: Vec<_> = lines.map(|line| line.as_bytes()).collect();
    let parsed: Result<Dictionary, _> = Parser::new(&lines.join(&b", "[..])).parse();
    assert!(parsed.is_ok() || policy.is_exact());
}

/// Checks for an equivalence that is never finer than a comparison of bytes, nor coarser than one
/// that ignores the query.
fn check_equivalence(policy: &NoVarySearch, a: &Uri, b: &Uri, c: &Uri) {
    let same = |one, other| policy.matches(one, other);
    assert!(same(a, a));
    assert_eq!(same(a, b), same(b, a));
    assert!(!(same(a, b) && same(b, c)) || same(a, c));
    assert!(!NoVarySearch::new().matches(a, b) || same(a, b));
    assert!(!same(a, b) || NoVarySearch::params_all().matches(a, b));
    assert!(!same(a, b) || policy.clone().key_order().matches(a, b));
}
