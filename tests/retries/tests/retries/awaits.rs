//! A client that leaves at any await of its request.

use std::{
    convert::Infallible,
    future::Future,
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::{Manager, Pool};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::task::yield_now;
use tokio_postgres::NoTls;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::RequestBody,
    detached::Detached,
    idempotency::{Admission, Claim, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, MemoryIdempotencyStore, Step, StoreError},
};
use tower_conditional_postgres::PostgresIdempotencyStore;
use tower_conditional_sqlite::{Database, SqliteIdempotencyStore};
use tower_conditional_testing::Postgres;

use crate::support::{in_time, poll_times};

/// Content that is not ready at first, and that has an exact length.
struct Late {
    content: Option<Bytes>,
    is_ready: bool,
}

impl Late {
    fn new(content: &'static str) -> Self {
        Self {
            content: Some(Bytes::from(content)),
            is_ready: false,
        }
    }
}

impl Body for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.is_ready {
            self.is_ready = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.content.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(
            self.content
                .as_ref()
                .map_or(0, |content| content.len() as u64),
        )
    }
}

/// A store whose steps take a moment, before and after they are applied.
struct Yielding<S>(S);

async fn yielding<T>(step: impl Future<Output = T>) -> T {
    yield_now().await;
    let answer = step.await;
    yield_now().await;
    answer
}

impl<S: IdempotencyStore> IdempotencyStore for Yielding<S> {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        yielding(self.0.begin(id, claim)).await
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        yielding(self.0.renew(step, lease)).await
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        yielding(self.0.complete(step, response)).await
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        yielding(self.0.release(step)).await
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        yielding(self.0.seal(step, reason)).await
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        yielding(self.0.inspect(id)).await
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        yielding(self.0.resolve(id, fence, resolution)).await
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        yielding(self.0.purge(batch)).await
    }
}

fn post(key: usize) -> Request<Late> {
    Request::post("/orders")
        .header("idempotency-key", format!("\"key {key}\""))
        .body(Late::new("an item"))
        .expect("a request")
}

/// Leaves after each number of polls, until one is enough. The retry gets the one response.
async fn leave_at_every_await<S: IdempotencyStore>(store: S) {
    let (runs, detached) = (Arc::new(AtomicUsize::new(0)), Detached::new());
    let layer = IdempotencyLayer::for_anyone(Yielding(store)).detached(detached.clone());
    let handler_runs = Arc::clone(&runs);
    let service = layer.layer(service_fn(move |request: Request<RequestBody<Late>>| {
        let runs = Arc::clone(&handler_runs);
        async move {
            let content = request.into_body().collect().await;
            assert_eq!(content.expect("the content").to_bytes(), "an item");
            runs.fetch_add(1, Ordering::SeqCst);
            yield_now().await;
            Ok::<_, Infallible>(Response::new(Late::new("an order")))
        }
    }));
    let (mut replays, mut polls) = (0, 0);
    loop {
        runs.store(0, Ordering::SeqCst);
        let first = poll_times(service.clone().oneshot(post(polls)), polls).await;
        in_time(detached.idle()).await;
        let retry = in_time(service.clone().oneshot(post(polls))).await;
        let retry = retry.expect("a response");
        assert_eq!(retry.status(), StatusCode::OK, "after {polls} polls");
        replays += usize::from(retry.headers().contains_key("idempotent-replayed"));
        let content = retry.into_body().collect().await.expect("the content");
        assert_eq!(content.to_bytes(), "an order");
        assert_eq!(runs.load(Ordering::SeqCst), 1, "after {polls} polls");
        if first.is_some() {
            break;
        }
        polls += 1;
    }
    // It left before the claim, during the claim, in the handler, and during the record.
    assert!(
        polls > 5 && (3..polls).contains(&replays),
        "{replays} of {polls}"
    );
}

/// P-ID-disconnect: the retry gets the response of the first request, which ran once.
#[tokio::test(start_paused = true)]
async fn a_client_may_leave_at_every_await_in_memory() {
    leave_at_every_await(MemoryIdempotencyStore::new()).await;
}

/// P-ID-disconnect: the same on a thread of the database.
#[tokio::test]
async fn a_client_may_leave_at_every_await_on_sqlite() {
    let store = SqliteIdempotencyStore::new(Database::in_memory().expect("a database"));
    store.install().await.expect("an installation");
    leave_at_every_await(store).await;
}

/// P-ID-disconnect: the same on a server.
#[tokio::test]
async fn a_client_may_leave_at_every_await_on_postgres() {
    let url = Postgres::shared().create_database();
    let pool = Pool::builder(Manager::new(url.parse().expect("a URL"), NoTls));
    let pool = pool.build().expect("a pool");
    let client = pool.get().await.expect("a connection");
    let installed = PostgresIdempotencyStore::install(&client).await;
    installed.expect("an installation");
    drop(client);
    leave_at_every_await(PostgresIdempotencyStore::new(pool)).await;
}
