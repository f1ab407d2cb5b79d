//! The service for operators.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tower::ServiceExt;

use super::{Fault, Site};
use crate::validator_cache::EtagsCacheService;

async fn operate(site: &Site, method: &str, path: &str) -> http::Response<String> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Full::<Bytes>::default())
        .unwrap();
    let service = EtagsCacheService::new(site.cache.clone());
    service
        .oneshot(request)
        .await
        .unwrap_or_else(|never| match never {})
}

#[tokio::test]
async fn the_operator_forgets_everything_or_a_tag() {
    for (path, is_kept) in [
        ("/$etags-cache", [false, false]),
        ("/%24etags-cache", [false, false]),
        ("/$etags%2dcache?x=1", [false, false]),
        ("/a/$etags-cache", [false, true]),
        ("/a/%24etags-cache", [false, true]),
        ("/%61/$etags-cache", [false, true]),
        ("/b/$etags-cache", [true, false]),
        ("/c/$etags-cache", [true, true]),
        ("/A/$etags-cache", [true, true]),
    ] {
        let site = Site::new();
        let service = site.service(&site.tagged_layer());
        for path in ["/a/1", "/b/1"] {
            site.fill(&service, path).await;
        }
        let response = operate(&site, "DELETE", path).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        for (read, is_kept) in ["/a/1", "/b/1"].into_iter().zip(is_kept) {
            assert_eq!(
                site.is_hit(&service, read, "\"v1\"").await,
                is_kept,
                "{path} {read}"
            );
        }
    }
}

#[tokio::test]
async fn other_requests_change_nothing() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    site.fill(&service, "/a/1").await;
    for path in [
        "/",
        "/a",
        "/$etags-cache/a",
        "/$ETAGS-cache",
        "/$etags-cache/",
        "/x$etags-cache",
        // A path with a prefix names no tag. A tag with a slash is escaped.
        "/admin/a/$etags-cache",
        // A script with an unset variable sends an empty tag.
        "//$etags-cache",
        "///$etags-cache",
        "/admin//$etags-cache",
    ] {
        assert_eq!(
            operate(&site, "DELETE", path).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    for method in ["GET", "POST", "delete"] {
        let response = operate(&site, method, "/$etags-cache").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "DELETE");
    }
    assert!(site.is_hit(&service, "/a/1", "\"v1\"").await);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_store_is_a_503() {
    for fault in [Fault::Refused, Fault::AnswerLost, Fault::Waits] {
        let site = Site::new();
        site.store.set("invalidate", fault);
        for path in ["/$etags-cache", "/a/$etags-cache"] {
            let response = operate(&site, "DELETE", path).await;
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()["retry-after"], "1");
        }
    }
}
