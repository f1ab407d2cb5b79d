//! Documents with a version column. The statement that writes also compares, so no update
//! is lost, however many processes serve the same database:
//!
//! ```text
//! cargo run -p tower-conditional-postgres --example compare_and_set -- \
//!     postgres://user@localhost/documents 127.0.0.1:3000
//! ```

#![expect(clippy::disallowed_macros)] // the program prints its address

use std::{env, error::Error, process::ExitCode};

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use deadpool_postgres::{Manager, Pool, PoolError};
use tokio::net::TcpListener;
use tokio_postgres::{NoTls, types::ToSql};
use tower_conditional::{
    Validators, VersionTags,
    handler::{Expected, PreconditionFailed, WithValidators},
    resource::guard,
    route::Route,
};
use tower_conditional_postgres::{Param, QuerySource, Scope};

/// The schema, created under a lock, since several processes may start at once. All documents take
/// their versions from one sequence: one that is deleted and created again has no old tag.
const MIGRATION: &str = "
BEGIN;
SELECT pg_advisory_xact_lock(hashtext('documents'));
CREATE SEQUENCE IF NOT EXISTS document_versions;
CREATE TABLE IF NOT EXISTS documents (
    id bigint PRIMARY KEY,
    text text NOT NULL,
    version bigint NOT NULL DEFAULT nextval('document_versions')
);
INSERT INTO documents VALUES (1, 'first') ON CONFLICT DO NOTHING;
COMMIT;
";

/// The statement that creates a document. The key refuses an existing one.
const CREATE: &str = "
INSERT INTO documents (id, text) VALUES ($1, $2)
ON CONFLICT DO NOTHING
RETURNING version";

/// The statement that replaces a document. `If-Match: *` gives no versions, so `NULL`.
const COMPARE_AND_SET: &str = "
UPDATE documents SET text = $3, version = nextval('document_versions')
WHERE id = $1 AND ($2::bigint[] IS NULL OR version = ANY ($2))
RETURNING version";

fn app(pool: Pool) -> Result<Router, Box<dyn Error>> {
    let route = Route::new("/documents/{id}")?;
    let version = "SELECT version FROM documents WHERE id = $1";
    let source = QuerySource::new(pool.clone(), version, move |request: &Parts| {
        let id: i64 = route.parameter(request, "id")?;
        Some((scope(id), vec![Box::new(id) as Param]))
    });
    // The state may change between the check of the guard and the write, so the handler
    // compares too.
    let document = guard(source, get(read), put(replace)).with_state(pool);
    Ok(Router::new().route("/documents/{id}", document))
}

async fn read(State(pool): State<Pool>, Path(id): Path<i64>) -> Result<Response, DocumentError> {
    // Both are from one row, so the tag belongs to this text.
    let one = "SELECT text, version FROM documents WHERE id = $1";
    let row = pool.get().await?.query_opt(one, &[&id]).await?;
    let row = row.ok_or(DocumentError::NoSuchDocument)?;
    let text: String = row.get(0);
    let validators = Validators::from(tags(id).number(row.get(1)));
    Ok(WithValidators(text, validators).into_response())
}

async fn replace(
    State(pool): State<Pool>,
    Path(id): Path<i64>,
    expected: Expected,
    text: String,
) -> Result<Response, DocumentError> {
    let client = pool.get().await?;
    let (status, row) = if expected.must_be_absent() {
        let row = client.query_opt(CREATE, &[&id, &text]).await?;
        (StatusCode::CREATED, row)
    } else {
        let versions = expected.versions_of(&tags(id));
        let params: [&(dyn ToSql + Sync); 3] = [&id, &versions, &text];
        let row = client.query_opt(COMPARE_AND_SET, &params).await?;
        (StatusCode::NO_CONTENT, row)
    };
    // No row changed: 412.
    let row = expected
        .confirm_written(row)?
        .ok_or(DocumentError::NoSuchDocument)?;
    let validators = Validators::from(tags(id).number(row.get(0)));
    Ok(WithValidators(status, validators).into_response())
}

/// Returns the scope of a document. The tags of another document do not match it.
fn scope(id: i64) -> Scope {
    Scope::row("documents", id)
}

/// Returns the same tags as the source.
fn tags(id: i64) -> VersionTags {
    VersionTags::plain().scope(scope(id))
}

enum DocumentError {
    NoSuchDocument,
    Failed(PreconditionFailed),
    Database,
}

impl From<PreconditionFailed> for DocumentError {
    fn from(failed: PreconditionFailed) -> Self {
        Self::Failed(failed)
    }
}

impl From<PoolError> for DocumentError {
    fn from(error: PoolError) -> Self {
        eprintln!("compare_and_set: {error}");
        Self::Database
    }
}

impl From<tokio_postgres::Error> for DocumentError {
    fn from(error: tokio_postgres::Error) -> Self {
        eprintln!("compare_and_set: {error}");
        Self::Database
    }
}

impl IntoResponse for DocumentError {
    fn into_response(self) -> Response {
        match self {
            Self::NoSuchDocument => StatusCode::NOT_FOUND.into_response(),
            Self::Failed(failed) => failed.into_response(),
            Self::Database => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

async fn serve(url: &str, address: &str) -> Result<(), Box<dyn Error>> {
    let pool = Pool::builder(Manager::new(url.parse()?, NoTls)).build()?;
    pool.get().await?.batch_execute(MIGRATION).await?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app(pool)?).await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, address] = &arguments[..] else {
        eprintln!("usage: compare_and_set URL ADDRESS:PORT");
        return ExitCode::from(2);
    };
    match serve(url, address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare_and_set: {error}");
            ExitCode::FAILURE
        }
    }
}
