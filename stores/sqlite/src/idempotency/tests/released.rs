//! Statuses that free keys, beside a transaction that has recorded its response.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::RequestBody,
    idempotency::{Attempt, Commit, OnUnrecorded},
};

use super::SqliteIdempotencyStore;
use crate::{Database, test_support::execute};

type Request = http::Request<RequestBody<Full<Bytes>>>;

/// A handler that pays with a recorded status, and then answers another one.
#[derive(Clone, Copy)]
struct Handler {
    recorded: u16,
    answered: u16,
    word: Option<Commit>,
}

fn response(status: u16) -> Response<Bytes> {
    let response = Response::builder().status(status);
    let challenged = response.header("www-authenticate", "Bearer");
    challenged.body(Bytes::from(status.to_string())).unwrap()
}

/// Sends one request twice. Returns both statuses, the second response, and the number of payments.
async fn pay_twice(handler: Handler, declared: bool) -> ([u16; 2], bool, i64) {
    let database = Database::in_memory().unwrap();
    execute(&database, "CREATE TABLE payments (amount INTEGER)").await;
    let store = SqliteIdempotencyStore::new(database.clone());
    store.install().await.unwrap();
    let paying = database.clone();
    let service = service_fn(move |request: Request| {
        let database = paying.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().unwrap();
            let paid = database.keyed(attempt, move |keyed| {
                keyed.execute("INSERT INTO payments VALUES (17)", ())?;
                keyed.commit(response(handler.recorded))
            });
            paid.await.unwrap();
            let mut answer = response(handler.answered).map(Full::from);
            if let Some(word) = handler.word {
                answer.extensions_mut().insert(word);
            }
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let layer = IdempotencyLayer::for_anyone(store);
    let layer = if declared {
        layer.transactional(OnUnrecorded::Fail)
    } else {
        layer
    };
    let service = layer.layer(service);
    let mut statuses = [0; 2];
    let mut is_replay = false;
    for status in &mut statuses {
        let post = http::Request::post("/payments").header("idempotency-key", "\"a\"");
        let post = post.body(Full::<Bytes>::default()).unwrap();
        let response = service.clone().oneshot(post).await.unwrap();
        is_replay = response.headers().contains_key("idempotent-replayed");
        *status = response.status().as_u16();
    }
    let count = database.run(|connection| {
        connection.query_row("SELECT count(*) FROM payments", (), |row| row.get(0))
    });
    (statuses, is_replay, count.await.unwrap())
}

/// P-ID-txn: a committed record is never freed, whatever the handler or a layer answers after it.
#[tokio::test]
async fn a_status_that_frees_keys_frees_no_committed_record() {
    for declared in [true, false] {
        for answered in [201, 304, 401, 408, 423, 428, 429, 500, 503] {
            for word in [
                None,
                Some(Commit::Release),
                Some(Commit::Unknown),
                Some(Commit::Seal),
            ] {
                let handler = Handler {
                    recorded: 201,
                    answered,
                    word,
                };
                let (statuses, is_replay, payments) = pay_twice(handler, declared).await;
                assert_eq!(statuses, [answered, 201], "{declared} {word:?}");
                assert!(is_replay, "{declared} {answered} {word:?}");
                assert_eq!(payments, 1, "{declared} {answered} {word:?}");
            }
        }
    }
}

/// P-ID-txn: the transaction records the response that it is given, whatever its status.
#[tokio::test]
async fn a_committed_refusal_is_repeated() {
    for status in [401, 407, 423, 429, 500, StatusCode::CONFLICT.as_u16()] {
        let handler = Handler {
            recorded: status,
            answered: status,
            word: None,
        };
        let (statuses, is_replay, payments) = pay_twice(handler, true).await;
        assert_eq!((statuses, is_replay, payments), ([status; 2], true, 1));
    }
}
