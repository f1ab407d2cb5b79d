//! Changes that nobody has announced: soft invalidation, and feeds of events.

use std::time::Duration;

use tokio::{sync::mpsc, task::yield_now};

use super::{Fault, Site};
use crate::{
    cache_tags::CacheTags,
    purge::{Purge, Purger},
    test_support::pass,
    validator_cache::{ChangeEvent, ChangeFeed},
};

struct Events(mpsc::UnboundedReceiver<ChangeEvent>);

impl ChangeFeed for Events {
    async fn next(&mut self) -> Option<ChangeEvent> {
        self.0.recv().await
    }
}

fn purge(tag: &str) -> Purge {
    Purge::new().with_tags(&CacheTags::of([tag]).expect("a tag"))
}

/// The entries that a purge names are forgotten, those without tags too, and no others.
#[tokio::test]
async fn a_purge_names_entries() {
    let target = |path: &str| Purge::new().with_target(path.parse().expect("a URI"));
    for (purge, is_kept) in [
        (purge("a"), [false, true, false]),
        (purge("b"), [true, false, false]),
        (target("http://x.test/a/1?q"), [false, true, false]),
        (target("/a/2"), [true, true, false]),
        (Purge::new(), [false, false, false]),
    ] {
        for way in 0..3 {
            let site = Site::new();
            let (tagged, untagged) = (
                site.service(&site.tagged_layer()),
                site.service(&site.layer()),
            );
            let reads = [(&tagged, "/a/1"), (&tagged, "/b/1"), (&untagged, "/c/1")];
            for (service, path) in reads {
                site.fill(service, path).await;
            }
            match way {
                0 => site.cache.invalidate(&purge).await.expect("a store"),
                1 => Purger::purge(&site.cache, &purge).await.expect("a store"),
                _ => site.cache.soft_invalidate(&purge),
            }
            for ((service, path), is_kept) in reads.into_iter().zip(is_kept) {
                assert_eq!(
                    site.is_hit(service, path, "\"v1\"").await,
                    is_kept,
                    "{purge:?} {path}"
                );
            }
        }
    }
}

/// R-9111-4.4-e: no reader that is under way fills what was invalidated.
#[tokio::test]
async fn an_invalidation_voids_leases() {
    let site = Site::new();
    let service = site.serve_async(&site.layer(), |site, parts| async move {
        let response = site.respond(&parts);
        if !parts.headers.contains_key("if-none-match") {
            site.cache.soft_invalidate_all();
        }
        response
    });
    super::get(&service, "/a").await;
    assert_eq!(site.store.len(), 0);
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
}

/// Nothing is answered until the store has taken a soft invalidation, and other processes are not
/// asked.
#[tokio::test(start_paused = true)]
async fn nothing_is_answered_until_the_store_has_taken_it() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Waits] {
        let site = Site::new();
        let service = site.service(&site.tagged_layer());
        site.fill(&service, "/a").await;
        site.fill(&service, "/b").await;
        site.store.set("invalidate", fault);
        assert!(site.cache.invalidate(&purge("a")).await.is_err());
        site.cache.soft_invalidate(&purge("a"));
        for _ in 0..100 {
            pass(Duration::from_secs(7)).await;
            for path in ["/a", "/b"] {
                assert!(!site.is_hit(&service, path, "\"v1\"").await, "{fault:?}");
            }
        }
        site.store.set("invalidate", None);
        pass(Duration::from_secs(7)).await;
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await, "{fault:?}");
        assert!(site.is_hit(&service, "/b", "\"v1\"").await, "{fault:?}");
    }
}

/// A soft invalidation that nothing can finish leaves the cache unused, and not stale.
#[test]
fn without_a_runtime_nothing_is_answered() {
    let site = Site::new();
    let service = site.service(&site.layer());
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    runtime().block_on(site.fill(&service, "/a"));
    site.store.set("invalidate", Fault::Waits);
    site.cache.soft_invalidate_all();
    site.store.set("invalidate", None);
    assert!(!runtime().block_on(site.is_hit(&service, "/a", "\"v1\"")));
    // The same with a runtime that ends before the store is back.
    let site = Site::new();
    let service = site.service(&site.layer());
    runtime().block_on(async {
        site.fill(&service, "/a").await;
        site.store.set("invalidate", Fault::Waits);
        site.cache.soft_invalidate_all();
    });
    site.store.set("invalidate", None);
    assert!(!runtime().block_on(site.is_hit(&service, "/a", "\"v1\"")));
}

/// Nothing is answered while a feed has a gap.
#[tokio::test]
async fn a_feed_is_followed() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    site.fill(&service, "/a").await;
    let (events, feed) = mpsc::unbounded_channel();
    let cache = site.cache.clone();
    let task = tokio::spawn(async move { cache.follow(Events(feed)).await });
    let send = async |event| {
        events.send(event).expect("a feed");
        yield_now().await;
    };
    yield_now().await;
    // Nobody knows what has changed before the first connection.
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    send(ChangeEvent::Connected).await;
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    site.fill(&service, "/b").await;

    send(ChangeEvent::Changed(purge("a"))).await;
    assert!(site.is_hit(&service, "/b", "\"v1\"").await);
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);

    send(ChangeEvent::Disconnected).await;
    for _ in 0..2 {
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
        assert!(!site.is_hit(&service, "/b", "\"v1\"").await);
    }
    // Twice the same event is one gap.
    send(ChangeEvent::Disconnected).await;
    send(ChangeEvent::Connected).await;
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    send(ChangeEvent::Connected).await;
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);

    drop(events);
    yield_now().await;
    for _ in 0..2 {
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    }
    assert!(!task.is_finished());
    task.abort();
    // The gap ends, and events were lost in it.
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
}

/// A cache that is not used asks no store, and a slow answer from before is not used.
#[tokio::test(start_paused = true)]
async fn an_unused_cache_asks_no_store() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    site.store.set("lookup", Fault::Waits);
    let slow = tokio::spawn({
        let service = service.clone();
        async move { super::get_if(&service, "/a", "\"v1\"").await }
    });
    yield_now().await;
    site.store.set("invalidate", Fault::Refused);
    site.cache.soft_invalidate_all();
    site.store.steps();
    site.store.set("lookup", None);
    assert_eq!(slow.await.expect("a response"), 200);
    super::get(&service, "/a").await;
    assert!(!site.store.steps().contains(&"lookup"));
}

/// Targets that a worker could not tell before its runtime ended are told with the next ones.
#[test]
fn targets_outlive_their_worker() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
    };
    runtime().block_on(async {
        site.fill(&service, "/a").await;
        site.fill(&service, "/b").await;
        site.store.set("invalidate", Fault::Refused);
        site.cache.soft_invalidate(&purge("a"));
    });
    site.store.set("invalidate", None);
    site.cache.soft_invalidate(&purge("c"));
    runtime().block_on(async {
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
        assert!(site.is_hit(&service, "/b", "\"v1\"").await);
    });
}
