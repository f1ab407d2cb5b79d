//! A server that fails in the middle of a transaction.

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
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::RequestBody,
    idempotency::{Attempt, OnLostAttempt, OnUnrecorded},
};
use tower_conditional_postgres::{
    ErrorKind, Guarded, Keyed, KeyedError, Lease, PostgresIdempotencyStore, Target,
};
use tower_conditional_testing::Postgres;

use crate::support::{
    connection, database, if_match, lease, notes, pool, row, run, tag, unconditional,
};

async fn store(pool: &Pool) -> PostgresIdempotencyStore {
    run(pool, PostgresIdempotencyStore::schema_sql()).await;
    run(
        pool,
        "CREATE TABLE IF NOT EXISTS payments (amount integer NOT NULL)",
    )
    .await;
    PostgresIdempotencyStore::new(pool.clone())
}

async fn number(pool: &Pool, sql: &str) -> i64 {
    let row = connection(pool).await.query_one(sql, &[]).await;
    row.expect(sql).get(0)
}

fn post(key: &str) -> Request<Full<Bytes>> {
    Request::post("/payments")
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::default())
        .expect("a request")
}

const END_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[derive(Debug, Clone, Copy, PartialEq)]
enum KilledAt {
    Begin,
    Insert,
    Never,
}

/// Pays in one transaction, whose session ends after a step.
async fn pay(
    pool: &Pool,
    attempt: &Attempt,
    at: KilledAt,
    kill: &str,
) -> Result<Response<Bytes>, KeyedError> {
    let mut lease = Lease::acquire(pool).await?;
    let tx = Keyed::begin(&mut lease, attempt).await?;
    let other = connection(pool).await;
    if at == KilledAt::Begin {
        other.batch_execute(kill).await?;
    }
    tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
    if at == KilledAt::Insert {
        other.batch_execute(kill).await?;
    }
    tx.commit(Response::new(Bytes::from("paid"))).await
}

/// P-ID-txn: after a session that ends in the middle, nothing is written, and a retry pays once.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_a_transaction_leaves_no_effect() {
    for at in [KilledAt::Begin, KilledAt::Insert] {
        let pool = database();
        let layer = IdempotencyLayer::for_anyone(store(&pool).await)
            .transactional(OnUnrecorded::Fail)
            .on_lost_attempt(OnLostAttempt::Reexecute);
        let runs = Arc::new(AtomicUsize::new(0));
        let (handler_pool, handler_runs) = (pool.clone(), Arc::clone(&runs));
        let service = layer.layer(service_fn(
            move |request: Request<RequestBody<Full<Bytes>>>| {
                let (pool, runs) = (handler_pool.clone(), Arc::clone(&handler_runs));
                async move {
                    let is_first = runs.fetch_add(1, Ordering::SeqCst) == 0;
                    let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                    let paid = pay(
                        &pool,
                        attempt,
                        if is_first { at } else { KilledAt::Never },
                        END_OTHERS,
                    )
                    .await;
                    let mut response = Response::new(Full::default());
                    match paid {
                        Ok(paid) => response = paid.map(Full::from),
                        Err(_) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
                    }
                    Ok::<_, Infallible>(response)
                }
            },
        ));
        let first = service
            .clone()
            .oneshot(post("a"))
            .await
            .expect("a response");
        assert_eq!(first.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(number(&pool, "SELECT count(*) FROM payments").await, 0);
        let mut last = StatusCode::OK;
        for _ in 0..2 {
            let retry = service
                .clone()
                .oneshot(post("a"))
                .await
                .expect("a response");
            last = retry.status();
            assert_eq!(last, StatusCode::OK, "{at:?}");
        }
        assert_eq!((last, runs.load(Ordering::SeqCst)), (StatusCode::OK, 2));
        assert_eq!(number(&pool, "SELECT count(*) FROM payments").await, 1);
    }
}

/// P-ID-txn: a server that ends a transaction which does nothing has written nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_transaction_that_the_server_ends_records_nothing() {
    let url = Postgres::shared().create_database();
    run(&pool(&url), "DO $$BEGIN EXECUTE format(
        'ALTER DATABASE %I SET idle_in_transaction_session_timeout = 50', current_database()); END$$").await;
    let pool = pool(&url);
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let handler_pool = pool.clone();
    let service = layer.layer(service_fn(
        move |request: Request<RequestBody<Full<Bytes>>>| {
            let pool = handler_pool.clone();
            async move {
                let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                let mut lease = Lease::acquire(&pool).await.expect("a connection");
                let tx = Keyed::begin(&mut lease, attempt).await.expect("the key");
                tx.execute("INSERT INTO payments VALUES (17)", &[])
                    .await
                    .expect("a payment");
                // The end of the session is an event of the server, which the count shows.
                let sessions = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'idle in transaction'";
                let ended = async { while number(&pool, sessions).await > 0 {} };
                let limit = Duration::from_secs(20);
                tokio::time::timeout(limit, ended).await.expect("an end");
                let error = tx
                    .commit(Response::new(Bytes::new()))
                    .await
                    .expect_err("it has ended");
                let KeyedError::Database(error) = error else {
                    panic!("{error:?}")
                };
                assert_eq!(error.kind(), ErrorKind::Database);
                let mut response = Response::new(Full::<Bytes>::default());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                Ok::<_, Infallible>(response)
            }
        },
    ));
    let first = service
        .clone()
        .oneshot(post("a"))
        .await
        .expect("a response");
    assert_eq!(first.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(number(&pool, "SELECT count(*) FROM payments").await, 0);
    assert_eq!(
        number(
            &pool,
            "SELECT count(*) FROM conditional_idempotency WHERE state = 3"
        )
        .await,
        1
    );
}

/// P-ID-txn: a crash of the server in a transaction.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_server_in_a_transaction_leaves_no_effect() {
    let server = Arc::new(Postgres::start());
    let pool = pool(&server.url());
    let layer = IdempotencyLayer::for_anyone(store(&pool).await)
        .transactional(OnUnrecorded::Fail)
        .on_lost_attempt(OnLostAttempt::Reexecute);
    let runs = Arc::new(AtomicUsize::new(0));
    let (handler_pool, handler_runs, handler_server) =
        (pool.clone(), Arc::clone(&runs), Arc::clone(&server));
    let service = layer.layer(service_fn(
        move |request: Request<RequestBody<Full<Bytes>>>| {
            let (pool, runs, server) = (
                handler_pool.clone(),
                Arc::clone(&handler_runs),
                Arc::clone(&handler_server),
            );
            async move {
                let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                let paid = async {
                    let mut lease = Lease::acquire(&pool).await?;
                    let tx = Keyed::begin(&mut lease, attempt).await?;
                    tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
                    if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                        tokio::task::spawn_blocking(move || server.kill_and_restart())
                            .await
                            .expect("a restart");
                    }
                    tx.commit(Response::new(Bytes::from("paid"))).await
                };
                let mut response = Response::new(Full::default());
                match paid.await {
                    Ok(paid) => response = paid.map(Full::from),
                    Err(_) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
                }
                Ok::<_, Infallible>(response)
            }
        },
    ));
    let first = service
        .clone()
        .oneshot(post("a"))
        .await
        .expect("a response");
    assert_eq!(first.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(number(&pool, "SELECT count(*) FROM payments").await, 0);
    for is_replay in [false, true] {
        let retry = service
            .clone()
            .oneshot(post("a"))
            .await
            .expect("a response");
        assert_eq!(retry.status(), StatusCode::OK);
        assert_eq!(
            retry.headers().contains_key("idempotent-replayed"),
            is_replay
        );
    }
    assert_eq!(number(&pool, "SELECT count(*) FROM payments").await, 1);
}

/// Each guard that the server ends has written nothing.
#[tokio::test]
async fn a_guard_whose_session_ends_writes_nothing() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    let before = tag(&pool, &row(1)).await;
    for expected in [if_match(&before), unconditional()] {
        let mut lease = lease(&pool).await;
        let tx = Guarded::begin(&mut lease, expected, Target::scope(row(1)))
            .await
            .expect("a guard");
        tx.execute("UPDATE notes SET text = 'two' WHERE id = 1", &[])
            .await
            .expect("a write");
        run(&pool, END_OTHERS).await;
        let error = tx.commit().await.expect_err("it has ended");
        assert_eq!(error.kind(), ErrorKind::Database);
        drop(lease);
        pool.retain(|_, _| false);
        assert_eq!(tag(&pool, &row(1)).await, before);
    }
}
