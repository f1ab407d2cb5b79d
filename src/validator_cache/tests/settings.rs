//! Settings, and what they refuse.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use http::{Response, StatusCode};

use super::{
    Fault, Site, ValidatorCache, ValidatorCacheLayer, content, get, head, put, request, send,
};
use crate::{
    Outcome,
    outcome::FillRefusal,
    store::{FaultyStore, MemoryValidatorStore},
    test_support::{Act, ScriptedBody},
};

/// Returns the message of a panic.
fn refusal<T>(build: impl FnOnce() -> T) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(build)).err()?;
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
}

/// A configuration that contradicts itself is refused when the layer is built, with the remedy.
#[tokio::test]
async fn a_wrong_configuration_is_refused() {
    let cache = || ValidatorCache::new(MemoryValidatorStore::new());
    let shared = || ValidatorCache::new(Site::new().store.shared());
    let too_short = cache().write_ttl(Duration::from_secs(5));
    let message = refusal(|| ValidatorCacheLayer::new(too_short)).expect("a panic");
    assert!(
        message.contains("call `write_ttl` or `store_timeout`"),
        "{message}"
    );
    for cache in [
        shared(),
        shared().namespace("notes"),
        shared().build_id("7"),
    ] {
        let message = refusal(|| ValidatorCacheLayer::new(cache)).expect("a panic");
        assert!(message.contains("call `namespace`"), "{message}");
    }
    let complete = shared().namespace("notes").build_id("7");
    assert_eq!(refusal(|| ValidatorCacheLayer::new(complete)), None);
    let one = cache();
    let _other = one.clone();
    let message = refusal(|| one.namespace("late")).expect("a panic");
    assert!(
        message.contains("configure it before it is cloned"),
        "{message}"
    );
    for set in [ValidatorCache::ttl, ValidatorCache::write_ttl] {
        for wrong in [Duration::ZERO, Duration::from_secs(86_401)] {
            let message = refusal(|| set(cache(), wrong)).expect("a panic");
            assert!(
                message.contains("above zero and at most a day"),
                "{message}"
            );
        }
    }
    for rate in [-0.1, 1.1, f64::NAN] {
        assert!(refusal(|| ValidatorCacheLayer::new(cache()).sample(rate)).is_some());
        let store = || FaultyStore::new(MemoryValidatorStore::new(), 1);
        assert!(refusal(|| store().refusals(rate)).is_some());
    }
    assert!(refusal(|| ValidatorCacheLayer::new(cache()).collapse(Duration::ZERO)).is_some());
}

/// An announcement that the store would refuse is refused when the layer is built.
#[tokio::test]
async fn a_longer_write_than_the_store_takes_is_refused() {
    let limit = Duration::from_secs(90);
    let store = || Site::new().store.with_max_write_ttl(limit);
    let layer = |ttl| ValidatorCacheLayer::new(ValidatorCache::new(store()).write_ttl(ttl));
    assert_eq!(refusal(|| layer(limit)), None);
    let message = refusal(|| layer(limit + Duration::from_millis(500))).expect("a panic");
    for part in ["90.5s", "at most 90s", "call `write_ttl`"] {
        assert!(message.contains(part), "{message}");
    }
}

/// R-9111-4.4-b: a write whose outcome nobody knows stays announced, if that is set.
#[tokio::test]
async fn a_write_of_unknown_outcome_is_held() {
    for (holds, status, is_held) in [
        (false, 500, false),
        (true, 204, false),
        (true, 404, false),
        (true, 408, true),
        (true, 500, true),
        (true, 503, true),
    ] {
        let mut site = Site::new();
        if holds {
            site.cache = ValidatorCache::new(site.store.clone()).hold_unknown_writes();
        }
        let service = site.serve(&site.layer(), move |site, parts| {
            let mut response = site.respond(parts);
            if parts.method == "PUT" {
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
            }
            response
        });
        put(&service, "/a").await;
        let end = if is_held { "begin" } else { "end" };
        assert_eq!(site.store.steps().last(), Some(&end), "{holds} {status}");
        get(&service, "/a").await;
        assert_eq!(site.is_hit(&service, "/a", "\"v2\"").await, !is_held);
        site.clock.advance(Duration::from_secs(60));
        get(&service, "/a").await;
        assert!(site.is_hit(&service, "/a", "\"v2\"").await, "{status}");
    }
}

/// A request with a safe method is a write, if the application says so.
#[tokio::test]
async fn a_safe_method_can_be_a_write() {
    let site = Site::new();
    let layer = site
        .layer()
        .writes(|_| false)
        .writes(|request| request.uri.path() == "/confirm")
        .writes(|_| false);
    let service = site.service(&layer);
    site.fill(&service, "/a").await;
    site.store.steps();
    for method in ["GET", "HEAD", "OPTIONS"] {
        send(&service, request(method, "/confirm", &[])).await;
        assert_eq!(site.store.steps(), ["begin", "end"], "{method}");
    }
    send(&service, request("OPTIONS", "/a", &[])).await;
    assert_eq!(site.store.steps(), [""; 0]);
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
}

/// An entry that another handle has filled for longer counts as long as this one allows.
#[tokio::test]
async fn an_entry_counts_as_long_as_its_reader_allows() {
    let mut site = Site::new();
    let cache = || {
        let cache = ValidatorCache::new(site.store.clone().shared());
        cache.namespace("notes").build_id("1")
    };
    let short = cache().ttl(Duration::from_secs(5));
    site.cache = cache();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    let mut strict = site.clone();
    strict.cache = short;
    let strict_service = strict.service(&strict.layer());
    assert!(strict.is_hit(&strict_service, "/a", "\"v1\"").await);
    site.clock.advance(Duration::from_secs(5));
    assert!(!strict.is_hit(&strict_service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
}

/// R-9111-4-a, R-9111-4.4-a: a handler that forwards requests keeps the URI of the client.
#[cfg(feature = "axum")]
#[tokio::test]
async fn forwarded_requests_are_those_of_their_own_path() {
    use axum::extract::OriginalUri;

    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    let forwarded = |method: &str, path: &str| {
        let mut request = request(method, path, &[("if-none-match", "\"v1\"")]);
        let batch = OriginalUri("/batch".parse().expect("a URI"));
        request.extensions_mut().insert(batch);
        request
    };
    let status = async |request| head(&service, request).await.status().as_u16();
    assert_eq!(status(forwarded("GET", "/a")).await, 200);
    assert_eq!(status(forwarded("GET", "/a")).await, 304);
    assert_eq!(status(forwarded("GET", "/b")).await, 200);
    // A forwarded write touches the reads of its own path.
    site.fill(&service, "/b").await;
    assert_eq!(status(forwarded("PUT", "/b")).await, 204);
    assert!(!site.is_hit(&service, "/b", "\"v1\"").await);
}

/// The reason for not remembering a response is told.
#[tokio::test]
async fn the_reason_is_told() {
    let site = Site::new();
    for (name, value, refusal) in [
        ("cache-control", "no-store", FillRefusal::NoStore),
        ("cache-control", "private", FillRefusal::Private),
        ("set-cookie", "a=b", FillRefusal::SetCookie),
        ("vary", "origin", FillRefusal::Vary),
        ("etag", "v1", FillRefusal::NoTag),
    ] {
        let service = site.serve(&site.layer().explain(), move |_, _| {
            let page = Response::builder().header(name, value);
            let page = match name {
                "etag" => page,
                _ => page.header("etag", "\"v1\""),
            };
            page.body(content("hello")).unwrap()
        });
        let response = head(&service, request("GET", "/a", &[])).await;
        let outcome = Outcome::of(&response).expect("an outcome");
        assert_eq!(outcome.fill_refusal(), Some(refusal));
        assert!(!outcome.is_stored());
    }
}

/// Targets that only the response names are forgotten before its head is sent, also by a response
/// whose content goes on.
#[tokio::test]
async fn late_targets_are_forgotten_before_the_head() {
    let site = Site::new();
    let reader = site.service(&site.tagged_layer());
    site.fill(&reader, "/b").await;
    let service = site.serve(&site.tagged_layer(), |site, _| {
        site.write();
        let stream = ScriptedBody::unsized_([Act::Wait]);
        Response::builder()
            .header("location", "/b")
            .body(stream)
            .unwrap()
    });
    let unread = head(&service, request("POST", "http://a.test/a", &[])).await;
    assert!(!site.is_hit(&reader, "/b", "\"v1\"").await);
    drop(unread);
    // A store that is away keeps the entry out of use.
    site.fill(&reader, "/b").await;
    site.store.set("invalidate", Fault::Refused);
    let written = head(&service, request("POST", "http://a.test/a", &[])).await;
    assert!(!site.is_hit(&reader, "/b", "\"v2\"").await);
    drop(written);
}
