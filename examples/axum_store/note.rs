//! Notes in SQLite with `tower-conditional-sqlite`.

use std::error;

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header::LOCATION, request::Parts},
    response::IntoResponse,
    routing::{get, post, put},
};
use tower_conditional::{handler::Expected, resource::guard, route::Route};
use tower_conditional_sqlite::{
    Database, Install, Schema, Scope, Target, VersionSource, Watch, rusqlite::OptionalExtension,
};

use crate::error::Error;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL
)";

pub(crate) async fn open(path: &str) -> Result<Database, Box<dyn error::Error>> {
    let db = Database::open(path)?;
    db.run(|db| db.execute_batch(SCHEMA)).await?;
    let schema = Schema::new().watch(Watch::table("notes").each_row("id"))?;
    schema.install(&db).await?;
    Ok(db)
}

/// Creates the routes: the handlers that read and write a note, and the source of its version.
pub(crate) fn app(db: Database) -> Router {
    let route = Route::new("/notes/{id}").expect("a valid route");
    let version = VersionSource::new(db.clone(), move |request: &Parts| {
        Some(Scope::row("notes", route.parameter::<i64>(request, "id")?))
    });
    let note = guard(version, get(read), put(replace).delete(remove));
    Router::new()
        .route("/notes", post(create))
        .route("/notes/{id}", note.with_state(db.clone()))
        .with_state(db)
}

/// Reads a note. The layer adds the tag if the version is the same before and after.
pub(crate) async fn read(Path(id): Path<i64>, State(db): State<Database>) -> Result<String, Error> {
    let select = "SELECT text FROM notes WHERE id = ?";
    let text = db.run(move |db| db.query_row(select, [id], |row| row.get(0)).optional());
    text.await?.ok_or(Error::NotFound)
}

pub(crate) async fn replace(
    Path(id): Path<i64>,
    State(db): State<Database>,
    expected: Expected,
    text: String,
) -> Result<StatusCode, Error> {
    let update = "UPDATE notes SET text = ?1 WHERE id = ?2";
    let target = Target::scope(Scope::row("notes", id));
    let rows = db.guarded(expected, target, move |db| db.execute(update, (text, id)));
    status_of(rows.await?)
}

pub(crate) async fn remove(
    Path(id): Path<i64>,
    State(db): State<Database>,
    expected: Expected,
) -> Result<StatusCode, Error> {
    let delete = "DELETE FROM notes WHERE id = ?";
    let target = Target::scope(Scope::row("notes", id));
    let rows = db.guarded(expected, target, move |db| db.execute(delete, [id]));
    status_of(rows.await?)
}

fn status_of(rows: usize) -> Result<StatusCode, Error> {
    match rows {
        0 => Err(Error::NotFound),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

async fn create(State(db): State<Database>, text: String) -> Result<impl IntoResponse, Error> {
    let insert = "INSERT INTO notes (text) VALUES (?) RETURNING id";
    let id = db.run(move |db| db.query_row(insert, [text], |row| row.get::<_, i64>(0)));
    let place = format!("/notes/{}", id.await?);
    Ok((StatusCode::CREATED, [(LOCATION, place)]))
}
