//! A writer that is killed between its check and its commit.

use std::{env, future::pending};

use axum::{
    Router,
    extract::{Path, State},
    routing::put,
};
use deadpool_postgres::{Manager, Pool};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_postgres::NoTls;
use tower_conditional::{PreconditionLayer, handler::Expected};
use tower_conditional_postgres::{Guarded, Lease, Scope, Target};
use tower_conditional_testing::{Postgres, Replica};

use crate::support::{Client, Page, connect, in_time, notes, tag_of, wait_until_blocked};

/// The variable with the database of a server that never commits.
const URL: &str = "TOWER_CONDITIONAL_STOPS";

const STOPPED: &str = "stopped before the commit";

/// R-9110-13.1-a: nothing is locked, and nothing is half written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_writer_leaves_nothing_behind() {
    let url = Postgres::shared().create_database();
    let replica = Replica::start(&mut notes(&["--postgres", &url]));
    let mut stopping = Replica::start(&mut Replica::test(
        "killed::a_server_that_stops_before_the_commit",
        URL,
        &url,
    ));
    let mut reader = Client::of(&replica).await;
    let before = reader.read().await;

    let (mut killed, tag) = (Client::of(&stopping).await, before.tag.clone());
    let killed = tokio::spawn(async move { killed.write(&tag, "killed").await });
    stopping.wait_for(STOPPED);
    assert_eq!(reader.read().await, before);

    let (mut other, tag) = (Client::of(&replica).await, before.tag.clone());
    let other = tokio::spawn(async move { other.write(&tag, "other").await });
    wait_until_blocked(&connect(&url).await).await;
    assert_eq!(reader.read().await, before);

    stopping.kill();
    assert!(in_time(killed).await.unwrap().is_err());
    let written = in_time(other).await.unwrap().expect("an answer");
    assert_eq!(written.status(), StatusCode::NO_CONTENT);
    let (tag, text) = (tag_of(&written), "other".to_owned());
    assert_eq!(reader.read().await, Page { tag, text });
    reader.assert_writes("next").await;
}

/// The server of a test, in its own process. Without the variable it tests nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_before_the_commit() {
    let Ok(url) = env::var(URL) else { return };
    let app = Router::new()
        .route("/pages/{name}", put(write))
        .layer(PreconditionLayer::handler_checks())
        .with_state(url);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}

/// Writes like the showcase, up to the commit.
async fn write(
    State(url): State<String>,
    Path(name): Path<String>,
    expected: Expected,
    content: String,
) {
    let manager = Manager::new(url.parse().unwrap(), NoTls);
    let pool = Pool::builder(manager).build().unwrap();
    let mut lease = Lease::acquire(&pool).await.unwrap();
    let target = Target::scope(Scope::row("pages", &name));
    let tx = Guarded::begin(&mut lease, expected, target).await.unwrap();
    let update = "UPDATE pages SET content = $2 WHERE name = $1";
    assert_eq!(tx.execute(update, &[&name, &content]).await.unwrap(), 1);
    println!("{STOPPED}");
    pending().await
}
