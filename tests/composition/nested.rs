//! Issue 11, A.10: layers below `Router::nest`, where the path that a layer sees belongs to two
//! resources.

use axum::{
    Router,
    extract::{OriginalUri, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use tokio::sync::mpsc;
use tower::ServiceExt;
use tower_conditional::{
    Audit, AuditLayer, CacheTagsLayer, ConditionalLayer, PreconditionLayer, VersionTags,
    cache_tags::CacheTags,
    purge::{Purge, PurgeQueue},
    source::{self, SelfGet},
    target,
};

use crate::support::send;

const TREES: [&str; 2] = ["/api/v1", "/api/v2"];

/// Returns two prefixes with the same router inside.
fn nested(inner: &Router) -> Router {
    let add = |app: Router, prefix: &&str| app.nest(prefix, inner.clone());
    TREES.iter().fold(Router::new(), add)
}

async fn whole_path(OriginalUri(uri): OriginalUri) -> String {
    uri.path().to_owned()
}

async fn written() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn notes() -> Router {
    Router::new().route("/notes/{id}", get(whole_path).put(written))
}

/// Returns version 7 of every resource, with the whole path as its scope.
fn source() -> impl tower_conditional::ValidatorSource {
    source::now(|request| {
        let tags = VersionTags::plain().scope(target::of(request).path());
        tags.number(7)
    })
}

fn tag(path: &str) -> String {
    VersionTags::plain().scope(path).number(7).to_string()
}

/// The resource with the other prefix has another tag, and the 412 names its own resource.
#[tokio::test]
async fn a_412_names_the_whole_path() {
    let guard =
        PreconditionLayer::new(source()).with_self_get(SelfGet::of(notes()).writers_may_read());
    let reads = ConditionalLayer::new().source(source());
    let app = nested(&notes().layer(reads).layer(guard));
    for (own, other) in [(TREES[0], TREES[1]), (TREES[1], TREES[0])] {
        let (path, other) = (format!("{own}/notes/1"), format!("{other}/notes/1"));
        let read = send(&app, "GET", &path, &[]).await;
        assert_eq!(read.tag(), tag(&path));
        let put = async |tag: &str| send(&app, "PUT", &path, &[("if-match", tag)]).await;
        assert_eq!(put(&tag(&path)).await.status, 204);
        let failed = put(&tag(&other)).await;
        assert_eq!(failed.status, 412);
        assert_eq!(failed.field("content-location"), Some(&*path));
        assert_eq!(failed.tag(), tag(&path));
        // The service that is asked for the state knows the whole path too.
        assert_eq!(failed.body, path.as_bytes());
    }
}

/// A purge names the URI that the cache has stored, and so do relative locations.
#[tokio::test]
async fn a_purge_names_the_whole_path() {
    let (sent, mut purges) = mpsc::unbounded_channel();
    let queue = PurgeQueue::new(move |purge: Purge| {
        let sent = sent.send(purge);
        async move { sent }
    });
    let created = || async { (StatusCode::CREATED, [("location", "2")]) };
    let inner = Router::new()
        .route("/notes/{id}", get(whole_path).put(created))
        .layer(CacheTagsLayer::new(CacheTags::new()).purge(queue));
    let app = nested(&inner);
    send(&app, "PUT", "/api/v1/notes/1", &[("host", "a")]).await;
    let expected = ["http://a/api/v1/notes/1", "http://a/api/v1/notes/2"];
    let mut found = Vec::new();
    while found.len() < expected.len() {
        let purge = purges.recv().await.unwrap();
        found.extend(purge.targets().map(ToString::to_string));
    }
    assert_eq!(found, expected);
}

/// R-9111-4.4-a: a purge of each write, also if a handler sends one with the extensions of its own.
#[tokio::test]
async fn a_write_inside_of_a_write_is_purged_too() {
    let (sent, mut purges) = mpsc::unbounded_channel();
    let queue = PurgeQueue::new(move |purge: Purge| {
        let sent = sent.send(purge);
        async move { sent }
    });
    let tags = CacheTagsLayer::new(CacheTags::new()).purge(queue.clone());
    let root = Router::new().route("/", put(written));
    let pages = nested(&root).route("/page", put(written)).layer(tags);
    let inner = pages.clone();
    let batch = async move |request: Request| {
        let (mut parts, content) = request.into_parts();
        parts.uri = "/page".parse().unwrap();
        let sent = Request::from_parts(parts, content);
        inner.oneshot(sent).await.into_response()
    };
    let app = pages.route("/batch", put(batch));
    for (path, expected) in [
        ("/batch", &["/batch", "/page"][..]),
        ("/api/v1", &["/api/v1"]),
        ("/page", &["/page"]),
    ] {
        assert_eq!(send(&app, "PUT", path, &[]).await.status, 204);
        queue.flush().await;
        let purge = purges.try_recv().unwrap();
        let targets = Vec::from_iter(purge.targets().map(ToString::to_string));
        assert_eq!(targets, expected);
    }
}

/// Two resources are not compared, and a finding names its own resource.
#[tokio::test]
async fn the_audit_does_not_mix_two_prefixes() {
    // Each prefix is correct by itself.
    async fn one_tag(OriginalUri(uri): OriginalUri) -> Response {
        let content = uri.path().to_owned();
        ([("etag", "\"7\""), ("cache-control", "no-cache")], content).into_response()
    }
    let audit = Audit::new();
    let inner = Router::new()
        .route("/notes/{id}", get(one_tag))
        .layer(AuditLayer::new(audit.clone()));
    let app = nested(&inner);
    for path in ["/api/v1/notes/1", "/api/v2/notes/1", "/api/v1/notes/1"] {
        send(&app, "GET", path, &[]).await;
    }
    audit.assert_clean();
    let broken = Router::new()
        .route("/notes/{id}", get(|| async { [("etag", "7")] }))
        .layer(AuditLayer::new(audit.clone()));
    send(&nested(&broken), "GET", "/api/v2/notes/1", &[]).await;
    let targets: Vec<_> = audit
        .findings()
        .iter()
        .map(|f| f.target().to_owned())
        .collect();
    assert!(!targets.is_empty());
    assert!(
        targets.iter().all(|target| target == "GET /api/v2/notes/1"),
        "{targets:?}"
    );
}

/// Patterns are compared with the path that their layer sees.
#[tokio::test]
async fn a_route_is_that_of_the_nested_router() {
    use tower_conditional::ValidatorSource;

    let reads = ConditionalLayer::new().source(source().at("/notes/{id}").unwrap());
    let app = nested(&notes().layer(reads));
    let path = "/api/v1/notes/1";
    let seen = [("if-none-match", &*tag(path))];
    assert_eq!(send(&app, "GET", path, &seen).await.status, 304);
}
