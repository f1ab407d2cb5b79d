//! The names of entries: namespaces, builds, declared headers, queries and nested services.

use std::collections::HashSet;

use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName};

use super::{
    Site, TestService, ValidatorCache, ValidatorCacheLayer, content, get, put, request, send,
};
use crate::{cache_policy::NoVarySearch, validator_cache::operation_ids::OperationIds};

async fn status(service: &TestService, path: &str, fields: &[(&str, &str)]) -> u16 {
    let fields = [fields, &[("if-none-match", "\"v1\"")]].concat();
    send(service, request("GET", path, &fields))
        .await
        .status()
        .as_u16()
}

/// R-9111-4-a: namespaces share a store, and neither entries nor writes.
#[tokio::test]
async fn namespaces_share_nothing() {
    let site = Site::new();
    let services = ["one", "two", ""].map(|name| {
        let cache = ValidatorCache::new(site.store.clone()).namespace(name);
        site.service(&ValidatorCacheLayer::new(cache).tags(super::first_segment))
    });
    for service in &services {
        assert_eq!(status(service, "/a", &[]).await, 200);
        assert_eq!(status(service, "/a", &[]).await, 304);
    }
    put(&services[0], "/a").await;
    assert_eq!(status(&services[0], "/a", &[]).await, 200);
    assert_eq!(status(&services[1], "/a", &[]).await, 304);
    assert_eq!(status(&services[2], "/a", &[]).await, 304);
}

/// A write forgets the entries without tags of its own namespace only.
#[tokio::test]
async fn a_namespace_has_its_own_entries_without_tags() {
    let site = Site::new();
    let [tagged, same, other] =
        [("one", true), ("one", false), ("two", false)].map(|(name, tags)| {
            let cache = ValidatorCache::new(site.store.clone().shared()).namespace(name);
            let layer = ValidatorCacheLayer::new(cache.build_id("1"));
            match tags {
                true => site.service(&layer.tags(super::first_segment)),
                false => site.service(&layer),
            }
        });
    for service in [&same, &other] {
        assert_eq!(status(service, "/a", &[]).await, 200);
        assert_eq!(status(service, "/a", &[]).await, 304);
    }
    put(&tagged, "/b").await;
    assert_eq!(status(&same, "/a", &[]).await, 200);
    assert_eq!(status(&other, "/a", &[]).await, 304);
}

/// No client can foresee the keys in a store of one process: two caches have two kinds of them.
#[tokio::test]
async fn a_store_of_one_process_has_secret_keys() {
    let site = Site::new();
    let caches = [(); 2].map(|()| {
        let cache = ValidatorCache::new(site.store.clone()).namespace("one");
        site.service(&ValidatorCacheLayer::new(cache))
    });
    for service in &caches {
        assert_eq!(status(service, "/a", &[]).await, 200);
        assert_eq!(status(service, "/a", &[]).await, 304);
    }
}

/// A new version of a template changes content without a write.
#[tokio::test]
async fn entries_of_another_build_are_not_used() {
    let site = Site::new();
    let build = |id: &str| {
        site.service(&ValidatorCacheLayer::new(
            ValidatorCache::new(site.store.clone()).build_id(id),
        ))
    };
    let (old, new) = (build("1"), build("2"));
    assert_eq!(status(&old, "/a", &[]).await, 200);
    assert_eq!(status(&old, "/a", &[]).await, 304);
    assert_eq!(status(&new, "/a", &[]).await, 200);
    // A write of either build touches both.
    put(&old, "/a").await;
    assert_eq!(status(&new, "/a", &[]).await, 200);
}

/// R-9111-4.1-b: each value of a declared header has an entry of its own.
#[tokio::test]
async fn declared_headers_are_in_the_key() {
    let site = Site::new();
    let layer = site
        .layer()
        .vary([ACCEPT_LANGUAGE, ACCEPT, ACCEPT_ENCODING]);
    let service = site.serve(&layer, |site, parts| {
        if parts.method == "PUT" {
            return site.respond(parts);
        }
        let page = site
            .page()
            .header("vary", "accept, Accept-Language, accept-encoding");
        page.body(content("hello")).unwrap()
    });
    let variants: &[&[(&str, &str)]] = &[
        &[],
        &[("accept-language", "")],
        &[("accept-language", "de")],
        &[("accept-language", "en")],
        &[("accept-language", "de"), ("accept-language", "en")],
        &[("accept-language", "en"), ("accept-language", "de")],
        &[("accept-language", "de, en")],
        &[("accept", "de")],
        &[("accept-encoding", "gzip")],
        &[("accept-encoding", "gzip"), ("accept", "text/html")],
    ];
    for fields in variants {
        assert_eq!(status(&service, "/a", fields).await, 200, "{fields:?}");
        assert_eq!(status(&service, "/a", fields).await, 304, "{fields:?}");
    }
    // Whitespace around a value selects nothing, and other headers do not count.
    assert_eq!(
        status(&service, "/a", &[("accept-language", " de ")]).await,
        304
    );
    assert_eq!(
        status(&service, "/a", &[("accept-charset", "x")]).await,
        304
    );
    // R-9111-4.4-a: a write touches every variant.
    put(&service, "/a").await;
    for fields in variants {
        assert_eq!(status(&service, "/a", fields).await, 200, "{fields:?}");
    }
}

/// Parameters that do not select a representation are left out of the key.
#[tokio::test]
async fn parameters_that_select_nothing_have_one_entry() {
    let site = Site::new();
    let policy = NoVarySearch::params(["utm"]).key_order();
    let service = site.service(&site.layer().no_vary_search(policy));
    assert_eq!(status(&service, "/a?x=1&y=2&utm=1", &[]).await, 200);
    assert_eq!(status(&service, "/a?y=2&x=1", &[]).await, 304);
    assert_eq!(status(&service, "/a?y=2&x=1&utm=9", &[]).await, 304);
    assert_eq!(status(&service, "/a?y=2&x=2", &[]).await, 200);
    assert_eq!(status(&service, "/b?y=2&x=1", &[]).await, 200);
    assert_eq!(status(&service, "/a", &[]).await, 200);
    assert_eq!(status(&service, "/a?utm=1", &[]).await, 304);
}

/// R-9111-4-a: below `Router::nest`, equal inner paths are different resources.
#[cfg(feature = "axum")]
#[tokio::test]
async fn nested_services_have_the_path_of_the_client() {
    use axum::{Router, body::Body, extract::OriginalUri, routing::get};
    use tower::ServiceExt;

    let site = Site::new();
    let inner = |name: &'static str| {
        let page = get(move |OriginalUri(uri): OriginalUri| async move {
            assert!(uri.path().starts_with(name));
            ([("etag", "\"v1\"")], name)
        })
        .put(|| async {});
        Router::new()
            .route("/notes/1", page)
            .layer(site.tagged_layer())
    };
    let app = Router::new()
        .nest("/a", inner("/a"))
        .nest("/b", inner("/b"));
    let send = async |method: &str, path: &str| {
        let request = http::Request::builder().method(method).uri(path);
        let request = request
            .header("if-none-match", "\"v1\"")
            .body(Body::empty())
            .unwrap();
        app.clone()
            .oneshot(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(send("GET", "/a/notes/1").await, 200);
    assert_eq!(send("GET", "/a/notes/1").await, 304);
    assert_eq!(send("GET", "/b/notes/1").await, 200);
    assert_eq!(send("GET", "/b/notes/1").await, 304);
    send("PUT", "/a/notes/1").await;
    assert_eq!(send("GET", "/b/notes/1").await, 304);
    assert_eq!(send("GET", "/a/notes/1").await, 200);
}

/// Without axum's `OriginalUri`, two services with equal paths have namespaces.
#[tokio::test]
async fn services_with_equal_paths_have_namespaces() {
    let site = Site::new();
    let named = |name: &'static str| {
        let cache = ValidatorCache::new(site.store.clone()).namespace(name);
        site.service(&ValidatorCacheLayer::new(cache))
    };
    let (notes, orders) = (named("notes"), named("orders"));
    get(&notes, "/1").await;
    assert_eq!(status(&orders, "/1", &[]).await, 200);
}

/// A declared header may have any name, also one of those that the layer reads itself.
#[tokio::test]
async fn any_header_can_be_declared() {
    let site = Site::new();
    let names = ["host", "if-none-match", "*", "x-tenant"]
        .map(|name| HeaderName::from_bytes(name.as_bytes()).expect("a name"));
    let service = site.service(&site.layer().vary(names));
    let tenant = |name| [("x-tenant", name), ("host", "a.test")];
    assert_eq!(status(&service, "/a", &tenant("one")).await, 200);
    assert_eq!(status(&service, "/a", &tenant("one")).await, 304);
    assert_eq!(status(&service, "/a", &tenant("two")).await, 200);
}

/// R-9111-4-a: a handler that forwards requests chooses their server and their path.
#[cfg(feature = "axum")]
#[tokio::test]
async fn forwarded_requests_have_the_server_in_the_key() {
    let site = Site::new();
    let service = site.service(&site.layer());
    let forward = async |uri: &str| {
        let fields = [("host", "front.test"), ("if-none-match", "\"v1\"")];
        let mut request = super::request("GET", uri, &fields);
        let original = axum::extract::OriginalUri(http::Uri::from_static("/a"));
        request.extensions_mut().insert(original);
        super::send(&service, request).await.status().as_u16()
    };
    for uri in [
        "/a",
        "/b",
        "http://one.test/a",
        "http://two.test/a",
        "https://one.test/a",
        "http://one.test/a?b",
    ] {
        assert_eq!(forward(uri).await, 200, "{uri}");
        assert_eq!(forward(uri).await, 304, "{uri}");
    }
}

/// R-9111-4-a: processes of one service share a store's entries. Other services and builds do not.
#[tokio::test]
async fn a_shared_store_keeps_services_and_builds_apart() {
    for build_first in [false, true] {
        let site = Site::new();
        let process = |name: &str, id: &str| {
            let cache = ValidatorCache::new(site.store.clone().shared());
            let cache = match build_first {
                true => cache.build_id(id).namespace(name),
                false => cache.namespace(name).build_id(id),
            };
            site.service(&ValidatorCacheLayer::new(cache))
        };
        assert_eq!(status(&process("one", "1"), "/a", &[]).await, 200);
        assert_eq!(status(&process("one", "1"), "/a", &[]).await, 304);
        assert_eq!(status(&process("two", "1"), "/a", &[]).await, 200);
        assert_eq!(status(&process("one", "2"), "/a", &[]).await, 200);
    }
}

/// Processes with one store tell their reads and writes apart.
#[test]
fn no_two_operations_have_one_name() {
    let (one, other) = (OperationIds::new(), OperationIds::new());
    let names = [one.next(), one.next(), other.next(), other.next()];
    assert_eq!(HashSet::from(names).len(), 4);
}
