//! A server that checks, and then writes without a comparison.

use std::{env, process::Command};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use deadpool_postgres::{Manager, Pool};
use tokio::net::TcpListener;
use tokio_postgres::NoTls;
use tower_conditional::{PreconditionLayer, Validators, VersionTags, handler::WithValidators};
use tower_conditional_postgres::{QuerySource, Scope};
use tower_conditional_testing::Replica;

/// The variable with the URL of the database.
const URL: &str = "TOWER_CONDITIONAL_NAIVE";

const MIGRATION: &str = "
BEGIN;
SELECT pg_advisory_xact_lock(1);
CREATE TABLE IF NOT EXISTS document (text text NOT NULL, version bigint NOT NULL);
INSERT INTO document SELECT 'first', 1 WHERE NOT EXISTS (SELECT FROM document);
COMMIT;
";

pub(crate) fn replica(url: &str) -> Command {
    Replica::test("naive::a_server_without_a_comparison", URL, url)
}

/// The server of a test, in its own process. Without the variable it tests nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_comparison() {
    let Ok(url) = env::var(URL) else { return };
    let manager = Manager::new(url.parse().unwrap(), NoTls);
    let pool = Pool::builder(manager).build().unwrap();
    let client = pool.get().await.unwrap();
    client.batch_execute(MIGRATION).await.unwrap();

    let version = "SELECT version FROM document";
    let source = QuerySource::new(pool.clone(), version, |_: &Parts| {
        Some((Scope::table("document"), Vec::new()))
    });
    let document = get(read).put(write).layer(PreconditionLayer::new(source));
    let app = Router::new()
        .route("/documents/1", document)
        .with_state(pool);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}

async fn read(State(pool): State<Pool>) -> Response {
    let client = pool.get().await.unwrap();
    let row = client.query_one("SELECT text, version FROM document", &[]);
    let row = row.await.unwrap();
    let (text, version): (String, _) = (row.get(0), row.get(1));
    let tags = VersionTags::plain().scope(Scope::table("document"));
    let validators = Validators::from(tags.number(version));
    WithValidators(text, validators).into_response()
}

async fn write(State(pool): State<Pool>, text: String) -> StatusCode {
    let client = pool.get().await.unwrap();
    let sql = "UPDATE document SET text = $1, version = version + 1";
    client.execute(sql, &[&text]).await.unwrap();
    StatusCode::NO_CONTENT
}
