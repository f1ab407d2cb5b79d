//! Handlers and databases that do not behave as the store of idempotency keys expects.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::time::{Instant, timeout};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::{RequestBody, ResponseBody},
    idempotency::Attempt,
};
use tower_conditional_postgres::{Keyed, KeyedError, Lease, PostgresIdempotencyStore};

use crate::support::{connection, database, run};

async fn store(pool: &Pool) -> PostgresIdempotencyStore {
    run(pool, PostgresIdempotencyStore::schema_sql()).await;
    run(pool, "CREATE TABLE payments (amount integer NOT NULL)").await;
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

async fn pay(pool: &Pool, attempt: &Attempt) -> Result<Response<Bytes>, KeyedError> {
    let mut lease = Lease::acquire(pool).await?;
    let tx = Keyed::begin(&mut lease, attempt).await?;
    tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
    let mut response = Response::new(Bytes::from("paid"));
    *response.status_mut() = StatusCode::CREATED;
    tx.commit(response).await
}

/// Returns the status, and if it was a replay.
async fn send<S>(service: &S, key: &str) -> (u16, bool)
where
    S: Service<Request<Full<Bytes>>, Response = Response<ResponseBody<Full<Bytes>>>> + Clone,
    S::Error: std::fmt::Debug,
{
    let response = service.clone().oneshot(post(key)).await;
    let response = response.expect("a response");
    let is_replay = response.headers().contains_key("idempotent-replayed");
    (response.status().as_u16(), is_replay)
}

/// R-IK07-2.6-b: parallel claims are decided one after the other, whatever the isolation level
/// that a database has by default.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_claims_are_decided_at_each_isolation_level() {
    for level in ["read committed", "repeatable read", "serializable"] {
        let pool = database();
        let store = store(&pool).await;
        let set = format!(
            "DO $$ BEGIN
                EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L',
                    current_database(), '{level}');
            END $$"
        );
        run(&pool, &set).await;
        // Connections that are open keep their level.
        pool.retain(|_, _| false);
        let layer = IdempotencyLayer::for_anyone(store).wait_timeout(Duration::from_secs(20));
        let (runs, handler_pool) = (Arc::new(AtomicUsize::new(0)), pool.clone());
        let counted = Arc::clone(&runs);
        let service = layer.layer(service_fn(
            move |request: Request<RequestBody<Full<Bytes>>>| {
                counted.fetch_add(1, Ordering::SeqCst);
                let pool = handler_pool.clone();
                async move {
                    let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                    let paid = pay(&pool, attempt).await.expect("a payment");
                    Ok::<_, Infallible>(paid.map(Full::from))
                }
            },
        ));
        let sent = (0..60).map(|number| {
            let (service, key) = (service.clone(), format!("key {}", number % 3));
            tokio::spawn(async move { send(&service, &key).await.0 })
        });
        for status in sent.collect::<Vec<_>>() {
            assert_eq!(status.await.expect("no panic"), 201, "{level}");
        }
        let runs = runs.load(Ordering::SeqCst);
        assert_eq!((runs, count(&pool).await), (3, 3), "{level}");
    }
}

/// P-ID-txn: a handler that commits twice, or after its end, has one effect.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_commits_once() {
    let pool = database();
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let (kept, handler_pool) = (Arc::new(Mutex::new(None)), pool.clone());
    let keep = Arc::clone(&kept);
    let service = layer.layer(service_fn(
        move |request: Request<RequestBody<Full<Bytes>>>| {
            let (pool, keep) = (handler_pool.clone(), Arc::clone(&keep));
            async move {
                let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                if attempt.key().as_str() == "late" {
                    *keep.lock().expect("no panic") = Some(attempt.clone());
                    return Ok::<_, Infallible>(Response::new(Full::default()));
                }
                let paid = pay(&pool, attempt).await.expect("a payment");
                let again = pay(&pool, attempt).await;
                assert!(matches!(again, Err(KeyedError::Lost)), "{again:?}");
                Ok(paid.map(Full::from))
            }
        },
    ));
    assert_eq!(send(&service, "twice").await, (201, false));
    assert_eq!(send(&service, "twice").await, (201, true));
    assert_eq!(send(&service, "late").await, (200, false));
    let late = kept.lock().expect("no panic").take().expect("an attempt");
    let lost = pay(&pool, &late).await;
    assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
    assert_eq!(send(&service, "late").await, (200, true));
    assert_eq!(count(&pool).await, 1);
}

/// P-ID-txn: while one transaction of an attempt is open, no other one begins.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_has_one_transaction_at_a_time() {
    let pool = database();
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let handler_pool = pool.clone();
    let service = layer.layer(service_fn(
        move |request: Request<RequestBody<Full<Bytes>>>| {
            let pool = handler_pool.clone();
            async move {
                let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                let mut lease = Lease::acquire(&pool).await.expect("a lease");
                let tx = Keyed::begin(&mut lease, attempt).await.expect("the key");
                let mut other = Lease::acquire(&pool).await.expect("a lease");
                let lost = Keyed::begin(&mut other, attempt).await;
                assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
                let paid = tx.commit(Response::new(Bytes::from("paid"))).await;
                Ok::<_, Infallible>(paid.expect("a payment").map(Full::from))
            }
        },
    ));
    assert_eq!(send(&service, "twice").await, (200, false));
    assert_eq!(send(&service, "twice").await, (200, true));
}

/// P-ID-txn: the connection ends in the commit, which is rolled back. The next try pays.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_in_the_commit_has_no_effect() {
    let pool = database();
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    run(
        &pool,
        "CREATE SEQUENCE commits;
        CREATE FUNCTION end_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('commits') = 1 THEN
                PERFORM pg_terminate_backend(pg_backend_pid());
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER end_first AFTER INSERT ON payments
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_first();",
    )
    .await;
    let handler_pool = pool.clone();
    let service = layer.layer(service_fn(
        move |request: Request<RequestBody<Full<Bytes>>>| {
            let pool = handler_pool.clone();
            async move {
                let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                let paid = pay(&pool, attempt).await.unwrap_or_else(|_| {
                    let mut failed = Response::default();
                    *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    failed
                });
                Ok::<_, Infallible>(paid.map(Full::from))
            }
        },
    ));
    assert_eq!(send(&service, "a").await, (500, false));
    assert_eq!(count(&pool).await, 0);
    // The server tells the client before it gives the locks of the old transaction back.
    let paid = async {
        loop {
            match send(&service, "a").await {
                (500, false) => {}
                answer => break answer,
            }
        }
    };
    let paid = timeout(Duration::from_secs(10), paid).await;
    assert_eq!(paid.expect("a payment in time"), (201, false));
    assert_eq!(send(&service, "a").await, (201, true));
    assert_eq!(count(&pool).await, 1);
}

/// P-ID-store-down: a pool without a free connection has sent nothing, so that the request is
/// refused after one timeout, and no claim is left behind.
#[tokio::test(flavor = "multi_thread")]
async fn an_exhausted_pool_is_refused_once() {
    let pool = database();
    let timeout = Duration::from_millis(200);
    let store = store(&pool).await.timeout(timeout);
    let layer = IdempotencyLayer::for_anyone(store);
    let service = layer.layer(service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
        Ok::<_, Infallible>(Response::new(Full::default()))
    }));
    let mut all = Vec::new();
    for _ in 0..pool.status().max_size {
        all.push(connection(&pool).await);
    }
    let before = Instant::now();
    assert_eq!(send(&service, "a").await, (503, false));
    assert!(before.elapsed() < 3 * timeout, "{:?}", before.elapsed());
    drop(all);
    assert_eq!(send(&service, "a").await, (200, false));
}
