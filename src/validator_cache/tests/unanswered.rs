//! Lookups whose answer is lost, and the leases that the store has granted with them.

use std::{
    task::{Context, Waker},
    time::Duration,
};

use tower::ServiceExt;

use super::{Fault, Site, TestService, get, request};
use crate::{detached::Detached, test_support::pass};

/// Returns a site whose work without a client is counted.
fn counted_site() -> (Site, Detached) {
    let detached = Detached::new();
    let mut site = Site::new();
    site.cache = site.cache.detached(detached.clone());
    (site, detached)
}

/// Polls a read once and drops it.
fn poll_and_drop(service: &TestService, path: &str) {
    let mut read = Box::pin(service.clone().oneshot(request("GET", path, &[])));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(read.as_mut().poll(&mut cx).is_pending());
}

/// A lease whose answer was lost, or late, is given back, and the next reader fills.
#[tokio::test(start_paused = true)]
async fn a_lease_without_an_answer_is_given_back() {
    for fault in [
        Fault::AnswerLost,
        Fault::AnswerLostAtOnce,
        Fault::Unanswered,
        Fault::Waits,
    ] {
        let (site, detached) = counted_site();
        let service = site.service(&site.layer());
        site.store.set("lookup", fault);
        get(&service, "/a").await;
        assert_eq!(site.runs(), 1, "{fault:?}");
        let is_granted = fault != Fault::Waits;
        assert_eq!(site.store.len(), usize::from(is_granted), "{fault:?}");
        site.store.set("lookup", None);
        detached.idle().await;
        assert_eq!(site.store.len(), 0, "{fault:?}");
        site.fill(&service, "/a").await;
    }
}

/// A client that leaves before the answer leaves no lease behind.
#[tokio::test(start_paused = true)]
async fn a_lease_without_a_client_is_given_back() {
    for fault in [Fault::Unanswered, Fault::Waits] {
        let (site, detached) = counted_site();
        let service = site.service(&site.layer());
        site.store.set("lookup", fault);
        poll_and_drop(&service, "/a");
        site.store.set("lookup", None);
        detached.idle().await;
        assert_eq!(site.store.len(), 0, "{fault:?}");
        assert_eq!(site.store.steps(), ["lookup", "lookup", "release"]);
        site.fill(&service, "/a").await;
    }
}

/// The lease of another reader stays.
#[tokio::test(start_paused = true)]
async fn the_lease_of_another_reader_stays() {
    let (site, detached) = counted_site();
    let service = site.serve_async(&site.layer(), |site, parts| async move {
        if site.runs() == 1 {
            std::future::pending::<()>().await;
        }
        site.respond(&parts)
    });
    let reader = tokio::spawn({
        let service = service.clone();
        async move { get(&service, "/a").await }
    });
    pass(Duration::from_millis(1)).await;
    assert_eq!(site.store.steps(), ["lookup"]);
    site.store.set("lookup", Fault::Unanswered);
    poll_and_drop(&service, "/a");
    site.store.set("lookup", None);
    detached.idle().await;
    assert_eq!(site.store.steps(), ["lookup", "lookup"]);
    assert_eq!(site.store.len(), 1);
    reader.abort();
}

/// Nothing is repeated after an answer, a refusal, or without a lease.
#[tokio::test(start_paused = true)]
async fn an_answered_lookup_is_not_repeated() {
    for (fault, method) in [
        (Fault::Refused, "GET"),
        (Fault::AnswerLost, "HEAD"),
        (Fault::NotAtOnce, "GET"),
    ] {
        let (site, detached) = counted_site();
        let service = site.service(&site.layer());
        site.store.set("lookup", fault);
        super::send(&service, request(method, "/a", &[])).await;
        detached.idle().await;
        let steps = site.store.steps();
        let lookups = steps.iter().filter(|step| **step == "lookup");
        assert_eq!(lookups.count(), 1, "{fault:?} {steps:?}");
        assert!(!steps.contains(&"release"), "{fault:?} {steps:?}");
    }
}

/// A store that stays away is tried a few times. Its lease then ends by itself.
#[tokio::test(start_paused = true)]
async fn a_store_that_stays_away_is_tried_a_few_times() {
    for (step, fault) in [
        ("lookup", Fault::AnswerLost),
        ("lookup", Fault::Waits),
        ("release", Fault::Refused),
        ("release", Fault::Waits),
    ] {
        let (site, detached) = counted_site();
        let service = site.service(&site.layer());
        site.store.set("lookup", Fault::Unanswered);
        poll_and_drop(&service, "/a");
        site.store.set("lookup", None);
        site.store.set(step, fault);
        site.store.steps();
        detached.idle().await;
        let steps = site.store.steps();
        let tries = steps.iter().filter(|it| **it == step).count();
        assert_eq!(tries, 4, "{step} {fault:?} {steps:?}");
        site.store.set(step, None);
        site.clock.advance(Duration::from_secs(10));
        site.fill(&service, "/a").await;
    }
}

/// The store has just failed, so the lookup is not repeated at once.
#[tokio::test(start_paused = true)]
async fn a_lookup_is_repeated_after_a_pause() {
    let (site, detached) = counted_site();
    let service = site.service(&site.layer());
    site.store.set("lookup", Fault::AnswerLost);
    get(&service, "/a").await;
    pass(Duration::from_millis(40)).await;
    assert_eq!(site.store.steps(), ["lookup"]);
    site.store.set("lookup", None);
    detached.idle().await;
    assert_eq!(site.store.steps(), ["lookup", "release"]);
}

/// A store that is away for a moment takes the lease back later.
#[tokio::test(start_paused = true)]
async fn a_lease_is_given_back_once_the_store_is_back() {
    let (site, detached) = counted_site();
    let service = site.service(&site.layer());
    site.store.set("lookup", Fault::AnswerLost);
    site.store.set("release", Fault::Refused);
    get(&service, "/a").await;
    pass(Duration::from_millis(10)).await;
    site.store.set("lookup", None);
    pass(Duration::from_millis(100)).await;
    assert_eq!(site.store.len(), 1);
    site.store.set("release", None);
    detached.idle().await;
    assert_eq!(site.store.len(), 0);
}

/// An outage with many readers leaves a bounded number of leases to give back.
#[tokio::test(start_paused = true)]
async fn the_number_of_leases_to_give_back_is_bounded() {
    let (site, detached) = counted_site();
    let service = site.service(&site.layer());
    site.store.set("lookup", Fault::Waits);
    for page in 0..1100 {
        poll_and_drop(&service, &format!("/{page}"));
    }
    assert_eq!(detached.len(), 1024);
    site.store.set("lookup", None);
    detached.idle().await;
    assert_eq!(site.store.len(), 0);
    // The places are free again.
    site.store.set("lookup", Fault::Unanswered);
    poll_and_drop(&service, "/a");
    assert_eq!(detached.len(), 1);
}
