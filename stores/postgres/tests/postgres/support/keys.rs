//! Requests with a key, and the payments that they make.

use std::{
    convert::Infallible,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio_postgres::Client;
use tower::{Layer, Service, ServiceExt, service_fn, util::BoxCloneSyncService};
use tower_conditional::{
    IdempotencyLayer,
    body::{RequestBody, ResponseBody},
    idempotency::{Attempt, Claim, Fingerprint, Owner, RecordId},
};
use tower_conditional_postgres::{Keyed, KeyedError, Lease, PostgresIdempotencyStore};

use super::{connection, run};

/// Ends the sessions of all other connections to the database.
pub(crate) const END_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// A request as a handler gets it.
pub(crate) type Posted = Request<RequestBody<Full<Bytes>>>;

/// The service of a handler that takes payments.
pub(crate) type Payments =
    BoxCloneSyncService<Request<Full<Bytes>>, Response<ResponseBody<Full<Bytes>>>, Infallible>;

/// Installs the store, and creates the table `payments`.
pub(crate) async fn store(pool: &Pool) -> PostgresIdempotencyStore {
    run(pool, PostgresIdempotencyStore::schema_sql()).await;
    let payments = "CREATE TABLE IF NOT EXISTS payments (amount integer NOT NULL)";
    run(pool, payments).await;
    PostgresIdempotencyStore::new(pool.clone())
}

/// Sets a setting of the database, and closes the connections, which keep the old one.
pub(crate) async fn set(pool: &Pool, setting: &str, value: &str) {
    set_on(&**connection(pool).await, setting, value).await;
    pool.retain(|_, _| false);
}

/// Sets a setting of the database, for the connections after that.
pub(crate) async fn set_on(client: &Client, setting: &str, value: &str) {
    let sql = format!(
        "DO $$ BEGIN
            EXECUTE format('ALTER DATABASE %I SET {setting} = %L', current_database(), '{value}');
        END $$"
    );
    client.batch_execute(&sql).await.expect(setting);
}

/// Returns the number that a query returns.
pub(crate) async fn number(pool: &Pool, sql: &str) -> i64 {
    let row = connection(pool).await.query_one(sql, &[]).await;
    row.expect(sql).get(0)
}

/// Returns the number of payments.
pub(crate) async fn count(pool: &Pool) -> i64 {
    number(pool, "SELECT count(*) FROM payments").await
}

pub(crate) fn id(number: u8) -> RecordId {
    RecordId::from([number; 32])
}

pub(crate) fn claim(owner: u8) -> Claim {
    Claim::new(Fingerprint::custom("request"), Owner::from([owner; 16]))
}

pub(crate) fn post(key: &str) -> Request<Full<Bytes>> {
    Request::post("/payments")
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::default())
        .expect("a request")
}

/// Returns the status, and if it was a replay.
pub(crate) async fn send<S>(service: &S, key: &str) -> (u16, bool)
where
    S: Service<Request<Full<Bytes>>, Response = Response<ResponseBody<Full<Bytes>>>> + Clone,
    S::Error: std::fmt::Debug,
{
    let response = service.clone().oneshot(post(key)).await;
    let response = response.expect("a response");
    let is_replay = response.headers().contains_key("idempotent-replayed");
    (response.status().as_u16(), is_replay)
}

/// Returns the service of a handler that gets a pool and its attempt, and the number of its runs.
/// An error is answered with 503.
pub(crate) fn payments<H, F>(
    layer: &IdempotencyLayer<PostgresIdempotencyStore>,
    pool: &Pool,
    handler: H,
) -> (Payments, Arc<AtomicUsize>)
where
    H: Fn(Pool, Attempt) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Bytes>, KeyedError>> + Send + 'static,
{
    let runs = Arc::new(AtomicUsize::new(0));
    let (counted, pool) = (Arc::clone(&runs), pool.clone());
    let service = layer.layer(service_fn(move |request: Posted| {
        counted.fetch_add(1, Ordering::SeqCst);
        let attempt = request.extensions().get::<Attempt>().expect("an attempt");
        let answered = handler(pool.clone(), attempt.clone());
        async move {
            let answer = answered.await.unwrap_or_else(|_| {
                let mut failed = Response::default();
                *failed.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                failed
            });
            Ok::<_, Infallible>(answer.map(Full::from))
        }
    }));
    (BoxCloneSyncService::new(service), runs)
}

/// Pays in one transaction.
pub(crate) async fn pay(pool: &Pool, attempt: &Attempt) -> Result<Response<Bytes>, KeyedError> {
    let mut lease = Lease::acquire(pool).await?;
    let tx = Keyed::begin(&mut lease, attempt).await?;
    tx.execute("INSERT INTO payments VALUES (17)", &[]).await?;
    let mut response = Response::new(Bytes::from("paid"));
    *response.status_mut() = StatusCode::CREATED;
    tx.commit(response).await
}
