use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::Uri,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, request::Parts};
use http_body_util::BodyExt;
use tokio::task::yield_now;
use tower_conditional::{
    Current, ValidatorSource, Validators, VersionTags,
    handler::{Expected, WithValidators},
    source::now,
};

/// Texts with versions by path, and the number of runs of the handlers.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Inner>);

#[derive(Default)]
struct Inner {
    notes: Mutex<HashMap<String, Note>>,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

#[derive(Clone, Default)]
struct Note {
    version: i64,
    text: Bytes,
}

impl Note {
    fn validators(&self) -> Validators {
        Validators::new().with_etag(VersionTags::plain().number(self.version))
    }
}

impl Notes {
    /// Creates a store with one note of version 1.
    pub(crate) fn with(path: &str, text: &'static str) -> Self {
        let notes = Self::default();
        let text = Bytes::from_static(text.as_bytes());
        notes.lock().insert(path.into(), Note { version: 1, text });
        notes
    }

    pub(crate) fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    pub(crate) fn writes(&self) -> usize {
        self.0.writes.load(Ordering::SeqCst)
    }

    pub(crate) fn text(&self, path: &str) -> Option<Bytes> {
        self.find(path).map(|note| note.text)
    }

    /// Returns the version of a note, like a version column.
    pub(crate) fn source(&self) -> impl ValidatorSource + Clone + use<> {
        let notes = self.clone();
        now(move |request| notes.current(request))
    }

    pub(crate) fn current(&self, request: &Parts) -> Current {
        match self.find(request.uri.path()) {
            Some(note) => Current::Present(note.validators()),
            None => Current::Absent,
        }
    }

    /// Returns a router that reads and writes without a check.
    pub(crate) fn router(&self) -> Router {
        let routes = get(Self::read).put(Self::write).patch(Self::write);
        Router::new()
            .route("/{*path}", routes)
            .with_state(self.clone())
    }

    /// Returns [`router`](Self::router) with writes that compare the expected version.
    pub(crate) fn comparing_router(&self) -> Router {
        Router::new()
            .route("/{*path}", get(Self::read).put(Self::compare_and_write))
            .with_state(self.clone())
    }

    async fn read(State(notes): State<Self>, uri: Uri) -> Response {
        notes.0.reads.fetch_add(1, Ordering::SeqCst);
        match notes.find(uri.path()) {
            Some(note) => respond(StatusCode::OK, note),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    /// Writes a text. Other writers can run while it reads the content and where it yields.
    async fn write(State(notes): State<Self>, uri: Uri, text: Bytes) -> Response {
        notes.0.writes.fetch_add(1, Ordering::SeqCst);
        let found = notes.find(uri.path());
        for _ in 0..4 {
            yield_now().await;
        }
        let status = match found {
            Some(_) => StatusCode::OK,
            None => StatusCode::CREATED,
        };
        let version = found.map_or(1, |note| note.version + 1);
        let note = Note { version, text };
        notes.lock().insert(uri.path().into(), note.clone());
        respond(status, note)
    }

    /// Compares and writes in one step, like `UPDATE .. WHERE version = ..`.
    async fn compare_and_write(State(notes): State<Self>, request: Request) -> Response {
        notes.0.writes.fetch_add(1, Ordering::SeqCst);
        let expected = Expected::of(&request);
        let (head, content) = request.into_parts();
        let text = content.collect().await.unwrap().to_bytes();
        let written = notes.lock().get_mut(head.uri.path()).and_then(|note| {
            let versions = expected.versions();
            if versions.is_some_and(|versions| !versions.contains(&note.version)) {
                return None;
            }
            note.version += 1;
            note.text = text;
            Some(note.clone())
        });
        match expected.confirm_written(written) {
            Ok(Some(note)) => respond(StatusCode::OK, note),
            Ok(None) => StatusCode::NOT_FOUND.into_response(),
            Err(failed) => failed.into(),
        }
    }

    fn find(&self, path: &str) -> Option<Note> {
        self.lock().get(path).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Note>> {
        self.0.notes.lock().unwrap()
    }
}

fn respond(status: StatusCode, note: Note) -> Response {
    let validators = note.validators();
    let response = (status, note.text).into_response();
    WithValidators(response, validators).into()
}
