//! Documents that nobody changes without having seen what there is.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    extract::{OriginalUri, State},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, put},
};
use tokio::net::TcpListener;
use tower_conditional::{
    ConditionalLayer, Validators, VersionTags,
    handler::{Expected, PreconditionFailed, WithValidators},
    resource::{guard, wrap},
    source,
};

pub(crate) async fn serve(listener: TcpListener, documents: Arc<Documents>) -> io::Result<()> {
    // Before `read` runs: 304 for the latest version. Before `write` runs: 412 for an old version,
    // with the document as a GET shows it, and 428 for none.
    let current = source::axum(current).with_state(Arc::clone(&documents));
    let document = guard(current, get(read), put(write)).with_state(documents);
    let router = Router::new().route("/documents/{name}", document);

    // Around the router, which would add `content-length: 0` to a 304 otherwise.
    let app = wrap(router, ConditionalLayer::new());
    axum::serve(listener, app.into_make_service()).await
}

/// The source of both layers. With a database it is one small query.
async fn current(
    State(documents): State<Arc<Documents>>,
    OriginalUri(uri): OriginalUri,
) -> Option<Validators> {
    documents.lock().validators(uri.path())
}

async fn read(
    State(documents): State<Arc<Documents>>,
    OriginalUri(uri): OriginalUri,
) -> Result<impl IntoResponse, StatusCode> {
    let mut store = documents.lock();
    store.reads += 1;
    let document = store.by_path.get(uri.path()).ok_or(StatusCode::NOT_FOUND)?;
    Ok(WithValidators(
        document.text.clone(),
        document.validators(uri.path()),
    ))
}

async fn write(
    State(documents): State<Arc<Documents>>,
    OriginalUri(uri): OriginalUri,
    expected: Expected,
    text: String,
) -> Result<impl IntoResponse, PreconditionFailed> {
    // Another writer may have come since the layer looked. Under the lock none comes between the
    // check and the write.
    let mut store = documents.lock();
    expected.check(store.validators(uri.path()))?;
    // Stored as it came, so the answer may tell the new tag (RFC 9110, section 9.3.4).
    Ok(store.write(uri.path(), text))
}

/// In place of a database; its lock is the transaction.
#[derive(Debug, Default)]
pub(crate) struct Documents(Mutex<Store>);

#[derive(Debug, Default)]
struct Store {
    /// By the path as it was sent, below `Router::nest` too.
    by_path: HashMap<String, Document>,
    /// Of all documents, so that one that is deleted and made anew never repeats a version.
    last_version: i64,
    /// How often `read` ran.
    reads: u64,
}

#[derive(Debug)]
struct Document {
    text: String,
    version: i64,
}

impl Documents {
    pub(crate) fn write(&self, path: &str, text: &str) {
        self.lock().write(path, text.to_owned());
    }

    pub(crate) fn reads(&self) -> u64 {
        self.lock().reads
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().expect("whoever holds it does not panic")
    }
}

impl Store {
    fn validators(&self, path: &str) -> Option<Validators> {
        Some(self.by_path.get(path)?.validators(path))
    }

    fn write(&mut self, path: &str, text: String) -> (StatusCode, WithValidators<String>) {
        self.last_version += 1;
        let document = Document {
            text: text.clone(),
            version: self.last_version,
        };
        let written = WithValidators(text, document.validators(path));
        match self.by_path.insert(path.to_owned(), document) {
            Some(_) => (StatusCode::OK, written),
            None => (StatusCode::CREATED, written),
        }
    }
}

impl Document {
    /// The path is their scope: the tag of one document is no tag of another.
    fn validators(&self, path: &str) -> Validators {
        let tags = VersionTags::plain().scope(path);
        Validators::new().with_etag(tags.number(self.version))
    }
}
