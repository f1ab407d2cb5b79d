//! Idempotency keys among other layers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use http::{HeaderValue, Method, header};
use tokio::sync::Notify;
use tower_conditional::{
    CachePolicyLayer, ConditionalLayer, EntityTag, EtagLayer, IdempotencyLayer, PreconditionLayer,
    cache_policy::CachePolicy, detached::Detached, source, stack, store::MemoryIdempotencyStore,
};
use tower_http::{
    compression::CompressionLayer, cors::CorsLayer, timeout::TimeoutLayer, trace::TraceLayer,
};

use crate::support::{CONTENT, Fields, Reply, send};

const KEY: (&str, &str) = ("idempotency-key", "\"a\"");
const REPLAYED: &str = "idempotent-replayed";

type Runs = Arc<AtomicUsize>;

fn keys() -> IdempotencyLayer<MemoryIdempotencyStore> {
    IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new())
}

async fn order(State(runs): State<Runs>) -> Response {
    let number = runs.fetch_add(1, Ordering::SeqCst) + 1;
    let location = format!("/orders/{number}");
    (StatusCode::CREATED, [(header::LOCATION, location)], CONTENT).into_response()
}

/// Returns a service that makes orders, and the number of its executions.
fn orders() -> (Router, Runs) {
    let runs = Runs::default();
    let router = Router::new().route("/orders", post(order));
    (router.with_state(Arc::clone(&runs)), runs)
}

fn count(runs: &Runs) -> usize {
    runs.load(Ordering::SeqCst)
}

async fn post_order(app: &Router, fields: Fields<'_>) -> Reply {
    send(app, "POST", "/orders", fields).await
}

/// P-ID-precond-order: a retried write gets its first answer, and no 412 on its own success.
#[tokio::test]
async fn a_stack_answers_retries_before_conditions() {
    let version = Arc::new(AtomicUsize::new(1));
    let current = Arc::clone(&version);
    let tags = source::now(move |_| {
        let version = current.load(Ordering::SeqCst);
        EntityTag::strong(version.to_string()).expect("a tag")
    });
    let write = async |State(version): State<Runs>| {
        version.fetch_add(1, Ordering::SeqCst);
        StatusCode::NO_CONTENT
    };
    let layer = stack()
        .idempotency(keys().methods([Method::PUT]))
        .precondition(PreconditionLayer::new(tags).check_only().require());
    let app: Router = Router::new()
        .route(
            "/note",
            get(async || CONTENT).merge(put(write)).route_layer(layer),
        )
        .with_state(Arc::clone(&version));
    let put = async |key| {
        let fields = [("if-match", "\"1\""), ("idempotency-key", key)];
        send(&app, "PUT", "/note", &fields).await
    };
    let (first, retry) = (put("\"a\"").await, put("\"a\"").await);
    assert_eq!((first.status, retry.status), (204, 204));
    assert_eq!(retry.field(REPLAYED), Some("true"));
    assert_eq!(version.load(Ordering::SeqCst), 2);
    // With another key it is a new write, whose condition is false. Its 412 is repeated too.
    for replayed in [None, Some("true")] {
        let late = put("\"b\"").await;
        assert_eq!((late.status, late.field(REPLAYED)), (412, replayed));
    }
    // Without a key nothing is repeated.
    let without = send(&app, "PUT", "/note", &[("if-match", "\"2\"")]).await;
    assert_eq!((without.status, without.field(REPLAYED)), (204, None));
    let read = send(&app, "GET", "/note", &[("if-none-match", "\"3\"")]).await;
    assert_eq!(read.status, 304);
}

/// Lets requests pass while the caller has access.
async fn authorize(
    State(access): State<Arc<AtomicBool>>,
    request: Request,
    next: Next,
) -> Response {
    if access.load(Ordering::SeqCst) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

/// P-ID-auth-order: a caller who has lost access gets no recorded response.
#[tokio::test]
async fn lost_access_wins_over_a_replay() {
    let (router, runs) = orders();
    let access = Arc::new(AtomicBool::new(true));
    let authorization = from_fn_with_state(Arc::clone(&access), authorize);
    let app = router
        .layer(stack().idempotency(keys()))
        .layer(authorization);
    assert_eq!(post_order(&app, &[KEY]).await.status, 201);
    access.store(false, Ordering::SeqCst);
    let refused = post_order(&app, &[KEY]).await;
    assert_eq!((refused.status, refused.body.len()), (403, 0));
    access.store(true, Ordering::SeqCst);
    let replay = post_order(&app, &[KEY]).await;
    assert_eq!((replay.status, replay.field(REPLAYED)), (201, Some("true")));
    assert_eq!(count(&runs), 1);
}

/// R-IK07-5-b: below `nest`, one path belongs to two services with records of their own.
#[tokio::test]
async fn nested_services_have_records_of_their_own() {
    let (router, runs) = orders();
    let inner = router.layer(stack().idempotency(keys()));
    let app = Router::new().nest("/a", inner.clone()).nest("/b", inner);
    for replayed in [None, Some("true")] {
        let a = send(&app, "POST", "/a/orders", &[KEY]).await;
        let b = send(&app, "POST", "/b/orders", &[KEY]).await;
        assert_eq!(a.field("location"), Some("/orders/1"));
        assert_eq!(b.field("location"), Some("/orders/2"));
        assert_eq!((a.field(REPLAYED), b.field(REPLAYED)), (replayed, replayed));
    }
    assert_eq!(count(&runs), 2);
}

/// P-ID-replay-secrets: headers of CORS are those of this request, on either side.
#[tokio::test]
async fn a_replay_is_readable_across_origins() {
    let cors = || CorsLayer::new().allow_origin(HeaderValue::from_static("https://example.com"));
    let origin = ("origin", "https://example.com");
    let (router, runs) = orders();
    let outside = router.layer(keys()).layer(cors());
    for replayed in [None, Some("true")] {
        let reply = post_order(&outside, &[KEY, origin]).await;
        assert_eq!(reply.field(REPLAYED), replayed);
        let allowed = reply.field("access-control-allow-origin");
        assert_eq!(allowed, Some("https://example.com"));
    }
    let (router, inside_runs) = orders();
    let inside = router.layer(cors()).layer(keys());
    assert_eq!(post_order(&inside, &[KEY, origin]).await.status, 201);
    let replay = post_order(&inside, &[KEY, origin]).await;
    assert_eq!(replay.field("access-control-allow-origin"), None);
    assert_eq!((count(&runs), count(&inside_runs)), (1, 1));
}

/// P-ID-replay-fidelity: compression outside codes the replay anew. Inside, it hides the length
/// of the content, and the key is sealed.
#[tokio::test]
async fn compression_belongs_outside() {
    let gzip = ("accept-encoding", "gzip");
    let (router, runs) = orders();
    let outside = router.layer(keys()).layer(CompressionLayer::new());
    let plain = post_order(&outside, &[KEY]).await;
    assert_eq!(plain.body, CONTENT.as_bytes());
    let coded = post_order(&outside, &[KEY, gzip]).await;
    assert_eq!(coded.field("content-encoding"), Some("gzip"));
    assert_eq!(coded.field(REPLAYED), Some("true"));
    assert!(coded.body.len() < CONTENT.len());
    assert_eq!(post_order(&outside, &[KEY]).await.body, CONTENT.as_bytes());
    let (router, inside_runs) = orders();
    let inside = router.layer(CompressionLayer::new()).layer(keys());
    assert_eq!(post_order(&inside, &[KEY, gzip]).await.status, 201);
    assert_eq!(post_order(&inside, &[KEY, gzip]).await.status, 409);
    assert_eq!((count(&runs), count(&inside_runs)), (1, 1));
}

#[tokio::test]
async fn traces_work_on_either_side() {
    let (router, runs) = orders();
    let app = router
        .layer(TraceLayer::new_for_http())
        .layer(keys())
        .layer(TraceLayer::new_for_http());
    for replayed in [None, Some("true")] {
        let reply = post_order(&app, &[KEY]).await;
        assert_eq!((reply.status, reply.field(REPLAYED)), (201, replayed));
        assert_eq!(reply.body, CONTENT.as_bytes());
    }
    assert_eq!(count(&runs), 1);
}

/// Makes an order that takes two seconds.
async fn slow_order(State(runs): State<Runs>) -> StatusCode {
    runs.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(2)).await;
    StatusCode::CREATED
}

/// P-ID-disconnect: a timeout outside is a client that leaves. A timeout inside answers 408, which
/// frees the key of a handler that was cancelled.
#[tokio::test(start_paused = true)]
async fn a_timeout_belongs_outside() {
    let timeout =
        || TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(1));
    let slow = || {
        let runs = Runs::default();
        let router = Router::new().route("/orders", post(slow_order));
        (router.with_state(Arc::clone(&runs)), runs)
    };
    let (router, runs) = slow();
    let detached = Detached::new();
    let outside = router
        .layer(keys().detached(detached.clone()))
        .layer(timeout());
    assert_eq!(post_order(&outside, &[KEY]).await.status, 408);
    assert_eq!(post_order(&outside, &[KEY]).await.status, 409);
    detached.idle().await;
    let replay = post_order(&outside, &[KEY]).await;
    assert_eq!((replay.status, replay.field(REPLAYED)), (201, Some("true")));
    assert_eq!(count(&runs), 1);
    let (router, runs) = slow();
    let inside = router.layer(timeout()).layer(keys());
    assert_eq!(post_order(&inside, &[KEY]).await.status, 408);
    assert_eq!(post_order(&inside, &[KEY]).await.status, 408);
    assert_eq!(count(&runs), 2);
}

/// P-ID-nocache: a replay stays as it was recorded, also if its request has a condition.
#[tokio::test]
async fn a_replay_never_becomes_a_304() {
    let runs = Runs::default();
    let tagged = async |State(runs): State<Runs>| {
        runs.fetch_add(1, Ordering::SeqCst);
        ([(header::ETAG, "\"v1\"")], CONTENT)
    };
    let router: Router = Router::new()
        .route("/orders", get(tagged).post(tagged))
        .with_state(Arc::clone(&runs));
    let keys = || keys().methods([Method::GET, Method::POST]);
    let inside = router.clone().layer(stack().idempotency(keys()));
    let outside = router.layer(keys()).layer(ConditionalLayer::new());
    let hashed = orders().0.layer(keys()).layer(stack());
    for app in [inside, outside, hashed] {
        for method in ["POST", "GET"] {
            let key = (
                "idempotency-key",
                ["\"p\"", "\"g\""][usize::from(method == "GET")],
            );
            let first = send(&app, method, "/orders", &[key]).await;
            for condition in [("if-none-match", "\"v1\""), ("if-none-match", "*")] {
                let retry = send(&app, method, "/orders", &[key, condition]).await;
                assert_eq!((retry.status, &retry.body), (first.status, &first.body));
                assert_eq!(retry.field(REPLAYED), Some("true"));
            }
            let failed = send(&app, method, "/orders", &[key, ("if-match", "\"x\"")]).await;
            assert_eq!(failed.status, first.status);
        }
    }
    assert_eq!(count(&runs), 4);
}

/// P-ID-nocache: the policy outside covers first responses and replays alike.
#[tokio::test]
async fn a_cache_policy_covers_replays_and_refusals() {
    let (router, _) = orders();
    let policy = CachePolicyLayer::new(CachePolicy::no_cache());
    let layer = stack()
        .cache_policy(policy)
        .idempotency(keys().require_key());
    let app = router.layer(layer);
    let first = post_order(&app, &[KEY]).await;
    let replay = post_order(&app, &[KEY]).await;
    assert_eq!(replay.field(REPLAYED), Some("true"));
    for name in ["vary", "location", "content-type"] {
        assert_eq!(first.field(name), replay.field(name), "{name}");
    }
    // A replay is older than its new `Date`.
    assert_eq!(first.field("cache-control"), None);
    assert_eq!(replay.field("cache-control"), Some("no-store"));
    let refused = post_order(&app, &[]).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.field("cache-control"), Some("no-store"));
}

/// Each layer of a stack can be set, with bodies that fit.
#[tokio::test(start_paused = true)]
async fn a_stack_with_every_layer_and_a_lock() {
    use tower_conditional::{lock::KeyedLock, source::SelfGet};

    let go_on = Arc::new(Notify::new());
    go_on.notify_one();
    let write = async |State(go_on): State<Arc<Notify>>, content: String| {
        go_on.notified().await;
        content
    };
    let reads: Router = Router::new().route("/note", get(async || CONTENT));
    let tagged = tower::Layer::layer(&stack(), reads);
    let layer = stack()
        .etag(EtagLayer::new())
        .conditional(ConditionalLayer::new())
        .idempotency(keys().methods([Method::PUT]))
        .precondition(
            PreconditionLayer::self_get(SelfGet::of(tagged))
                .require()
                .lock(KeyedLock::new(), |request| {
                    Some(request.uri.path().to_owned())
                }),
        )
        .cache_policy(CachePolicyLayer::new(CachePolicy::no_cache()));
    let app: Router = Router::new()
        .route(
            "/note",
            get(async || CONTENT).merge(put(write)).route_layer(layer),
        )
        .with_state(go_on);
    let read = send(&app, "GET", "/note", &[]).await;
    for replayed in [None, Some("true")] {
        let reply = send(&app, "PUT", "/note", &[KEY, ("if-match", read.tag())]).await;
        assert_eq!((reply.status, reply.field(REPLAYED)), (200, replayed));
    }
}
