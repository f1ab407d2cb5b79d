//! The table of rules gives the same result as a loop over all rules.

use std::sync::{Arc, Mutex};

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::{
    cache_policy::{Rule, rules::PolicyRules},
    route::Route,
};

/// The conditions of a rule.
#[derive(Debug, Clone)]
struct Terms {
    paths: Vec<String>,
    method: Option<Method>,
    /// The query, if the rule has such a condition.
    query: Option<&'static str>,
}

impl Terms {
    fn rule(&self, number: usize, calls: &Arc<Mutex<Vec<usize>>>) -> Rule {
        let rule = Rule::new(CachePolicy::no_cache());
        let rule = self.paths.iter().fold(rule, |rule, path| {
            let rule = rule.path(path);
            rule.unwrap()
        });
        let rule = self.method.iter().cloned().fold(rule, Rule::method);
        let Some(query) = self.query else { return rule };
        let calls = Arc::clone(calls);
        rule.request(move |parts| {
            calls.lock().unwrap().push(number);
            parts.uri.query() == Some(query)
        })
    }

    /// Returns `true` if method and path match, so that the query is read.
    fn is_of(&self, request: &Request<()>) -> bool {
        let (method, path) = (request.method(), request.uri().path());
        let matches = |pattern: &String| Route::new(pattern).unwrap().matches(path);
        let of_path = self.paths.is_empty() || self.paths.iter().any(matches);
        of_path
            && match &self.method {
                None => [Method::GET, Method::HEAD].contains(method),
                Some(own) => own == method || (own == Method::GET && method == Method::HEAD),
            }
    }
}

fn pattern() -> impl Strategy<Value = String> {
    let segment = select(vec!["", "a", "b", "c", "d", "e", "f", "{}"]);
    (vec(segment, 1..5), any::<bool>()).prop_map(|(segments, rest)| {
        let segments = segments.iter().enumerate();
        let named = segments.map(|(at, segment)| match *segment {
            "{}" => format!("/{{n{at}}}"),
            literal => format!("/{literal}"),
        });
        named.chain(rest.then(|| "/{*rest}".to_owned())).collect()
    })
}

fn method() -> impl Strategy<Value = Method> {
    select(vec![Method::GET, Method::HEAD, Method::POST])
}

fn terms() -> impl Strategy<Value = Terms> {
    let query = select(vec!["x", "y"]);
    (
        vec(pattern(), 0..4),
        option::of(method()),
        option::of(query),
    )
        .prop_map(|(paths, method, query)| Terms {
            paths,
            method,
            query,
        })
}

fn request() -> impl Strategy<Value = Request<()>> {
    let segment = select(vec!["", "a", "b", "c", "d", "e", "f", "other"]);
    let query = select(vec!["", "?x", "?y"]);
    (method(), vec(segment, 1..6), query).prop_map(|(method, segments, query)| {
        asking(method, &format!("/{}{query}", segments.join("/")), &[])
    })
}

proptest! {
    #[test]
    fn the_table_equals_a_loop_over_all_rules(
        all in vec(terms(), 0..160),
        requests in vec(request(), 1..8),
    ) {
        let calls = Arc::default();
        let mut rules = PolicyRules::new(CachePolicy::no_cache());
        for (number, terms) in all.iter().enumerate() {
            rules.push(terms.rule(number, &calls)).unwrap();
        }
        for request in requests {
            let of = |number: &usize| all[*number].is_of(&request);
            let looked_at = |number: &usize| of(number) && all[*number].query.is_some();
            let called: Vec<_> = (0..all.len()).filter(looked_at).collect();
            let holds = |number: &usize| {
                of(number) && all[*number].query.is_none_or(|query| request.uri().query() == Some(query))
            };
            let expected: Vec<_> = (0..all.len()).filter(holds).collect();
            let shown = format!("{} {}", request.method(), request.uri());
            let (facts, request) = match rules.match_head(&request) {
                Ok(facts) => (facts, request),
                Err(candidates) => rules.match_conditions(candidates, request),
            };
            prop_assert_eq!(facts.rules.iter().collect::<Vec<_>>(), expected, "{}", shown);
            prop_assert_eq!(std::mem::take(&mut *calls.lock().unwrap()), called, "{}", shown);
            prop_assert_eq!(format!("{} {}", request.method(), request.uri()), shown);
        }
    }
}

fn max_age(seconds: usize) -> CachePolicy {
    CachePolicy::new(format!("max-age={seconds}").parse().unwrap()).unwrap()
}

/// Issue 12, item 8: a layer had 64 rules at most.
#[test]
fn the_first_of_10_000_rules_decides() {
    let mut around = layer(CachePolicy::no_cache());
    for number in 0..10_000 {
        let rule = Rule::new(max_age(number)).path(&format!("/{number}/{{id}}"));
        around = around.rule(rule.unwrap()).unwrap();
        if number % 1_000 == 500 {
            // Each of these is before one rule and after another.
            let rule = Rule::new(max_age(number + 100_000));
            let rule = rule.path(&format!("/{}/{{*rest}}", number + 1));
            let later = rule.unwrap().path(&format!("/{number}/x")).unwrap();
            around = around.rule(later).unwrap();
        }
    }
    for (path, expected) in [
        ("/0/x", 0),
        ("/63/x", 63),
        ("/64/x", 64),
        ("/9999/x", 9_999),
        ("/500/x", 500),
        ("/501/x", 100_500),
        ("/9500/x", 9_500),
        ("/9501/x", 109_500),
    ] {
        let found = control(&around, asking(Method::GET, path, &[]), 200, &[]);
        assert_eq!(found, format!("max-age={expected}"), "{path}");
    }
    for path in ["/10000/x", "/9999", "/9999/x/y", "/"] {
        let found = control(&around, asking(Method::GET, path, &[]), 200, &[]);
        assert_eq!(found, "no-cache", "{path}");
    }
}

/// The order of rules with and without paths is kept.
#[test]
fn rules_without_a_path_keep_their_place() {
    let mut around = layer(CachePolicy::no_cache());
    for number in 0..100 {
        let rule = Rule::new(max_age(number)).path(&format!("/{number}"));
        around = around.rule(rule.unwrap()).unwrap();
    }
    let images = Rule::new(max_age(1_000)).content_type("image/*").unwrap();
    let late = Rule::new(max_age(2_000)).path("/late").unwrap();
    let around = around.rule(images).unwrap().rule(late).unwrap();
    let found = |path, content_type| {
        let fields = [(CONTENT_TYPE, content_type)];
        control(&around, asking(Method::GET, path, &[]), 200, &fields)
    };
    assert_eq!(found("/7", "image/png"), "max-age=7");
    assert_eq!(found("/99", "image/png"), "max-age=99");
    assert_eq!(found("/late", "image/png"), "max-age=1000");
    assert_eq!(found("/late", "text/html"), "max-age=2000");
    assert_eq!(found("/other", "image/png"), "max-age=1000");
}

/// Adding a rule to a copy leaves the original unchanged.
#[test]
fn copies_are_independent() {
    let one = layer(CachePolicy::no_cache());
    let one = one.rule(Rule::new(max_age(1)).path("/1").unwrap()).unwrap();
    let two = one.clone();
    let two = two.rule(Rule::new(max_age(2)).path("/2").unwrap()).unwrap();
    let found = |layer, path| control(layer, asking(Method::GET, path, &[]), 200, &[]);
    assert_eq!(found(&one, "/1"), "max-age=1");
    assert_eq!(found(&one, "/2"), "no-cache");
    assert_eq!(found(&two, "/1"), "max-age=1");
    assert_eq!(found(&two, "/2"), "max-age=2");
}

/// R-9110-12.5.5-a: each response varies by the headers of all rules, in their order.
#[test]
fn a_rule_varies_by_the_headers_of_all_rules() {
    let looks_at = |name| {
        let rule = Rule::new(max_age(1)).header(name, |_| false);
        rule.path("/none").unwrap()
    };
    let own = CachePolicy::no_cache().vary([ACCEPT]);
    let around = layer(CachePolicy::no_cache());
    let around = around.rule(looks_at(ORIGIN)).unwrap();
    let around = around.rule(Rule::new(own).path("/a").unwrap()).unwrap();
    let around = around.rule(looks_at(ORIGIN)).unwrap();
    let around = around.rule(looks_at(ACCEPT_LANGUAGE)).unwrap();
    for (path, status, expected) in [
        ("/a", 200, "accept, origin, accept-language"),
        ("/b", 200, "origin, accept-language"),
        ("/b", 301, "origin, accept-language"),
        ("/b", 404, "origin, accept-language"),
    ] {
        let request = asking(Method::GET, path, &[]);
        let response = send(&around, request, |_| answer(status, &[]));
        assert_eq!(says(&response, &VARY), expected, "{path} {status}");
    }
}
