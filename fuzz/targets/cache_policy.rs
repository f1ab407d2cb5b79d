//! Any policy, applied to any head.

#![no_main]

use http::{
    HeaderMap, HeaderName,
    header::{AGE, CACHE_CONTROL, DATE, EXPIRES, PRAGMA, SET_COOKIE, VARY},
};
use libfuzzer_sys::fuzz_target;
use sfv::{Dictionary, Parser};
use tower_conditional::{
    cache_policy::{CacheControl, CachePolicy},
    validator::HttpDate,
};
use tower_conditional_fuzz::fields;

const CDN: HeaderName = HeaderName::from_static("cdn-cache-control");
const SURROGATE: HeaderName = HeaderName::from_static("surrogate-control");
const VENDOR: HeaderName = HeaderName::from_static("cloudflare-cdn-cache-control");
const NAMES: [HeaderName; 8] = [
    CACHE_CONTROL,
    CDN,
    SURROGATE,
    VENDOR,
    EXPIRES,
    DATE,
    VARY,
    SET_COOKIE,
];

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(4, |byte| *byte == 0);
    let [flags, control, cdn, head] = [(); 4].map(|()| parts.next().unwrap_or_default());
    let flags = flags.first().copied().unwrap_or_default();
    let Some(policy) = directives(control).map(CachePolicy::new) else {
        return;
    };
    let Ok(mut policy) = policy else {
        return;
    };
    if let Some(directives) = directives(cdn) {
        policy = policy.clone().cdn(directives).unwrap_or(policy);
    }
    if flags & 1 != 0 {
        policy = policy.expires();
    }
    if flags & 2 != 0 {
        policy = policy.yield_to_handler();
    }
    let head = fields(&NAMES, head);
    let authorized = flags & 4 != 0;
    check_directives(&policy, &head, authorized);
    let overriding = policy.override_handler();
    apply_checked(&overriding, &head, authorized);
});

fn directives(text: &[u8]) -> Option<CacheControl> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Returns the head with the policy, after checks that hold for all policies.
fn apply_checked(policy: &CachePolicy, head: &HeaderMap, authorized: bool) -> HeaderMap {
    let now = HttpDate::from_unix_seconds(1_000_000_000);
    let mut after = head.clone();
    policy.apply(&mut after, authorized, || now);
    let mut twice = after.clone();
    policy.apply(&mut twice, authorized, || now);
    assert_eq!(after, twice);

    for field in [AGE, PRAGMA] {
        assert_eq!(after.get_all(&field), head.get_all(&field));
    }
    for field in [CACHE_CONTROL, CDN, SURROGATE, VENDOR] {
        let mut lines = after.get_all(&field).iter();
        let written = after.get_all(&field) != head.get_all(&field);
        let line = lines.next().filter(|_| written);
        assert!(!written || lines.next().is_none());
        if let Some(line) = line.filter(|_| field != CACHE_CONTROL) {
            let members = Parser::new(line.as_bytes()).parse::<Dictionary>();
            assert!(members.is_ok_and(|members| !members.is_empty()));
        }
        let personal = authorized || head.contains_key(SET_COOKIE);
        if personal && (field == CACHE_CONTROL || after.contains_key(&field)) {
            let said = CacheControl::of_field(&after, &field);
            assert!(said.is_private() || said.is_no_store());
        }
    }
    after
}

/// Checks that no directive of the handler is loosened.
fn check_directives(policy: &CachePolicy, head: &HeaderMap, authorized: bool) {
    let (before, after) = (
        CacheControl::of(head),
        CacheControl::of(&apply_checked(policy, head, authorized)),
    );
    if before.is_no_store() && !before.is_must_understand() {
        assert!(after.is_no_store());
        return;
    }
    if after.is_no_store() && !after.is_must_understand() {
        return;
    }
    assert!(after.is_private() || !before.is_private());
    assert!(after.is_no_transform() || !before.is_no_transform());
    if after.is_no_cache() {
        return;
    }
    assert!(!before.is_no_cache());
    let longest = before.max_age();
    assert!(longest.is_none() || after.max_age().is_some_and(|age| Some(age) <= longest));
    assert!(after.is_must_revalidate() || !before.is_must_revalidate());
}
