//! Orders behind an idempotency layer. It stops at a point of a request, so that a test can kill
//! it there.

mod app;
mod naive;
mod orders;
mod points;

use std::time::Duration;

use clap::{Parser, ValueEnum};
use tokio::{
    net::TcpListener,
    runtime::Handle,
    signal::unix::{SignalKind, signal},
};
use tower_conditional::{
    detached::Detached, idempotency::OnLostAttempt, store::MemoryIdempotencyStore,
};

use orders::Database;
use points::{Point, Points, Stop};

#[derive(Debug, Parser)]
struct Options {
    /// The store: `memory`, `sqlite:PATH` or a URL of PostgreSQL.
    #[arg(long)]
    store: String,
    #[arg(long, value_enum, default_value = "lease")]
    mode: Mode,
    #[arg(long, default_value = "2000")]
    lease_ms: u64,
    /// The time for which a retry waits for the first request.
    #[arg(long, default_value = "0")]
    wait_ms: u64,
    #[arg(long, default_value = "5000")]
    store_timeout_ms: u64,
    /// The number of connections to PostgreSQL.
    #[arg(long, default_value = "8")]
    connections: usize,
    /// Runs a request again if its last attempt was lost.
    #[arg(long)]
    reexecute: bool,
    #[arg(long, value_enum)]
    stop_at: Option<Point>,
    #[arg(long, value_enum, default_value = "wait")]
    stop: Stop,
}

/// The way in which effects and records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The handler writes by itself, and the layer records its response.
    Lease,
    /// The effect and the record are one transaction.
    Transaction,
    /// Get, run, set: the mistake that the layer exists for.
    Naive,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let points = Points::new(options.stop_at, options.stop, Handle::current());
    let mut proceed = signal(SignalKind::user_defined1())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let detached = Detached::new();
    let database = Database::open(&options).await?;
    let setup = app::Setup {
        database: database.clone(),
        points: points.clone(),
        mode: options.mode,
        lease: Duration::from_millis(options.lease_ms),
        wait_timeout: Duration::from_millis(options.wait_ms),
        on_lost_attempt: if options.reexecute {
            OnLostAttempt::Reexecute
        } else {
            OnLostAttempt::Refuse
        },
        detached: detached.clone(),
    };
    let store_timeout = Duration::from_millis(options.store_timeout_ms);
    let app = match database {
        Database::Memory(_) => app::router(MemoryIdempotencyStore::new(), setup),
        Database::Sqlite(database) => app::router(orders::sqlite_store(&database).await?, setup),
        Database::Postgres(pool) => {
            let store = orders::postgres_store(&pool).await?;
            app::router(store.timeout(store_timeout), setup)
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        proceed.recv().await;
        points.proceed();
    });
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        terminate.recv().await;
        println!("shutting down");
    });
    server.await?;
    println!("no connections left");
    detached.idle().await;
    println!("idle");
    Ok(())
}
