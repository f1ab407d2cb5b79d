//! A database file that cannot grow, and one that cannot be written.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::RequestBody,
    idempotency::{Admission, Attempt, Update},
    store::{IdempotencyStore, StoreErrorKind},
};

use super::{SqliteIdempotencyStore, claim, id, step};
use crate::{Database, test_support::execute};

type Request = http::Request<RequestBody<Full<Bytes>>>;

async fn store() -> (Database, SqliteIdempotencyStore) {
    let database = Database::in_memory().unwrap();
    let store = SqliteIdempotencyStore::new(database.clone());
    store.install().await.unwrap();
    execute(&database, "CREATE TABLE filler (bytes BLOB)").await;
    (database, store)
}

/// Fills the last pages, so that no statement finds room.
async fn fill(database: &Database) {
    let filled = database.run(|connection| {
        connection.execute_batch("PRAGMA max_page_count = 1")?;
        for length in [4000, 400, 40, 1] {
            while connection
                .execute("INSERT INTO filler VALUES (zeroblob(?1))", [length])
                .is_ok()
            {}
        }
        Ok(())
    });
    filled.await.unwrap();
}

async fn make_room(database: &Database) {
    execute(database, "PRAGMA max_page_count = 100000").await;
}

fn post(key: &str) -> http::Request<Full<Bytes>> {
    http::Request::post("/payments")
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::default())
        .unwrap()
}

/// P-ID-store-down: the claim is refused and nothing is left of it.
#[tokio::test]
async fn a_claim_without_room_changes_nothing() {
    let (database, store) = store().await;
    fill(&database).await;
    let mut refused = 0;
    for number in 0..40 {
        match store.begin(id(number), claim("a", 1)).await {
            Ok(Admission::Started { .. }) => {}
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::NotApplied);
                refused += 1;
                assert!(store.inspect(id(number)).await.unwrap().is_none());
            }
        }
    }
    assert!(refused > 0);
    make_room(&database).await;
    let begun = store.begin(id(39), claim("b", 2)).await.unwrap();
    assert!(
        matches!(begun, Admission::Started { fence: 1, .. }),
        "{begun:?}"
    );
}

/// P-ID-store-down: records that exist are read, and a running attempt still ends: a response
/// that does not fit is sealed.
#[tokio::test]
async fn a_response_without_room_seals_its_key() {
    let (database, store) = store().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let (handler_runs, handler_database) = (Arc::clone(&runs), database.clone());
    let layer = IdempotencyLayer::for_anyone(store.clone());
    let service = layer.layer(service_fn(move |_: Request| {
        let (runs, database) = (Arc::clone(&handler_runs), handler_database.clone());
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            fill(&database).await;
            Ok::<_, Infallible>(Response::new(Full::from(vec![b'x'; 60_000])))
        }
    }));
    let first = service.clone().oneshot(post("a")).await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let retry = service.clone().oneshot(post("a")).await.unwrap();
    assert_eq!(retry.status(), StatusCode::CONFLICT);
    make_room(&database).await;
    let retry = service.oneshot(post("a")).await.unwrap();
    assert_eq!(retry.status(), StatusCode::CONFLICT);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// P-ID-txn: an effect without room for its record does not take place.
#[tokio::test]
async fn an_effect_without_room_for_its_record_is_rolled_back() {
    let (database, store) = store().await;
    execute(&database, "CREATE TABLE payments (amount INTEGER NOT NULL)").await;
    let layer = IdempotencyLayer::for_anyone(store.clone());
    let handler_database = database.clone();
    let service = layer.layer(service_fn(move |request: Request| {
        let database = handler_database.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            let paid = database.keyed(attempt, |keyed| {
                keyed.execute("INSERT INTO payments VALUES (17)", ())?;
                keyed.commit(Response::new(Bytes::from(vec![b'x'; 60_000])))
            });
            let mut response = Response::new(Full::default());
            match paid.await {
                Ok(paid) => response = paid.map(Full::from),
                Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
            }
            Ok::<_, Infallible>(response)
        }
    }));
    execute(&database, "PRAGMA max_page_count = 1").await;
    let full = service.clone().oneshot(post("a")).await.unwrap();
    assert_eq!(full.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(payments(&database).await, 0);
    make_room(&database).await;
    let paid = service.clone().oneshot(post("a")).await.unwrap();
    assert_eq!(paid.status(), StatusCode::OK);
    assert!(!paid.headers().contains_key("idempotent-replayed"));
    assert_eq!(payments(&database).await, 1);
}

async fn payments(database: &Database) -> i64 {
    let count = database.run(|connection| {
        connection.query_row("SELECT count(*) FROM payments", (), |row| row.get(0))
    });
    count.await.unwrap()
}

/// P-ID-store-down: a database that becomes read-only refuses claims, and goes on afterwards.
#[tokio::test]
async fn a_read_only_database_refuses_every_claim() {
    let (database, store) = store().await;
    store.begin(id(1), claim("a", 1)).await.unwrap();
    let completed = store.complete(step(1, 1, 1), Bytes::from("paid")).await;
    assert_eq!(completed.unwrap(), Update::Applied);
    execute(&database, "PRAGMA query_only = ON").await;
    for number in [1, 2] {
        let error = store.begin(id(number), claim("a", 2)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NotApplied);
    }
    execute(&database, "PRAGMA query_only = OFF").await;
    let replay = store.begin(id(1), claim("a", 2)).await.unwrap();
    assert_eq!(replay, Admission::Replay(Bytes::from("paid")));
    let begun = store.begin(id(2), claim("a", 2)).await.unwrap();
    assert!(
        matches!(begun, Admission::Started { fence: 1, .. }),
        "{begun:?}"
    );
}
