//! Documents that a client can change only after it has read the latest version.

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
    // `guard` answers 304 for the latest version before `read` runs. Before `write` runs, it
    // answers 412 with the current document for an old version, and 428 for none.
    let current = source::axum(current).with_state(Arc::clone(&documents));
    let document = guard(current, get(read), put(write)).with_state(documents);
    let router = Router::new().route("/documents/{name}", document);

    // Without this layer, the router would add `content-length: 0` to a 304.
    let app = wrap(router, ConditionalLayer::new());
    axum::serve(listener, app.into_make_service()).await
}

/// Returns the validators for reads and writes. With a database this is one small query.
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
    // Another writer may have written since the layer checked. The lock makes check and write one
    // step.
    let mut store = documents.lock();
    expected.check(store.validators(uri.path()))?;
    // The text is stored unchanged, so the response may have its tag (RFC 9110, section 9.3.4).
    Ok(store.write(uri.path(), text))
}

/// A store in place of a database. Its lock is the transaction.
#[derive(Debug, Default)]
pub(crate) struct Documents(Mutex<Store>);

#[derive(Debug, Default)]
struct Store {
    /// The documents by the path of the request, including the prefix of `Router::nest`.
    by_path: HashMap<String, Document>,
    /// The latest version of all documents, so that no document gets a version twice.
    last_version: i64,
    /// The number of calls of `read`.
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
        self.0.lock().expect("no panic under the lock")
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
    /// Returns the validators. The path is the scope, so another document has another tag.
    fn validators(&self, path: &str) -> Validators {
        let tags = VersionTags::plain().scope(path);
        Validators::new().with_etag(tags.number(self.version))
    }
}
