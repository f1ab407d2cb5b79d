//! A store that fails.

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use tokio::time::{Instant, advance};

use super::{Fault, Site, ValidatorCache, ValidatorCacheLayer, get, get_if, put, request, send};
use crate::{
    refusal::Refusal,
    semantics::validator_cache::WriteTarget,
    store::StoreError,
    test_support::pass,
    validator_cache::{WritePolicy, state::SoftInvalidations},
};

/// A lookup that fails, or never ends, runs the handler.
#[tokio::test(start_paused = true)]
async fn reads_run_the_handler() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Waits] {
        let mut site = Site::new();
        site.cache = site.cache.store_timeout(Duration::from_millis(300));
        let service = site.service(&site.layer());
        site.fill(&service, "/a").await;
        site.store.set("lookup", fault);
        let start = Instant::now();
        assert_eq!(
            get_if(&service, "/a", "\"v1\"").await,
            StatusCode::OK,
            "{fault:?}"
        );
        let waits = Duration::from_millis(300) * u32::from(fault == Fault::Waits);
        assert!((waits..waits + Duration::from_millis(2)).contains(&start.elapsed()));
        assert_eq!(site.runs(), 1);
        site.store.set("lookup", None);
        assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    }
}

/// A fill and a release that fail cost the next hits, and nothing else.
#[tokio::test(start_paused = true)]
async fn fills_and_releases_may_fail() {
    for step in ["fill", "release"] {
        for fault in [Fault::Refused, Fault::AnswerLost, Fault::Waits] {
            let site = Site::new();
            let service = site.serve(&site.layer(), move |site, parts| {
                let mut response = site.respond(parts);
                if step == "release" && !site.store.steps().is_empty() {
                    *response.status_mut() = StatusCode::NOT_FOUND;
                }
                response
            });
            site.store.set(step, fault);
            let start = Instant::now();
            get(&service, "/a").await;
            // No response waits for the store.
            assert_eq!(start.elapsed(), Duration::ZERO, "{step} {fault:?}");
            pass(Duration::from_secs(2)).await;
            site.store.set(step, None);
            put(&service, "/a").await;
            assert_ne!(
                get_if(&service, "/a", "\"v1\"").await,
                StatusCode::NOT_MODIFIED
            );
        }
    }
}

/// An application writes the text of a refusal itself.
#[tokio::test(start_paused = true)]
async fn refusals_have_the_text_of_the_application() {
    let site = Site::new();
    let layer = site.layer().refusals(|refusal: &Refusal<'_>| {
        let text = Bytes::from(refusal.title());
        (HeaderValue::from_static("text/x-own"), text)
    });
    let service = site.service(&layer);
    site.store.set("begin", Fault::Refused);
    let refused = send(&service, request("PUT", "/a", &[])).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["content-type"], "text/x-own");
}

/// A write that is not announced is refused, and its handler does not run.
#[tokio::test(start_paused = true)]
async fn writes_are_refused() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Waits] {
        let site = Site::new();
        let service = site.service(&site.layer());
        site.store.set("begin", fault);
        let refused = send(&service, request("PUT", "/a", &[])).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key("retry-after"), "{refused:?}");
        assert_eq!(refused.headers()["cache-control"], "no-store");
        assert!(
            refused
                .extensions()
                .get::<std::sync::Arc<StoreError>>()
                .is_some()
        );
        assert_eq!((site.runs(), site.tag()), (0, "\"v1\"".to_owned()));
        // It has tried a few times, and has ended what the store may have taken.
        let steps = site.store.steps();
        assert_eq!(steps.iter().filter(|step| **step == "begin").count(), 4);
        assert_eq!(steps.last(), Some(&"end"));
        site.store.set("begin", None);
        site.fill(&service, "/a").await;
        assert_eq!(put(&service, "/a").await, StatusCode::NO_CONTENT);
    }
}

/// An announcement whose answer is lost once is sent again, and the handler runs.
#[tokio::test(start_paused = true)]
async fn an_ambiguous_announcement_is_repeated() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Waits] {
        let site = Site::new();
        let service = site.service(&site.layer());
        site.fill(&service, "/a").await;
        site.store.steps();
        site.store.set("begin", fault);
        let write = tokio::spawn({
            let service = service.clone();
            async move { put(&service, "/a").await }
        });
        advance(Duration::from_millis(1)).await;
        site.store.set("begin", None);
        assert_eq!(write.await.expect("a response"), StatusCode::NO_CONTENT);
        let expected: &[_] = match fault {
            // It was on its way, and arrived.
            Fault::Waits => &["begin", "end"],
            _ => &["begin", "begin", "end"],
        };
        assert_eq!(site.store.steps(), expected, "{fault:?}");
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
        assert!(site.is_hit(&service, "/a", "\"v2\"").await);
    }
}

/// With a bound, the write is performed, and no entry is older than the bound.
#[tokio::test(start_paused = true)]
async fn bounded_writes_are_performed() {
    let bound = Duration::from_secs(5);
    let mut site = Site::new();
    site.cache = site.cache.write_policy(WritePolicy::Bounded(bound));
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    for step in ["begin", "end"] {
        site.store.set(step, Fault::Refused);
    }
    assert_eq!(put(&service, "/a").await, StatusCode::NO_CONTENT);
    assert_eq!((site.tag(), site.runs()), ("\"v2\"".to_owned(), 1));
    // This is the staleness that the application has allowed.
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    site.clock.advance(bound);
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
}

/// The bound counts from the lookup, and a longer time to live does not.
#[tokio::test]
async fn the_bound_counts_from_the_lookup() {
    let bound = Duration::from_secs(5);
    let mut site = Site::new();
    site.cache = site
        .cache
        .ttl(Duration::from_secs(600))
        .write_policy(WritePolicy::Bounded(bound));
    let service = site.serve(&site.layer(), |site, parts| {
        // The handler takes three seconds.
        site.clock.advance(Duration::from_secs(3));
        site.respond(parts)
    });
    get(&service, "/a").await;
    site.clock.advance(Duration::from_secs(1));
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    site.clock.advance(Duration::from_secs(1));
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    let short = ValidatorCache::new(site.store.clone()).ttl(Duration::from_secs(2));
    let service = site.service(&ValidatorCacheLayer::new(short));
    get(&service, "/b").await;
    site.clock.advance(Duration::from_secs(2));
    assert!(!site.is_hit(&service, "/b", "\"v1\"").await);
}

/// A process that dies in a write leaves an announcement behind, which runs out.
#[tokio::test(start_paused = true)]
async fn an_end_that_fails_only_makes_reads_slow() {
    for fault in [Fault::Refused, Fault::Waits] {
        let site = Site::new();
        let service = site.service(&site.layer());
        site.fill(&service, "/a").await;
        site.store.set("end", fault);
        put(&service, "/a").await;
        for _ in 0..59 {
            pass(Duration::from_secs(1)).await;
            site.clock.advance(Duration::from_secs(1));
            assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
            assert!(!site.is_hit(&service, "/a", "\"v2\"").await);
        }
        site.clock.advance(Duration::from_secs(1));
        site.fill(&service, "/a").await;
    }
}

/// The end of a write is tried again in growing pauses, four times in all.
#[tokio::test(start_paused = true)]
async fn an_end_that_fails_is_repeated() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.store.set("end", Fault::Refused);
    put(&service, "/a").await;
    let start = Instant::now();
    let mut ends = Vec::new();
    for _ in 0..4_000 {
        let count = site
            .store
            .steps()
            .iter()
            .filter(|step| **step == "end")
            .count();
        ends.extend(vec![start.elapsed().as_millis(); count]);
        pass(Duration::from_millis(1)).await;
    }
    // A timer ends up to two milliseconds late.
    assert_eq!(ends.len(), 4, "{ends:?}");
    for (end, expected) in ends.iter().zip([0, 50, 250, 1_050]) {
        assert!((expected..expected + 3).contains(end), "{ends:?}");
    }
}

/// Another process has filled the entry for longer than this one allows.
#[tokio::test]
async fn the_time_to_live_is_that_of_the_reader() {
    let site = Site::new();
    let service = |ttl| {
        let cache = ValidatorCache::new(site.store.clone().shared());
        let cache = cache.namespace("notes").build_id("1");
        site.service(&ValidatorCacheLayer::new(
            cache.ttl(Duration::from_secs(ttl)),
        ))
    };
    let (long, short) = (service(600), service(5));
    get(&long, "/a").await;
    assert!(site.is_hit(&short, "/a", "\"v1\"").await);
    site.clock.advance(Duration::from_secs(5));
    assert!(!site.is_hit(&short, "/a", "\"v1\"").await);
    assert!(site.is_hit(&long, "/a", "\"v1\"").await);
}

/// Beyond the limit everything is forgotten, so a long outage takes no more memory.
#[test]
fn too_many_targets_become_one() {
    let key = |number: u16| {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        WriteTarget::Key(bytes.into())
    };
    let soft = SoftInvalidations::default();
    assert!(soft.add((0..1024).map(key)));
    assert_eq!(soft.exchange(HashSet::new()).len(), 1024);
    assert!(!soft.add((0..1025).map(key)));
    let all = HashSet::from([WriteTarget::All]);
    assert_eq!(soft.exchange(HashSet::new()), all);
}
