//! Two processes with one file, whose lock a third one holds now and then.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinSet;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::{RequestBody, ResponseBody},
    idempotency::{Attempt, OnLostAttempt, OnUnrecorded},
};

use super::SqliteIdempotencyStore;
use crate::{
    Database, DatabaseOptions, KeyedError,
    test_support::{TempFile, execute},
};

const KEYS: usize = 10;
const LEASE: Duration = Duration::from_millis(500);

type Request = http::Request<RequestBody<Full<Bytes>>>;
type Answer = Response<ResponseBody<Full<Bytes>>>;
type Runs = Arc<Mutex<HashMap<String, i64>>>;

fn post(key: &str) -> http::Request<Full<Bytes>> {
    http::Request::post("/payments")
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::default())
        .unwrap()
}

fn count(runs: &Runs, key: &str) -> i64 {
    let mut runs = runs.lock().unwrap();
    let run = runs.entry(key.to_owned()).or_default();
    *run += 1;
    *run
}

async fn files() -> (TempFile, [Database; 2]) {
    let file = TempFile::new();
    let open = || {
        let options = DatabaseOptions::new().busy_timeout(Duration::from_millis(5));
        options.open(&file).unwrap()
    };
    let databases = [open(), open()];
    let store = SqliteIdempotencyStore::new(databases[0].clone());
    store.install().await.unwrap();
    let table = "CREATE TABLE payments (key TEXT NOT NULL, run INTEGER NOT NULL)";
    execute(&databases[0], table).await;
    (file, databases)
}

/// Another process, which holds the lock for longer than the others wait.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite measures the busy timeout itself"
)]
fn disturb(file: &TempFile, until: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    let connection = rusqlite::Connection::open(file).unwrap();
    thread::spawn(move || {
        while !until.load(Ordering::Relaxed) {
            if connection.execute_batch("BEGIN IMMEDIATE").is_ok() {
                // Longer than the busy timeout of the others, which SQLite measures.
                thread::sleep(Duration::from_millis(12));
                connection.execute_batch("ROLLBACK").unwrap();
            }
            thread::sleep(Duration::from_millis(6));
        }
    })
}

/// Sends each key to both services at once, while the file is locked now and then.
async fn race<S>(file: &TempFile, services: &[S; 2]) -> HashMap<String, Vec<Bytes>>
where
    S: Service<http::Request<Full<Bytes>>, Response = Answer, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    let end = Arc::new(AtomicBool::new(false));
    let disturbing = disturb(file, Arc::clone(&end));
    let mut sent = JoinSet::new();
    for number in 0..KEYS {
        for at in 0..4 {
            let (service, key) = (services[at % 2].clone(), number.to_string());
            // A client that disconnects drops its request at the first await.
            let limit = Duration::from_millis(if at == 3 { 3 } else { 30_000 });
            sent.spawn(async move {
                let answer = service.oneshot(post(&key));
                (key, tokio::time::timeout(limit, answer).await.ok())
            });
        }
    }
    let mut answers: HashMap<String, Vec<Bytes>> = HashMap::new();
    while let Some(answered) = sent.join_next().await {
        let (key, answer) = answered.unwrap();
        let answers = answers.entry(key).or_default();
        if let Some(Ok(answer)) = answer
            && answer.status() == StatusCode::OK
        {
            answers.push(answer.into_body().collect().await.unwrap().to_bytes());
        }
    }
    end.store(true, Ordering::Relaxed);
    disturbing.join().unwrap();
    answers
}

/// Retries until there is an answer that stays.
async fn settle<S>(service: &S, key: &str) -> (StatusCode, Bytes)
where
    S: Service<http::Request<Full<Bytes>>, Response = Answer, Error = Infallible> + Clone,
{
    let settled = async {
        loop {
            let answer = service.clone().oneshot(post(key)).await.unwrap();
            let status = answer.status();
            let again = status == StatusCode::SERVICE_UNAVAILABLE
                || answer.headers().contains_key("retry-after");
            if !again {
                let content = answer.into_body().collect().await.unwrap();
                return (status, content.to_bytes());
            }
            // The lease ends on the clock of the machine.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let settled = tokio::time::timeout(LEASE * 20, settled).await;
    settled.expect("a key that is not stuck")
}

/// P-ID-txn, R-IK07-2.6-b: each key has one effect, and its answers are those of that run.
#[tokio::test(flavor = "multi_thread")]
async fn keyed_payments_take_place_once_on_a_busy_file() {
    let (file, databases) = files().await;
    let runs = Runs::default();
    let services = databases.clone().map(|database| {
        let layer = IdempotencyLayer::for_anyone(SqliteIdempotencyStore::new(database.clone()));
        let layer = layer.lease(LEASE).transactional(OnUnrecorded::Fail);
        let layer = layer.on_lost_attempt(OnLostAttempt::Reexecute);
        let runs = Arc::clone(&runs);
        layer.layer(service_fn(move |request: Request| {
            let (database, runs) = (database.clone(), Arc::clone(&runs));
            async move {
                let attempt = request.extensions().get::<Attempt>().unwrap();
                let key = attempt.key().as_str().to_owned();
                let run = count(&runs, &key);
                let paid = database.keyed(attempt, move |keyed| {
                    keyed.execute("INSERT INTO payments VALUES (?1, ?2)", (key, run))?;
                    keyed.commit(Response::new(Bytes::from(run.to_string())))
                });
                let paid: Result<_, KeyedError> = paid.await;
                let mut response = Response::new(Full::default());
                match paid {
                    Ok(paid) => response = paid.map(Full::from),
                    Err(_) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
                }
                Ok::<_, Infallible>(response)
            }
        }))
    });
    let answers = race(&file, &services).await;
    for number in 0..KEYS {
        let key = number.to_string();
        let (status, content) = settle(&services[0], &key).await;
        assert_eq!(status, StatusCode::OK, "key {key}");
        let paid = databases[0].run(move |connection| {
            let sql = "SELECT count(*), max(run) FROM payments WHERE key = ?1";
            connection.query_row(sql, [number.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        });
        let (paid, run): (i64, i64) = paid.await.unwrap();
        assert_eq!((paid, Bytes::from(run.to_string())), (1, content.clone()));
        assert!(
            answers[&key].iter().all(|answer| *answer == content),
            "key {key}"
        );
    }
}

/// P-ID-store-down: an effect outside of the database takes place once.
#[tokio::test(flavor = "multi_thread")]
async fn handlers_run_once_on_a_busy_file() {
    let (file, databases) = files().await;
    let runs = Runs::default();
    let services = databases.map(|database| {
        let layer = IdempotencyLayer::for_anyone(SqliteIdempotencyStore::new(database));
        let runs = Arc::clone(&runs);
        layer
            .lease(LEASE)
            .layer(service_fn(move |request: Request| {
                let attempt = request.extensions().get::<Attempt>().unwrap();
                let run = count(&runs, attempt.key().as_str());
                async move { Ok::<_, Infallible>(Response::new(Full::from(run.to_string()))) }
            }))
    });
    let answers = race(&file, &services).await;
    for number in 0..KEYS {
        let key = number.to_string();
        let (status, content) = settle(&services[0], &key).await;
        let run = runs.lock().unwrap().get(&key).copied();
        assert_eq!(run, Some(1), "key {key}: {status}");
        let is_unknown = status == StatusCode::CONFLICT && answers[&key].is_empty();
        assert!(is_unknown || (status, content) == (StatusCode::OK, Bytes::from("1")));
    }
}
