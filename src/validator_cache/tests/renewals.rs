//! Writes that are announced again, since they take long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Response;
use tower::{Layer, ServiceExt};

use super::{Fault, Site, put, request};
use crate::{
    ObserveLayer,
    observe::{Event, Exchange, Observer, ValidatorEvent},
    purge::Purge,
    test_support::{Act, ScriptedBody, pass},
};

/// A write of an hour is announced for an hour.
#[tokio::test(start_paused = true)]
async fn a_long_write_is_renewed() {
    let site = Site::new();
    let reader = site.service(&site.layer());
    let service = site.serve_async(&site.layer(), |site, parts| async move {
        for _ in 0..60 {
            for _ in 0..60 {
                pass(Duration::from_secs(1)).await;
                site.clock.advance(Duration::from_secs(1));
            }
        }
        site.respond(&parts)
    });
    let write = tokio::spawn(async move { put(&service, "/a").await });
    for _ in 0..120 {
        pass(Duration::from_secs(29)).await;
        for _ in 0..2 {
            assert!(!site.is_hit(&reader, "/a", "\"v1\"").await);
        }
    }
    write.await.expect("a response");
    assert_eq!(site.store.steps().last(), Some(&"end"));
    assert!(!site.is_hit(&reader, "/a", "\"v2\"").await);
    assert!(site.is_hit(&reader, "/a", "\"v2\"").await);
}

/// A write is announced three times in its time to live, and sooner after a failure.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_repeated_sooner() {
    let site = Site::new();
    let service = site.serve_async(&site.layer(), |site, parts| async move {
        pass(Duration::from_secs(50)).await;
        site.respond(&parts)
    });
    let write = tokio::spawn(async move { put(&service, "/a").await });
    let mut begins = Vec::new();
    for second in 0..50 {
        let fault = (second == 20 || second == 25).then_some(Fault::Refused);
        site.store.set("begin", fault);
        pass(Duration::from_secs(1)).await;
        let steps = site.store.steps();
        let count = steps.iter().filter(|step| **step == "begin").count();
        begins.extend(vec![second; count]);
    }
    assert_eq!(begins, [0, 20, 25, 30]);
    write.await.expect("a response");
}

/// An observer that counts the steps of a store that failed.
#[derive(Clone, Default)]
struct FailedSteps(Arc<AtomicUsize>);

impl FailedSteps {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl Observer for FailedSteps {
    fn exchange(&self, _: &Exchange<'_>) {}

    fn event(&self, event: &Event<'_>) {
        if matches!(event, Event::Validators(ValidatorEvent::StoreError)) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The tasks that a request leaves behind report to its observer.
#[tokio::test(start_paused = true)]
async fn an_observer_is_told_of_steps_that_fail_in_a_task() {
    let (site, failed) = (Site::new(), FailedSteps::default());
    let observe = ObserveLayer::new(failed.clone());
    let streams = site.serve(&site.layer(), |_, _| {
        Response::new(ScriptedBody::unsized_([Act::data("saved")]))
    });
    let service = observe.layer(streams);
    let response = service.oneshot(request("PUT", "/a", &[])).await;
    assert_eq!(failed.take(), 0);
    site.store.set("begin", Fault::Refused);
    // A third of the time to live of a write.
    pass(Duration::from_secs(25)).await;
    assert!(failed.take() > 0, "a renewal failed");
    site.store.set("begin", None);
    drop(response);

    site.store.set("invalidate", Fault::Refused);
    let cache = site.cache.clone();
    let purge = Purge::new().with_tags(&super::CacheTags::of(["a"]).expect("a tag"));
    let soft = site.serve(&site.layer(), move |site, parts| {
        cache.soft_invalidate(&purge);
        site.respond(parts)
    });
    let read = observe.layer(soft).oneshot(request("GET", "/a", &[]));
    drop(read.await);
    failed.take();
    pass(Duration::from_secs(1)).await;
    assert!(failed.take() > 0, "the store was told again, and failed");
}
