//! Each recipe with one call, on a route and on a router: its headers on 200, 206, 304 and errors,
//! and its tag.

use std::convert::Infallible;

use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use http::StatusCode;
use tower::{BoxError, Layer, Service, ServiceExt, util::BoxCloneSyncService};
use tower_conditional::{Stack, ValidatorSource, VersionTags, source};

use crate::support::send;

type Boxed = BoxCloneSyncService<Request, Response, Infallible>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Tag {
    Strong,
    Weak,
    None,
}

fn routes() -> Router {
    Router::new()
        .route("/", get(async || "content").put(async || "written"))
        .route("/absent", get(async || StatusCode::NOT_FOUND))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
}

/// Returns the recipe around the whole router, by `Router::layer`, and on a route.
fn placed<L, S, B>(layer: L) -> [Boxed; 2]
where
    L: Layer<Router, Service = S> + Clone + Send + Sync + 'static,
    S: Service<Request, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let around = layer.layer(routes());
    let outside = Router::new().fallback_service(layer.layer(routes()));
    [
        BoxCloneSyncService::new(around.map_response(|response| response.map(Body::new))),
        BoxCloneSyncService::new(outside),
    ]
}

/// R-9110-15.4.5-e, R-9110-15.1-a.
#[tokio::test]
async fn each_recipe_has_its_headers() {
    let recipes = [
        (
            placed(Stack::read_mostly_json()),
            "max-age=60, stale-while-revalidate=30",
            Tag::Strong,
        ),
        (
            placed(Stack::slightly_old_list()),
            "max-age=30, s-maxage=120, stale-while-revalidate=30, stale-if-error=300",
            Tag::Strong,
        ),
        (
            placed(Stack::resilient()),
            "max-age=300, stale-while-revalidate=60, stale-if-error=3600",
            Tag::Strong,
        ),
        (
            placed(Stack::highly_dynamic()),
            "max-age=0, must-revalidate",
            Tag::Strong,
        ),
        (placed(Stack::no_cache()), "no-cache", Tag::Strong),
        (placed(Stack::private()), "private, max-age=60", Tag::Strong),
        (
            placed(Stack::authenticated()),
            "private, max-age=0, must-revalidate",
            Tag::Strong,
        ),
        (placed(Stack::no_store()), "no-store", Tag::None),
        (
            placed(Stack::shared_and_public()),
            "public, max-age=3600",
            Tag::Strong,
        ),
        (
            placed(Stack::immutable_asset()),
            "public, max-age=31536000, immutable",
            Tag::Strong,
        ),
        (placed(Stack::transformed()), "max-age=60", Tag::Weak),
        (
            placed(Stack::guarded_writes(version())),
            "no-cache",
            Tag::Strong,
        ),
    ];
    for (services, policy, tag) in recipes {
        for service in services {
            check(&service, policy, tag).await;
        }
    }
}

fn version() -> impl ValidatorSource + Clone {
    source::now(|_| VersionTags::plain().number(7))
}

async fn check(service: &Boxed, policy: &str, tag: Tag) {
    let full = send(service, "GET", "/", &[]).await;
    assert_eq!(full.status, 200);
    assert_eq!(full.field("cache-control"), Some(policy));
    let found = match full.field("etag") {
        None => Tag::None,
        Some(weak) if weak.starts_with("W/") => Tag::Weak,
        Some(_) => Tag::Strong,
    };
    assert_eq!(found, tag, "{policy}");
    if let Some(tag) = full.field("etag") {
        let same = send(service, "GET", "/", &[("if-none-match", tag)]).await;
        same.assert_not_modified(&full);
        for field in ["cache-control", "vary"] {
            assert_eq!(same.field(field), full.field(field), "{policy}");
        }
        assert!(same.field("date").is_some());
    }
    for path in ["/absent", "/broken", "/none"] {
        let error = send(service, "GET", path, &[]).await;
        assert_eq!(error.field("cache-control"), Some("no-store"), "{path}");
        assert_eq!(error.field("vary"), full.field("vary"), "{path}");
    }
}

/// R-6585-3-a, R-9110-13.1.1-a: the recipe for resources with many writers.
#[tokio::test]
async fn guarded_writes_need_a_condition() {
    for service in placed(Stack::guarded_writes(version())) {
        let full = send(&service, "GET", "/", &[]).await;
        for (condition, status) in [
            (&[][..], 428),
            (&[("if-match", "\"old\"")], 412),
            (&[("if-match", full.tag())], 200),
        ] {
            let reply = send(&service, "PUT", "/", condition).await;
            assert_eq!(reply.status, status, "{condition:?}");
            let policy = (status != 200).then_some("no-store");
            assert_eq!(reply.field("cache-control"), policy);
        }
    }
}

/// Issue 10, B.8: with `MethodRouter::route_layer`, as in its docs, 404 and 405 come before a
/// required condition.
#[tokio::test]
async fn guarded_writes_leave_404_and_405_to_the_router() {
    let methods = get(async || "content").put(async || "written");
    let methods = methods.route_layer(Stack::guarded_writes(version()));
    let service: Router = Router::new().route("/", methods);
    for (method, path, status) in [
        ("PUT", "/", 428),
        ("DELETE", "/", 405),
        ("PATCH", "/", 405),
        ("PUT", "/none", 404),
    ] {
        for condition in [&[][..], &[("if-match", "\"old\"")]] {
            let reply = send(&service, method, path, condition).await;
            let status = match (status, condition) {
                (428, [_]) => 412,
                _ => status,
            };
            assert_eq!(reply.status, status, "{method} {path} {condition:?}");
            let allow = (status == 405).then_some("GET,HEAD,PUT");
            assert_eq!(reply.field("allow"), allow, "{method} {path}");
        }
    }
}
