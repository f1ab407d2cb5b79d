//! The handlers of a note, each with its query.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
};
use sqlx::SqlitePool;
use tower_conditional::{
    EntityTag, VersionTags,
    handler::{Expected, Validated},
};

use crate::error::Error;

/// An id is never used again, so a version of a note is never used again either.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
)";

const COMPARE_AND_SET: &str = "
UPDATE notes SET text = ?1, version = version + 1
WHERE id = ?2 AND (?3 IS NULL OR version IN (SELECT value FROM json_each(?3)))
RETURNING version";

const COMPARE_AND_DELETE: &str = "
DELETE FROM notes
WHERE id = ?1 AND (?2 IS NULL OR version IN (SELECT value FROM json_each(?2)))
RETURNING id";

/// The tag of one note is no tag of another.
pub(crate) fn tags(id: i64) -> VersionTags {
    VersionTags::of("notes", id)
}

pub(crate) async fn version(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
) -> sqlx::Result<Option<EntityTag>> {
    let version = sqlx::query_scalar("SELECT version FROM notes WHERE id = ?").bind(id);
    let version = version.fetch_optional(&db).await?;
    Ok(version.map(|version| tags(id).number(version)))
}

pub(crate) async fn read(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
) -> Result<Validated<String>, Error> {
    let note = sqlx::query_as("SELECT text, version FROM notes WHERE id = ?").bind(id);
    let (text, version) = note.fetch_optional(&db).await?.ok_or(Error::NotFound)?;
    Ok(Validated(text, tags(id).number(version).into()))
}

pub(crate) async fn replace(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
    expected: Expected,
    text: String,
) -> Result<Validated<StatusCode>, Error> {
    let row = sqlx::query_scalar(COMPARE_AND_SET)
        .bind(text)
        .bind(id)
        .bind(expected.versions_json_of(&tags(id)))
        .fetch_optional(&db)
        .await?;
    let tag = tags(id).number(expected.confirm_written(row)?.ok_or(Error::NotFound)?);
    // Stored as it came, so the answer may tell the new tag (RFC 9110, section 9.3.4).
    Ok(Validated(StatusCode::NO_CONTENT, tag.into()))
}

pub(crate) async fn remove(
    Path(id): Path<i64>,
    State(db): State<SqlitePool>,
    expected: Expected,
) -> Result<StatusCode, Error> {
    let row: Option<i64> = sqlx::query_scalar(COMPARE_AND_DELETE)
        .bind(id)
        .bind(expected.versions_json_of(&tags(id)))
        .fetch_optional(&db)
        .await?;
    expected.confirm_written(row)?.ok_or(Error::NotFound)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn create(
    State(db): State<SqlitePool>,
    text: String,
) -> Result<impl IntoResponse, Error> {
    let insert = sqlx::query_scalar("INSERT INTO notes (text) VALUES (?) RETURNING id");
    let id: i64 = insert.bind(text).fetch_one(&db).await?;
    Ok((StatusCode::CREATED, [(LOCATION, format!("/notes/{id}"))]))
}
