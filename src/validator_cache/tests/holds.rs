//! Writes whose outcome nobody knows.

use std::{panic::AssertUnwindSafe, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use super::{Fault, Site, TestService, get, head, put, request};
use crate::{
    purge::Purge,
    test_support::{Act, ScriptedBody, read_unchecked},
    validator_cache::{ValidatorCache, WritePolicy},
};

/// Returns a site whose unknown writes stay announced.
fn site() -> Site {
    let mut site = Site::new();
    site.cache = ValidatorCache::new(site.store.clone()).hold_unknown_writes();
    site
}

/// Returns `true` if the write is still announced, and checks that it runs out.
async fn is_held(site: &Site, service: &TestService) -> bool {
    get(service, "/a").await;
    let is_held = !site.is_hit(service, "/a", &site.tag()).await;
    site.clock.advance(Duration::from_secs(60));
    get(service, "/a").await;
    assert!(site.is_hit(service, "/a", &site.tag()).await);
    is_held
}

/// R-9111-4.4-b: the status tells if the outcome is known.
#[tokio::test]
async fn a_status_may_leave_the_outcome_open() {
    for (status, expected) in [(204, false), (400, false), (412, false)]
        .into_iter()
        .chain([(408, true), (500, true), (503, true)])
    {
        let site = site();
        let service = site.serve(&site.layer(), move |site, parts| {
            let mut response = site.respond(parts);
            if parts.method == "PUT" {
                *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            }
            response
        });
        put(&service, "/a").await;
        assert_eq!(is_held(&site, &service).await, expected, "{status}");
    }
}

/// R-9111-4.4-b: a service that fails or panics was dropped in the middle.
#[tokio::test]
async fn a_service_that_breaks_leaves_the_outcome_open() {
    for panics in [false, true] {
        let site = site();
        let reader = site.service(&site.layer());
        let failing = site
            .layer()
            .layer(service_fn(move |_: Request<Full<Bytes>>| async move {
                assert!(!panics, "on purpose");
                Err::<Response<ScriptedBody>, _>("failed")
            }));
        let write = failing.oneshot(request("PUT", "/a", &[]));
        let write = AssertUnwindSafe(write).catch_unwind().await;
        assert_eq!(write.is_err(), panics);
        assert!(is_held(&site, &reader).await, "{panics}");
    }
}

/// R-9111-4.4-b: content that breaks, or whose reader leaves, is that of a handler that was
/// dropped.
#[tokio::test]
async fn content_may_leave_the_outcome_open() {
    for (last, is_read, expected) in [
        (Act::data("."), true, false),
        (Act::data("."), false, true),
        (Act::Error, true, true),
    ] {
        let site = site();
        let case = format!("{last:?} {is_read}");
        let service = site.serve(&site.layer(), move |site, parts| {
            let mut response = site.respond(parts);
            if parts.method == "PUT" {
                let acts = [Act::data("done"), last.clone()];
                *response.body_mut() = ScriptedBody::unsized_(acts);
            }
            response
        });
        let response = head(&service, request("PUT", "/a", &[])).await;
        if is_read {
            read_unchecked(response.into_body());
        } else {
            drop(response);
        }
        assert_eq!(is_held(&site, &service).await, expected, "{case}");
    }
}

/// A write that the store has not taken has nothing to hold. Its end forgets what it touches.
#[tokio::test(start_paused = true)]
async fn a_write_that_was_not_announced_is_ended() {
    let mut site = site();
    let bound = WritePolicy::Bounded(Duration::from_secs(60));
    site.cache = ValidatorCache::new(site.store.clone())
        .hold_unknown_writes()
        .write_policy(bound);
    let service = site.serve(&site.layer(), |site, parts| {
        let mut response = site.respond(parts);
        if parts.method == "PUT" {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        response
    });
    site.fill(&service, "/a").await;
    site.store.set("begin", Fault::Refused);
    put(&service, "/a").await;
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v2\"").await);
}

/// The write of a job is over when its announcement is dropped.
#[tokio::test]
async fn the_write_of_a_job_is_ended() {
    let site = site();
    let service = site.service(&site.layer());
    let write = site.cache.announce(&Purge::new()).await.expect("a store");
    drop(write);
    assert!(!is_held(&site, &service).await);
}
