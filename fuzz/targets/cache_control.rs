//! `Cache-Control` of responses and requests, with any content.

#![no_main]

use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};
use libfuzzer_sys::fuzz_target;
use tower_conditional::{
    cache_policy::{CacheControl, RequestCacheControl},
    fuzzing::has_no_store,
};
use tower_conditional_fuzz::{one_field, values};

fuzz_target!(|data: &[u8]| {
    let mut headers = one_field(&CACHE_CONTROL, data);
    let all = CacheControl::of(&headers);
    let request = RequestCacheControl::of(&headers);
    assert_eq!(all.is_no_store(), has_no_store(&headers));
    assert_eq!(request.is_no_store(), has_no_store(&headers));
    if has_no_store(&headers) {
        assert!(
            data.to_ascii_lowercase()
                .windows(8)
                .any(|part| part == b"no-store")
        );
    }
    if let Some(again) = field(&all.to_string()) {
        assert_eq!(CacheControl::of(&again), all);
    }
    if let Some(again) = field(&request.to_string()) {
        assert_eq!(RequestCacheControl::of(&again), request);
    }
    check_configuration(data);
    check_merge(data);

    // No other line can hide this directive.
    headers.append(
        CACHE_CONTROL,
        HeaderValue::from_static("max-age=1,No-Store"),
    );
    assert!(has_no_store(&headers));
});

/// Parses the displayed text again, unless it has bytes beyond UTF-8.
fn field(text: &str) -> Option<HeaderMap> {
    let value = HeaderValue::from_str(text).expect("a field value");
    let is_whole = !text.contains(char::REPLACEMENT_CHARACTER);
    is_whole.then(|| HeaderMap::from_iter([(CACHE_CONTROL, value)]))
}

/// Checks that a configuration means the same as the header with its text.
fn check_configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(policy) = text.parse::<CacheControl>() {
        assert_eq!(policy.check(), Ok(()));
        assert_eq!(policy.to_string().parse(), Ok(policy.clone()));
        assert_eq!(CacheControl::of(&one_field(&CACHE_CONTROL, data)), policy);
    }
    if let Ok(request) = text.parse::<RequestCacheControl>() {
        assert_eq!(request.to_string().parse(), Ok(request.clone()));
    }
}

/// Checks the first line with the others: no restriction is lost.
fn check_merge(data: &[u8]) {
    let policies = values(data)
        .into_iter()
        .map(|line| CacheControl::of(&HeaderMap::from_iter([(CACHE_CONTROL, line)])));
    let Some(all) = policies.clone().reduce(|one, other| one.stricter(&other)) else {
        return;
    };
    for policy in policies {
        assert!(!policy.is_no_transform() || all.is_no_transform());
        let kept = all.is_no_store() && !all.is_must_understand();
        let no_store = policy.is_no_store() && !policy.is_must_understand();
        assert!(kept || !no_store);
        assert!(kept || !policy.is_private() || all.is_private());
        assert!(kept || !policy.is_no_cache() || all.is_no_cache());
        if let Some(lifetime) = policy.max_age()
            && !kept
            && !all.is_no_cache()
        {
            assert!(all.max_age().is_some_and(|all| all <= lifetime));
        }
    }
}
