//! Orders with an `Idempotency-Key`, on replicas that share one database.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, from_slice};
use tokio::task::JoinSet;
use tower_conditional_testing::{Postgres, Replica};

use crate::{
    race::{Connection, Http},
    support::{File, in_time, notes, three},
};

const KEYS: usize = 5;
const REQUESTS: usize = 64;

fn order(key: &str) -> Request<Full<Bytes>> {
    order_at("/orders", key)
}

fn order_at(path: &str, key: &str) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::from(r#"{"item":"tea","quantity":2}"#))
        .unwrap()
}

async fn try_exchange(
    replica: &Replica,
    request: Request<Full<Bytes>>,
) -> hyper::Result<Response<Bytes>> {
    let mut connection = Connection::open(replica.address(), Http::One).await;
    in_time(connection.exchange(request)).await
}

async fn exchange(replica: &Replica, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let answer = try_exchange(replica, request).await;
    answer.expect("an answer")
}

async fn read(replica: &Replica, path: &str) -> Value {
    let read = Request::get(path).body(Full::default()).unwrap();
    from_slice(exchange(replica, read).await.body()).unwrap()
}

async fn count(replica: &Replica) -> usize {
    read(replica, "/orders").await.as_array().unwrap().len()
}

fn assert_is_problem(response: &Response<Bytes>, status: u16, fragment: &str) {
    assert_eq!(response.status(), status);
    let problem: Value = from_slice(response.body()).unwrap();
    let named = problem["type"].as_str().unwrap();
    assert!(named.ends_with(fragment), "{named}");
}

/// Checks that each replica knows what happened on the others.
async fn assert_known_on_each(replicas: [Replica; 3]) {
    let [one, two, three] = &replicas;
    let failed = exchange(one, order_at("/orders?fail=500", "failed")).await;
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(count(two).await, 0);
    let retry = exchange(two, order("failed")).await;
    assert_eq!(retry.status(), StatusCode::CREATED);

    let other = exchange(three, order_at("/orders?fail=none", "failed")).await;
    assert_is_problem(&other, 422, "#reused");

    let panics = || order_at("/orders?fail=panic", "panicked");
    try_exchange(one, panics()).await.expect_err("no answer");
    for replica in &replicas {
        let retry = exchange(replica, panics()).await;
        assert_is_problem(&retry, 409, "#outcome-unknown");
    }

    for (replica, name) in [(one, "ada"), (two, "bob"), (three, "ada")] {
        let mut request = order("named");
        let bearer = format!("Bearer {name}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        let placed = exchange(replica, request).await;
        assert_eq!(placed.status(), StatusCode::CREATED);
    }

    let slow = || order_at("/orders?delay_ms=30000", "slow");
    let runs = read(one, "/stats").await["handler_runs"]["POST /orders"].clone();
    let begun = async {
        while read(one, "/stats").await["handler_runs"]["POST /orders"] == runs {}
        exchange(two, slow()).await
    };
    let retry = tokio::select! {
        first = try_exchange(one, slow()) => panic!("{first:?}"),
        retry = in_time(begun) => retry,
    };
    assert_is_problem(&retry, 409, "#in-flight");
    assert!(retry.headers().contains_key("retry-after"));
    // One that failed first, and one for each name.
    assert_eq!(count(three).await, 3);
}

/// R-IK07-2.6-c, R-IK07-2.7-b, R-IK07-5-b, P-ID-panic, P-ID-record-policy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_replica_knows_the_keys_of_the_others_on_postgres() {
    let url = Postgres::shared().create_database();
    assert_known_on_each(three(&["--postgres", &url])).await;
}

/// R-IK07-2.6-c, R-IK07-2.7-b, R-IK07-5-b, P-ID-panic, P-ID-record-policy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_replica_knows_the_keys_of_the_others_on_sqlite() {
    let file = File::new("known-orders");
    assert_known_on_each(three(&["--database", file.path()])).await;
}

/// Checks that of many requests with one key, on all replicas at once, one is performed.
async fn assert_one_order_for_each_key(replicas: &[Replica; 3]) {
    for round in 0..KEYS {
        let key = format!("key {round}");
        let mut requests = JoinSet::new();
        for number in 0..REQUESTS {
            let (address, request) = (replicas[number % 3].address(), order(&key));
            let http = [Http::One, Http::Two][number % 2];
            requests.spawn(async move {
                let mut connection = Connection::open(address, http).await;
                in_time(connection.exchange(request))
                    .await
                    .expect("an answer")
            });
        }
        let mut contents = Vec::new();
        for response in requests.join_all().await {
            match response.status() {
                StatusCode::CREATED => contents.push(response.into_body()),
                // While the first one runs.
                status => assert_eq!(status, StatusCode::CONFLICT, "{response:?}"),
            }
        }
        // Later requests are replays on every replica.
        for replica in replicas {
            let response = exchange(replica, order(&key)).await;
            assert_eq!(response.headers()["idempotent-replayed"], "true");
            contents.push(response.into_body());
        }
        let first: Value = from_slice(&contents[0]).unwrap();
        assert_eq!(first["order"], round + 1);
        assert!(contents.iter().all(|content| *content == contents[0]));
        assert_eq!(count(&replicas[0]).await, round + 1);
    }
}

/// R-IK07-2.6-b, R-IK07-2.6-d, P-ID-txn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_has_one_order_on_postgres() {
    let url = Postgres::shared().create_database();
    assert_one_order_for_each_key(&three(&["--postgres", &url])).await;
}

/// R-IK07-2.6-b, R-IK07-2.6-d, P-ID-txn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_has_one_order_on_sqlite() {
    let file = File::new("orders");
    assert_one_order_for_each_key(&three(&["--database", file.path()])).await;
}

/// Checks that a killed replica leaves the record behind for the next one.
async fn assert_kept_after_a_kill(arguments: &[&str]) {
    let mut killed = Replica::start(&mut notes(arguments));
    let first = exchange(&killed, order("kept")).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    killed.kill();
    let next = Replica::start(&mut notes(arguments));
    let retry = exchange(&next, order("kept")).await;
    assert_eq!(retry.status(), StatusCode::CREATED);
    assert_eq!(retry.headers()["idempotent-replayed"], "true");
    assert_eq!(retry.body(), first.body());
    assert_eq!(count(&next).await, 1);
}

/// P-ID-durable-first: the record is there before the response leaves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_after_a_kill_gets_the_first_response_on_postgres() {
    let url = Postgres::shared().create_database();
    assert_kept_after_a_kill(&["--postgres", &url]).await;
}

/// P-ID-durable-first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_after_a_kill_gets_the_first_response_on_sqlite() {
    let file = File::new("kept-orders");
    assert_kept_after_a_kill(&["--database", file.path()]).await;
}
