//! The store of idempotency keys, and the transaction that records them.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer, body::RequestBody, idempotency::Attempt, store::contract,
};
use tower_conditional_postgres::{Keyed, KeyedError, Lease, PostgresIdempotencyStore};

use crate::support::{connection, database, run};

async fn store(pool: &Pool) -> PostgresIdempotencyStore {
    for _ in 0..2 {
        let client = connection(pool).await;
        let installed = PostgresIdempotencyStore::install(&client).await;
        installed.expect("an installation");
    }
    PostgresIdempotencyStore::new(pool.clone())
}

async fn count(pool: &Pool) -> i64 {
    let client = connection(pool).await;
    let row = client.query_one("SELECT count(*) FROM payments", &[]).await;
    row.expect("a count").get(0)
}

fn post(key: &str) -> Request<Full<Bytes>> {
    Request::post("/payments")
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::default())
        .expect("a request")
}

/// The clock of the server cannot be moved, so the suite waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_rules() {
    let pool = database();
    let store = Arc::new(store(&pool).await);
    let pass = async |time: Duration| {
        let client = connection(&pool).await;
        let seconds = time.as_secs_f64();
        let waited = client.query("SELECT pg_sleep($1)", &[&seconds]).await;
        waited.expect("a pause");
    };
    let checked = contract::check(&store, Duration::from_millis(100), pass).await;
    checked.expect("every rule");
}

async fn pay(pool: &Pool, attempt: &Attempt) -> Result<Response<Bytes>, KeyedError> {
    let mut lease = Lease::acquire(pool).await?;
    let tx = Keyed::begin(&mut lease, attempt).await?;
    tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
    let mut response = Response::new(Bytes::from("paid"));
    *response.status_mut() = StatusCode::CREATED;
    tx.commit(response).await
}

/// P-ID-txn, R-IK07-2.6-b: of many requests with a key one is performed, and its effect and its
/// record commit together.
#[tokio::test(flavor = "multi_thread")]
async fn effect_and_record_commit_together() {
    let pool = database();
    run(&pool, "CREATE TABLE payments (amount integer NOT NULL)").await;
    let layer =
        IdempotencyLayer::for_anyone(store(&pool).await).wait_timeout(Duration::from_secs(10));
    let runs = Arc::new(AtomicUsize::new(0));
    let (handler_pool, handler_runs) = (pool.clone(), Arc::clone(&runs));
    let service = layer.layer(service_fn(
        move |request: Request<RequestBody<Full<Bytes>>>| {
            let (pool, runs) = (handler_pool.clone(), Arc::clone(&handler_runs));
            async move {
                runs.fetch_add(1, Ordering::SeqCst);
                let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                let paid = pay(&pool, attempt).await.expect("a payment");
                Ok::<_, Infallible>(paid.map(Full::from))
            }
        },
    ));
    let requests = (0..40).map(|number| {
        let service = service.clone();
        let key = format!("key {}", number % 5);
        tokio::spawn(async move { service.oneshot(post(&key)).await })
    });
    for response in requests.collect::<Vec<_>>() {
        let response = response.await.expect("no panic").expect("a response");
        assert_eq!(response.status(), StatusCode::CREATED);
        let content = response.into_body().collect().await.expect("the content");
        assert_eq!(content.to_bytes(), "paid");
    }
    assert_eq!((runs.load(Ordering::SeqCst), count(&pool).await), (5, 5));
}

/// P-ID-fencing: an attempt that does not hold its key writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_its_key_writes_nothing() {
    let pool = database();
    run(&pool, "CREATE TABLE payments (amount integer NOT NULL)").await;
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let handler_pool = pool.clone();
    let service = layer.layer(service_fn(
        move |request: Request<RequestBody<Full<Bytes>>>| {
            let pool = handler_pool.clone();
            async move {
                let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                // As if another replica had taken over.
                run(
                    &pool,
                    "UPDATE conditional_idempotency SET fence = fence + 1",
                )
                .await;
                let lost = pay(&pool, attempt).await;
                assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }
        },
    ));
    let response = service.oneshot(post("a")).await.expect("a response");
    // The layer lost the key, too, and says so.
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(count(&pool).await, 0);
}
