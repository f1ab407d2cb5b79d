//! Paths below nested routers: the keys, the purges and the scopes of what is nested.

use axum::{
    Router,
    extract::{OriginalUri, Request},
    response::IntoResponse,
    routing::any,
};
use http::{Method, StatusCode};
use tokio::sync::mpsc;
use tower::ServiceExt;
use tower_conditional::{
    CacheTagsLayer, IdempotencyLayer,
    cache_tags::CacheTags,
    purge::{Purge, PurgeQueue},
    store::MemoryIdempotencyStore,
    target,
};

use crate::support::send;

/// A router of any path, whose purges are told.
struct Nested {
    inner: Router,
    purges: mpsc::UnboundedReceiver<Vec<String>>,
    queue: PurgeQueue,
}

impl Nested {
    fn new() -> Self {
        let (sent, purges) = mpsc::unbounded_channel();
        let queue = PurgeQueue::new(move |purge: Purge| {
            let targets = purge.targets().map(ToString::to_string).collect();
            let sent = sent.send(targets);
            async move { sent }
        });
        let handler = async |OriginalUri(uri): OriginalUri, request: Request| {
            let (parts, _) = request.into_parts();
            let target = target::of(&parts);
            assert_eq!(*target, uri);
            (StatusCode::CREATED, target.path().to_owned())
        };
        let inner = Router::new()
            .route("/", any(handler))
            .route("/{*rest}", any(handler))
            .layer(
                CacheTagsLayer::new(CacheTags::new())
                    .fields([])
                    .purge(queue.clone()),
            );
        Self {
            inner,
            purges,
            queue,
        }
    }

    /// Sends a write, which purges its whole path alone.
    async fn write(&mut self, app: &Router, path: &str) {
        let reply = send(app, "PUT", path, &[]).await;
        assert_eq!(
            (reply.status, &*reply.body),
            (201, path.as_bytes()),
            "{path}"
        );
        self.queue.flush().await;
        assert_eq!(self.purges.try_recv().unwrap(), [path], "{path}");
        assert!(self.purges.try_recv().is_err(), "{path}");
    }
}

const RESTS: [&str; 8] = [
    "/x", "/x/", "/x//y", "/x//", "/%2Fx", "/a%2Fb", "/a", "/x/../y",
];

/// R-9111-4.4-a: a purge of the path of the client, and of no other, whatever the prefix is made of.
#[tokio::test]
async fn a_purge_below_any_prefix_names_one_path() {
    let mut nested = Nested::new();
    for (pattern, prefix) in [
        ("/a", "/a"),
        ("/a/b", "/a/b"),
        ("/{tenant}", "/a"),
        ("/{tenant}", "/%2F"),
        ("/{tenant}", "/a%2Fb"),
        ("/{tenant}/b", "/a/b"),
        ("/v1/{tenant}/{user}", "/v1/v1/v1"),
        ("/%61", "/%61"),
        ("/a.b-c_d~e", "/a.b-c_d~e"),
    ] {
        let app = Router::new().nest(pattern, nested.inner.clone());
        for rest in RESTS {
            nested.write(&app, &format!("{prefix}{rest}")).await;
        }
        let app = Router::new().nest_service(pattern, nested.inner.clone());
        for rest in RESTS {
            nested.write(&app, &format!("{prefix}{rest}")).await;
        }
    }
}

/// The same below two prefixes, one within the other.
#[tokio::test]
async fn a_purge_below_two_prefixes_names_one_path() {
    let mut nested = Nested::new();
    for (outer, inner, prefix) in [
        ("/a", "/b", "/a/b"),
        ("/a", "/a", "/a/a"),
        ("/{x}", "/{y}", "/a/a"),
        ("/{x}", "/a", "/%2F/a"),
    ] {
        let middle = Router::new().nest(inner, nested.inner.clone());
        let app = Router::new().nest(outer, middle);
        for rest in RESTS {
            nested.write(&app, &format!("{prefix}{rest}")).await;
        }
    }
}

/// A prefix with a slash at its end, and a pattern whose braces are text.
#[tokio::test]
async fn unusual_patterns_are_prefixes_too() {
    let mut nested = Nested::new();
    for (pattern, prefix) in [("/a/", "/a"), ("/a/{x}/", "/a/7"), ("/{{x}}", "/{x}")] {
        let app = Router::new().nest(pattern, nested.inner.clone());
        for rest in ["/x", "/x/y", "/x/"] {
            nested.write(&app, &format!("{prefix}{rest}")).await;
        }
    }
}

/// A fallback and a wildcard take no prefix away.
#[tokio::test]
async fn a_fallback_takes_no_prefix_away() {
    let mut nested = Nested::new();
    let inner = nested.inner.clone();
    let apps = [
        Router::new().fallback_service(inner.clone()),
        Router::new().merge(inner),
    ];
    for app in apps {
        for rest in RESTS {
            nested.write(&app, rest).await;
        }
    }
}

/// R-IK07-5-b: each prefix has keys of its own, and each path below it is a target of its own.
#[tokio::test]
async fn each_prefix_has_its_own_keys() {
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).methods([Method::PUT]);
    let handler = async |OriginalUri(uri): OriginalUri| uri.path().to_owned().into_response();
    let inner = Router::new().route("/{*rest}", any(handler)).layer(keys);
    let middle = Router::new()
        .nest("/m", inner.clone())
        .nest("/n", inner.clone());
    let app = Router::new()
        .nest("/a", middle.clone())
        .nest("/b/", inner.clone())
        .nest("/e/{x}", middle);
    let paths = [
        "/a/m/1", "/a/n/1", "/b/1", "/e/1/m/1", "/e/2/m/1", "/e/1/n/1",
    ];
    let key = [("idempotency-key", "\"a\"")];
    for replayed in [None, Some("true")] {
        for path in paths {
            let reply = send(&app, "PUT", path, &key).await;
            assert_eq!(
                (reply.status, &*reply.body),
                (200, path.as_bytes()),
                "{path}"
            );
            assert_eq!(reply.field("idempotent-replayed"), replayed, "{path}");
        }
    }
    // The same rest with another spelling is another request.
    for path in ["/a/m/%31", "/a/m//1", "/a/m/1/", "/a/m/1?x=1"] {
        assert_eq!(send(&app, "PUT", path, &key).await.status, 422, "{path}");
    }
}

/// A handler that sends a request of its own to a nested router. Each target is purged.
#[tokio::test]
async fn a_request_into_a_nested_router_purges_both_targets() {
    let mut nested = Nested::new();
    let pages = Router::new().nest("/pages", nested.inner.clone());
    let handler = async move |request: Request| {
        let (mut parts, content) = request.into_parts();
        parts.uri = "/pages/1".parse().unwrap();
        let sent = pages.oneshot(Request::from_parts(parts, content)).await;
        sent.into_response().status()
    };
    let app = Router::new().route("/batch", any(handler));
    assert_eq!(send(&app, "PUT", "/batch", &[]).await.status, 201);
    nested.queue.flush().await;
    let purged = nested.purges.try_recv().unwrap();
    assert!(purged.contains(&"/batch".to_owned()), "{purged:?}");
    assert!(
        purged.contains(&"/pages/1".to_owned()) || purged.contains(&"/1".to_owned()),
        "{purged:?}"
    );
}

/// axum takes a second slash away. That is no rewrite, so no other resource is purged.
#[tokio::test]
async fn an_empty_segment_purges_no_other_path() {
    let mut nested = Nested::new();
    let app = Router::new().nest("/a", nested.inner.clone());
    for path in ["/a//x", "/a//", "/a//x/y"] {
        nested.write(&app, path).await;
    }
}
