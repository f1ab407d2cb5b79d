//! Writes that do not go through the layer.

use std::time::Duration;

use super::{Fault, Site};
use crate::{cache_tags::CacheTags, purge::Purge, store::validators::Guarantee};

fn notes() -> Purge {
    Purge::new().with_tags(&CacheTags::of(["notes"]).expect("a tag"))
}

/// R-9111-4.4-e: from the announcement to its drop nothing is answered or remembered.
#[tokio::test]
async fn an_announced_write_is_a_write() {
    for (purge, is_all) in [(notes(), false), (Purge::new(), true)] {
        let site = Site::new();
        let service = site.service(&site.tagged_layer());
        for path in ["/notes/1", "/other"] {
            site.fill(&service, path).await;
        }
        let write = site.cache.announce(&purge).await.expect("a store");
        for _ in 0..2 {
            assert!(!site.is_hit(&service, "/notes/1", "\"v1\"").await);
            assert_eq!(site.is_hit(&service, "/other", "\"v1\"").await, !is_all);
        }
        site.write();
        drop(write);
        assert!(!site.is_hit(&service, "/notes/1", "\"v1\"").await);
        assert!(site.is_hit(&service, "/notes/1", "\"v2\"").await);
    }
}

/// A write without a tag touches everything, even if it names a path.
#[tokio::test]
async fn a_path_alone_is_no_limit() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    site.fill(&service, "/other").await;
    let path = Purge::new().with_target("/notes/1".parse().expect("a URI"));
    drop(site.cache.announce(&path).await.expect("a store"));
    assert!(!site.is_hit(&service, "/other", "\"v1\"").await);
}

/// The announcement of a process that has died runs out. A write that goes on renews it.
#[tokio::test]
async fn an_announcement_runs_out_unless_it_is_renewed() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    let write = site.cache.announce(&notes()).await.expect("a store");
    site.clock.advance(Duration::from_secs(59));
    write.renew().await.expect("a store");
    site.clock.advance(Duration::from_secs(59));
    assert!(!site.is_hit(&service, "/notes/1", "\"v1\"").await);
    assert!(!site.is_hit(&service, "/notes/1", "\"v1\"").await);
    site.clock.advance(Duration::from_secs(1));
    assert!(!site.is_hit(&service, "/notes/1", "\"v1\"").await);
    assert!(site.is_hit(&service, "/notes/1", "\"v1\"").await);
    // The late end voids what was read in between.
    drop(write);
    assert!(!site.is_hit(&service, "/notes/1", "\"v1\"").await);
}

#[tokio::test(start_paused = true)]
async fn an_announcement_that_fails_is_an_error() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Waits] {
        let site = Site::new();
        let service = site.service(&site.tagged_layer());
        site.store.set("begin", fault);
        assert!(site.cache.announce(&notes()).await.is_err(), "{fault:?}");
        assert_eq!(site.store.steps().last(), Some(&"end"));
        site.fill(&service, "/notes/1").await;
    }
}

#[test]
fn the_promise_is_that_of_the_store() {
    assert_eq!(Site::new().cache.guarantee(), Guarantee::SingleProcess);
}
