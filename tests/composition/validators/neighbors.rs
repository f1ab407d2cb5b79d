//! The validator cache beside CORS, compression, idempotency keys, timeouts and authentication.

use std::{sync::atomic::Ordering, time::Duration};

use axum::extract::Request;
use http::{StatusCode, header, request::Parts};
use tower_conditional::{
    CachePolicyLayer, CodingTagLayer, EtagLayer, cache_policy::CachePolicy, stack,
};
use tower_http::{compression::CompressionLayer, timeout::TimeoutLayer};

use super::{Page, cors, keys, remembers};
use crate::support::send;

/// R-9110-15.4.5-c: a browser can read a 304 from the cache.
#[tokio::test]
async fn a_hit_is_readable_across_origins() {
    let page = Page::default();
    let origin = ("origin", "https://example.com");
    let app = page
        .router()
        .layer(stack().validators(remembers()))
        .layer(cors());
    let full = page.full(&app, &[origin]).await;
    let hit = send(
        &app,
        "GET",
        "/page",
        &[origin, ("if-none-match", full.tag())],
    )
    .await;
    hit.assert_not_modified(&full);
    for name in [
        "access-control-allow-origin",
        "access-control-expose-headers",
        "vary",
    ] {
        assert_eq!(hit.field(name), full.field(name), "{name}");
    }
    // Inside, the layer adds headers to `Vary` that are not declared. So nothing is remembered.
    let varied = cors().allow_origin(tower_http::cors::AllowOrigin::mirror_request());
    let app = page
        .router()
        .layer(varied)
        .layer(stack().validators(remembers()));
    let full = page.full(&app, &[origin]).await;
    page.runs();
    for _ in 0..2 {
        let known = [origin, ("if-none-match", full.tag())];
        send(&app, "GET", "/page", &known)
            .await
            .assert_not_modified(&full);
    }
    assert_eq!(page.runs(), 2);
}

/// R-9110-8.8.3-c, R-9111-4.1-b: codings never mix. Outside, each has a tag of its own; inside,
/// each has an entry of its own.
#[tokio::test]
async fn codings_never_mix() {
    let gzip = ("accept-encoding", "gzip");
    let page = Page::default();
    let varied = remembers().vary([header::ACCEPT_ENCODING]);
    let outside = page.router().layer(stack().validators(remembers()));
    let coded = page
        .router()
        .layer(EtagLayer::new())
        .layer(CompressionLayer::new());
    let inside = coded.layer(CodingTagLayer::new());
    for (case, app, runs) in [
        (
            "outside",
            outside
                .layer(CompressionLayer::new())
                .layer(CodingTagLayer::new()),
            0,
        ),
        (
            "inside",
            inside
                .clone()
                .layer(stack().validators(varied).without_etag()),
            0,
        ),
        (
            "inside, undeclared",
            inside.layer(stack().validators(remembers()).without_etag()),
            4,
        ),
    ] {
        let mut tags = Vec::new();
        for accept in [&[][..], &[gzip]] {
            let full = page.full(&app, accept).await;
            assert_eq!(
                full.field("content-encoding"),
                (!accept.is_empty()).then_some("gzip")
            );
            tags.push(full.tag().to_owned());
            let known = [accept, &[("if-none-match", full.tag())]].concat();
            send(&app, "GET", "/page", &known).await;
            page.runs();
            for _ in 0..2 {
                send(&app, "GET", "/page", &known)
                    .await
                    .assert_not_modified(&full);
            }
            assert_eq!(page.runs() * 2, runs, "{case}");
        }
        assert_ne!(tags[0], tags[1], "{case}");
        for (accept, other) in [(&[][..], &tags[1]), (&[gzip], &tags[0])] {
            let known = [accept, &[("if-none-match", other)]].concat();
            let reply = send(&app, "GET", "/page", &known).await;
            // A 304 may name another representation that the client has, and never this one.
            assert!(reply.status == 200 || reply.tag() == other, "{case}");
        }
    }
}

/// Idempotency keys outside: a replay writes nothing, so it forgets nothing.
#[tokio::test]
async fn a_replay_forgets_nothing() {
    let page = Page::default();
    let app = page
        .router()
        .layer(stack().validators(remembers()).idempotency(keys()));
    let key = [("idempotency-key", "\"a\"")];
    assert_eq!(send(&app, "POST", "/page", &key).await.status, 204);
    let full = page.full(&app, &[]).await;
    page.runs();
    let replay = send(&app, "POST", "/page", &key).await;
    assert_eq!((replay.status, page.version()), (204, 1));
    let known = [("if-none-match", full.tag())];
    send(&app, "GET", "/page", &known)
        .await
        .assert_not_modified(&full);
    assert_eq!(page.runs(), 0);
}

/// R-9111-4.4-b: the client of a write has run out of time. The write goes on, and no reader gets
/// the state before it, also in between.
#[tokio::test(start_paused = true)]
async fn a_write_that_times_out_is_a_write() {
    let page = Page::default();
    let state = page.clone();
    let slow = axum::routing::put(move || async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        state.0[0].fetch_add(1, Ordering::SeqCst);
    });
    let layer = stack().validators(remembers());
    let limit = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(1));
    let app = page.router().route("/slow", slow).layer(layer).layer(limit);
    let full = page.full(&app, &[]).await;
    assert_eq!(send(&app, "PUT", "/slow", &[]).await.status, 504);
    let known = [("if-none-match", full.tag())];
    for _ in 0..17 {
        let reply = send(&app, "GET", "/page", &known).await;
        assert_eq!(reply.status == 200, page.version() == 1);
        assert!(page.runs() > 0);
        tokio::time::sleep(Duration::from_millis(499)).await;
    }
    assert_eq!(page.version(), 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        (
            page.version(),
            send(&app, "GET", "/page", &known).await.status
        ),
        (1, 200)
    );
}

/// R-9111-3.5-b: authentication is outside, and its principal is in the key.
#[tokio::test]
async fn a_request_without_permission_gets_no_304() {
    use axum::{
        middleware::{Next, from_fn},
        response::IntoResponse,
    };
    async fn allow(request: Request, next: Next) -> axum::response::Response {
        match request.headers().contains_key("authorization") {
            true => next.run(request).await,
            false => StatusCode::UNAUTHORIZED.into_response(),
        }
    }
    fn user(request: &Parts) -> Option<String> {
        let user = request.headers.get("authorization")?;
        user.to_str().ok().map(str::to_owned)
    }
    let page = Page::default();
    let layer = stack().validators(remembers().principal(user));
    let app = page.router().layer(layer).layer(from_fn(allow));
    let alice = ("authorization", "Basic YTpi");
    let full = page.full(&app, &[alice]).await;
    let known = ("if-none-match", full.tag());
    page.runs();
    send(&app, "GET", "/page", &[alice, known])
        .await
        .assert_not_modified(&full);
    assert_eq!(page.runs(), 0);
    assert_eq!(send(&app, "GET", "/page", &[known]).await.status, 401);
    send(
        &app,
        "GET",
        "/page",
        &[("authorization", "Basic Yjpj"), known],
    )
    .await;
    assert_eq!(page.runs(), 1);
}

/// R-9110-15.4.5-a: the policy that a handler chooses is that of the 304, too.
#[tokio::test]
async fn a_chosen_policy_is_that_of_the_304() {
    let read = || async { (axum::Extension(CachePolicy::no_store()), "mine") };
    let policy = CachePolicyLayer::new(CachePolicy::read_mostly_json());
    let app = axum::Router::new()
        .route("/page", axum::routing::get(read))
        .layer(stack().validators(remembers()).cache_policy(policy));
    let full = send(&app, "GET", "/page", &[]).await;
    assert_eq!(full.field("cache-control"), Some("no-store"));
    for _ in 0..2 {
        let known = [("if-none-match", full.tag())];
        let again = send(&app, "GET", "/page", &known).await;
        again.assert_not_modified(&full);
        assert_eq!(again.field("cache-control"), Some("no-store"));
    }
}
