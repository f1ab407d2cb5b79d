//! A payment, its message to another service and its recorded response commit in one transaction.
//! A worker sends the message after the commit.
//!
//! The first argument is the URL of a database, such as `postgres://postgres@127.0.0.1/postgres`.

#![expect(clippy::disallowed_macros)] // the program prints what happens

mod worker;

use std::{convert::Infallible, env};

use bytes::Bytes;
use deadpool_postgres::{Manager, Pool};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio_postgres::NoTls;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    BoxError, IdempotencyLayer,
    body::RequestBody,
    idempotency::{Attempt, OnLostAttempt, OnUnrecorded},
};
use tower_conditional_postgres::{Keyed, KeyedError, Lease, PostgresIdempotencyStore};

const PAYMENTS: &str = "CREATE TABLE IF NOT EXISTS payments (cents bigint NOT NULL)";

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let url = env::args().nth(1).ok_or("the first argument is a URL")?;
    let pool = Pool::builder(Manager::new(url.parse()?, NoTls)).build()?;
    let mut client = pool.get().await?;
    client.batch_execute(PAYMENTS).await?;
    client.batch_execute(worker::SCHEMA).await?;
    PostgresIdempotencyStore::install(&client).await?;

    let handler_pool = pool.clone();
    let handler = service_fn(move |request: Request<RequestBody<Full<Bytes>>>| {
        let pool = handler_pool.clone();
        async move { Ok::<_, Infallible>(pay(&pool, &request).await) }
    });
    // A lost attempt has not committed, so another one may run.
    let layer = IdempotencyLayer::for_anyone(PostgresIdempotencyStore::new(pool))
        .transactional(OnUnrecorded::Report)
        .on_lost_attempt(OnLostAttempt::Reexecute);
    for _ in 0..2 {
        let request = Request::post("/payments").header("idempotency-key", "\"invoice-1\"");
        let request = request.body(Full::default())?;
        let response = layer.layer(handler.clone()).oneshot(request).await?;
        let is_replay = response.headers().contains_key("idempotent-replayed");
        println!("{}, replayed: {is_replay}", response.status());
    }

    // A service repeats this in a task, with a pause if there was no message.
    while worker::send_next(&mut client, print).await? {}
    Ok(())
}

async fn pay(pool: &Pool, request: &Request<RequestBody<Full<Bytes>>>) -> Response<Full<Bytes>> {
    let attempt = request.extensions().get().expect("the layer outside");
    match try_to_pay(pool, attempt).await {
        Ok(response) => response.map(Full::from),
        Err(error) => {
            eprintln!("outbox: {error}");
            // Frees the key, unless the response was recorded all the same.
            let mut response = Response::default();
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        }
    }
}

async fn try_to_pay(pool: &Pool, attempt: &Attempt) -> Result<Response<Bytes>, KeyedError> {
    let mut lease = Lease::acquire(pool).await?;
    let tx = Keyed::begin(&mut lease, attempt).await?;
    tx.execute("INSERT INTO payments VALUES (1700)", &[])
        .await?;
    // The same key in each attempt, so the receiver charges once.
    let key = attempt.derive_key("charge");
    let put = "INSERT INTO outbox (idempotency_key, message) VALUES ($1, 'charge 1700')";
    tx.execute(put, &[&key]).await?;
    let mut response = Response::new(Bytes::from("paid"));
    *response.status_mut() = StatusCode::CREATED;
    tx.commit(response).await
}

/// Stands for a request to the other service, with the key in its `Idempotency-Key`.
async fn print(message: worker::Message) -> Result<(), BoxError> {
    println!("sent {:?} with the key {}", message.text, message.key);
    Ok(())
}
