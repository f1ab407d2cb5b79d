//! Notes in SQLite with diesel, whose connections block.

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
    routing::{get, post, put},
};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    r2d2::{self, ConnectionManager, CustomizeConnection, Pool},
    sql_types::Bool,
    sqlite::Sqlite,
};
use tokio::task::spawn_blocking;
use tower_conditional::{
    BoxError, EntityTag, VersionTags,
    handler::{Expected, WithValidators},
    resource::guard,
    source,
};

use super::Error;

pub type SqlitePool = Pool<ConnectionManager<SqliteConnection>>;

/// The table of notes. An id is never used again, so neither is a version of a note.
const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
)";

diesel::table! {
    notes {
        id -> BigInt,
        text -> Text,
        version -> BigInt,
    }
}

/// A condition on a note.
type Condition = Box<dyn BoxableExpression<notes::table, Sqlite, SqlType = Bool>>;

/// Returns the condition that a note has one of these versions. `None` means any version.
fn version_in(versions: Option<Vec<i64>>) -> Condition {
    match versions {
        Some(versions) => Box::new(notes::version.eq_any(versions)),
        None => Box::new(true.into_sql::<Bool>()),
    }
}

#[derive(Debug)]
struct WaitForWriters;

impl CustomizeConnection<SqliteConnection, r2d2::Error> for WaitForWriters {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), r2d2::Error> {
        let set = connection.batch_execute("PRAGMA busy_timeout = 5000");
        set.map_err(r2d2::Error::QueryError)
    }
}

pub fn open(path: &str) -> Result<SqlitePool, BoxError> {
    SqliteConnection::establish(path)?.batch_execute(SCHEMA)?;
    let pool = Pool::builder().connection_customizer(Box::new(WaitForWriters));
    Ok(pool.build(ConnectionManager::new(path))?)
}

/// Runs a query on a thread that may block.
async fn run<T: Send + 'static>(
    db: SqlitePool,
    query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
) -> Result<T, BoxError> {
    spawn_blocking(move || Ok(query(&mut *db.get()?)?)).await?
}

/// Creates the routes: the handlers that read and write a note, and the source of its version.
pub fn app(db: SqlitePool) -> Router {
    let version = source::axum(version).with_state(db.clone());
    let note = guard(version, get(read), put(replace).delete(remove));
    Router::new()
        .route("/notes", post(create))
        .route("/notes/{id}", note.with_state(db.clone()))
        .with_state(db)
}

/// Returns the tags of a note. Another note with the same version has another tag.
pub fn tags(id: i64) -> VersionTags {
    VersionTags::of("notes", id)
}

async fn version(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
) -> Result<Option<EntityTag>, BoxError> {
    let version = notes::table.find(id).select(notes::version);
    let version = run(db, move |db| version.get_result(db).optional()).await?;
    Ok(version.map(|version| tags(id).number(version)))
}

pub async fn read(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
) -> Result<WithValidators<String>, Error> {
    let note = notes::table.find(id).select((notes::text, notes::version));
    let note = run(db, move |db| note.get_result(db).optional()).await?;
    let (text, version) = note.ok_or(Error::NotFound)?;
    Ok(WithValidators(text, tags(id).number(version).into()))
}

pub async fn replace(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
    expected: Expected,
    text: String,
) -> Result<StatusCode, Error> {
    let versions = expected.versions_of(&tags(id));
    let update = move |db: &mut SqliteConnection| {
        diesel::update(notes::table.find(id).filter(version_in(versions)))
            .set((notes::text.eq(text), notes::version.eq(notes::version + 1)))
            .returning(notes::id)
            .get_result::<i64>(db)
            .optional()
    };
    let row = run(db, update).await?;
    expected.confirm_written(row)?.ok_or(Error::NotFound)?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
    expected: Expected,
) -> Result<StatusCode, Error> {
    let versions = expected.versions_of(&tags(id));
    let delete = move |db: &mut SqliteConnection| {
        diesel::delete(notes::table.find(id).filter(version_in(versions)))
            .returning(notes::id)
            .get_result::<i64>(db)
            .optional()
    };
    let row = run(db, delete).await?;
    expected.confirm_written(row)?.ok_or(Error::NotFound)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn create(State(db): State<SqlitePool>, text: String) -> Result<impl IntoResponse, Error> {
    let insert = diesel::insert_into(notes::table).values(notes::text.eq(text));
    let insert = insert.returning(notes::id);
    let id: i64 = run(db, move |db| insert.get_result(db)).await?;
    Ok((StatusCode::CREATED, [(LOCATION, format!("/notes/{id}"))]))
}
