//! Readers that wait for another one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use http::StatusCode;
use tokio::sync::Semaphore;
use tower::{Layer, ServiceExt, limit::ConcurrencyLimit, service_fn, util::BoxCloneSyncService};

use super::{Fault, HandlerResponse, Site, TestService, content, get_if, put, request, send};
use crate::test_support::wait_once;

const WAIT: Duration = Duration::from_secs(5);

/// Returns a service whose reads wait for a permit.
fn gated(site: &Site, gate: &Arc<Semaphore>) -> TestService {
    let gate = Arc::clone(gate);
    site.serve_async(&site.layer().collapse(WAIT), move |site, parts| {
        let gate = Arc::clone(&gate);
        async move {
            if parts.method == "GET" {
                gate.acquire().await.expect("a gate").forget();
            }
            site.respond(&parts)
        }
    })
}

/// R-9111-4-e: those who wait for the first reader get a 304, and the handler runs once.
#[tokio::test]
async fn followers_get_the_entry_of_their_leader() {
    for is_awaited in [false, true] {
        let site = Site::new();
        if is_awaited {
            site.store.set("lookup", Fault::NotAtOnce);
        }
        let gate = Arc::new(Semaphore::new(0));
        let service = gated(&site, &gate);
        let mut readers: Vec<_> = (0..20)
            .map(|_| Box::pin(get_if(&service, "/a", "\"v1\"")))
            .collect();
        for reader in &mut readers {
            assert!(reader.now_or_never().is_none());
        }
        gate.add_permits(1);
        let statuses = join_all(readers).await;
        assert_eq!(site.runs(), 1);
        assert_eq!(statuses[0], StatusCode::OK);
        assert!(
            statuses[1..]
                .iter()
                .all(|status| *status == StatusCode::NOT_MODIFIED)
        );
    }
}

/// R-9111-4-e: readers of other users, of other keys and without a condition do not wait.
#[tokio::test]
async fn only_readers_of_the_entry_wait() {
    let site = Site::new();
    let gate = Arc::new(Semaphore::new(0));
    let permits = Arc::clone(&gate);
    let user = |request: &http::request::Parts| {
        let user = request.headers.get("x-user")?;
        Some(user.to_str().ok()?.to_owned())
    };
    let layer = site.layer().collapse(WAIT).principal(user);
    let service = site.serve_async(&layer, move |site, parts| {
        let gate = Arc::clone(&permits);
        async move {
            gate.acquire().await.expect("a gate").forget();
            site.respond(&parts)
        }
    });
    let tag = ("if-none-match", "\"v1\"");
    let alice = request("GET", "/a", &[tag, ("x-user", "alice")]);
    let mut leader = Box::pin(send(&service, alice));
    assert!((&mut leader).now_or_never().is_none());
    let fields: [&[_]; 5] = [
        &[tag, ("x-user", "bob")],
        &[tag],
        &[("x-user", "alice")],
        &[tag, ("x-user", "alice"), ("cache-control", "no-store")],
        &[tag, ("x-user", "alice"), ("range", "bytes=0-1")],
    ];
    let mut others: Vec<_> = fields
        .iter()
        .map(|fields| Box::pin(send(&service, request("GET", "/a", fields))))
        .collect();
    for other in &mut others {
        assert!(other.now_or_never().is_none());
    }
    // Each of them has begun.
    assert_eq!(site.runs(), 1 + others.len());
    gate.add_permits(1 + others.len());
    for response in join_all(others).await {
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!(leader.await.status(), StatusCode::OK);
}

/// R-9111-4-e: a leader that finds nothing to remember releases those who wait.
#[tokio::test]
async fn a_leader_that_fills_nothing_releases() {
    for end in ["error", "no tag", "panic", "drop", "body"] {
        let site = Site::new();
        let is_first = Arc::new(AtomicBool::new(true));
        let service = site.serve_async(&site.layer().collapse(WAIT), move |site, parts| {
            let is_first = is_first.swap(false, Ordering::SeqCst);
            async move {
                if !is_first {
                    return site.respond(&parts);
                }
                for _ in 0..3 {
                    wait_once().await;
                }
                assert_ne!(end, "panic", "on purpose");
                let mut response = site.respond(&parts);
                match end {
                    "error" => *response.status_mut() = StatusCode::NOT_FOUND,
                    "no tag" => response = HandlerResponse::new(content("hello")),
                    _ => {
                        let acts = [crate::test_support::Act::Error];
                        *response.body_mut() = crate::test_support::ScriptedBody::unsized_(acts);
                    }
                }
                response
            }
        });
        let reader = service.clone();
        let mut leader = Box::pin(async move { get_if(&reader, "/a", "\"v1\"").await });
        assert!((&mut leader).now_or_never().is_none());
        let mut follower = Box::pin(get_if(&service, "/a", "\"v1\""));
        assert!((&mut follower).now_or_never().is_none());
        assert_eq!(site.runs(), 1, "{end}");
        if end == "drop" {
            drop(leader);
        } else {
            let leader = tokio::spawn(leader).await;
            assert_eq!(leader.is_err(), end == "panic");
        }
        // The follower runs the handler, and fills.
        let status = follower.now_or_never();
        assert_eq!(status, Some(StatusCode::OK), "{end}");
        assert!(site.is_hit(&service, "/a", "\"v1\"").await, "{end}");
    }
}

/// Those who wait do so for the bound, and then run the handler.
#[tokio::test(start_paused = true)]
async fn the_wait_is_bounded() {
    let site = Site::new();
    let gate = Arc::new(Semaphore::new(0));
    let service = gated(&site, &gate);
    let mut leader = Box::pin(get_if(&service, "/a", "\"v1\""));
    let mut follower = Box::pin(get_if(&service, "/a", "\"v1\""));
    assert!((&mut leader).now_or_never().is_none());
    let start = tokio::time::Instant::now();
    let bound = Duration::from_millis(10);
    while site.runs.load(Ordering::SeqCst) < 2 {
        assert!((&mut follower).now_or_never().is_none());
        tokio::time::advance(bound).await;
    }
    assert!((WAIT..WAIT + 3 * bound).contains(&start.elapsed()));
    gate.add_permits(2);
    assert_eq!(
        (leader.await, follower.await),
        (StatusCode::OK, StatusCode::OK)
    );
}

/// A write in between: those who wait get the state after it.
#[tokio::test]
async fn followers_of_a_void_lease_run_the_handler() {
    let site = Site::new();
    let gate = Arc::new(Semaphore::new(0));
    let service = gated(&site, &gate);
    let mut leader = Box::pin(get_if(&service, "/a", "\"v1\""));
    let mut follower = Box::pin(get_if(&service, "/a", "\"v1\""));
    assert!((&mut leader).now_or_never().is_none());
    assert!((&mut follower).now_or_never().is_none());
    put(&service, "/a").await;
    gate.add_permits(3);
    assert_eq!(
        (leader.await, follower.await),
        (StatusCode::OK, StatusCode::OK)
    );
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
}

/// Those who wait hold no place in a limit inside, which the leader may need.
#[tokio::test]
async fn followers_hold_no_permit() {
    let site = Site::new();
    let state = site.clone();
    let handler = service_fn(move |request: http::Request<_>| {
        let state = state.clone();
        let parts = request.into_parts().0;
        async move {
            for _ in 0..5 {
                wait_once().await;
            }
            Ok::<_, std::convert::Infallible>(state.respond(&parts))
        }
    });
    let limited = ConcurrencyLimit::new(handler, 1);
    let service: TestService = BoxCloneSyncService::new(site.layer().collapse(WAIT).layer(limited));
    for _ in 0..3 {
        let readers = (0..8).map(|_| get_if(&service, "/a", "\"v1\""));
        let statuses = tokio::time::timeout(Duration::from_secs(10), join_all(readers)).await;
        let statuses = statuses.expect("a deadlock");
        assert!(
            statuses[1..]
                .iter()
                .all(|status| *status == StatusCode::NOT_MODIFIED)
        );
        site.store.set("lookup", Fault::NotAtOnce);
        site.cache.invalidate_all().await.expect("a store");
    }
}

/// Two layers of one cache: the inner one does not wait for the outer one, which waits for it.
#[tokio::test(start_paused = true)]
async fn nested_layers_do_not_wait_for_each_other() {
    let site = Site::new();
    let state = site.clone();
    let handler = service_fn(move |request: http::Request<_>| {
        let response = state.respond(&request.into_parts().0);
        async { Ok::<_, std::convert::Infallible>(response) }
    });
    let layer = site.layer().collapse(WAIT);
    let service = layer.layer(layer.layer(handler));
    let read = || request("GET", "/a", &[("if-none-match", "\"v1\"")]);
    let start = tokio::time::Instant::now();
    for expected in [StatusCode::OK, StatusCode::NOT_MODIFIED] {
        let response = service.clone().oneshot(read()).await.expect("a response");
        assert_eq!(response.status(), expected);
        crate::test_support::read_unchecked(response.into_body());
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[test]
fn a_wait_of_zero_is_refused() {
    let set = || Site::new().layer().collapse(Duration::ZERO);
    assert!(std::panic::catch_unwind(set).is_err());
}
