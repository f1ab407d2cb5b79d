//! The leaks of other caches, by name. Most are held by tests of their subject:
//!
//! | Leak | Test |
//! |---|---|
//! | a 304 that no write ends (tower-etag-cache) | `writes::each_write_is_visible_at_once` |
//! | an endless body stops every route (tower-etag-cache) | below |
//! | only one exact tag is compared (tower-etag-cache) | `reads::if_none_match_is_read_as_usual` |
//! | the tag of an empty `HEAD` (tower-etag-cache, tower-http-cache) | `reads::head_is_answered_and_never_fills` |
//! | the tag of a part (tower-etag-cache) | `limited_reads::ranges_never_fill` |
//! | a 304 without `Cache-Control`, or with one line of it (most) | `reads::a_hit_repeats_the_headers_of_the_200` |
//! | trailers and lengths are lost (tower-etag-cache) | `bodies::the_content_is_unchanged` |
//! | a 304 without authorization (tower-etag-cache) | `principals`, and `composition::validators` |
//! | keys without query, host, language or user (four caches) | `targets`, `keys`, `principals` |
//! | `Private` and `No-Store` are overlooked (headers, http-cache) | `fills::only_storable_pages_are_remembered` |
//! | the handler runs before the lookup (axum-response-cache) | below |
//! | a client empties the cache (axum-response-cache) | below |
//! | a client's own `ETag` makes a 304 (salvo) | below |
//! | queries fill the memory (axum-response-cache) | `store::tests::memory_validators` |
//! | fill after the write (tower-sessions, redis-rs) | `fills::a_read_before_a_write_fills_nothing` |
//! | a deadlock in a `ConcurrencyLimit` (all four caches) | `composition::readiness::remembered` |

use super::{Site, content, get, get_if, head, put, request, send};
use crate::test_support::{Act, ScriptedBody};

/// tower-etag-cache: one endless body stopped every route.
#[tokio::test]
async fn an_endless_body_stops_nothing() {
    let site = Site::new();
    let service = site.serve(&site.layer(), |site, parts| {
        if parts.uri.path() == "/events" {
            let endless = (0..1_000).map(|_| Act::Wait);
            return site.page().body(ScriptedBody::unsized_(endless)).unwrap();
        }
        site.respond(parts)
    });
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(head(&service, request("GET", "/events", &[])).await);
        assert_eq!(get_if(&service, "/events", "\"x\"").await, 200);
    }
    site.fill(&service, "/a").await;
    put(&service, "/a").await;
    site.fill(&service, "/a").await;
    drop(open);
}

/// axum-response-cache: the inner service was called before the lookup, which for an eager service
/// is all its work.
#[tokio::test]
async fn a_hit_does_not_call_the_service() {
    let site = Site::new();
    // This handler does all its work in `call`.
    let service = site.serve(&site.layer(), |site, _| {
        site.page().body(content("hello")).unwrap()
    });
    get(&service, "/a").await;
    site.runs();
    for method in ["GET", "HEAD"] {
        let known = request(method, "/a", &[("if-none-match", "\"v1\"")]);
        assert_eq!(send(&service, known).await.status(), 304);
    }
    assert_eq!(site.runs(), 0);
}

/// axum-response-cache and salvo: headers of a client must neither empty the cache nor fill it.
#[tokio::test]
async fn headers_of_a_client_change_nothing() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    site.fill(&service, "/a").await;
    for field in [
        ("x-invalidate-cache", "true"),
        ("etag", "\"x\""),
        ("cache-tag", "a"),
        ("surrogate-key", "a"),
        ("cache-group-invalidation", "\"a\""),
        ("x-original-url", "/b"),
        ("x-forwarded-host", "b.test"),
    ] {
        let forged = request("GET", "/a", &[field, ("if-none-match", "\"x\"")]);
        assert_eq!(send(&service, forged).await.status(), 200, "{field:?}");
        assert!(site.is_hit(&service, "/a", "\"v1\"").await, "{field:?}");
        assert!(!site.is_hit(&service, "/a", "\"x\"").await, "{field:?}");
    }
}
