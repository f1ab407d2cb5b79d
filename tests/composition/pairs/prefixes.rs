//! The prefix that a router takes away, as a part of a key.

use axum::{Router, extract::Request, routing::post};
use http::Uri;
use tower::{Layer, util::MapRequestLayer};

use super::{Count, REPLAYED, keyed, keys, keys_of, store};

fn orders(count: &Count) -> Router {
    Router::new().route("/orders", post(count.create()))
}

/// RFC 3986, section 2.2: an encoded slash is no separator, and no dot segment is removed.
#[tokio::test]
async fn an_encoded_slash_is_another_prefix() {
    let (count, shared) = (Count::default(), store());
    let service = || orders(&count).layer(keys_of(&shared));
    let app = Router::new()
        .nest("/{tenant}", service())
        .nest("/a/b", service());
    let paths = [
        "/a/b/orders",
        "/a%2Fb/orders",
        "/a%2F%2E%2E%2Fb/orders",
        "/b/orders",
        "/%2E%2E/orders",
    ];
    for replayed in [None, Some("true")] {
        for path in paths {
            let reply = keyed(&app, "POST", path, "a", &[]).await;
            assert_eq!(
                (reply.status, reply.field(REPLAYED)),
                (201, replayed),
                "{path}"
            );
        }
    }
    assert_eq!(count.get(), paths.len());
}

/// Bytes that are no UTF-8, and an encoded percent sign, are told apart.
#[tokio::test]
async fn prefixes_of_any_bytes_are_told_apart() {
    let count = Count::default();
    let inner = Router::new().fallback(count.create()).layer(keys());
    let app = Router::new()
        .nest_service("/a", inner.clone())
        .nest_service("/%FF", inner.clone())
        .nest_service("/%FE", inner);
    for (path, replayed) in [
        ("/%FF/x", None),
        ("/%FE/x", None),
        ("/a/x", None),
        ("/%FF/x", Some("true")),
    ] {
        let reply = keyed(&app, "POST", path, "a", &[]).await;
        assert_eq!(
            (reply.status, reply.field(REPLAYED)),
            (201, replayed),
            "{path}"
        );
    }
}

/// RFC 3986, section 6.2.2.2: the rest of the path in another spelling is another fingerprint, of one
/// key. It does not run twice.
#[tokio::test]
async fn the_rest_in_another_spelling_is_refused() {
    let count = Count::default();
    let inner = Router::new().fallback(count.create()).layer(keys());
    let app = Router::new().nest("/api", Router::new().nest_service("/v1", inner));
    for (path, status) in [
        ("/api/v1/a/b", 201),
        ("/api/v1/a%2Fb", 422),
        ("/api/v1/a//b", 422),
        ("/api/v1//a/b", 422),
        ("/api/v1/a/b/", 422),
        ("/api/v1/%61/b", 422),
        ("/api/v1/", 422),
        ("/api/v1", 422),
        ("/api/v1/api/v1", 422),
        ("/api/v1/v1", 422),
        ("/api/v1?a/b", 422),
        ("/api/v1/a/b", 201),
    ] {
        let reply = keyed(&app, "POST", path, "a", &[]).await;
        assert_eq!(reply.status, status, "{path}");
    }
    assert_eq!(count.get(), 1);
}

/// A layer below `nest` that trims slashes: the service has one set of keys.
#[tokio::test]
async fn trimmed_slashes_change_no_prefix() {
    let count = Count::default();
    let trim = MapRequestLayer::new(|mut request: Request| {
        let path = request.uri().path().trim_end_matches('/').to_owned();
        *request.uri_mut() = path.parse().unwrap();
        request
    });
    let app = Router::new().nest_service("/api", trim.layer(orders(&count).layer(keys())));
    for (path, status) in [
        ("/api/orders", 201),
        ("/api/orders/", 422),
        ("/api/orders//", 422),
    ] {
        let reply = keyed(&app, "POST", path, "a", &[]).await;
        assert_eq!(reply.status, status, "{path}");
    }
    assert_eq!(count.get(), 1);
}

/// A layer that adds a segment, cuts one off, or turns two round: the service keeps one set of keys.
#[tokio::test]
async fn a_rewritten_rest_runs_once() {
    for rewrite in ["/orders/1/orders", "/api/orders/1", "/1/orders"] {
        let count = Count::default();
        let inner = Router::new().fallback(count.create()).layer(keys());
        let to: Uri = rewrite.parse().unwrap();
        let rewritten = MapRequestLayer::new(move |mut request: Request| {
            *request.uri_mut() = to.clone();
            request
        });
        let app = Router::new().nest_service("/api", rewritten.layer(inner));
        for (path, status) in [
            ("/api/orders/1", 201),
            ("/api/orders/2", 422),
            ("/api/orders/1", 201),
        ] {
            let reply = keyed(&app, "POST", path, "a", &[]).await;
            assert_eq!(reply.status, status, "{rewrite} {path}");
        }
        assert_eq!(count.get(), 1, "{rewrite}");
    }
}

/// Two services with names of their own below one prefix, and one service below two.
#[tokio::test]
async fn a_namespace_does_not_join_prefixes() {
    let (count, shared) = (Count::default(), store());
    let named = |name: &str| orders(&count).layer(keys_of(&shared).namespace(name));
    let app = Router::new()
        .nest("/a", named("one"))
        .nest("/b", named("one"))
        .nest("/c", named("two"));
    for replayed in [None, Some("true")] {
        for path in ["/a/orders", "/b/orders", "/c/orders"] {
            let reply = keyed(&app, "POST", path, "a", &[]).await;
            assert_eq!(
                (reply.status, reply.field(REPLAYED)),
                (201, replayed),
                "{path}"
            );
        }
    }
}
