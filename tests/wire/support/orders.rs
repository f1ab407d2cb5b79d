//! Orders, which must be placed once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    middleware::{Next, from_fn},
    response::IntoResponse,
    routing::get,
};
use http::{StatusCode, header};
use tokio::sync::Semaphore;
use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};

use super::{Server, in_time};

pub(crate) const KEY: &str = "idempotency-key: \"8e03978e\"";
pub(crate) const ORDERS: &str = "/orders";

/// A handler whose runs are counted, and the events of its requests.
#[derive(Clone, Default)]
pub(crate) struct Orders(Arc<Inner>);

struct Inner {
    runs: AtomicUsize,
    /// One permit for each handler that has started.
    started: Semaphore,
    /// A permit lets one handler finish.
    go_on: Semaphore,
    /// One permit for each request that was answered or dropped.
    gone: Semaphore,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            runs: AtomicUsize::new(0),
            started: Semaphore::new(0),
            go_on: Semaphore::new(Semaphore::MAX_PERMITS),
            gone: Semaphore::new(0),
        }
    }
}

pub(crate) fn layer() -> IdempotencyLayer<MemoryIdempotencyStore> {
    IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new())
}

impl Orders {
    /// Returns orders whose handlers wait for [`go_on`](Self::go_on).
    pub(crate) fn waiting() -> Self {
        let orders = Self::default();
        orders.0.go_on.forget_permits(Semaphore::MAX_PERMITS);
        orders
    }

    /// Serves the orders, and a layer outside that records the end of requests.
    pub(crate) async fn serve(&self, layer: IdempotencyLayer<MemoryIdempotencyStore>) -> Server {
        let handler = self.clone();
        let handler = move |content| handler.clone().run(content);
        let routes = get(handler.clone()).post(handler);
        let orders = self.clone();
        let record_end = from_fn(move |request: Request, next: Next| {
            let gone = AddOnDrop(orders.clone());
            async move {
                let answer = next.run(request).await;
                drop(gone);
                answer
            }
        });
        let router = Router::new().route(ORDERS, routes);
        Server::start(router.layer(layer).layer(record_end)).await
    }

    /// Answers with the content, and with headers that a replay must not repeat.
    async fn run(self, content: Bytes) -> impl IntoResponse {
        let number = self.0.runs.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.started.add_permits(1);
        self.0.go_on.acquire().await.unwrap().forget();
        let headers = [
            (header::LOCATION, format!("{ORDERS}/{number}")),
            (header::CONNECTION, "x-hop".to_owned()),
            (header::HeaderName::from_static("x-hop"), "1".to_owned()),
            (header::SET_COOKIE, "session=secret".to_owned()),
        ];
        (StatusCode::CREATED, headers, content)
    }

    pub(crate) fn runs(&self) -> usize {
        self.0.runs.load(Ordering::SeqCst)
    }

    pub(crate) async fn started(&self) {
        in_time(self.0.started.acquire()).await.unwrap().forget();
    }

    pub(crate) fn go_on(&self) {
        self.0.go_on.add_permits(1);
    }

    /// Waits until the server has answered or dropped one more request.
    pub(crate) async fn gone(&self) {
        in_time(self.0.gone.acquire()).await.unwrap().forget();
    }
}

struct AddOnDrop(Orders);

impl Drop for AddOnDrop {
    fn drop(&mut self) {
        self.0.0.gone.add_permits(1);
    }
}
