//! Reads: from the cache, or by the handler.

use std::time::Duration;

use http::{Response, StatusCode};

use super::{Site, ValidatorCache, content, get, get_if, put, request, send};
use crate::test_support::Act;

/// R-9110-15.4.5-a: a 304 from the cache has every line of the headers that a 304 repeats.
#[tokio::test]
async fn a_hit_repeats_the_headers_of_the_200() {
    let site = Site::new();
    let service = site.serve(&site.layer().vary([http::header::ACCEPT]), |site, _| {
        let page = site
            .page()
            .header("cache-control", "max-age=0")
            .header("cache-control", "must-revalidate")
            .header("content-location", "/a.html")
            .header("expires", "Thu, 01 Jan 2026 00:00:00 GMT")
            .header("vary", "accept")
            .header("vary", "Accept")
            .header("content-type", "text/plain")
            .header("content-language", "en")
            .header("x-other", "1");
        page.body(content("hello")).unwrap()
    });
    let full = get(&service, "/a").await;
    assert_eq!(
        (full.status(), full.body()),
        (StatusCode::OK, &vec![Act::data("hello")])
    );
    assert_eq!(site.runs(), 1);
    let hit = send(
        &service,
        request(
            "GET",
            "/a",
            &[("if-none-match", "\"v1\""), ("x-request", "1")],
        ),
    )
    .await;
    assert_eq!(
        (hit.status(), hit.body()),
        (StatusCode::NOT_MODIFIED, &vec![])
    );
    for name in [
        "etag",
        "cache-control",
        "content-location",
        "expires",
        "vary",
    ] {
        let lines = |response: &Response<_>| -> Vec<_> {
            response.headers().get_all(name).iter().cloned().collect()
        };
        assert_eq!(lines(&hit), lines(&full), "{name}");
    }
    for name in [
        "content-type",
        "content-length",
        "content-language",
        "x-other",
        // Of the request, whose memory the headers have.
        "if-none-match",
        "x-request",
    ] {
        assert_eq!(hit.headers().get(name), None, "{name}");
    }
    assert_eq!(site.runs(), 0);
}

/// A layer outside may set them for each response.
#[tokio::test]
async fn the_entry_lives_for_its_time() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    site.clock.advance(Duration::from_secs(59));
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    site.clock.advance(Duration::from_secs(1));
    // The read that finds the end fills the next entry.
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    let short = ValidatorCache::new(site.store.clone()).ttl(Duration::from_secs(5));
    let service = site.service(&super::ValidatorCacheLayer::new(short));
    get(&service, "/b").await;
    site.clock.advance(Duration::from_secs(5));
    assert!(!site.is_hit(&service, "/b", "\"v1\"").await);
}

/// R-9110-13.1.2-a: lists, weak tags, lines and `*`.
#[tokio::test]
async fn if_none_match_is_read_as_usual() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    for tags in [
        "\"x,\", \"v1\"",
        "W/\"v1\"",
        " \"v1\"",
        "*",
        "\"v1\"",
        ",, \"v1\" ,",
    ] {
        assert!(site.is_hit(&service, "/a", tags).await, "{tags}");
    }
    for tags in ["\"v2\"", "\"V1\"", "v1", "\"x,v1\"", "", "\"v1"] {
        assert!(!site.is_hit(&service, "/a", tags).await, "{tags}");
    }
    let lines = [("if-none-match", "\"x\""), ("if-none-match", "\"v1\"")];
    let response = send(&service, request("GET", "/a", &lines)).await;
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
}

/// R-9110-13.1.3-a: a date alone is compared with that of the entry, and a tag wins over it.
#[tokio::test]
async fn if_modified_since_is_compared_with_the_entry() {
    let site = Site::new();
    let service = site.serve(&site.layer(), |site, _| {
        let page = site
            .page()
            .header("last-modified", "Tue, 01 Dec 2026 00:00:00 GMT");
        page.body(content("hello")).unwrap()
    });
    get(&service, "/a").await;
    site.runs();
    let status =
        async |fields: &[(&str, &str)]| send(&service, request("GET", "/a", fields)).await.status();
    let since = |date| ("if-modified-since", date);
    let not_modified = StatusCode::NOT_MODIFIED;
    assert_eq!(
        status(&[since("Tue, 01 Dec 2026 00:00:00 GMT")]).await,
        not_modified
    );
    assert_eq!(
        status(&[since("Tue, 01 Dec 2026 00:00:01 GMT")]).await,
        not_modified
    );
    assert_eq!(site.runs(), 0);
    assert_eq!(
        status(&[since("Mon, 30 Nov 2026 23:59:59 GMT")]).await,
        StatusCode::OK
    );
    assert_eq!(status(&[since("yesterday")]).await, StatusCode::OK);
    let with_tag = [
        since("Tue, 01 Dec 2026 00:00:00 GMT"),
        ("if-none-match", "\"v0\""),
    ];
    assert_eq!(status(&with_tag).await, StatusCode::OK);
    assert_eq!(site.runs(), 3);
}

/// R-9111-4-a: a read without a condition, and one with another tag, get the handler's response.
#[tokio::test]
async fn other_reads_run_the_handler() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    for fields in [&[][..], &[("if-none-match", "\"v0\"")]] {
        let response = send(&service, request("GET", "/a", fields)).await;
        assert_eq!(response.body(), &[Act::data("hello")], "{fields:?}");
    }
    assert_eq!(site.runs(), 2);
    // The entry is still there.
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
}

/// R-9111-4-a: `HEAD` is answered from the entry of a `GET`, and fills none.
#[tokio::test]
async fn head_is_answered_and_never_fills() {
    let site = Site::new();
    let service = site.service(&site.layer());
    let head_if = || request("HEAD", "/a", &[("if-none-match", "\"v1\"")]);
    for _ in 0..2 {
        assert_eq!(send(&service, head_if()).await.status(), StatusCode::OK);
    }
    assert_eq!((site.runs(), site.store.len()), (2, 0));
    // The lease was not taken either.
    get(&service, "/a").await;
    assert_eq!(
        send(&service, head_if()).await.status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(site.runs(), 1);
    assert_eq!(
        get_if(&service, "/a", "\"v1\"").await,
        StatusCode::NOT_MODIFIED
    );
}

/// Methods that are neither reads nor writes pass.
#[tokio::test]
async fn options_and_trace_pass() {
    let site = Site::new();
    let service = site.serve(&site.layer(), |site, _| {
        site.page().body(content("")).unwrap()
    });
    for method in ["OPTIONS", "TRACE"] {
        send(&service, request(method, "/a", &[])).await;
    }
    let known_read = site
        .layer()
        .reads(|_| false)
        .reads(|request| request.uri.path() == "/search")
        .reads(|_| false);
    let service = site.serve(&known_read, |site, _| {
        site.page().body(content("")).unwrap()
    });
    send(&service, request("POST", "/search", &[])).await;
    assert_eq!((site.runs(), site.store.steps()), (3, vec![]));
    send(&service, request("POST", "/a", &[])).await;
    assert_eq!(site.store.steps(), ["begin", "end"]);
}

/// A store that has to be awaited gives the same answers.
#[tokio::test]
async fn an_awaited_store_gives_the_same_answers() {
    let site = Site::new();
    site.store.set("lookup", super::Fault::NotAtOnce);
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    put(&service, "/a").await;
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v2\"").await);
}
