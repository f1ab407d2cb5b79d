//! `/notes` and `/notes/{id}`.

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rusqlite::Connection;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::{
    note::{Draft, Note, Patched},
    problem::{JsonBody, NoteId, Problem},
    stats::Stats,
    store::{Store, StoreError},
    streams::Change,
};

#[derive(Clone, Debug)]
struct Notes {
    store: Store,
    changes: broadcast::Sender<Change>,
}

pub(crate) fn routes(store: &Store, changes: &broadcast::Sender<Change>, stats: &Stats) -> Router {
    let one = get(read).put(replace).patch(patch).delete(delete);
    Router::new()
        .route("/notes", stats.counted(get(list).post(create)))
        .route("/notes/{id}", stats.counted(one))
        .with_state(Notes {
            store: store.clone(),
            changes: changes.clone(),
        })
}

async fn list(State(notes): State<Notes>) -> Result<Response, Problem> {
    let all = notes.store.run(|connection| Note::all(connection)).await?;
    let headers = [
        (
            header::CACHE_CONTROL,
            "max-age=1, stale-while-revalidate=30",
        ),
        (header::VARY, "accept-encoding"),
    ];
    Ok((headers, Json(all)).into_response())
}

async fn create(
    State(notes): State<Notes>,
    JsonBody(draft): JsonBody<Draft>,
) -> Result<Response, Problem> {
    let note = notes
        .change(move |connection| {
            let note = Note::create(connection, &draft)?;
            Ok((Some(Change::created(&note)), note))
        })
        .await?;
    Ok(created(note))
}

async fn read(State(notes): State<Notes>, NoteId(id): NoteId) -> Result<Response, Problem> {
    let note = notes
        .store
        .run(move |connection| Note::find(connection, id))
        .await?
        .ok_or_else(absent)?;
    let headers = [
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
        (
            header::LAST_MODIFIED,
            httpdate::fmt_http_date(note.last_modified()),
        ),
    ];
    Ok((headers, Json(note)).into_response())
}

async fn replace(
    State(notes): State<Notes>,
    NoteId(id): NoteId,
    JsonBody(draft): JsonBody<Draft>,
) -> Result<Response, Problem> {
    let note = notes
        .change(move |connection| {
            let note = Note::put(connection, id, &draft)?;
            let change = match note.version {
                1 => Change::created(&note),
                _ => Change::updated(&note),
            };
            Ok((Some(change), note))
        })
        .await?;
    Ok(match note.version {
        1 => created(note),
        _ => Json(note).into_response(),
    })
}

async fn patch(
    State(notes): State<Notes>,
    NoteId(id): NoteId,
    JsonBody(patch): JsonBody<Value>,
) -> Result<Json<Note>, Problem> {
    let patched = notes
        .change(move |connection| {
            let patched = Note::patch(connection, id, &patch)?;
            let change = match &patched {
                Patched::Changed(note) => Some(Change::updated(note)),
                Patched::Absent | Patched::Invalid(_) => None,
            };
            Ok((change, patched))
        })
        .await?;
    match patched {
        Patched::Changed(note) => Ok(Json(note)),
        Patched::Absent => Err(absent()),
        Patched::Invalid(error) => Err(error.into()),
    }
}

async fn delete(State(notes): State<Notes>, NoteId(id): NoteId) -> Result<StatusCode, Problem> {
    let existed = notes
        .change(move |connection| {
            let existed = Note::delete(connection, id)?;
            Ok((existed.then(|| Change::deleted(id)), existed))
        })
        .await?;
    if existed {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(absent())
    }
}

impl Notes {
    /// Announces the change on the database's thread: in commit order, and after the commit.
    async fn change<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<(Option<Change>, T)> + Send + 'static,
    {
        let changes = self.changes.clone();
        self.store
            .run(move |connection| {
                let (change, result) = job(connection)?;
                if let Some(change) = change {
                    // An error only says that nobody listens.
                    let _ = changes.send(change);
                }
                Ok(result)
            })
            .await
    }
}

fn created(note: Note) -> Response {
    let location = [(header::LOCATION, format!("/notes/{}", note.id))];
    (StatusCode::CREATED, location, Json(note)).into_response()
}

fn absent() -> Problem {
    Problem::not_found("no such note")
}
