//! Keyed transactions that end before their jobs do.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{IdempotencyLayer, body::RequestBody, idempotency::Attempt};

use super::SqliteIdempotencyStore;
use crate::{Database, ErrorKind, KeyedError, test_support::execute};

type Request = http::Request<RequestBody<Full<Bytes>>>;

/// Sends one request twice, to a handler that pays, runs `end` and ignores its error.
/// Returns the statuses, the kinds of the errors, and the number of payments.
async fn pay_twice(end: &'static str) -> (Vec<StatusCode>, Vec<ErrorKind>, i64) {
    let database = Database::in_memory().unwrap();
    let tables = "CREATE TABLE payments (amount INTEGER NOT NULL);
        CREATE TABLE mails (id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK);
        INSERT INTO mails VALUES (1)";
    execute(&database, tables).await;
    let store = SqliteIdempotencyStore::new(database.clone());
    store.install().await.unwrap();
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let (handler_database, handler_kinds) = (database.clone(), Arc::clone(&kinds));
    let handler = service_fn(move |request: Request| {
        let (database, kinds) = (handler_database.clone(), Arc::clone(&handler_kinds));
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            let paid = database.keyed(attempt, move |keyed| {
                keyed.execute("INSERT INTO payments VALUES (17)", ())?;
                let _ = keyed.execute_batch(end);
                let _ = keyed.execute("INSERT INTO payments VALUES (4)", ());
                keyed.commit(Response::new(Bytes::from("paid")))
            });
            Ok::<_, std::convert::Infallible>(match paid.await {
                Ok(paid) => paid.map(Full::from),
                Err(KeyedError::Database(error)) => {
                    kinds.lock().unwrap().push(error.kind());
                    let mut failed = Response::new(Full::default());
                    *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    failed
                }
                Err(error) => panic!("{error}"),
            })
        }
    });
    let service = IdempotencyLayer::for_anyone(store).layer(handler);
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let post = http::Request::post("/payments").header("idempotency-key", "\"a\"");
        let post = post.body(Full::<Bytes>::default()).unwrap();
        let response = service.clone().oneshot(post).await.unwrap();
        assert!(!response.headers().contains_key("idempotent-replayed"));
        statuses.push(response.status());
    }
    let count = database.run(|connection| {
        connection.query_row("SELECT count(*) FROM payments", (), |row| row.get(0))
    });
    let count = count.await.unwrap();
    let kinds = std::mem::take(&mut *kinds.lock().unwrap());
    (statuses, kinds, count)
}

/// P-ID-txn: neither the effect nor the record is there, and the key is free again.
#[tokio::test]
async fn a_job_that_goes_on_after_a_rollback_records_nothing() {
    for end in [
        "INSERT INTO mails VALUES (1)",
        "ROLLBACK",
        "COMMIT",
        "ROLLBACK; BEGIN IMMEDIATE",
    ] {
        let (statuses, kinds, payments) = pay_twice(end).await;
        assert_eq!(statuses, [StatusCode::INTERNAL_SERVER_ERROR; 2], "{end}");
        assert_eq!(kinds, [ErrorKind::RolledBack; 2], "{end}");
        assert_eq!(payments, 0, "{end}");
    }
}
