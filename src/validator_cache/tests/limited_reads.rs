//! Requests that limit the use of the cache.

use std::time::Duration;

use http::StatusCode;
use http_body_util::Full;

use super::{Site, put, request, send};

/// R-9111-5.2.1.5-a: after `no-store` nothing is remembered, and nothing is answered.
#[tokio::test]
async fn no_store_keeps_a_request_out() {
    let site = Site::new();
    let service = site.service(&site.layer());
    let no_store = ("cache-control", "No-Store, max-age=60");
    send(&service, request("GET", "/a", &[no_store])).await;
    assert_eq!((site.store.steps(), site.store.len()), (vec![], 0));
    site.fill(&service, "/a").await;
    let fields = [no_store, ("if-none-match", "\"v1\"")];
    assert_eq!(
        send(&service, request("GET", "/a", &fields)).await.status(),
        StatusCode::OK
    );
    assert_eq!(site.runs(), 1);
}

/// R-9111-5.2.1-a: `no-cache`, `max-age=0` and `Pragma` ask the handler, whose response may fill.
#[tokio::test]
async fn no_cache_asks_the_handler() {
    for directive in [
        ("cache-control", "no-cache"),
        ("cache-control", "max-age=0"),
        ("pragma", "no-cache"),
    ] {
        let site = Site::new();
        let service = site.service(&site.layer());
        let fields = [directive, ("if-none-match", "\"v1\"")];
        assert_eq!(
            send(&service, request("GET", "/a", &fields)).await.status(),
            StatusCode::OK
        );
        assert!(site.is_hit(&service, "/a", "\"v1\"").await, "{directive:?}");
        site.runs();
        assert_eq!(
            send(&service, request("GET", "/a", &fields)).await.status(),
            StatusCode::OK
        );
        assert_eq!(site.runs(), 1, "{directive:?}");
    }
}

/// Limits of age and of freshness are those of the entry.
#[tokio::test]
async fn limits_of_the_client_count() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    site.clock.advance(Duration::from_secs(10));
    let status = async |directive| {
        let fields = [("cache-control", directive), ("if-none-match", "\"v1\"")];
        send(&service, request("GET", "/a", &fields)).await.status()
    };
    for allowed in [
        "max-age=10",
        "max-age=60",
        "min-fresh=50",
        "max-age=11, min-fresh=1",
    ] {
        assert_eq!(status(allowed).await, StatusCode::NOT_MODIFIED, "{allowed}");
    }
    for asked in ["max-age=9", "min-fresh=51", "max-age=60, min-fresh=60"] {
        assert_eq!(status(asked).await, StatusCode::OK, "{asked}");
    }
}

/// R-9110-14.2-b, R-9111-3.3-a: a range is answered by the handler, and its response fills nothing.
#[tokio::test]
async fn ranges_never_fill() {
    let site = Site::new();
    let service = site.service(&site.layer());
    let range = ("range", "bytes=0-1");
    for fields in [&[range][..], &[range, ("if-range", "\"v1\"")]] {
        send(&service, request("GET", "/a", fields)).await;
        assert_eq!((site.runs(), site.store.len()), (1, 0));
    }
    site.fill(&service, "/a").await;
    send(
        &service,
        request("GET", "/a", &[range, ("if-range", "\"v1\"")]),
    )
    .await;
    assert_eq!(site.runs(), 1);
    // `If-None-Match` is evaluated before `Range` (RFC 9110, section 13.2.2).
    let fields = [range, ("if-none-match", "\"v1\"")];
    let response = send(&service, request("GET", "/a", &fields)).await;
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
}

/// R-9111-4.3.2-a: the cache never decides these, whether they hold or not.
#[tokio::test]
async fn if_match_and_if_unmodified_since_ask_the_handler() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    let current = ("if-none-match", "\"v1\"");
    for field in [
        ("if-match", "\"v1\""),
        ("if-match", "\"v0\""),
        ("if-match", "*"),
        ("if-unmodified-since", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ] {
        for method in ["GET", "HEAD"] {
            let response = send(&service, request(method, "/a", &[field, current])).await;
            assert_eq!(response.status(), StatusCode::OK, "{method} {field:?}");
            assert_eq!(site.runs(), 1, "{method} {field:?}");
        }
    }
    // Nothing is filled from them either.
    put(&service, "/a").await;
    send(&service, request("GET", "/a", &[("if-match", "\"v2\"")])).await;
    assert!(!site.is_hit(&service, "/a", "\"v2\"").await);
}

/// Content of a `GET` is in no key.
#[tokio::test]
async fn reads_with_content_pass_by() {
    let site = Site::new();
    let service = site.service(&site.layer());
    for field in [("content-length", "3"), ("transfer-encoding", "chunked")] {
        send(&service, request("GET", "/a", &[field])).await;
        assert_eq!((site.runs(), site.store.len()), (1, 0), "{field:?}");
    }
    site.fill(&service, "/a").await;
    let fields = [("content-length", "3"), ("if-none-match", "\"v1\"")];
    assert_eq!(
        send(&service, request("GET", "/a", &fields)).await.status(),
        StatusCode::OK
    );
    // Over HTTP/2, content may come without a length.
    let mut unannounced = request("GET", "/a", &[("if-none-match", "\"v1\"")]);
    *unannounced.body_mut() = Full::from("abc");
    assert_eq!(send(&service, unannounced).await.status(), StatusCode::OK);
}
