//! Policies that a tired person writes, and long headers of handlers.

use std::{fmt::Write, time::Duration};

use http::{HeaderValue, Method, Response, header::*};

use super::{answer, asking, control, get, layer, says};
use crate::{
    cache_policy::{CacheControl, CachePolicy, CachePolicyLayer, Rule},
    test_support::{ScriptedBody, send},
};

fn refusal(text: &str) -> Option<String> {
    let policy = text.parse::<CacheControl>().and_then(CachePolicy::new);
    policy.err().map(|error| error.to_string())
}

#[test]
fn a_policy_that_says_nothing_is_refused() {
    for text in ["", " ", ",", ",,\t,"] {
        let reason = refusal(text).expect("a refusal");
        assert!(reason.contains("no directive"), "{text:?}: {reason}");
    }
}

#[test]
fn a_number_that_is_none_is_refused_with_its_text() {
    for text in [
        "max-age",
        "max-age=",
        "max-age=-1",
        "max-age=+1",
        "max-age=1.5",
        "max-age=1e3",
        "max-age=60s",
        "max-age=60 s",
        "max-age = 60",
        "max-age='60'",
        "max-age=one",
        "max-age=٦",
        "max-age=60;s-maxage=5",
    ] {
        let reason = refusal(text).expect("a refusal");
        assert!(reason.contains("max-age"), "{text}: {reason}");
    }
}

#[test]
fn a_misspelt_directive_is_refused_with_the_right_one() {
    for (text, meant) in [
        ("max-agee=60", "max-age"),
        ("no_store", "no-store"),
        ("nostore", "no-store"),
        ("privat", "private"),
        ("must-revalidat", "must-revalidate"),
    ] {
        let reason = refusal(text).expect("a refusal");
        assert!(
            reason.contains(&format!("did you mean \"{meant}\"")),
            "{reason}"
        );
    }
}

#[test]
fn contradictions_are_refused() {
    for text in [
        "public, private",
        "no-store, max-age=1",
        "private, s-maxage=5",
        "no-cache, max-age=60, immutable",
        "immutable",
        "max-age=0, immutable",
        "stale-while-revalidate=5",
        "max-age=1, max-age=1",
        "max-age=1, MAX-AGE=2",
    ] {
        assert!(refusal(text).is_some(), "{text}");
    }
}

#[test]
fn a_line_break_ends_no_policy() {
    for text in [
        "max-age=60\r\nset-cookie: a",
        "max-age=60\n",
        "max-age=60\0",
        "no-store\u{7f}",
    ] {
        assert!(refusal(text).is_some(), "{text:?}");
    }
}

/// RFC 9111, section 1.2.2: a number beyond 2³¹ counts as 2³¹.
#[test]
fn an_enormous_lifetime_is_the_largest_one() {
    let longest = CacheControl::new().with_max_age(Duration::MAX);
    assert_eq!(longest.to_string(), "max-age=2147483648");
    let policy = CachePolicy::new(longest).expect("a policy").expires();
    let response = send(&layer(policy), get(&[]), |_| answer(200, &[]));
    assert_eq!(says(&response, &CACHE_CONTROL), "max-age=2147483648");
    assert_eq!(says(&response, &EXPIRES), "Tue, 19 Jan 2038 03:14:18 GMT");
}

#[test]
fn the_first_of_two_equal_rules_decides() {
    let rule = |policy| Rule::new(policy).path("/a").expect("a route");
    let both = layer(CachePolicy::no_cache())
        .rule(rule(CachePolicy::no_store()))
        .and_then(|layer| layer.rule(rule(CachePolicy::immutable_asset())))
        .expect("rules");
    assert_eq!(
        control(&both, asking(Method::GET, "/a", &[]), 200, &[]),
        "no-store"
    );
}

/// A rule is for the path alone, so that a query does not lead around it.
#[test]
fn a_query_does_not_lead_around_a_rule() {
    let rule = Rule::new(CachePolicy::no_store())
        .path("/a/{id}")
        .expect("a route");
    let guarded = layer(CachePolicy::immutable_asset())
        .rule(rule)
        .expect("a rule");
    for path in ["/a/1", "/a/1?x", "/a/1?/b", "/a/%2E", "/a/..", "/a/1;x=1"] {
        assert_eq!(
            control(&guarded, asking(Method::GET, path, &[]), 200, &[]),
            "no-store"
        );
    }
}

fn with_line(name: &HeaderName, line: &str, layer: &CachePolicyLayer) -> Response<ScriptedBody> {
    let value: HeaderValue = line.parse().expect("a value");
    send(layer, get(&[]), |_| {
        let mut response = answer(200, &[]);
        response.headers_mut().insert(name, value.clone());
        response
    })
}

/// The stricter value counts, wherever it stands in a header of ten thousand directives.
#[test]
fn a_restriction_behind_ten_thousand_directives_counts() {
    let mut line = String::new();
    for number in 0..10_000 {
        write!(line, "x{number}=1, ").expect("memory");
    }
    line += "no-store";
    let response = with_line(
        &CACHE_CONTROL,
        &line,
        &layer(CachePolicy::read_mostly_json()),
    );
    let written = says(&response, &CACHE_CONTROL);
    assert!(
        CacheControl::of(response.headers()).is_no_store(),
        "{written}"
    );
    assert!(!written.contains("max-age"));
}

#[test]
fn quotes_that_do_not_close_grant_nothing() {
    for line in [
        "no-cache=\"a",
        "private=\"",
        "x=\"a, no-store",
        "\"",
        "\"max-age=60",
        "max-age=\"60",
        &"\"".repeat(9_999),
        &",".repeat(65_536),
    ] {
        let response = with_line(&CACHE_CONTROL, line, &layer(CachePolicy::no_cache()));
        let found = CacheControl::of(response.headers());
        assert!(found.is_no_cache() || found.is_no_store(), "{line}");
        assert!(found.max_age().is_none_or(|age| age.is_zero()), "{line}");
    }
}

/// R-9110-12.5.5-b: the names of a handler stay, however many there are.
#[test]
fn ten_thousand_names_stay_in_vary() {
    let mut line = String::from("origin");
    for number in 0..10_000 {
        write!(line, ", x{number}").expect("memory");
    }
    let varied = layer(CachePolicy::no_cache().vary([ACCEPT, ORIGIN]));
    let written = says(&with_line(&VARY, &line, &varied), &VARY);
    let names: Vec<_> = written.split([',', '|']).map(str::trim).collect();
    assert_eq!(names.len(), 10_002);
    for name in ["origin", "accept", "x0", "x9999"] {
        let count = names.iter().filter(|found| **found == name).count();
        assert_eq!(count, 1, "{name}");
    }
}
