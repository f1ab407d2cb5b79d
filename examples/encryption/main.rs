//! Recorded responses that are encrypted at rest, and a change of the key.
//!
//! Copy `keyring.rs` into a service, and read its keys from the place where your secrets are.

mod keyring;

use std::convert::Infallible;

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{BoxError, IdempotencyLayer, body::RequestBody};
use tower_conditional_sqlite::{Database, SqliteIdempotencyStore};

use keyring::Keyring;

const SECRET: &str = "the card number";

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let database = Database::in_memory()?;
    SqliteIdempotencyStore::new(database.clone())
        .install()
        .await?;

    let old = || Keyring::new(1, &[1; 32]);
    send(&database, old(), "first").await?;
    print_records(&database).await?;

    println!("\nA retry after a change of the key, and a request that is new:");
    let both = || old().with_key(2, &[2; 32]);
    send(&database, both(), "first").await?;
    send(&database, both(), "second").await?;
    print_records(&database).await?;

    println!("\nA retry without the old key, which was removed too early:");
    send(&database, Keyring::new(2, &[2; 32]), "first").await
}

/// Sends a request through the layer, and prints the answer.
async fn send(database: &Database, keyring: Keyring, key: &str) -> Result<(), BoxError> {
    let store = SqliteIdempotencyStore::new(database.clone());
    let layer = IdempotencyLayer::for_anyone(store).protect(keyring);
    let handler = service_fn(async |_: Request<RequestBody<Full<Bytes>>>| {
        println!("The handler runs.");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(SECRET)))
    });
    let request = Request::post("/cards").header("idempotency-key", format!("\"{key}\""));
    let request = request.body(Full::<Bytes>::default())?;
    let response = layer.layer(handler).oneshot(request).await?;
    let (status, content) = (response.status(), response.into_body().collect().await?);
    let content = String::from_utf8(content.to_bytes().into())?;
    println!("{key}: {status}, {content}");
    Ok(())
}

/// Prints the key of each record, and looks for the secret in it.
async fn print_records(database: &Database) -> Result<(), BoxError> {
    let records = database.run(|sql| {
        let mut all = sql.prepare("SELECT response FROM conditional_idempotency ORDER BY rowid")?;
        let rows = all.query_map((), |row| row.get(0))?;
        rows.collect::<Result<Vec<Vec<u8>>, _>>()
    });
    for record in records.await? {
        let shows_secret = record
            .windows(SECRET.len())
            .any(|part| part == SECRET.as_bytes());
        let text = if shows_secret {
            "in the clear"
        } else {
            "encrypted"
        };
        println!(
            "At rest: {} bytes under key {}, {text}",
            record.len(),
            record[3]
        );
    }
    Ok(())
}
