//! A key inside and outside of limits, queues and timeouts.

use std::time::Duration;

use axum::{
    BoxError, Router,
    error_handling::HandleErrorLayer,
    routing::{any, get},
};
use http::StatusCode;
use tower::{
    ServiceBuilder,
    buffer::BufferLayer,
    limit::{GlobalConcurrencyLimitLayer, RateLimitLayer},
    load_shed::LoadShedLayer,
    timeout::TimeoutLayer,
};
use tower_conditional::{
    PreconditionLayer, ValidatorCacheLayer, detached::Detached, lock::KeyedLock, source::SelfGet,
    stack, store::MemoryValidatorStore, validator_cache::ValidatorCache,
};

use super::{Count, REPLAYED, keyed, keys, problem};

fn slow(count: &Count, seconds: u64) -> Router {
    let count = count.clone();
    let handler = move || {
        let number = count.add();
        async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            (StatusCode::CREATED, format!("order {number}"))
        }
    };
    Router::new().route("/", any(handler))
}

async fn unavailable(_: BoxError) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

/// Two retries that wait, one permit outside: nobody waits for itself.
#[tokio::test(start_paused = true)]
async fn waiting_retries_end_with_one_permit() {
    for outside in [false, true] {
        let count = Count::default();
        let layer = keys().wait_timeout(Duration::from_secs(60));
        let limit = GlobalConcurrencyLimitLayer::new(1);
        let app = match outside {
            true => slow(&count, 10)
                .layer(stack().idempotency(layer))
                .layer(limit),
            false => slow(&count, 10)
                .layer(limit)
                .layer(stack().idempotency(layer)),
        };
        let all =
            futures_util::future::join_all((0..5).map(|_| keyed(&app, "POST", "/", "a", &[])));
        let all = tokio::time::timeout(Duration::from_secs(100), all)
            .await
            .unwrap();
        assert!(all.iter().all(|reply| reply.status == 201), "{all:?}");
        assert_eq!(count.get(), 1);
    }
}

/// A limit outside lets go of its permit with the client. The handler goes on inside.
#[tokio::test(start_paused = true)]
async fn a_limit_outside_counts_clients() {
    let (count, unfinished) = (Count::default(), Detached::new());
    let app = slow(&count, 10)
        .layer(stack().idempotency(keys().detached(unfinished.clone())))
        .layer(
            ServiceBuilder::new()
                .layer(HandleErrorLayer::new(unavailable))
                .layer(TimeoutLayer::new(Duration::from_secs(1)))
                .layer(GlobalConcurrencyLimitLayer::new(1)),
        );
    assert_eq!(keyed(&app, "POST", "/", "a", &[]).await.status, 503);
    assert_eq!(
        (
            unfinished.len(),
            keyed(&app, "POST", "/", "a", &[]).await.status
        ),
        (1, 409)
    );
    unfinished.idle().await;
    let retry = keyed(&app, "POST", "/", "a", &[]).await;
    assert_eq!(
        (retry.status, retry.field(REPLAYED), count.get()),
        (201, Some("true"), 1)
    );
}

/// P-ID-panic: a request that is shed has not run, inside or outside of the layer.
#[tokio::test(start_paused = true)]
async fn a_request_that_is_shed_outside_runs_later() {
    let count = Count::default();
    let shed = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(unavailable))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(1));
    let app = slow(&count, 10).layer(keys()).layer(shed);
    let (first, shed) = tokio::join!(
        keyed(&app, "POST", "/", "a", &[]),
        keyed(&app, "POST", "/", "b", &[])
    );
    assert_eq!((first.status, shed.status, count.get()), (201, 503, 1));
    let later = keyed(&app, "POST", "/", "b", &[]).await;
    assert_eq!(
        (later.status, later.field(REPLAYED), count.get()),
        (201, None, 2)
    );
}

/// A queue and a rate on either side: one run for a key.
#[tokio::test(start_paused = true)]
async fn a_queue_on_either_side_runs_once() {
    for outside in [false, true] {
        let count = Count::default();
        let queue = ServiceBuilder::new()
            .layer(HandleErrorLayer::new(unavailable))
            .layer(BufferLayer::new(16))
            .layer(RateLimitLayer::new(2, Duration::from_secs(1)));
        let app = match outside {
            true => slow(&count, 1).layer(keys()).layer(queue),
            false => slow(&count, 1).layer(queue).layer(keys()),
        };
        for key in ["a", "b", "c"] {
            for replayed in [None, Some("true")] {
                let reply = keyed(&app, "POST", "/", key, &[]).await;
                assert_eq!(
                    (reply.status, reply.field(REPLAYED)),
                    (201, replayed),
                    "{outside}"
                );
            }
        }
        assert_eq!(count.get(), 3);
    }
}

/// Key, lock, the service's own `GET`, remembered tags and one permit: nothing waits for itself.
#[tokio::test(start_paused = true)]
async fn everything_with_one_permit_ends() {
    let count = Count::default();
    let runs = count.clone();
    let write = move || {
        runs.add();
        async { StatusCode::NO_CONTENT }
    };
    let inner = Router::new()
        .route("/", get(async || "content").put(write))
        .layer(GlobalConcurrencyLimitLayer::new(1));
    let guard =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
            .require()
            .lock(KeyedLock::new(), |request| {
                Some(request.uri.path().to_owned())
            });
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let layer = stack()
        .idempotency(keys().wait_timeout(Duration::from_secs(60)))
        .precondition(guard)
        .validators(ValidatorCacheLayer::new(cache).collapse(Duration::from_secs(5)));
    let app = Router::new().fallback_service(tower::Layer::layer(&layer, inner));
    let tag = crate::support::send(&app, "GET", "/", &[])
        .await
        .tag()
        .to_owned();
    let fields = [("if-match", &*tag)];
    let names: Vec<_> = (0..12).map(|number| format!("{}", number % 4)).collect();
    let all = names
        .iter()
        .map(|key| keyed(&app, "PUT", "/", key, &fields));
    let all = tokio::time::timeout(
        Duration::from_secs(100),
        futures_util::future::join_all(all),
    )
    .await
    .unwrap();
    assert!(
        all.iter().all(|reply| reply.status == 204),
        "{:?}",
        all.iter().map(|reply| reply.status).collect::<Vec<_>>()
    );
    assert_eq!(count.get(), 4);
}

/// A timeout of `tower` inside is an error, so the outcome is unknown, and nothing runs twice.
#[tokio::test(start_paused = true)]
async fn a_timeout_inside_that_fails_is_unknown() {
    use http::{Request, Response};
    use tower::{Layer, ServiceExt, service_fn};

    let count = Count::default();
    let runs = count.clone();
    let slow = service_fn(move |_: Request<_>| {
        runs.add();
        async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok::<_, std::convert::Infallible>(Response::new(axum::body::Body::empty()))
        }
    });
    let service = keys().layer(TimeoutLayer::new(Duration::from_secs(1)).layer(slow));
    let post = || {
        Request::post("/")
            .header("idempotency-key", "\"a\"")
            .body(axum::body::Body::empty())
            .unwrap()
    };
    assert!(service.clone().oneshot(post()).await.is_err());
    assert_eq!(service.oneshot(post()).await.unwrap().status(), 409);
    assert_eq!(count.get(), 1);
}

/// A wait for the answer that is cut off by a timeout outside leaves the first request alone.
#[tokio::test(start_paused = true)]
async fn a_retry_that_gives_up_leaves_the_first_alone() {
    let count = Count::default();
    let limit = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(unavailable))
        .layer(TimeoutLayer::new(Duration::from_secs(3)));
    let layer = keys().wait_timeout(Duration::from_secs(60));
    let app = slow(&count, 2).layer(layer.clone());
    let impatient = slow(&count, 10).layer(layer).layer(limit);
    let (first, retry) = tokio::join!(
        keyed(&app, "POST", "/", "a", &[]),
        keyed(&app, "POST", "/", "a", &[])
    );
    assert_eq!((first.status, retry.status, count.get()), (201, 201, 1));
    for _ in 0..3 {
        assert_eq!(keyed(&impatient, "POST", "/", "b", &[]).await.status, 503);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let done = keyed(&impatient, "POST", "/", "b", &[]).await;
    assert_eq!(
        (
            done.status,
            done.field(REPLAYED),
            count.get(),
            &*problem(&done)
        ),
        (201, Some("true"), 2, "")
    );
}
