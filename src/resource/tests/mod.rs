mod guard;
mod wrap;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::Result,
    routing::{MethodRouter, get, put},
};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{
    handler::{Expected, WithValidators},
    semantics::validator::{EntityTag, VersionTags},
    source,
};

/// Notes with versions, in place of a database.
#[derive(Debug, Clone, Default)]
struct Notes {
    notes: Arc<Mutex<HashMap<i64, (String, i64)>>>,
    /// The number of reads and of writes that ran.
    reads: Arc<AtomicU32>,
    writes: Arc<AtomicU32>,
}

impl Notes {
    fn with(notes: &[(i64, &str, i64)]) -> Self {
        let all = notes
            .iter()
            .map(|(id, text, version)| (*id, ((*text).to_owned(), *version)));
        Self {
            notes: Arc::new(Mutex::new(all.collect())),
            ..Self::default()
        }
    }

    fn note(&self, id: i64) -> Option<(String, i64)> {
        self.notes.lock().unwrap().get(&id).cloned()
    }

    /// The compare-and-set of a database.
    fn update(&self, id: i64, versions: Option<&[i64]>, text: String) -> Option<i64> {
        let mut notes = self.notes.lock().unwrap();
        let note = notes.get_mut(&id)?;
        if versions.is_some_and(|versions| !versions.contains(&note.1)) {
            return None;
        }
        *note = (text, note.1 + 1);
        Some(note.1)
    }

    /// Returns the number of reads and of writes that ran.
    fn ran(&self) -> (u32, u32) {
        let count = |ran: &AtomicU32| ran.load(Ordering::SeqCst);
        (count(&self.reads), count(&self.writes))
    }
}

fn tags(id: i64) -> VersionTags {
    VersionTags::of("notes", id)
}

fn tag(id: i64, version: i64) -> String {
    tags(id).number(version).to_string()
}

async fn version(Path(id): Path<i64>, State(notes): State<Notes>) -> Option<EntityTag> {
    let (_, version) = notes.note(id)?;
    Some(tags(id).number(version))
}

async fn read(
    Path(id): Path<i64>,
    State(notes): State<Notes>,
) -> Result<WithValidators<String>, StatusCode> {
    notes.reads.fetch_add(1, Ordering::SeqCst);
    let (text, version) = notes.note(id).ok_or(StatusCode::NOT_FOUND)?;
    Ok(WithValidators(text, tags(id).number(version).into()))
}

async fn write(
    Path(id): Path<i64>,
    State(notes): State<Notes>,
    expected: Expected,
    text: String,
) -> Result<WithValidators<StatusCode>> {
    notes.writes.fetch_add(1, Ordering::SeqCst);
    let versions = expected.versions_of(&tags(id));
    let row = notes.update(id, versions.as_deref(), text);
    let version = expected
        .confirm_written(row)?
        .ok_or(StatusCode::NOT_FOUND)?;
    Ok(WithValidators(
        StatusCode::NO_CONTENT,
        tags(id).number(version).into(),
    ))
}

/// Returns the methods of a note, as a user of axum writes them.
fn note(notes: &Notes) -> MethodRouter {
    let version = source::axum(version).with_state(notes.clone());
    super::guard(version, get(read), put(write)).with_state(notes.clone())
}

fn app(notes: &Notes) -> Router {
    Router::new().route("/notes/{id}", note(notes))
}

async fn send(app: &Router, method: &str, path: &str, fields: &[(&str, &str)]) -> Response<String> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from("new")).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let content = body.collect().await.unwrap().to_bytes();
    Response::from_parts(head, String::from_utf8(content.to_vec()).unwrap())
}

fn etag(response: &Response<String>) -> Option<&str> {
    Some(response.headers().get("etag")?.to_str().unwrap())
}
