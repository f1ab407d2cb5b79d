//! Every end of a first request, and what its retry gets.

use std::{
    future::pending,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};

use super::{HandlerRequest, layer, post};
use crate::test_support::{Act, ScriptedBody};

/// An error of the service.
#[derive(Debug, PartialEq)]
struct Failed;

type Handled = Result<Response<ScriptedBody>, Failed>;

/// An end, the first answer, the retry's answer, and the number of executions.
type Row = (
    &'static str,
    fn() -> BoxFuture<'static, Handled>,
    Answer,
    Answer,
    usize,
);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    /// The handler's response, whole.
    Own(u16),
    /// The recorded response.
    Replay(u16),
    /// A problem of this type.
    Problem(u16, &'static str),
    Error,
    Panic,
}

fn respond(status: u16, body: ScriptedBody) -> BoxFuture<'static, Handled> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    Box::pin(async { Ok(response) })
}

fn status(status: u16) -> BoxFuture<'static, Handled> {
    respond(status, ScriptedBody::sized([Act::data("answer")]))
}

fn empty(status: u16) -> BoxFuture<'static, Handled> {
    respond(status, ScriptedBody::sized([]))
}

fn with_header(name: &'static str, value: &'static str) -> BoxFuture<'static, Handled> {
    Box::pin(async move {
        let mut response = Response::new(ScriptedBody::sized([Act::data("answer")]));
        let value = value.parse().expect("a value");
        response.headers_mut().insert(name, value);
        Ok(response)
    })
}

const LIMIT: usize = 100;

const SEALED: Answer = Answer::Problem(409, "sealed");
const UNKNOWN: Answer = Answer::Problem(409, "outcome-unknown");

const ROWS: &[Row] = &[
    (
        "200",
        || status(200),
        Answer::Own(200),
        Answer::Replay(200),
        1,
    ),
    (
        "201",
        || status(201),
        Answer::Own(201),
        Answer::Replay(201),
        1,
    ),
    (
        "204",
        || empty(204),
        Answer::Own(204),
        Answer::Replay(204),
        1,
    ),
    (
        "303",
        || empty(303),
        Answer::Own(303),
        Answer::Replay(303),
        1,
    ),
    ("304", || empty(304), Answer::Own(304), Answer::Own(304), 2),
    (
        "404",
        || status(404),
        Answer::Own(404),
        Answer::Replay(404),
        1,
    ),
    (
        "409",
        || status(409),
        Answer::Own(409),
        Answer::Replay(409),
        1,
    ),
    (
        "422",
        || status(422),
        Answer::Own(422),
        Answer::Replay(422),
        1,
    ),
    ("408", || status(408), Answer::Own(408), Answer::Own(408), 2),
    ("425", || status(425), Answer::Own(425), Answer::Own(425), 2),
    ("429", || status(429), Answer::Own(429), Answer::Own(429), 2),
    ("500", || status(500), Answer::Own(500), Answer::Own(500), 2),
    ("503", || status(503), Answer::Own(503), Answer::Own(503), 2),
    (
        "as long as the limit",
        || respond(200, ScriptedBody::sized([Act::data([b'x'; LIMIT])])),
        Answer::Own(200),
        Answer::Replay(200),
        1,
    ),
    (
        "longer",
        || respond(200, ScriptedBody::sized([Act::data([b'x'; LIMIT + 1])])),
        Answer::Own(200),
        SEALED,
        1,
    ),
    (
        "in several frames",
        || {
            let frames = [Act::data("an"), Act::Wait, Act::data("swer")];
            respond(200, ScriptedBody::sized(frames))
        },
        Answer::Own(200),
        Answer::Replay(200),
        1,
    ),
    (
        "without a length",
        || respond(200, ScriptedBody::unsized_([Act::data("answer")])),
        Answer::Own(200),
        SEALED,
        1,
    ),
    (
        "with trailers",
        || {
            respond(
                200,
                ScriptedBody::sized([Act::data("answer"), Act::trailers()]),
            )
        },
        Answer::Own(200),
        SEALED,
        1,
    ),
    (
        "broken",
        || {
            let hint = http_body::SizeHint::with_exact(10);
            let body = ScriptedBody::unsized_([Act::data("answer"), Act::Error]);
            respond(200, body.with_hint(hint))
        },
        Answer::Own(200),
        SEALED,
        1,
    ),
    (
        "events",
        || with_header("content-type", "text/event-stream"),
        Answer::Own(200),
        SEALED,
        1,
    ),
    (
        "gRPC",
        || with_header("content-type", "application/grpc+proto"),
        Answer::Own(200),
        SEALED,
        1,
    ),
    ("an upgrade", || empty(101), Answer::Own(101), SEALED, 1),
    (
        "an error",
        || Box::pin(async { Err(Failed) }),
        Answer::Error,
        UNKNOWN,
        1,
    ),
    (
        "a panic",
        || Box::pin(async { panic!("lost") }),
        Answer::Panic,
        UNKNOWN,
        1,
    ),
    (
        "no end",
        || Box::pin(pending()),
        Answer::Problem(503, "timed-out"),
        UNKNOWN,
        1,
    ),
];

async fn answer<S, B>(service: &S) -> Answer
where
    S: tower::Service<
            http::Request<http_body_util::Full<Bytes>>,
            Response = Response<B>,
            Error = Failed,
        > + Clone,
    B: http_body::Body<Data = Bytes>,
{
    let called = AssertUnwindSafe(service.clone().oneshot(post("\"a\"")));
    let response = match called.catch_unwind().await {
        Err(_) => return Answer::Panic,
        Ok(Err(Failed)) => return Answer::Error,
        Ok(Ok(response)) => response,
    };
    let status = response.status().as_u16();
    if response.headers().contains_key("idempotent-replayed") {
        return Answer::Replay(status);
    }
    if response
        .headers()
        .get("content-type")
        .is_none_or(|value| value != "application/problem+json")
    {
        return Answer::Own(status);
    }
    let Ok(content) = response.into_body().collect().await else {
        panic!("a problem is whole");
    };
    let content = String::from_utf8(content.to_bytes().to_vec()).expect("a text");
    let problem = content
        .split("idempotency/#")
        .nth(1)
        .expect("a type of ours");
    let problem = problem.split('"').next().expect("a name").to_owned();
    Answer::Problem(status, problem.leak())
}

/// P-ID-record-policy, P-ID-oversize, P-ID-panic, R-8470-5.2-a: the first answer, the retry's,
/// and the number of executions.
#[tokio::test(start_paused = true)]
async fn every_end_has_its_answers() {
    for (end, handler, first, retry, expected) in ROWS {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let handle = move |_: HandlerRequest| {
            counted.fetch_add(1, Ordering::SeqCst);
            handler()
        };
        let layer = layer()
            .max_response_bytes(LIMIT)
            .timeout(Duration::from_secs(60));
        let service = layer.layer(service_fn(handle));
        assert_eq!(answer(&service).await, *first, "{end}");
        assert_eq!(answer(&service).await, *retry, "the retry of {end}");
        assert_eq!(runs.load(Ordering::SeqCst), *expected, "{end}");
    }
}

/// A service that fails its second readiness, and counts its calls.
#[derive(Clone, Default)]
struct Overloaded {
    asked: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

impl tower::Service<HandlerRequest> for Overloaded {
    type Response = Response<ScriptedBody>;
    type Error = Failed;
    type Future = BoxFuture<'static, Handled>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        // The first is that of the layer, which gives its place back while it reads.
        match self.asked.fetch_add(1, Ordering::SeqCst) {
            1 => Poll::Ready(Err(Failed)),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, _: HandlerRequest) -> Self::Future {
        self.calls.fetch_add(1, Ordering::SeqCst);
        status(201)
    }
}

/// P-ID-panic: an error of the readiness comes before the handler, and frees the key.
#[tokio::test]
async fn an_error_of_the_readiness_releases_the_key() {
    let inner = Overloaded::default();
    let service = layer().layer(inner.clone());
    assert_eq!(answer(&service).await, Answer::Error);
    assert_eq!(inner.calls.load(Ordering::SeqCst), 0);
    assert_eq!(answer(&service).await, Answer::Own(201));
    assert_eq!(answer(&service).await, Answer::Replay(201));
    assert_eq!(inner.calls.load(Ordering::SeqCst), 1);
}
