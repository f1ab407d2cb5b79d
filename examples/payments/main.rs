//! A payment over a bad network is made once: `Idempotency-Key`, a transaction and an outbox.
//!
//! `service` and `outbox` are for the server, `client` is for those who call it. `proxy` cuts the
//! connections between them, and `provider` stands for the service of another company.

mod client;
mod outbox;
mod post;
mod provider;
mod proxy;
mod service;

use std::{env, sync::atomic::Ordering};

use serde_json::json;
use tokio::{net::TcpListener, sync::oneshot};
use tower_conditional::{BoxError, detached::Detached};
use tower_conditional_sqlite::Database;

use proxy::Cut;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // The argument is a file. Run the program twice with it: the payment stays one.
    let database = service::open(env::args().nth(1)).await?;
    let (provider, charges) = provider::start().await?;
    let provider = provider.to_string();
    let worker = tokio::spawn(outbox::run(database.clone(), provider.clone()));

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let attempts = Detached::new();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, service::router(database.clone(), &attempts))
        .with_graceful_shutdown(async { drop(stopped.await) });
    let server = tokio::spawn(server.into_future());

    let cuts = [
        Cut::BeforeRequest,
        Cut::BeforeAnswer,
        Cut::InAnswer,
        Cut::Nowhere,
    ];
    let proxy = proxy::start(address, cuts).await?.to_string();
    let payment = json!({ "account": "ada", "cents": 1700 });
    client::pay(&proxy, 4711, &payment.to_string()).await?;

    // The end of a service: the server first, then attempts whose clients have left.
    let _ = stop.send(());
    server.await??;
    attempts.idle().await;

    // The worker may end between sending and marking. The message is then sent again with its key.
    worker.abort();
    outbox::send_waiting(&database, &provider).await?;
    print_payments(&database).await?;
    println!(
        "The provider charged {} time(s).",
        charges.load(Ordering::SeqCst)
    );
    database.close().await;
    Ok(())
}

async fn print_payments(database: &Database) -> Result<(), BoxError> {
    let payments = database.run(|sql| {
        let mut all = sql.prepare("SELECT id, account, cents FROM payments ORDER BY id")?;
        let row = all.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        row?.collect::<Result<Vec<(i64, String, i64)>, _>>()
    });
    let payments = payments.await?;
    println!("\n id | account | cents\n----+---------+------");
    for (id, account, cents) in &payments {
        println!("{id:3} | {account:7} | {cents:5}");
    }
    println!("{} payment(s)", payments.len());
    Ok(())
}
