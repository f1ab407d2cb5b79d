//! Writes whose responses name what they have changed.

use std::time::Duration;

use super::{Fault, Site, head, put, request, send};
use crate::{
    cache_tags::CacheTags,
    test_support::{Act, ScriptedBody, pass},
};

/// R-9111-4.4-c: locations of the response are forgotten on the origin of the target alone.
#[tokio::test]
async fn locations_of_the_response_are_forgotten() {
    for (name, location, is_kept) in [
        ("location", "/b/1", false),
        ("location", "http://x.test/b/1", false),
        ("location", "http://x.test/b/1?a#b", false),
        ("content-location", "../b/1", false),
        ("location", "http://y.test/b/1", true),
        ("location", "http://x.test:8080/b/1", true),
        ("location", "mailto:b@x.test", true),
    ] {
        let site = Site::new();
        let service = site.serve(&site.tagged_layer(), move |site, parts| {
            let mut response = site.respond(parts);
            let location = location.parse().expect("a value");
            if parts.method == "POST" {
                response.headers_mut().insert(name, location);
            }
            response
        });
        let on_host = |method| request(method, "/a/1", &[("host", "x.test")]);
        site.fill(&service, "/b/1").await;
        let tag = site.tag();
        send(&service, on_host("POST")).await;
        assert_eq!(
            site.is_hit(&service, "/b/1", &tag).await,
            is_kept,
            "{location}"
        );
    }
}

/// Tags that only the response names are forgotten when the write ends.
#[tokio::test]
async fn tags_of_the_response_are_forgotten() {
    let site = Site::new();
    let service = site.serve(&site.tagged_layer(), |site, parts| {
        let mut response = site.respond(parts);
        if parts.method == "POST" {
            let tags = CacheTags::of(["b"]).expect("a tag");
            response.extensions_mut().insert(tags);
        }
        response
    });
    site.fill(&service, "/b/1").await;
    site.fill(&service, "/c/1").await;
    let tag = site.tag();
    send(&service, request("POST", "/a/1", &[])).await;
    assert!(!site.is_hit(&service, "/b/1", &tag).await);
    assert!(site.is_hit(&service, "/c/1", &tag).await);
}

/// The handler may write while its content is sent, so they are forgotten once more at its end.
#[tokio::test]
async fn tags_of_the_response_are_forgotten_at_its_end() {
    let site = Site::new();
    let service = site.serve(&site.tagged_layer(), |site, parts| {
        let mut response = site.respond(parts);
        if parts.method == "POST" {
            let tags = CacheTags::of(["b"]).expect("a tag");
            response.extensions_mut().insert(tags);
            *response.body_mut() = ScriptedBody::unsized_([Act::data("done")]);
        }
        response
    });
    let response = head(&service, request("POST", "/a/1", &[])).await;
    site.fill(&service, "/b/1").await;
    let tag = site.tag();
    site.write();
    drop(response);
    assert!(!site.is_hit(&service, "/b/1", &tag).await);
}

/// Nothing else forgets the targets that only the response names. So nothing is answered from the
/// cache until the store has taken them.
#[tokio::test(start_paused = true)]
async fn late_targets_are_forgotten_after_an_outage() {
    let site = Site::new();
    let service = site.serve(&site.tagged_layer(), |site, parts| {
        let mut response = site.respond(parts);
        if parts.method == "POST" {
            let tags = CacheTags::of(["b"]).expect("a tag");
            response.extensions_mut().insert(tags);
            site.store.set("invalidate", Fault::Refused);
            site.store.set("end", Fault::Refused);
        }
        response
    });
    site.fill(&service, "/b/1").await;
    let tag = site.tag();
    send(&service, request("POST", "/a/1", &[])).await;
    for _ in 0..20 {
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!site.is_hit(&service, "/b/1", &tag).await);
    }
    site.store.set("invalidate", None);
    site.store.set("end", None);
    pass(Duration::from_secs(6)).await;
    assert!(!site.is_hit(&service, "/b/1", &tag).await);
    assert!(site.is_hit(&service, "/b/1", &site.tag()).await);
}

/// A write without tags touches everything, so its response can name nothing more.
#[tokio::test]
async fn a_write_of_everything_is_announced_once() {
    let site = Site::new();
    let service = site.serve(&site.layer(), |site, parts| {
        let mut response = site.respond(parts);
        let tags = CacheTags::of(["other"]).expect("a tag");
        response.extensions_mut().insert(tags);
        response
    });
    put(&service, "/a").await;
    assert_eq!(site.store.steps(), ["begin", "end"]);
}
