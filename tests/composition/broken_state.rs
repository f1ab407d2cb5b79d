//! The state of a resource from a `GET` whose content breaks.

use std::{
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::{get, put},
};
use http::{Request, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_conditional::{EtagLayer, PreconditionLayer, source::SelfGet, stack};

use crate::support::{Fields, send};

const TEXT: &[u8] = b"the content";

/// Content that ends after some bytes, with an error or without, and announces a length.
#[derive(Debug, Clone, Copy)]
struct Broken {
    sent: usize,
    bytes: usize,
    fails: bool,
    announced: u64,
}

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let at = self.sent;
        if at < self.bytes {
            self.sent += 1;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&TEXT[at..=at])))));
        }
        Poll::Ready(mem::take(&mut self.fails).then(|| Err(std::io::Error::other("broken"))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced.saturating_sub(self.sent as u64))
    }

    fn is_end_stream(&self) -> bool {
        !self.fails && self.sent == self.bytes
    }
}

impl Broken {
    fn new(bytes: usize, fails: bool, announced: u64) -> Self {
        Self {
            sent: 0,
            bytes,
            fails,
            announced,
        }
    }

    fn response(self) -> Response<Body> {
        Response::new(Body::new(self))
    }

    /// Returns the service, and how often its write has run.
    fn app(self, may_read: bool) -> (Router, Arc<AtomicUsize>) {
        let runs = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&runs);
        let write = async move || {
            count.fetch_add(1, Ordering::SeqCst);
            StatusCode::NO_CONTENT
        };
        let reads = Router::new()
            .route("/", get(async move || self.response()))
            .layer(EtagLayer::new());
        let own = SelfGet::of(reads.clone());
        let own = if may_read {
            own.writers_may_read()
        } else {
            own
        };
        let guard = PreconditionLayer::self_get(own).require();
        let writes = Router::new().route("/", put(write).route_layer(guard));
        (reads.merge(writes), runs)
    }
}

/// All ways in which the content breaks.
fn all() -> impl Iterator<Item = Broken> {
    let whole = TEXT.len() as u64;
    let fails = (0..TEXT.len()).map(move |bytes| Broken::new(bytes, true, whole));
    let lies = [whole - 1, whole + 1, 1, 1000];
    fails.chain(lies.map(|announced| Broken::new(TEXT.len(), false, announced)))
}

const CONDITIONS: [Fields<'static>; 6] = [
    &[("if-match", "\"v1\"")],
    &[("if-match", "*")],
    &[("if-none-match", "*")],
    &[("if-none-match", "\"v1\"")],
    &[("if-match", "\"v1\""), ("if-none-match", "*")],
    &[("if-match", "W/\"v1\"")],
];

/// R-9110-13.1.1-a: nobody knows the state, so no write runs, and no answer says that it is known.
#[tokio::test]
async fn content_that_breaks_lets_no_write_pass() {
    for broken in all() {
        for may_read in [false, true] {
            let (app, runs) = broken.app(may_read);
            for condition in CONDITIONS {
                let reply = send(&app, "PUT", "/", condition).await;
                assert_eq!(reply.status, 503, "{broken:?} {condition:?}");
                assert_eq!(reply.field("etag"), None, "{broken:?}");
                assert!(!reply.body.starts_with(b"the"), "{broken:?}");
            }
            // Of what is missing a 404 would be the answer, so that is not known either.
            assert_eq!(send(&app, "PUT", "/", &[]).await.status, 503);
            assert_eq!(runs.load(Ordering::SeqCst), 0, "{broken:?}");
        }
    }
}

/// The control: content that is whole has a tag, and the write runs with it.
#[tokio::test]
async fn whole_content_lets_the_write_pass() {
    let whole = Broken::new(TEXT.len(), false, TEXT.len() as u64);
    let (app, runs) = whole.app(false);
    let read = send(&app, "GET", "/", &[]).await;
    let put = async |tag: &str| send(&app, "PUT", "/", &[("if-match", tag)]).await.status;
    assert_eq!(put(read.tag()).await, 204);
    assert_eq!(put("\"v1\"").await, 412);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// RFC 9110, section 13.2.1: content that breaks in the read of a client is no reason for a 412 or a 304.
#[tokio::test]
async fn a_read_whose_content_breaks_is_not_evaluated() {
    for broken in all().filter(|broken| broken.fails) {
        let app = Router::new()
            .route("/", get(async move || broken.response()))
            .layer(stack());
        for (name, value) in [("if-match", "\"v1\""), ("if-none-match", "\"v1\"")] {
            let request = Request::get("/").header(name, value).body(Body::empty());
            let response = app.clone().oneshot(request.unwrap()).await.unwrap();
            assert_eq!(response.status(), 200, "{broken:?} {name}");
            assert!(!response.headers().contains_key(header::ETAG), "{broken:?}");
            assert!(response.into_body().collect().await.is_err(), "{broken:?}");
        }
    }
}
