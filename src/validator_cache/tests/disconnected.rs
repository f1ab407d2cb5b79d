//! Clients that disconnect in the middle of a write or of a read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use tower::{Service, ServiceExt};

use super::{Fault, Site, TestService, request};
use crate::{detached::Detached, test_support::pass, test_support::wait_once};

/// Returns a service whose writes wait often, change the state, and wait again. `done` counts them.
fn slow_writes(site: &Site, done: &Arc<AtomicUsize>) -> TestService {
    let done = Arc::clone(done);
    site.serve_async(&site.layer(), move |site, parts| {
        let done = Arc::clone(&done);
        async move {
            if parts.method == "GET" {
                return site.respond(&parts);
            }
            for _ in 0..3 {
                wait_once().await;
            }
            let response = site.respond(&parts);
            for _ in 0..3 {
                wait_once().await;
            }
            done.fetch_add(1, Ordering::SeqCst);
            response
        }
    })
}

/// Polls a write some times and drops it. Returns `true` if it had ended before.
fn poll_and_drop(service: &TestService, polls: usize) -> bool {
    let mut service = service.clone();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let mut write = Box::pin(service.call(request("PUT", "/a", &[])));
    (0..polls).any(|_| write.as_mut().poll(&mut cx).is_ready())
}

/// R-9111-4.4-b: the handler runs to its end wherever the client has left, and the write ends then.
#[tokio::test]
async fn a_write_goes_on_without_its_client() {
    let mut has_ended = false;
    for polls in 1.. {
        if has_ended {
            assert!(polls > 7, "{polls}");
            break;
        }
        let detached = Detached::new();
        let mut site = Site::new();
        site.cache = site.cache.detached(detached.clone());
        let done = Arc::default();
        let service = slow_writes(&site, &done);
        site.fill(&service, "/a").await;
        site.store.steps();
        has_ended = poll_and_drop(&service, polls);
        if !has_ended {
            assert_eq!(detached.len(), 1, "{polls}");
            // The write is announced for as long as its handler runs.
            assert_eq!(site.store.steps(), ["begin"], "{polls}");
            assert!(!site.is_hit(&service, "/a", "\"v1\"").await, "{polls}");
            assert!(!site.is_hit(&service, "/a", "\"v1\"").await, "{polls}");
        }
        detached.idle().await;
        assert_eq!(done.load(Ordering::SeqCst), 1, "{polls}");
        assert_eq!(site.store.steps().last(), Some(&"end"), "{polls}");
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await, "{polls}");
        assert!(site.is_hit(&service, "/a", "\"v2\"").await, "{polls}");
    }
}

/// A write that nobody polls is not performed, and not announced.
#[tokio::test]
async fn a_write_that_is_never_polled_changes_nothing() {
    let site = Site::new();
    let done = Arc::default();
    let service = slow_writes(&site, &done);
    site.fill(&service, "/a").await;
    site.store.steps();
    poll_and_drop(&service, 0);
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    assert_eq!(done.load(Ordering::SeqCst), 0);
}

/// If a client leaves before the store has acknowledged its write, the handler does not run. The
/// announcement is ended, since the store may have taken it.
#[tokio::test(start_paused = true)]
async fn a_write_that_is_not_acknowledged_is_not_performed() {
    for fault in [None, Some(Fault::Refused), Some(Fault::AnswerLost)] {
        let detached = Detached::new();
        let mut site = Site::new();
        site.cache = site.cache.detached(detached.clone());
        let done = Arc::default();
        let service = slow_writes(&site, &done);
        site.fill(&service, "/a").await;
        site.store.set("begin", fault.unwrap_or(Fault::Waits));
        // With a fault, the client leaves in the pause before the second try.
        assert!(!poll_and_drop(&service, 3));
        site.store.set("begin", None);
        detached.idle().await;
        pass(Duration::from_secs(60)).await;
        assert_eq!(
            (done.load(Ordering::SeqCst), site.runs()),
            (0, 0),
            "{fault:?}"
        );
        assert_eq!(site.store.steps().last(), Some(&"end"), "{fault:?}");
        // The end voids the entry in any case, since it might follow a write.
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await, "{fault:?}");
        assert!(site.is_hit(&service, "/a", "\"v1\"").await, "{fault:?}");
    }
}

/// A reader that leaves gives its lease back, so that the next one fills.
#[tokio::test]
async fn a_reader_that_leaves_gives_its_lease_back() {
    for polls in 0..4 {
        for is_awaited in [false, true] {
            let site = Site::new();
            if is_awaited {
                site.store.set("lookup", Fault::NotAtOnce);
            }
            let service = site.serve_async(&site.layer(), |site, parts| async move {
                for _ in 0..5 {
                    wait_once().await;
                }
                site.respond(&parts)
            });
            let mut read = Box::pin(service.clone().oneshot(request("GET", "/a", &[])));
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                assert!(read.as_mut().poll(&mut cx).is_pending());
            }
            drop(read);
            assert_eq!(site.store.len(), 0, "{polls} {is_awaited}");
            site.fill(&service, "/a").await;
        }
    }
}

/// A handler that panics gives its lease back, too.
#[tokio::test]
async fn a_reader_that_panics_gives_its_lease_back() {
    let site = Site::new();
    let service = site.serve_async(&site.layer(), |site, parts| async move {
        assert!(site.runs() != 1, "on purpose");
        site.respond(&parts)
    });
    let read = tokio::spawn(service.clone().oneshot(request("GET", "/a", &[])));
    assert!(read.await.unwrap_err().is_panic());
    assert_eq!(site.store.len(), 0);
    site.runs.store(5, Ordering::SeqCst);
    super::get(&service, "/a").await;
    assert_eq!(site.store.len(), 1);
}
