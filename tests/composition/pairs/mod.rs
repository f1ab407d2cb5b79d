//! Idempotency keys in pairs with every other layer and every place of a router.

mod broken;
mod codings;
mod content;
mod disconnects;
mod every_status;
mod greedy;
mod guarded;
mod handed_on;
mod limits;
mod panics;
mod places;
mod policies;
mod prefixes;
mod purged;
mod replayed;
mod safe_replays;
mod twice;
mod writes;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Body};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::{BoxError, Service, ServiceExt};
use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};

use crate::support::{Fields, Reply, send};

type Store = Arc<MemoryIdempotencyStore>;
type Keys = IdempotencyLayer<Store>;

const REPLAYED: &str = "idempotent-replayed";

fn store() -> Store {
    Arc::new(MemoryIdempotencyStore::new())
}

/// Returns a layer for every method that has content.
fn keys() -> Keys {
    keys_of(&store())
}

fn keys_of(store: &Store) -> Keys {
    IdempotencyLayer::for_anyone(Arc::clone(store)).methods([
        Method::POST,
        Method::PUT,
        Method::GET,
        Method::DELETE,
    ])
}

/// A number that handlers add to.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Returns a handler that answers 201 with its number.
    fn create(
        &self,
    ) -> impl Fn() -> std::future::Ready<(StatusCode, String)> + Clone + Send + use<> {
        let count = self.clone();
        move || std::future::ready((StatusCode::CREATED, format!("order {}", count.add())))
    }
}

/// Sends a request with a key and other headers.
async fn keyed<S, B>(app: &S, method: &str, path: &str, key: &str, fields: Fields<'_>) -> Reply
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>> + Clone,
    B: http_body::Body<Error: Into<BoxError>>,
{
    let key = format!("\"{key}\"");
    let fields = [&[("idempotency-key", &*key)], fields].concat();
    send(app, method, path, &fields).await
}

/// Sends a whole request, and reads the whole response.
async fn exchange(app: &Router, request: Request<Body>) -> Reply {
    let response = app.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

/// The name of the problem in a refusal, or nothing.
fn problem(reply: &Reply) -> String {
    let content = String::from_utf8_lossy(&reply.body);
    let name = content.split("idempotency/#").nth(1).unwrap_or("");
    name.split('"').next().unwrap_or("").to_owned()
}
