//! Every place in a router: one run for each key, and the same answer again.

use axum::{
    Router,
    handler::Handler,
    routing::{MethodRouter, get, post, put},
};
use tower_conditional::{IdempotencyLayer, idempotency::Attempt, resource::wrap};

use super::{Count, REPLAYED, keyed, keys, keys_of, problem, store};
use crate::support::send;

/// Checks that two requests with one key are one, and that another key is another.
async fn check(case: &str, app: &Router, path: &str, count: &Count) {
    let before = count.get();
    let first = keyed(app, "POST", path, "a", &[]).await;
    assert_eq!((first.status, first.field(REPLAYED)), (201, None), "{case}");
    let retry = keyed(app, "POST", path, "a", &[]).await;
    assert_eq!(
        (retry.status, retry.field(REPLAYED)),
        (201, Some("true")),
        "{case}"
    );
    assert_eq!(retry.body, first.body, "{case}");
    assert_eq!(
        keyed(app, "POST", path, "b", &[]).await.field(REPLAYED),
        None,
        "{case}"
    );
    assert_eq!(count.get(), before + 2, "{case}");
}

/// R-IK07-2.6-d: the layer works in every place that a router offers.
#[tokio::test]
async fn a_key_runs_once_at_every_place() {
    let count = Count::default();
    let create = || count.create();
    let routes = || Router::new().route("/orders", post(create()));
    for (case, app) in [
        ("Router::layer", routes().layer(keys())),
        ("Router::route_layer", routes().route_layer(keys())),
        (
            "MethodRouter::layer",
            Router::new().route("/orders", post(create()).layer(keys())),
        ),
        (
            "MethodRouter::route_layer",
            Router::new().route("/orders", post(create()).route_layer(keys())),
        ),
        (
            "Handler::layer",
            Router::new().route("/orders", post(create().layer(keys()))),
        ),
        (
            "merge",
            Router::new()
                .route("/other", get(async || ""))
                .merge(routes().layer(keys())),
        ),
        (
            "route_service",
            Router::new().route_service("/orders", wrap(routes(), keys())),
        ),
        ("fallback", Router::new().fallback(create()).layer(keys())),
        (
            "fallback_service",
            Router::new().fallback_service(routes().layer(keys())),
        ),
        (
            "method fallback",
            Router::new()
                .route("/orders", MethodRouter::new().fallback(create()))
                .layer(keys()),
        ),
        (
            "wrap",
            Router::new().fallback_service(wrap(routes(), keys())),
        ),
        ("reset", routes().layer(keys()).reset_fallback()),
        (
            "boxed",
            routes()
                .layer(axum::middleware::from_fn(
                    async |request, next: axum::middleware::Next| next.run(request).await,
                ))
                .layer(keys()),
        ),
    ] {
        check(case, &app, "/orders", &count).await;
    }
    for (case, app) in [
        ("nest", Router::new().nest("/api", routes().layer(keys()))),
        (
            "around nest",
            Router::new().nest("/api", routes()).layer(keys()),
        ),
        (
            "nest_service",
            Router::new().nest_service("/api", routes().layer(keys())),
        ),
    ] {
        check(case, &app, "/api/orders", &count).await;
    }
}

/// R-IK07-2.4-a: two routes with one store have one set of keys.
#[tokio::test]
async fn a_key_of_another_route_is_refused() {
    let (count, shared) = (Count::default(), store());
    let app = Router::new()
        .route("/a", post(count.create()).layer(keys_of(&shared)))
        .route("/b", post(count.create()).route_layer(keys_of(&shared)))
        .merge(
            Router::new()
                .route("/c", post(count.create()))
                .layer(keys_of(&shared)),
        );
    assert_eq!(keyed(&app, "POST", "/a", "a", &[]).await.status, 201);
    for path in ["/b", "/c", "/a?x"] {
        let refused = keyed(&app, "POST", path, "a", &[]).await;
        assert_eq!(
            (refused.status, &*problem(&refused)),
            (422, "reused"),
            "{path}"
        );
    }
    assert_eq!(count.get(), 1);
}

/// R-IK07-5-b: a prefix with a parameter is a part of the key, since it selects the service.
#[tokio::test]
async fn each_tenant_below_a_parameter_has_keys() {
    let count = Count::default();
    let inner = Router::new()
        .route("/orders", post(count.create()))
        .layer(keys());
    let app = Router::new().nest("/tenants/{tenant}", inner);
    for replayed in [None, Some("true")] {
        for tenant in ["one", "two"] {
            let path = format!("/tenants/{tenant}/orders");
            let reply = keyed(&app, "POST", &path, "a", &[]).await;
            assert_eq!(
                (reply.status, reply.field(REPLAYED)),
                (201, replayed),
                "{tenant}"
            );
        }
    }
    assert_eq!(count.get(), 2);
}

/// R-IK07-2.7-b: two spellings of a prefix are one service, so that a retry in the other spelling
/// does not run.
#[tokio::test]
async fn a_prefix_in_another_spelling_has_the_same_keys() {
    let count = Count::default();
    let orders = Router::new()
        .route("/orders", post(count.create()))
        .layer(keys());
    let app = Router::new().nest("/{tenant}", orders);
    for (path, status) in [
        ("/a-b/orders", 201),
        ("/a%2Db/orders", 422),
        ("/a%2db/orders", 422),
        ("/%61-b/orders", 422),
        ("/a-b/orders", 201),
    ] {
        let reply = keyed(&app, "POST", path, "a", &[]).await;
        assert_eq!(reply.status, status, "{path}");
    }
    assert_eq!(count.get(), 1);
}

/// R-IK07-2.7-b: below a layer that rewrites paths, one key is one request.
#[tokio::test]
async fn a_rewritten_path_has_no_keys_of_its_own() {
    for target in ["/one", "/", "/b"] {
        let count = Count::default();
        let orders = Router::new().fallback(count.create()).layer(keys());
        let rewritten =
            tower::util::MapRequestLayer::new(move |mut request: axum::extract::Request| {
                *request.uri_mut() = target.parse().unwrap();
                request
            });
        let service = tower::Layer::layer(&rewritten, orders);
        let app = Router::new()
            .nest_service("/api", service.clone())
            .nest_service("/v2", service.clone())
            .fallback_service(service);
        for (path, status) in [
            ("/api/a", 201),
            ("/api/b", 422),
            ("/api", 422),
            ("/a/x", 201),
            ("/b/b", 422),
            ("/b", 422),
            // A service of its own, which has keys of its own.
            ("/v2/a", 201),
        ] {
            let reply = keyed(&app, "POST", path, "a", &[]).await;
            assert_eq!(reply.status, status, "{path} as {target}");
        }
        assert_eq!(count.get(), 3);
    }
}

/// Two levels of `nest`, and the layer at the innermost.
#[tokio::test]
async fn two_prefixes_are_told_apart() {
    let count = Count::default();
    let inner = Router::new()
        .route("/orders", post(count.create()))
        .layer(keys());
    let middle = Router::new().nest("/v1", inner.clone()).nest("/v2", inner);
    let app = Router::new().nest("/a", middle.clone()).nest("/b", middle);
    for replayed in [None, Some("true")] {
        for path in [
            "/a/v1/orders",
            "/a/v2/orders",
            "/b/v1/orders",
            "/b/v2/orders",
        ] {
            let reply = keyed(&app, "POST", path, "a", &[]).await;
            assert_eq!(
                (reply.status, reply.field(REPLAYED)),
                (201, replayed),
                "{path}"
            );
        }
    }
    assert_eq!(count.get(), 4);
}

/// A 405 of a method that a route lacks runs nothing, and takes no key from the route that exists.
#[tokio::test]
async fn a_method_that_is_missing_takes_no_key() {
    let count = Count::default();
    let app = Router::new().route("/orders", post(count.create()).route_layer(keys()));
    assert_eq!(keyed(&app, "PUT", "/orders", "a", &[]).await.status, 405);
    assert_eq!(keyed(&app, "POST", "/orders", "a", &[]).await.status, 201);
    assert_eq!(count.get(), 1);
}

/// The handler's extractor finds the attempt through every wrapper.
#[tokio::test]
async fn the_attempt_is_found_at_every_place() {
    async fn tell(attempt: Attempt) -> String {
        attempt.key().as_str().to_owned()
    }
    let routes = || Router::new().route("/orders", post(tell));
    for app in [
        routes().layer(keys()),
        Router::new().route("/orders", post(tell.layer(keys()))),
        Router::new().merge(routes()).layer(keys()),
    ] {
        assert_eq!(keyed(&app, "POST", "/orders", "a", &[]).await.body, b"a");
        assert!(send(&app, "POST", "/orders", &[]).await.status >= 400);
    }
}

/// A handler whose method has no keys says which settings are missing.
#[tokio::test]
async fn a_missing_attempt_names_its_remedies() {
    let handler = async |_: Attempt| "";
    let layer = IdempotencyLayer::for_anyone(store()).require_key();
    let app = Router::new().route("/orders", put(handler).route_layer(layer));
    let refused = keyed(&app, "PUT", "/orders", "a", &[]).await;
    let told = String::from_utf8(refused.body).unwrap();
    assert_eq!(refused.status, 500);
    for remedy in [
        "`IdempotencyLayer` on this route",
        "`methods`",
        "`require_key`",
    ] {
        assert!(told.contains(remedy), "{told}");
    }
}
