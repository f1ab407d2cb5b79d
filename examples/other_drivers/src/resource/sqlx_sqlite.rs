//! Notes in SQLite with sqlx.

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
    routing::{get, post, put},
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tower_conditional::{
    EntityTag, VersionTags,
    handler::{Expected, WithValidators},
    resource::guard,
    source,
};

use super::Error;

/// The table of notes. An id is never used again, so neither is a version of a note.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
)";

const REPLACE: &str = "
UPDATE notes SET text = ?1, version = version + 1
WHERE id = ?2 AND (?3 IS NULL OR version IN (SELECT value FROM json_each(?3)))
RETURNING id";

const REMOVE: &str = "
DELETE FROM notes
WHERE id = ?1 AND (?2 IS NULL OR version IN (SELECT value FROM json_each(?2)))
RETURNING id";

pub async fn open(path: &str) -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let db = SqlitePool::connect_with(options).await?;
    sqlx::query(SCHEMA).execute(&db).await?;
    Ok(db)
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
) -> sqlx::Result<Option<EntityTag>> {
    let version = sqlx::query_scalar("SELECT version FROM notes WHERE id = ?").bind(id);
    let version = version.fetch_optional(&db).await?;
    Ok(version.map(|version| tags(id).number(version)))
}

pub async fn read(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
) -> Result<WithValidators<String>, Error> {
    let note = sqlx::query_as("SELECT text, version FROM notes WHERE id = ?").bind(id);
    let (text, version) = note.fetch_optional(&db).await?.ok_or(Error::NotFound)?;
    Ok(WithValidators(text, tags(id).number(version).into()))
}

pub async fn replace(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
    expected: Expected,
    text: String,
) -> Result<StatusCode, Error> {
    let row: Option<i64> = sqlx::query_scalar(REPLACE)
        .bind(text)
        .bind(id)
        .bind(expected.versions_json_of(&tags(id)))
        .fetch_optional(&db)
        .await?;
    expected.confirm_written(row)?.ok_or(Error::NotFound)?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
    expected: Expected,
) -> Result<StatusCode, Error> {
    let row: Option<i64> = sqlx::query_scalar(REMOVE)
        .bind(id)
        .bind(expected.versions_json_of(&tags(id)))
        .fetch_optional(&db)
        .await?;
    expected.confirm_written(row)?.ok_or(Error::NotFound)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn create(State(db): State<SqlitePool>, text: String) -> Result<impl IntoResponse, Error> {
    let insert = sqlx::query_scalar("INSERT INTO notes (text) VALUES (?) RETURNING id");
    let id: i64 = insert.bind(text).fetch_one(&db).await?;
    Ok((StatusCode::CREATED, [(LOCATION, format!("/notes/{id}"))]))
}
