//! Writes that are announced again, since they take long.

use std::time::Duration;

use super::{Fault, Site, put};
use crate::test_support::pass;

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
