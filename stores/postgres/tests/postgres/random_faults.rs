//! Two replicas over one database, behind a network that loses requests and answers.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinSet;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_conditional::{
    BoxError, IdempotencyLayer,
    body::{RequestBody, ResponseBody},
    idempotency::{Attempt, OnLostAttempt, OnUnrecorded},
};
use tower_conditional_postgres::{Keyed, KeyedError, Lease, PostgresIdempotencyStore};
use tower_conditional_testing::{Faults, Postgres, Protocol, TcpProxy};

use crate::{
    seeded::{Draw, seeds},
    support::{LONG, connection, pool, run},
};

const KEYS: u64 = 12;
const TIMEOUT: Duration = Duration::from_millis(300);
/// Long enough for the pauses of the layer, and short enough for a test that waits for its end.
const LEASE: Duration = Duration::from_secs(1);

type Posted = Request<RequestBody<Full<Bytes>>>;
type Answer = Response<ResponseBody<Full<Bytes>>>;

/// The runs of each key, as the handlers count them.
type Runs = Arc<Mutex<HashMap<String, u64>>>;

/// A database behind a proxy, and the pools of two replicas.
struct FailingNetwork {
    proxy: TcpProxy,
    direct: Pool,
    pools: [Pool; 2],
    runs: Runs,
}

impl FailingNetwork {
    async fn new() -> Self {
        let server = Postgres::shared();
        let url = server.create_database();
        let direct = pool(&url);
        run(&direct, PostgresIdempotencyStore::schema_sql()).await;
        run(
            &direct,
            "CREATE TABLE payments (key text NOT NULL, run bigint NOT NULL)",
        )
        .await;
        let proxy = TcpProxy::start(Protocol::Bytes, server.port());
        let through = url.replace(
            &format!(":{}/", server.port()),
            &format!(":{}/", proxy.port()),
        );
        Self {
            pools: [pool(&through), pool(&through)],
            proxy,
            direct,
            runs: Runs::default(),
        }
    }

    fn layer(&self, replica: usize) -> IdempotencyLayer<PostgresIdempotencyStore> {
        let store = PostgresIdempotencyStore::new(self.pools[replica].clone()).timeout(TIMEOUT);
        IdempotencyLayer::for_anyone(store).lease(LEASE)
    }

    async fn paid(&self, key: &str) -> i64 {
        let client = connection(&self.direct).await;
        let count = client
            .query_one("SELECT count(*) FROM payments WHERE key = $1", &[&key])
            .await;
        count.expect("a count").get(0)
    }
}

fn post(key: &str) -> Request<Full<Bytes>> {
    Request::post("/payments")
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::default())
        .expect("a request")
}

fn count(runs: &Runs, key: &str) -> u64 {
    let mut runs = runs.lock().expect("no panic");
    let run = runs.entry(key.to_owned()).or_default();
    *run += 1;
    *run
}

async fn pay(pool: &Pool, attempt: &Attempt, run: u64) -> Result<Response<Bytes>, KeyedError> {
    let mut lease = tokio::time::timeout(TIMEOUT, Lease::acquire(pool))
        .await
        .map_err(|_| KeyedError::Lost)??;
    let tx = Keyed::begin(&mut lease, attempt).await?;
    let (key, run) = (
        attempt.key().as_str(),
        i64::try_from(run).expect("few runs"),
    );
    tx.execute("INSERT INTO payments VALUES ($1, $2)", &[&key, &run])
        .await?;
    tx.commit(Response::new(Bytes::from(run.to_string()))).await
}

/// Sends requests with each key to both replicas at once, while the network fails. Returns the
/// contents of the answers 200 for each key.
async fn race<S>(site: &FailingNetwork, services: [S; 2], seed: u64) -> HashMap<String, Vec<Bytes>>
where
    S: Service<Request<Full<Bytes>>, Response = Answer, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    let mut draw = Draw::new(seed);
    site.proxy.set_faults(Faults {
        seed,
        lose_request: 0.04,
        lose_reply: 0.04,
        delay: 0.05,
        longest_delay: Duration::from_millis(30),
        ..Faults::default()
    });
    let mut sent = JoinSet::new();
    for number in 0..KEYS {
        for _ in 0..4 {
            let service = services[usize::from(draw.coin())].clone();
            let key = format!("{number}");
            let disconnects = (draw.below(4) == 0).then(|| Duration::from_millis(draw.below(40)));
            sent.spawn(async move {
                let answer = service.oneshot(post(&key));
                let limit = disconnects.unwrap_or(Duration::from_secs(60));
                (key, tokio::time::timeout(limit, answer).await.ok())
            });
        }
    }
    let mut answers: HashMap<String, Vec<Bytes>> = HashMap::new();
    while let Some(answered) = sent.join_next().await {
        let (key, answer) = answered.expect("no panic");
        let answers = answers.entry(key).or_default();
        if let Some(Ok(answer)) = answer
            && answer.status() == StatusCode::OK
        {
            answers.push(
                answer
                    .into_body()
                    .collect()
                    .await
                    .expect("content")
                    .to_bytes(),
            );
        }
    }
    site.proxy.clear_faults();
    answers
}

/// Retries until there is an answer that stays: 200, or a 409 that names no time to retry.
async fn settle<S>(service: &S, key: &str) -> (StatusCode, Bytes)
where
    S: Service<Request<Full<Bytes>>, Response = Answer, Error = Infallible> + Clone,
{
    let settled = async {
        loop {
            let answer = service.clone().oneshot(post(key)).await.expect("an answer");
            let again = answer.status() == StatusCode::SERVICE_UNAVAILABLE
                || answer.headers().contains_key("retry-after");
            if !again {
                let status = answer.status();
                return (
                    status,
                    answer
                        .into_body()
                        .collect()
                        .await
                        .expect("content")
                        .to_bytes(),
                );
            }
            // The lease ends on the clock of the server.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LONG, settled)
        .await
        .expect("a key that is not stuck")
}

/// P-ID-txn, R-IK07-2.6-b: each key has one effect, and all its answers are those of that run.
#[tokio::test(flavor = "multi_thread")]
async fn keyed_payments_take_place_once_on_a_failing_network() -> Result<(), BoxError> {
    for seed in seeds("TOWER_CONDITIONAL_KEYED", 2) {
        let site = FailingNetwork::new().await;
        let services = [0, 1].map(|replica| {
            let layer = site.layer(replica).transactional(OnUnrecorded::Fail);
            let layer = layer.on_lost_attempt(OnLostAttempt::Reexecute);
            let (pool, runs) = (site.pools[replica].clone(), Arc::clone(&site.runs));
            layer.layer(service_fn(move |request: Posted| {
                let (pool, runs) = (pool.clone(), Arc::clone(&runs));
                async move {
                    let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                    let run = count(&runs, attempt.key().as_str());
                    let mut response = Response::new(Full::default());
                    match pay(&pool, attempt, run).await {
                        Ok(paid) => response = paid.map(Full::from),
                        Err(_) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
                    }
                    Ok::<_, Infallible>(response)
                }
            }))
        });
        let answers = race(&site, services.clone(), seed).await;
        for number in 0..KEYS {
            let key = number.to_string();
            let (status, content) = settle(&services[0], &key).await;
            assert_eq!(status, StatusCode::OK, "seed {seed}, key {key}");
            assert_eq!(site.paid(&key).await, 1, "seed {seed}, key {key}");
            for answer in &answers[&key] {
                assert_eq!(answer, &content, "seed {seed}, key {key}");
            }
        }
        assert!(site.proxy.counts().requests > 0);
    }
    Ok(())
}

/// P-ID-store-down: an effect outside of the database does not take place twice.
#[tokio::test(flavor = "multi_thread")]
async fn no_handler_runs_twice_on_a_failing_network() {
    for seed in seeds("TOWER_CONDITIONAL_RUNS", 2) {
        let site = FailingNetwork::new().await;
        let services = [0, 1].map(|replica| {
            let runs = Arc::clone(&site.runs);
            site.layer(replica)
                .layer(service_fn(move |request: Posted| {
                    let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                    let run = count(&runs, attempt.key().as_str());
                    async move { Ok::<_, Infallible>(Response::new(Full::from(run.to_string()))) }
                }))
        });
        let answers = race(&site, services.clone(), seed).await;
        for number in 0..KEYS {
            let key = number.to_string();
            let (status, content) = settle(&services[0], &key).await;
            let runs = site.runs.lock().expect("no panic").get(&key).copied();
            assert!(
                runs.unwrap_or_default() <= 1,
                "seed {seed}, key {key}: {runs:?}"
            );
            assert_eq!(status == StatusCode::OK, content == "1");
            assert!(
                status == StatusCode::OK || status == StatusCode::CONFLICT,
                "{status}"
            );
            assert!(
                status == StatusCode::OK || answers[&key].is_empty(),
                "seed {seed}, key {key}"
            );
        }
    }
}
