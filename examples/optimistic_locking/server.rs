//! Documents that nobody changes without having seen what there is.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router, ServiceExt,
    body::Body,
    extract::{OriginalUri, Request, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_conditional::{
    ConditionalLayer, Current, PreconditionLayer, ValidatorSource, Validators, VersionTags,
    handler::{Expected, PreconditionFailed, Validated},
    source::SelfGet,
    target,
};

const ROUTE: &str = "/documents/{name}";

pub(crate) async fn serve(listener: TcpListener, documents: Arc<Documents>) -> io::Result<()> {
    let document = get(read).put(write).with_state(Arc::clone(&documents));

    // Before `write` runs: 412 for an old version, with the document as a GET shows it, and 428 for
    // none. On the methods of the route, so that the router's 404 and 405 come first.
    let shown = Router::new().route(ROUTE, document.clone());
    let writes = PreconditionLayer::new(Arc::clone(&documents))
        .with_self_get(SelfGet::of(shown).writers_may_read())
        .require();
    let router = Router::new().route(ROUTE, document.route_layer(writes));

    // Before `read` runs: 304 for the latest version. Around the router, which else would add
    // `content-length: 0` to it.
    let app = ServiceBuilder::new()
        .map_response(|response: Response<_>| response.map(Body::new))
        .layer(ConditionalLayer::new().source(documents))
        .service(router);

    axum::serve(listener, ServiceExt::<Request>::into_make_service(app)).await
}

async fn read(
    State(documents): State<Arc<Documents>>,
    OriginalUri(uri): OriginalUri,
) -> Result<impl IntoResponse, StatusCode> {
    let mut store = documents.lock();
    store.reads += 1;
    let document = store.by_path.get(uri.path()).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Validated(
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
    // Somebody may have come since the layer looked. Under the lock nobody comes between the check
    // and the write.
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

/// What both layers ask: of a database one small query.
impl ValidatorSource for Documents {
    type Error = Infallible;

    async fn current(&self, request: &Parts) -> Result<Current, Infallible> {
        Ok(self.lock().validators(target::of(request).path()).into())
    }
}

impl Store {
    fn validators(&self, path: &str) -> Option<Validators> {
        Some(self.by_path.get(path)?.validators(path))
    }

    fn write(&mut self, path: &str, text: String) -> (StatusCode, Validated<String>) {
        self.last_version += 1;
        let document = Document {
            text: text.clone(),
            version: self.last_version,
        };
        let written = Validated(text, document.validators(path));
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
