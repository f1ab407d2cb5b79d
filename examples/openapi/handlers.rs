//! The handlers, each with its responses. Those of the layers come from `layers`.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Result,
};
use serde::{Deserialize, Serialize};
use tower_conditional::{
    EntityTag, VersionTags,
    handler::{Expected, WithValidators},
};
use utoipa::ToSchema;

#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct Note {
    text: String,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct Order {
    item: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Placed {
    number: u64,
}

/// Notes by id, each with its version, and the number of orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Db {
    notes: Arc<Mutex<HashMap<i64, (i64, Note)>>>,
    orders: Arc<AtomicU64>,
}

impl Db {
    pub(crate) fn with_a_note() -> Self {
        let text = "a note".to_owned();
        let notes = HashMap::from([(1, (1, Note { text }))]);
        Self {
            notes: Arc::new(Mutex::new(notes)),
            ..Self::default()
        }
    }
}

fn tags(id: i64) -> VersionTags {
    VersionTags::of("notes", id)
}

pub(crate) async fn version(Path(id): Path<i64>, State(db): State<Db>) -> Option<EntityTag> {
    Some(tags(id).number(db.notes.lock().unwrap().get(&id)?.0))
}

/// Reads a note.
#[utoipa::path(
    get,
    path = "/notes/{id}",
    params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The note", body = Note),
        (status = 400, description = "The id is no number", body = String),
        (status = 404, description = "There is no such note"),
    ),
    extensions(("x-etag" = json!("read")))
)]
pub(crate) async fn read(
    Path(id): Path<i64>,
    State(db): State<Db>,
) -> Result<WithValidators<Json<Note>>> {
    let note = db.notes.lock().unwrap().get(&id).cloned();
    let (version, note) = note.ok_or(StatusCode::NOT_FOUND)?;
    Ok(WithValidators(Json(note), tags(id).number(version).into()))
}

/// Replaces a note.
#[utoipa::path(
    put,
    path = "/notes/{id}",
    params(("id" = i64, Path)),
    request_body = Note,
    responses(
        (status = 204, description = "The note is replaced"),
        (status = 400, description = "The id is no number, or the content no JSON", body = String),
        (status = 404, description = "There is no such note"),
        (status = 415, description = "The content is not application/json", body = String),
        (status = 422, description = "The content is no note", body = String),
    ),
    extensions(("x-etag" = json!("required")))
)]
pub(crate) async fn write(
    Path(id): Path<i64>,
    State(db): State<Db>,
    expected: Expected,
    Json(new): Json<Note>,
) -> Result<WithValidators<StatusCode>> {
    let versions = expected.versions_of(&tags(id));
    let row = db
        .notes
        .lock()
        .unwrap()
        .get_mut(&id)
        .filter(|(version, _)| versions.is_none_or(|versions| versions.contains(version)))
        .map(|note| {
            *note = (note.0 + 1, new);
            note.0
        });
    let version = expected
        .confirm_written(row)?
        .ok_or(StatusCode::NOT_FOUND)?;
    let written = tags(id).number(version).into();
    Ok(WithValidators(StatusCode::NO_CONTENT, written))
}

/// Places an order, once for each key.
#[utoipa::path(
    post,
    path = "/orders",
    request_body = Order,
    responses(
        (status = 201, description = "The order", body = Placed),
        (status = 415, description = "The content is not application/json", body = String),
    ),
    extensions(("x-idempotency-key" = json!("required")))
)]
pub(crate) async fn place(
    State(db): State<Db>,
    Json(_): Json<Order>,
) -> (StatusCode, Json<Placed>) {
    let number = db.orders.fetch_add(1, Ordering::Relaxed) + 1;
    (StatusCode::CREATED, Json(Placed { number }))
}
