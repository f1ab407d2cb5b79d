//! The service of the other origin: a versioned note, and orders with keys.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Result},
    routing::{get, post, put},
};
use tokio::sync::Semaphore;
use tower_conditional::{
    EntityTag, IdempotencyLayer, VersionTags,
    handler::{Expected, WithValidators},
    resource::{guard, wrap},
    source, stack,
    store::MemoryIdempotencyStore,
};
use tower_http::cors::CorsLayer;

use crate::page::start;

#[derive(Clone)]
pub(crate) struct Note(Arc<Mutex<(i64, String)>>);

impl Note {
    pub(crate) fn version(&self) -> i64 {
        self.0.lock().unwrap().0
    }

    pub(crate) fn tag(&self) -> EntityTag {
        tags().number(self.version())
    }
}

fn tags() -> VersionTags {
    VersionTags::of("notes", 1)
}

async fn read(State(note): State<Note>) -> WithValidators<String> {
    let (version, text) = note.0.lock().unwrap().clone();
    WithValidators(text, tags().number(version).into())
}

async fn write(
    State(note): State<Note>,
    expected: Expected,
    text: String,
) -> Result<WithValidators<StatusCode>> {
    let version = {
        let mut note = note.0.lock().unwrap();
        let versions = expected.versions_of(&tags());
        let is_current = versions.is_none_or(|versions| versions.contains(&note.0));
        is_current.then(|| {
            *note = (note.0 + 1, text);
            note.0
        })
    };
    let version = expected
        .confirm_written(version)?
        .ok_or(StatusCode::NOT_FOUND)?;
    Ok(WithValidators(
        StatusCode::NO_CONTENT,
        tags().number(version).into(),
    ))
}

/// Starts the service with this CORS layer. Returns its origin and its note.
pub(crate) async fn serve(cors: CorsLayer) -> (String, Note) {
    let note = Note(Arc::new(Mutex::new((1, "old".to_owned()))));
    let version = async |State(note): State<Note>| Some(note.tag());
    let version = source::axum(version).with_state(note.clone());
    let guarded = guard(version, get(read), put(write)).with_state(note.clone());

    let keys = || IdempotencyLayer::new(MemoryIdempotencyStore::new(), |_| Some("anyone"));
    let orders = Arc::new(AtomicU64::new(1));
    let order = async move || {
        let number = orders.fetch_add(1, Ordering::Relaxed);
        let location = [(LOCATION, format!("/orders/{number}"))];
        (StatusCode::CREATED, location, format!("order {number}")).into_response()
    };
    // Not a semaphore of the layer: the handler runs, and ends when the page releases it.
    let released = Arc::new(Semaphore::new(0));
    let gate = released.clone();
    let slow = async move || {
        gate.acquire().await.expect("an open gate").forget();
        "slow"
    };
    let release = async move || released.add_permits(1);
    let router = Router::new()
        .route("/note", guarded)
        .route("/orders", post(order).route_layer(keys()))
        .route("/slow", post(slow).route_layer(keys()))
        .route("/release", post(release));
    let app = wrap(router, (cors, stack()));
    (start(Router::new().fallback_service(app)).await, note)
}
