//! The outbox of the example `payments`, whose worker dies between sending and marking.

#[path = "../payments/outbox.rs"]
mod outbox;
#[path = "../payments/post.rs"]
mod post;
#[path = "../payments/service.rs"]
mod service;

use std::{
    env, fs,
    future::{Future, pending},
    process,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    routing,
};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::mpsc,
    time::timeout,
};
use tower::ServiceExt;
use tower_conditional::detached::Detached;
use tower_conditional_sqlite::Database;

/// The variables of a worker in its own process.
const FILE: &str = "TOWER_CONDITIONAL_OUTBOX_FILE";
const RECEIVER: &str = "TOWER_CONDITIONAL_OUTBOX_RECEIVER";

/// P-ID-outbox: a message is sent again, with the same key, until it is marked as sent.
#[tokio::test]
async fn a_message_of_a_killed_worker_is_sent_again_with_its_key() {
    let folder = env::temp_dir().join(format!("outbox-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("payments.db").to_str().unwrap().to_owned();
    let (receiver, mut keys) = receiver().await;
    let database = service::open(Some(file.clone())).await.unwrap();
    let payment = Request::post("/payments")
        .header("authorization", "Bearer ada")
        .header("idempotency-key", "\"invoice-1\"")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"account":"ada","cents":1700}"#))
        .unwrap();
    let service = service::router(database.clone(), &Detached::new());
    let paid = service.oneshot(payment).await.unwrap();
    assert_eq!(paid.status(), StatusCode::CREATED);
    assert_eq!(waiting(&database).await, 1);

    let mut killed = worker(&file, &receiver);
    let first = in_time(keys.recv()).await.unwrap();
    // The receiver has not answered, so the message is sent and not marked.
    killed.kill().await.unwrap();
    assert_eq!(waiting(&database).await, 1);

    let _next = worker(&file, &receiver);
    assert_eq!(in_time(keys.recv()).await.unwrap(), first);
    in_time(async { while waiting(&database).await > 0 {} }).await;
    assert!(keys.try_recv().is_err(), "sent after it was marked");
    database.close().await;
    fs::remove_dir_all(folder).unwrap();
}

/// Returns the number of messages that wait.
async fn waiting(database: &Database) -> i64 {
    let count = "SELECT count(*) FROM outbox WHERE sent_at IS NULL";
    let waiting = database.run(|sql| sql.query_row(count, (), |row| row.get(0)));
    waiting.await.unwrap()
}

/// The worker of the test. Without the variables it does nothing.
#[tokio::test]
async fn a_worker() {
    let (Ok(file), Ok(receiver)) = (env::var(FILE), env::var(RECEIVER)) else {
        return;
    };
    let database = service::open(Some(file)).await.unwrap();
    outbox::run(database, receiver).await;
}

fn worker(file: &str, receiver: &str) -> Child {
    let mut worker = Command::new(env::current_exe().unwrap());
    let worker = worker.args(["a_worker", "--exact", "--nocapture"]);
    let worker = worker.env(FILE, file).env(RECEIVER, receiver);
    worker.kill_on_drop(true).spawn().unwrap()
}

type Keys = mpsc::UnboundedSender<HeaderValue>;

/// Starts a receiver that never answers its first request. Returns its address and the keys.
async fn receiver() -> (String, mpsc::UnboundedReceiver<HeaderValue>) {
    let (sender, keys) = mpsc::unbounded_channel();
    let is_first = Arc::new(tokio::sync::Mutex::new(true));
    let charge = async move |State(keys): State<Keys>, request: Request| {
        keys.send(request.headers()["idempotency-key"].clone())
            .unwrap();
        if std::mem::take(&mut *is_first.lock().await) {
            pending::<()>().await;
        }
        StatusCode::CREATED
    };
    let router = Router::new()
        .route("/charges", routing::post(charge))
        .with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, router).into_future());
    (address, keys)
}

/// Fails the test instead of hanging.
async fn in_time<F: Future>(future: F) -> F::Output {
    let limited = timeout(Duration::from_secs(60), future);
    limited.await.expect("an end in time")
}
