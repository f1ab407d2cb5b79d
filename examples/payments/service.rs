//! The service: a payment, its message to the card provider and the recorded response commit in one
//! transaction.

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{Response, StatusCode, header, request::Parts},
    routing::post,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_conditional::{
    BoxError, IdempotencyLayer,
    detached::Detached,
    idempotency::{Attempt, OnLostAttempt, OnUnrecorded},
};
use tower_conditional_sqlite::{Database, SqliteIdempotencyStore};

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Payment {
    pub(crate) account: String,
    pub(crate) cents: i64,
}

/// Opens the database in a file, or in memory.
pub(crate) async fn open(file: Option<String>) -> Result<Database, BoxError> {
    let database = match file {
        Some(file) => Database::open(file)?,
        None => Database::in_memory()?,
    };
    // By default a power failure may lose the last commits of a file.
    let schema = concat!("PRAGMA synchronous = FULL;", include_str!("schema.sql"));
    database.run(|sql| sql.execute_batch(schema)).await?;
    let keys = SqliteIdempotencyStore::new(database.clone());
    keys.install().await?;
    Ok(database)
}

pub(crate) fn router(database: Database, attempts: &Detached) -> Router {
    let store = SqliteIdempotencyStore::new(database.clone());
    let keys = IdempotencyLayer::new(store, caller)
        .require_key()
        .transactional(OnUnrecorded::Report)
        // A lost attempt has not committed, so another one may run.
        .on_lost_attempt(OnLostAttempt::Reexecute)
        .detached(attempts.clone());
    Router::new()
        .route("/payments", post(pay).route_layer(keys))
        .with_state(database)
}

/// Returns the caller, whose keys are its own. An authentication outside of the layer has checked the
/// credentials. Here the token is the name of a user. A token that is renewed would be no principal.
fn caller(request: &Parts) -> Option<String> {
    let credentials = request.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(credentials.strip_prefix("Bearer ")?.to_owned())
}

async fn pay(
    State(database): State<Database>,
    attempt: Attempt,
    Json(payment): Json<Payment>,
) -> Result<Response<Body>, StatusCode> {
    // The same in each attempt, so the provider charges once.
    let charge_key = attempt.derive_key("charge");
    let paid = database.keyed(&attempt, move |tx| {
        let Payment { account, cents } = payment;
        let insert = "INSERT INTO payments (account, cents) VALUES (?1, ?2) RETURNING id";
        let id: i64 = tx.query_row(insert, (&account, cents), |row| row.get(0))?;
        let charge = json!({ "payment": id, "account": account, "cents": cents });
        let insert = "INSERT INTO outbox (idempotency_key, message) VALUES (?1, ?2)";
        tx.execute(insert, (charge_key, charge.to_string()))?;
        tx.commit(created(charge.to_string()))
    });
    match paid.await {
        Ok(response) => Ok(response.map(Body::from)),
        Err(error) => {
            eprintln!("payments: {error}");
            // Frees the key, unless the response was recorded all the same. So a retry is right.
            Err(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn created(content: String) -> Response<Bytes> {
    let response = Response::builder().status(StatusCode::CREATED);
    let response = response.header(header::CONTENT_TYPE, "application/json");
    response.body(content.into()).expect("a valid header")
}
