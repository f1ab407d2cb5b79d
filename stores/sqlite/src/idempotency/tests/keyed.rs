use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer, body::RequestBody, clock::ManualClock, idempotency::Attempt,
};

use super::SqliteIdempotencyStore;
use crate::{Database, KeyedError, test_support::execute};

type Request = http::Request<RequestBody<Full<Bytes>>>;

async fn payments() -> Database {
    let database = Database::in_memory().unwrap();
    execute(&database, "CREATE TABLE payments (amount INTEGER NOT NULL)").await;
    SqliteIdempotencyStore::new(database.clone())
        .install()
        .await
        .unwrap();
    database
}

async fn count(database: &Database) -> i64 {
    let count = database.run(|connection| {
        connection.query_row("SELECT count(*) FROM payments", (), |row| row.get(0))
    });
    count.await.unwrap()
}

async fn pay(database: &Database, attempt: &Attempt) -> Result<Response<Bytes>, KeyedError> {
    let paid = database.keyed(attempt, |keyed| {
        keyed.execute("INSERT INTO payments VALUES (17)", ())?;
        let mut response = Response::new(Bytes::from("paid"));
        *response.status_mut() = StatusCode::CREATED;
        keyed.commit(response)
    });
    paid.await
}

fn post() -> http::Request<Full<Bytes>> {
    http::Request::post("/payments")
        .header("idempotency-key", "\"a\"")
        .body(Full::default())
        .unwrap()
}

fn failed(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// P-ID-txn: the effect and the record commit together, and a retry gets the response.
#[tokio::test]
async fn effect_and_record_commit_together() {
    let database = payments().await;
    let layer = IdempotencyLayer::for_anyone(SqliteIdempotencyStore::new(database.clone()));
    let handler_database = database.clone();
    let service = layer.layer(service_fn(move |request: Request| {
        let database = handler_database.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            let paid = pay(&database, attempt).await.unwrap();
            Ok::<_, std::convert::Infallible>(paid.map(Full::from))
        }
    }));
    for is_retry in [false, true] {
        let response = service.clone().oneshot(post()).await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(
            response.headers().contains_key("idempotent-replayed"),
            is_retry
        );
        let content = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(content, "paid");
    }
    assert_eq!(count(&database).await, 1);
}

/// A response that the client never sees is repeated all the same, whatever the handler does
/// after its commit.
#[tokio::test]
async fn a_committed_response_outlives_the_handler() {
    let database = payments().await;
    let layer = IdempotencyLayer::for_anyone(SqliteIdempotencyStore::new(database.clone()));
    let handler_database = database.clone();
    let service = layer.layer(service_fn(move |request: Request| {
        let database = handler_database.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            let _ = pay(&database, attempt).await;
            Ok::<_, std::convert::Infallible>(failed(StatusCode::INTERNAL_SERVER_ERROR))
        }
    }));
    let first = service.clone().oneshot(post()).await.unwrap();
    assert_eq!(first.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let retry = service.oneshot(post()).await.unwrap();
    assert_eq!(retry.status(), StatusCode::CREATED);
    assert_eq!(count(&database).await, 1);
}

/// A job that fails writes nothing, and the key is free again after the 5xx.
#[tokio::test]
async fn a_failed_job_rolls_back() {
    let database = payments().await;
    let layer = IdempotencyLayer::for_anyone(SqliteIdempotencyStore::new(database.clone()));
    let handler_database = database.clone();
    let service = layer.layer(service_fn(move |request: Request| {
        let database = handler_database.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            let paid = database.keyed(attempt, |keyed| {
                keyed.execute("INSERT INTO payments VALUES (17)", ())?;
                keyed.execute("INSERT INTO payments VALUES (NULL)", ())?;
                keyed.commit(Response::new(Bytes::new()))
            });
            let error = paid.await.unwrap_err();
            assert!(matches!(error, KeyedError::Database(_)), "{error:?}");
            Ok::<_, std::convert::Infallible>(failed(StatusCode::INTERNAL_SERVER_ERROR))
        }
    }));
    for _ in 0..2 {
        let response = service.clone().oneshot(post()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert_eq!(count(&database).await, 0);
}

/// P-ID-fencing: an attempt that does not hold its key writes nothing.
#[tokio::test]
async fn an_attempt_without_its_key_writes_nothing() {
    let database = payments().await;
    let layer = IdempotencyLayer::for_anyone(SqliteIdempotencyStore::new(database.clone()));
    let handler_database = database.clone();
    let service = layer.layer(service_fn(move |request: Request| {
        let database = handler_database.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            // As if another process had settled the key.
            execute(&database, "DELETE FROM conditional_idempotency").await;
            let lost = pay(&database, attempt).await;
            assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
            Ok::<_, std::convert::Infallible>(failed(StatusCode::CONFLICT))
        }
    }));
    let response = service.oneshot(post()).await.unwrap();
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(count(&database).await, 0);
}

/// P-ID-txn: a transaction that is longer than the lease commits. Nobody can take over while it
/// holds the lock, and the layer cannot renew the lease behind it. The lease is measured on the
/// clock of the claim.
#[tokio::test]
async fn a_long_transaction_keeps_its_key() {
    let database = payments().await;
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let store = SqliteIdempotencyStore::new(database.clone()).clock(clock.clone());
    let layer = IdempotencyLayer::for_anyone(store.clone());
    let service = layer.layer(service_fn(move |request: Request| {
        let (store, clock) = (store.clone(), clock.clone());
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            let paid = store.keyed(attempt, move |keyed| {
                keyed.execute("INSERT INTO payments VALUES (17)", ())?;
                clock.advance(Duration::from_secs(60));
                keyed.commit(Response::new(Bytes::from("paid")))
            });
            Ok::<_, std::convert::Infallible>(paid.await.unwrap().map(Full::from))
        }
    }));
    for _ in 0..2 {
        let response = service.clone().oneshot(post()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!(count(&database).await, 1);
}

/// P-ID-fencing: the job of an attempt that does not hold its key may call another service, so it
/// does not run.
#[tokio::test]
async fn the_job_of_a_lost_attempt_does_not_run() {
    let database = payments().await;
    let layer = IdempotencyLayer::for_anyone(SqliteIdempotencyStore::new(database.clone()));
    let service = layer.layer(service_fn(move |request: Request| {
        let database = database.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            execute(&database, "DELETE FROM conditional_idempotency").await;
            let lost = database.keyed(attempt, |_| panic!("the job ran")).await;
            assert!(matches!(lost, Err(KeyedError::Lost)), "{lost:?}");
            Ok::<_, std::convert::Infallible>(failed(StatusCode::CONFLICT))
        }
    }));
    let response = service.oneshot(post()).await.unwrap();
    assert_eq!(response.status(), StatusCode::CONFLICT);
}
