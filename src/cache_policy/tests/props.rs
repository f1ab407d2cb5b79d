//! Any handler below any policy.

use http::HeaderMap;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::semantics::{
    caching::cache_control::{CacheControl, Extension},
    field::HttpDate,
};

const WORDS: &[&str] = &[
    "no-store",
    "no-cache",
    "no-cache=\"set-cookie\"",
    "private",
    "private=\"x-a, x-b\"",
    "PUBLIC",
    "max-age=0",
    "max-age=60",
    "max-age=\"600\"",
    "max-age=often",
    "s-maxage=30",
    "s-maxage=99999999999",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "no-transform",
    "immutable",
    "stale-while-revalidate=30",
    "stale-if-error=300",
    "\"",
    ";",
    "=",
    "\u{e9}",
];

/// What a handler may say and no policy.
const UNKNOWN: &[&str] = &["extension", "Ext=\"a, \\\" b\"", "x=1.5"];

fn line() -> impl Strategy<Value = String> {
    let words = prop_oneof![4 => select(WORDS), 1 => select(UNKNOWN)];
    vec(words, 0..4).prop_map(|words| words.join(", "))
}

fn head() -> impl Strategy<Value = HeaderMap> {
    let field = select(vec![
        CACHE_CONTROL,
        CDN,
        SURROGATE,
        EXPIRES,
        VARY,
        SET_COOKIE,
    ]);
    vec((field, line()), 0..5).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, line) in fields {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(name, value);
        }
        headers
    })
}

fn policy() -> impl Strategy<Value = CachePolicy> {
    let directives = || {
        vec(select(WORDS), 0..4).prop_map(|words| {
            let line = words.join(", ");
            let mut headers = HeaderMap::new();
            headers.insert(
                CACHE_CONTROL,
                HeaderValue::from_bytes(line.as_bytes()).unwrap(),
            );
            let extension = Extension::new("x", Some("1.5")).unwrap();
            CacheControl::of(&headers).with_extension(extension)
        })
    };
    (directives(), directives(), 0..6).prop_map(|(here, there, kind)| {
        let policy = CachePolicy::new(here).unwrap_or_else(|_| CachePolicy::no_cache());
        let policy = policy.vary([ACCEPT, ORIGIN]);
        let policy = policy.clone().cdn(there).unwrap_or(policy);
        match kind {
            0 => policy.override_handler(),
            1 => policy.yield_to_handler(),
            2 => policy.expires(),
            3 => policy.share_authorized().share_cookies(),
            _ => policy,
        }
    })
}

proptest! {
    /// R-9111-5.2-b: put in twice, a policy says what it said once; and no
    /// input makes it panic.
    #[test]
    fn a_policy_is_idempotent(policy in policy(), head in head(), authorized: bool) {
        let now = HttpDate::from_unix_seconds(1_000_000_000);
        let mut once = head;
        policy.apply(&mut once, authorized, || now);
        let mut twice = once.clone();
        policy.apply(&mut twice, authorized, || now);
        prop_assert_eq!(once, twice);
    }

    /// The prewritten policy equals the merged one if the handler states no policy. A
    /// `Cache-Control` without a directive states none.
    #[test]
    fn the_short_way_writes_the_same(policy in policy(), head in head(), authorized: bool) {
        let now = HttpDate::from_unix_seconds(1_000_000_000);
        let mut short = head;
        for field in [CACHE_CONTROL, CDN, SURROGATE, EXPIRES] {
            short.remove(field);
        }
        let mut long = short.clone();
        long.insert(CACHE_CONTROL, HeaderValue::from_static(""));
        policy.apply(&mut short, authorized, || now);
        policy.apply(&mut long, authorized, || now);
        prop_assert_eq!(short, long);
    }

    /// R-9111-3.5-a, R-9111-7.3-a, R-9213-2.2-a: what is for one user is shared
    /// nowhere, whatever anybody says, unless by its name.
    #[test]
    fn nothing_leaks(policy in policy(), head in head(), cookie: bool) {
        let now = HttpDate::from_unix_seconds(1_000_000_000);
        let mut head = head;
        if cookie {
            head.append(SET_COOKIE, HeaderValue::from_static("a=1"));
        }
        let shared = format!("{policy:?}").contains("share_authorized: true");
        policy.apply(&mut head, true, || now);
        for field in [CACHE_CONTROL, CDN, SURROGATE] {
            let said = CacheControl::of_field(&head, &field);
            let there = head.contains_key(&field) || field == CACHE_CONTROL;
            prop_assert!(
                shared || !there || said.is_private() || said.is_no_store(),
                "{field}: {head:?}",
            );
        }
    }

    /// R-9213-2.1-a: what is written into a targeted field is a Dictionary.
    #[test]
    fn targeted_fields_are_dictionaries(policy in policy(), said in line(), authorized: bool) {
        let mut head = HeaderMap::new();
        head.insert(CACHE_CONTROL, HeaderValue::from_bytes(said.as_bytes()).unwrap());
        policy.apply(&mut head, authorized, || HttpDate::EPOCH);
        if let Some(value) = head.get(&CDN) {
            let parsed = sfv::Parser::new(value.as_bytes()).parse::<sfv::Dictionary>();
            prop_assert!(!parsed.unwrap().is_empty(), "{value:?}");
        }
    }
}
