//! A cache policy at each place in a router, and among other layers.

use axum::{Router, http::HeaderValue, routing::get};
use http::header;
use tower::ServiceBuilder;
use tower_conditional::{
    CachePolicyLayer, ConditionalLayer, EtagLayer,
    cache_policy::{CachePolicy, Rule},
};
use tower_http::{
    compression::CompressionLayer, cors::CorsLayer, set_header::SetResponseHeaderLayer,
};

use crate::support::{CONTENT, router, send};

const PUBLIC: Option<&str> = Some("public, max-age=3600");

fn public() -> CachePolicyLayer {
    CachePolicyLayer::new(CachePolicy::shared_and_public())
}

async fn control(app: &Router, method: &str, path: &str) -> (u16, Option<String>) {
    let reply = send(app, method, path, &[]).await;
    (
        reply.status,
        reply.field("cache-control").map(str::to_owned),
    )
}

/// R-9110-15.1-a, R-9111-4.2.2-a: responses of the router itself have a policy.
#[tokio::test]
async fn responses_of_the_router_have_a_policy() {
    let on_the_route = Router::new().route("/", get(|| async { CONTENT }).layer(public()));
    let said = |status, control: Option<&str>| (status, control.map(str::to_owned));
    for (place, app) in [
        ("router", router().layer(public())),
        ("route", on_the_route),
    ] {
        assert_eq!(
            control(&app, "GET", "/").await,
            said(200, PUBLIC),
            "{place}"
        );
        assert_eq!(
            control(&app, "HEAD", "/").await,
            said(200, PUBLIC),
            "{place}"
        );
        let wrong_method = control(&app, "PUT", "/").await;
        assert_eq!(wrong_method, said(405, Some("no-store")), "{place}");
        let missing = (place == "router").then_some("no-store");
        assert_eq!(
            control(&app, "GET", "/no").await,
            said(404, missing),
            "{place}"
        );
    }
}

/// A rule is compared with the path that its layer sees.
#[tokio::test]
async fn a_nested_router_has_taken_its_prefix_away() {
    let by_path = |path| {
        let rule = Rule::new(CachePolicy::shared_and_public())
            .path(path)
            .unwrap();
        CachePolicyLayer::new(CachePolicy::no_cache())
            .rule(rule)
            .unwrap()
    };
    let nested = |inside, around| {
        let inner = Router::new().route("/a", get(|| async { CONTENT }));
        Router::new()
            .nest("/v1", inner.layer(by_path(inside)))
            .layer(by_path(around))
    };
    let found = control(&nested("/a", "/v1/a"), "GET", "/v1/a").await;
    assert_eq!(found.1.as_deref(), PUBLIC);
    for (inside, around) in [("/v1/a", "/v1/a"), ("/a", "/a")] {
        let found = control(&nested(inside, around), "GET", "/v1/a").await;
        assert_eq!(found.1.as_deref(), Some("no-cache"));
    }
}

/// R-9110-15.4.5-e, R-9110-12.5.5-a: the 304 has the headers of the 200. The policy is inside of
/// the layers that answer, and on either side of compression.
#[tokio::test]
async fn the_304_has_the_policy_of_the_200_in_every_order() {
    let json = || CachePolicyLayer::new(CachePolicy::read_mostly_json());
    let tags = || (ConditionalLayer::new(), EtagLayer::new());
    for (order, app) in [
        (
            "outside",
            router().layer(ServiceBuilder::new().layer(json()).layer(tags())),
        ),
        (
            "inside",
            router().layer(ServiceBuilder::new().layer(tags()).layer(json())),
        ),
        (
            "between",
            router().layer((ConditionalLayer::new(), json(), EtagLayer::new())),
        ),
        (
            "inside compression",
            router().layer((CompressionLayer::new(), json(), tags())),
        ),
        (
            "outside compression",
            router().layer((
                json(),
                ConditionalLayer::new(),
                CompressionLayer::new(),
                EtagLayer::new().weak(),
            )),
        ),
    ] {
        let full = send(&app, "GET", "/", &[("accept-encoding", "gzip")]).await;
        let fields = [("accept-encoding", "gzip"), ("if-none-match", full.tag())];
        let reply = send(&app, "GET", "/", &fields).await;
        reply.assert_not_modified(&full);
        for name in ["cache-control", "vary"] {
            assert!(full.field(name).is_some(), "{order} {name}");
            assert_eq!(reply.field(name), full.field(name), "{order} {name}");
        }
    }
}

/// R-9110-9.3.3-a: a preflight is no read, whatever answers it.
#[tokio::test]
async fn a_preflight_gets_no_policy() {
    let cors = || CorsLayer::permissive();
    for app in [
        router().layer((public(), cors())),
        router().layer((cors(), public())),
    ] {
        let fields = [
            ("origin", "https://example.com"),
            ("access-control-request-method", "GET"),
        ];
        let reply = send(&app, "OPTIONS", "/", &fields).await;
        assert_eq!((reply.status, reply.field("cache-control")), (200, None));
    }
}

/// R-9111-7.3-a: the layer sees only a cookie that is set inside of it.
#[tokio::test]
async fn layers_that_set_cookies_belong_inside() {
    let cookie = || {
        let value = HeaderValue::from_static("session=1");
        SetResponseHeaderLayer::overriding(header::SET_COOKIE, value)
    };
    let inside = control(&router().layer((public(), cookie())), "GET", "/").await;
    assert_eq!(inside.1.as_deref(), Some("private, max-age=3600"));
    let outside = control(&router().layer((cookie(), public())), "GET", "/").await;
    assert_eq!(outside.1.as_deref(), PUBLIC);
}
