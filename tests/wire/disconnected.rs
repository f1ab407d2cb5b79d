//! Clients that disconnect during a write.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRequest, Request, State, rejection::BytesRejection},
    routing::get,
};
use http::Response;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tower::{Layer, Service, ServiceBuilder};
use tower_conditional::{
    PreconditionLayer, VersionTags, body::ResponseBody, lock::KeyedLock, source,
};

use crate::support::{Client, H1, H2, Server, in_time};

type WriteResponse = Response<ResponseBody<Body>>;

const METHODS: [&str; 2] = ["PUT", "PATCH"];
const FIRST: &str = "if-match: \"1\"";

/// A text and its length, which a write changes one after the other.
#[derive(Clone)]
struct Document(Arc<Inner>);

struct Inner {
    text: Mutex<Bytes>,
    length: Mutex<usize>,
    version: AtomicI64,
    runs: AtomicUsize,
    /// One permit for each handler that is between the two changes.
    halfway: Semaphore,
    /// A permit lets one handler finish.
    go_on: Semaphore,
    /// One permit for each write that has ended.
    finished: Semaphore,
    /// One permit for each request that has reached the layer.
    arrived: Semaphore,
    /// One permit for each request that was answered or dropped.
    gone: Semaphore,
}

impl Document {
    fn new() -> Self {
        Self(Arc::new(Inner {
            text: Mutex::new("first".into()),
            length: Mutex::new(5),
            version: AtomicI64::new(1),
            runs: AtomicUsize::new(0),
            halfway: Semaphore::new(0),
            go_on: Semaphore::new(0),
            finished: Semaphore::new(0),
            arrived: Semaphore::new(0),
            gone: Semaphore::new(0),
        }))
    }

    fn router(&self) -> Router {
        let routes = get(Self::read).put(Self::write).patch(Self::write);
        Router::new().route("/", routes).with_state(self.clone())
    }

    async fn read(State(pair): State<Self>) -> Bytes {
        pair.0.text.lock().unwrap().clone()
    }

    async fn write(State(pair): State<Self>, request: Request) -> Result<(), BytesRejection> {
        pair.0.runs.fetch_add(1, Ordering::SeqCst);
        let text = Bytes::from_request(request, &()).await?;
        let length = text.len();
        *pair.0.text.lock().unwrap() = text;
        pair.0.halfway.add_permits(1);
        // A closed semaphore makes the handler panic here.
        pair.0.go_on.acquire().await.unwrap().forget();
        *pair.0.length.lock().unwrap() = length;
        pair.0.version.fetch_add(1, Ordering::SeqCst);
        pair.0.finished.add_permits(1);
        Ok(())
    }

    /// Returns the layer, and around it a layer that records the end of requests.
    async fn serve(&self, lock: Option<&KeyedLock>) -> Server {
        let pair = self.clone();
        let layer = PreconditionLayer::new(source::now(move |_| {
            VersionTags::plain().number(pair.0.version.load(Ordering::SeqCst))
        }));
        let Some(lock) = lock else {
            return self.start(layer.layer(self.router())).await;
        };
        let pair = self.clone();
        let layer = layer.lock(lock.clone(), move |request| {
            pair.0.arrived.add_permits(1);
            Some(request.uri.path().to_owned())
        });
        self.start(layer.layer(self.router())).await
    }

    async fn start<S, F>(&self, service: S) -> Server
    where
        S: Service<
                http::Request<Incoming>,
                Response = WriteResponse,
                Error = Infallible,
                Future = F,
            >,
        S: Clone + Send + 'static,
        F: Future<Output = Result<WriteResponse, Infallible>> + Send + 'static,
    {
        let pair = self.clone();
        let service = ServiceBuilder::new()
            .map_future(move |answer| {
                let gone = AddOnDrop(pair.clone());
                async move {
                    let answer = answer.await;
                    drop(gone);
                    answer
                }
            })
            .service(service);
        Server::start(service).await
    }

    fn is_consistent(&self) -> bool {
        self.0.text.lock().unwrap().len() == *self.0.length.lock().unwrap()
    }

    #[track_caller]
    fn assert_is(&self, text: &str, version: i64) {
        assert_eq!(*self.0.text.lock().unwrap(), text);
        assert!(self.is_consistent());
        assert_eq!(self.0.version.load(Ordering::SeqCst), version);
    }
}

struct AddOnDrop(Document);

impl Drop for AddOnDrop {
    fn drop(&mut self) {
        self.0.0.gone.add_permits(1);
    }
}

async fn event(semaphore: &Semaphore) {
    in_time(semaphore.acquire()).await.unwrap().forget();
}

/// A client that has sent a write and has no response yet. Its drop disconnects.
enum Writer {
    H1 { _connection: H1 },
    H2(tokio::task::JoinHandle<()>),
}

impl Writer {
    async fn start(server: &Server, http: u8, method: &'static str, text: &'static str) -> Self {
        if http == 1 {
            let mut h1 = H1::connect(server).await;
            let length = format!("content-length: {}", text.len());
            h1.send_with(method, "/", &[FIRST, &length], text).await;
            return Self::H1 { _connection: h1 };
        }
        let mut h2 = H2::connect(server).await;
        Self::H2(tokio::spawn(async move {
            h2.exchange(method, "/", &[FIRST], text).await;
        }))
    }

    /// Starts a write and sends only the beginning of its content.
    async fn start_upload(server: &Server, http: u8) -> Self {
        const BEGIN: &str = "the first bytes";
        if http == 1 {
            let mut h1 = H1::connect(server).await;
            let fields = [FIRST, "content-length: 100"];
            h1.send_with("PUT", "/", &fields, BEGIN).await;
            return Self::H1 { _connection: h1 };
        }
        let mut h2 = H2::connect(server).await;
        let endless = Full::new(Bytes::from(BEGIN)).with_trailers(pending());
        Self::H2(tokio::spawn(async move {
            h2.send_with("PUT", "/", &[FIRST], endless).await;
        }))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Self::H2(exchange) = self {
            exchange.abort();
        }
    }
}

/// R-5789-2-a, R-9110-13.1-a: a started write completes, and the lock is free afterwards.
#[tokio::test]
async fn a_started_write_completes() {
    for http in [1, 2] {
        for method in METHODS {
            let (pair, lock) = (Document::new(), KeyedLock::new());
            let server = pair.serve(Some(&lock)).await;
            let writer = Writer::start(&server, http, method, "of one who left").await;
            event(&pair.0.halfway).await;
            assert!(!pair.is_consistent());
            drop(writer);
            // The server knows of the disconnect, and the handler is still between the two changes.
            event(&pair.0.gone).await;
            assert_eq!(lock.len(), 1);
            pair.0.go_on.add_permits(1);
            event(&pair.0.finished).await;
            pair.assert_is("of one who left", 2);

            // The next writer gets the lock, and a writer with the old state is refused.
            pair.0.go_on.add_permits(1);
            for mut client in Client::both(&server).await {
                let late = in_time(client.send(method, "/", &[FIRST], "late")).await;
                assert_eq!((late.status, late.tag()), (412, "\"2\""));
            }
            let mut h1 = Client::H1(H1::connect(&server).await);
            let next = in_time(h1.send(method, "/", &["if-match: \"2\""], "next")).await;
            assert_eq!(next.status, 200);
            pair.assert_is("next", 3);
            assert_eq!(pair.0.runs.load(Ordering::SeqCst), 2);
            assert!(lock.is_empty());
        }
    }
}

/// Without the lock the handler is dropped, as proof that the test above can fail.
#[tokio::test]
async fn a_write_without_a_lock_is_dropped() {
    for http in [1, 2] {
        let pair = Document::new();
        let server = pair.serve(None).await;
        let writer = Writer::start(&server, http, "PUT", "of one who left").await;
        event(&pair.0.halfway).await;
        drop(writer);
        event(&pair.0.gone).await;
        pair.0.go_on.add_permits(1);
        let mut h1 = H1::connect(&server).await;
        assert_eq!(in_time(h1.request("GET", "/", &[])).await.status, 200);
        assert!(!pair.is_consistent());
        // The permit was not taken, so the handler was dropped.
        assert_eq!(pair.0.go_on.available_permits(), 1);
    }
}

/// R-5789-2-a, R-9110-13.1.1-b: a client that disconnects while it waits for the lock has changed
/// nothing, and leaves nothing behind.
#[tokio::test]
async fn a_waiting_write_changes_nothing() {
    for http in [1, 2] {
        for method in METHODS {
            let (pair, lock) = (Document::new(), KeyedLock::new());
            let server = pair.serve(Some(&lock)).await;
            let first = Writer::start(&server, 1, method, "of the first").await;
            event(&pair.0.arrived).await;
            event(&pair.0.halfway).await;
            let mut waiting = Vec::new();
            for _ in 0..5 {
                waiting.push(Writer::start(&server, http, method, "of one who left").await);
                event(&pair.0.arrived).await;
            }
            for writer in waiting {
                drop(writer);
                event(&pair.0.gone).await;
            }
            assert_eq!(lock.len(), 1);
            pair.0.go_on.add_permits(1);
            event(&pair.0.finished).await;
            // The response is being sent.
            event(&pair.0.gone).await;
            drop(first);
            assert!(lock.is_empty());
            pair.assert_is("of the first", 2);
            assert_eq!(pair.0.runs.load(Ordering::SeqCst), 1);
        }
    }
}

/// R-9110-13.1-a: an aborted upload is no write, and frees the lock.
#[tokio::test]
async fn an_aborted_upload_frees_the_lock() {
    for http in [1, 2] {
        let (pair, lock) = (Document::new(), KeyedLock::new());
        let server = pair.serve(Some(&lock)).await;
        let upload = Writer::start_upload(&server, http).await;
        event(&pair.0.arrived).await;
        // The next writer waits until the upload ends.
        let second = Writer::start(&server, 1, "PUT", "of the second").await;
        event(&pair.0.arrived).await;
        drop(upload);
        event(&pair.0.halfway).await;
        pair.0.go_on.add_permits(1);
        event(&pair.0.finished).await;
        pair.assert_is("of the second", 2);
        drop(second);
    }
}

/// R-9110-13.1-a: a handler that panics ends its own exchange, as without the layer, and frees the
/// lock.
#[tokio::test]
async fn a_handler_that_panics_frees_the_lock() {
    for http in [1, 2] {
        let (pair, lock) = (Document::new(), KeyedLock::new());
        let server = pair.serve(Some(&lock)).await;
        let writer = Writer::start(&server, http, "PUT", "of one who panics").await;
        event(&pair.0.arrived).await;
        event(&pair.0.halfway).await;
        let waiting = Writer::start(&server, http, "PUT", "of one who waits").await;
        event(&pair.0.arrived).await;
        pair.0.go_on.close();
        // The writer that waited gets the lock, and panics too.
        event(&pair.0.halfway).await;
        event(&pair.0.gone).await;
        event(&pair.0.gone).await;
        assert!(lock.is_empty());
        let mut h1 = H1::connect(&server).await;
        assert_eq!(in_time(h1.request("GET", "/", &[])).await.status, 200);
        drop((writer, waiting));
    }
}
