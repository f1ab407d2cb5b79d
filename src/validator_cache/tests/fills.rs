//! The responses that are remembered.

use http::{StatusCode, header::ACCEPT_LANGUAGE};

use super::{HandlerResponse, Site, content, get, request, send};
use crate::{cache_tags::CacheTags, semantics::caching::cache_policy::CachePolicy};

/// Returns `true` if a page with these headers is remembered.
async fn fills(status: u16, fields: &'static [(&str, &str)]) -> bool {
    let site = Site::new();
    let layer = site.layer().vary([ACCEPT_LANGUAGE]);
    let service = site.serve(&layer, move |site, _| {
        let mut page = site.page().status(status);
        for (name, value) in fields {
            page = page.header(*name, *value);
        }
        page.body(content("hello")).unwrap()
    });
    get(&service, "/a").await;
    let is_filled = site.is_hit(&service, "/a", "\"v1\"").await;
    // A lease that fills nothing is given back.
    assert_eq!(
        site.store.len(),
        usize::from(is_filled),
        "{status} {fields:?}"
    );
    is_filled
}

/// R-9111-3-a, R-9111-4.1-b, R-9111-7.3-a: each refusal.
#[tokio::test]
async fn only_storable_pages_are_remembered() {
    for (status, fields) in [
        (203, &[][..]),
        (204, &[]),
        (206, &[]),
        (206, &[("content-range", "bytes 0-4/9")]),
        (301, &[]),
        (404, &[]),
        (410, &[]),
        (412, &[]),
        (500, &[]),
        (200, &[("content-range", "bytes 0-4/9")]),
        (200, &[("cache-control", "No-Store")]),
        (
            200,
            &[
                ("cache-control", "max-age=60"),
                ("cache-control", "no-store"),
            ],
        ),
        (200, &[("cache-control", "private")]),
        (200, &[("cache-control", "private=\"x-user\"")]),
        (200, &[("set-cookie", "a=b")]),
        (200, &[("vary", "*")]),
        (200, &[("vary", "cookie")]),
        (200, &[("vary", "accept-language, accept-encoding")]),
        (200, &[("vary", "accept-language"), ("vary", "origin")]),
        (200, &[("etag", "\"v2\"")]),
    ] {
        assert!(!fills(status, fields).await, "{status} {fields:?}");
    }
    for fields in [
        &[][..],
        &[("cache-control", "no-cache")],
        &[("cache-control", "max-age=60, public")],
        &[("vary", "Accept-Language")],
        &[("cdn-cache-control", "no-store")],
        &[("expires", "0")],
    ] {
        assert!(fills(200, fields).await, "{fields:?}");
    }
}

/// A date alone, and a malformed tag, are no names of a state.
#[tokio::test]
async fn pages_without_a_tag_are_not_remembered() {
    for tag in [None, Some("v1"), Some("\"v1"), Some("w/\"v1\""), Some("")] {
        let site = Site::new();
        let service = site.serve(&site.layer(), move |_, _| {
            let mut page = HandlerResponse::new(content("hello"));
            let date = "Tue, 01 Dec 2026 00:00:00 GMT".parse().expect("a value");
            page.headers_mut().insert("last-modified", date);
            if let Some(tag) = tag {
                page.headers_mut()
                    .insert("etag", tag.parse().expect("a value"));
            }
            page
        });
        for _ in 0..2 {
            let since = ("if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT");
            let response = send(&service, request("GET", "/a", &[since])).await;
            assert_eq!(response.status(), StatusCode::OK, "{tag:?}");
        }
        assert_eq!((site.runs(), site.store.len()), (2, 0), "{tag:?}");
    }
}

/// A weak tag is one, too.
#[tokio::test]
async fn weak_tags_are_remembered() {
    let site = Site::new();
    let service = site.serve(&site.layer(), |_, _| {
        let mut page = HandlerResponse::new(content("hello"));
        page.headers_mut()
            .insert("etag", "W/\"v1\"".parse().expect("a value"));
        page
    });
    get(&service, "/a").await;
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "W/\"v1\"").await);
}

/// The tags of the handler's response count as those of the request do.
#[tokio::test]
async fn tags_of_the_response_are_scopes() {
    let site = Site::new();
    let service = site.serve(&site.tagged_layer(), |site, request| {
        let mut response = site.respond(request);
        if request.uri.path() == "/a/1" {
            let tags = CacheTags::of(["b"]).expect("a tag");
            response.extensions_mut().insert(tags);
        }
        response
    });
    for other in ["/a/9", "/b/9"] {
        site.fill(&service, "/a/1").await;
        super::put(&service, other).await;
        assert!(!site.is_hit(&service, "/a/1", "\"v1\"").await, "{other}");
    }
    site.fill(&service, "/a/1").await;
    let tag = site.tag();
    super::put(&service, "/c/9").await;
    assert!(site.is_hit(&service, "/a/1", &tag).await);
}

/// R-9111-4.4-e: a read that began before a write never fills after it.
#[tokio::test]
async fn a_read_before_a_write_fills_nothing() {
    let site = Site::new();
    let service = site.service(&site.layer());
    // The handler has read the state, and the content is not read yet.
    let streamed = site.serve(&site.layer(), |site, _| {
        let hello = crate::test_support::Act::data("hello");
        let body = crate::test_support::ScriptedBody::unsized_([hello]);
        site.page().body(body).unwrap()
    });
    let old = super::head(&streamed, request("GET", "/a", &[])).await;
    assert_eq!(site.store.len(), 1);
    super::put(&service, "/a").await;
    crate::test_support::read(old.into_body());
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
}

/// R-9110-15.4.5-a: a policy in the extensions is lost on a 304 from the cache, and the 304 would
/// get another one.
#[tokio::test]
async fn pages_with_a_chosen_policy_are_not_remembered() {
    for policy in [CachePolicy::no_store(), CachePolicy::no_cache()] {
        let site = Site::new();
        let service = site.serve(&site.layer(), move |site, parts| {
            let mut response = site.respond(parts);
            response.extensions_mut().insert(policy.clone());
            response
        });
        get(&service, "/a").await;
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
        assert_eq!(site.store.len(), 0);
    }
}
