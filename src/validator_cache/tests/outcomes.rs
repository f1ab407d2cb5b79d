//! The outcome on a response, for logs and `Cache-Status`.

use std::{convert::Infallible, time::Duration};

use http::Request;
use tower::{Layer, ServiceExt, service_fn};

use super::{Fault, Site, TestService, head, put, request};
use crate::outcome::{CacheLookup, Outcome, Verdict};

async fn outcome(service: &TestService, fields: &[(&str, &str)]) -> Outcome {
    let response = head(service, request("GET", "/a", fields)).await;
    Outcome::of(&response).cloned().unwrap_or_default()
}

/// A stack records what its layers do.
#[tokio::test]
async fn a_stack_explains_its_cache() {
    let site = Site::new();
    let stack = crate::stack().validators(site.layer()).explain();
    let state = site.clone();
    let service = stack.layer(service_fn(move |request: Request<_>| {
        let response = state.respond(&request.into_parts().0);
        async { Ok::<_, Infallible>(response) }
    }));
    let Ok(first) = service.oneshot(request("GET", "/a", &[])).await;
    let outcome = Outcome::of(&first).expect("an outcome");
    assert_eq!(outcome.cache_lookup(), Some(CacheLookup::Miss));
}

#[tokio::test]
async fn each_lookup_is_told() {
    let site = Site::new();
    let service = site.service(&site.layer().explain());
    let tag = [("if-none-match", "\"v1\"")];
    let ttl = Duration::from_secs(50);
    let hit = CacheLookup::Hit { ttl };
    let unmatched = CacheLookup::Unmatched { ttl };
    let first = outcome(&service, &tag).await;
    assert_eq!(
        (first.cache_lookup(), first.is_stored()),
        (Some(CacheLookup::Miss), true)
    );
    site.clock.advance(Duration::from_secs(10));
    let second = outcome(&service, &tag).await;
    assert_eq!(
        (second.cache_lookup(), second.is_stored()),
        (Some(hit), false)
    );
    assert_eq!(second.verdict(), Some(Verdict::NotModified));
    let lookup = async |fields: &[_]| outcome(&service, fields).await.cache_lookup();
    assert_eq!(lookup(&[]).await, Some(unmatched));
    assert_eq!(
        lookup(&[("cache-control", "no-cache")]).await,
        Some(unmatched)
    );
    assert_eq!(
        lookup(&[("cookie", "a=b")]).await,
        Some(CacheLookup::Bypass)
    );
    put(&service, "/a").await;
    assert_eq!(lookup(&tag).await, Some(CacheLookup::Stale));
    site.clock.advance(Duration::from_secs(60));
    assert_eq!(lookup(&tag).await, Some(CacheLookup::Stale));
    let write = site
        .cache
        .announce(&crate::purge::Purge::new())
        .await
        .expect("a store");
    assert_eq!(lookup(&tag).await, Some(CacheLookup::Busy));
    drop(write);
    site.store.set("lookup", Fault::Refused);
    assert_eq!(lookup(&tag).await, Some(CacheLookup::Bypass));
}

/// A 304 that was checked is one from the cache.
#[tokio::test]
async fn a_sampled_304_is_a_hit() {
    let site = Site::new();
    let service = site.service(&site.layer().explain().sample(1.0));
    outcome(&service, &[]).await;
    let sampled = outcome(&service, &[("if-none-match", "\"v1\"")]).await;
    let ttl = Duration::from_secs(60);
    assert_eq!(sampled.cache_lookup(), Some(CacheLookup::Hit { ttl }));
    assert_eq!(sampled.verdict(), Some(Verdict::NotModified));
    // One that was found to be wrong is not.
    site.write();
    let stale = outcome(&service, &[("if-none-match", "\"v1\"")]).await;
    assert_eq!(stale.cache_lookup(), Some(CacheLookup::Stale));
}

/// Without `explain`, a response has no outcome.
#[tokio::test]
async fn nothing_is_told_by_default() {
    let site = Site::new();
    let service = site.service(&site.layer());
    for _ in 0..2 {
        let fields = [("if-none-match", "\"v1\"")];
        let response = head(&service, request("GET", "/a", &fields)).await;
        assert!(Outcome::of(&response).is_none());
    }
}
