//! The layer around services that count how often they run.

mod admission;
mod attacks;
mod attempt;
#[cfg(feature = "json")]
mod canonical_json;
mod claim_faults;
mod clocks;
mod configuration;
mod content;
mod ends;
mod faulty_store;
mod fingerprints;
mod given_back;
mod key_forms;
mod layers;
mod modes;
mod other_requests;
mod outcomes;
mod parallel;
mod principals;
mod replays;
mod reports;
mod requests;
mod spellings;
mod store_faults;
mod taken_over;
mod unknown;

use std::{
    convert::Infallible,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::{BodyExt, Full};
use tokio::sync::Notify;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{Attempt, IdempotencyLayer};
use crate::{
    body::RequestBody,
    store::{IdempotencyStore, MemoryIdempotencyStore},
};

/// The principal of a request, as an authentication outside leaves it.
#[derive(Clone)]
struct User(&'static str);

fn user(request: &Parts) -> Option<&'static str> {
    request.extensions.get::<User>().map(|user| user.0)
}

type Store = Arc<MemoryIdempotencyStore>;

fn layer() -> IdempotencyLayer<Store> {
    IdempotencyLayer::new(Arc::new(MemoryIdempotencyStore::new()), user)
}

/// Counts the executions of a handler.
#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

type HandlerRequest = Request<RequestBody<Full<Bytes>>>;

/// A service that counts its runs and answers by the handler.
fn service<St, F, Fut>(
    layer: &IdempotencyLayer<St>,
    runs: &Runs,
    handler: F,
) -> impl Service<
    Request<Full<Bytes>>,
    Response = Response<crate::body::ResponseBody<Full<Bytes>>>,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send
+ use<St, F, Fut>
where
    St: IdempotencyStore,
    F: Fn(usize, HandlerRequest) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Response<Full<Bytes>>> + Send,
{
    let runs = runs.clone();
    layer.layer(service_fn(move |request| {
        let response = handler(runs.add(), request);
        async move { Ok::<_, Infallible>(response.await) }
    }))
}

/// Answers 201 with the number of the order and the content of the request.
async fn order(number: usize, request: HandlerRequest) -> Response<Full<Bytes>> {
    let content = request.into_body().collect().await.expect("the content");
    let content = String::from_utf8(content.to_bytes().to_vec()).expect("a text");
    Response::builder()
        .status(StatusCode::CREATED)
        .header("location", format!("/orders/{number}"))
        .header("content-type", "application/json")
        .header("set-cookie", "session=1")
        .body(Full::from(format!(
            "{{\"order\":{number},\"for\":{content}}}"
        )))
        .expect("a response")
}

/// A handler that waits until it may go on.
fn waiting(
    go_on: &Arc<Notify>,
) -> impl Fn(usize, HandlerRequest) -> BoxFuture<'static, Response<Full<Bytes>>>
+ Clone
+ Send
+ Sync
+ 'static {
    let go_on = Arc::clone(go_on);
    move |number, request| {
        let go_on = Arc::clone(&go_on);
        Box::pin(async move {
            go_on.notified().await;
            order(number, request).await
        })
    }
}

fn post(key: &str) -> Request<Full<Bytes>> {
    post_as("alice", key, "{\"item\":\"x\"}")
}

fn post_as(user: &'static str, key: &str, content: &'static str) -> Request<Full<Bytes>> {
    Request::post("/orders")
        .header("idempotency-key", key)
        .header(CONTENT_TYPE, "application/json")
        .extension(User(user))
        .body(Full::from(content))
        .expect("a request")
}

/// The parts of a response that tests compare.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    status: u16,
    content: String,
    replayed: bool,
}

async fn send<S, B>(service: &S, request: Request<Full<Bytes>>) -> Seen
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let response = service.clone().oneshot(request).await.expect("a response");
    let replayed = response.headers().get("idempotent-replayed");
    let replayed = replayed.is_some_and(|value| value == "true");
    let status = response.status().as_u16();
    let content = response.into_body().collect().await.expect("the content");
    let content = String::from_utf8(content.to_bytes().to_vec()).expect("a text");
    Seen {
        status,
        content,
        replayed,
    }
}

/// The problem type of a refusal, without the address of the documentation.
fn problem(seen: &Seen) -> &str {
    let after = seen.content.split("idempotency/#").nth(1).unwrap_or("none");
    after.split('"').next().expect("the rest")
}

/// The attempt that the layer gives to a handler.
fn attempt<B>(request: &Request<B>) -> Attempt {
    let attempt = request.extensions().get::<Attempt>();
    attempt.cloned().expect("an attempt")
}
