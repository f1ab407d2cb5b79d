//! Requests, sources and handlers for the unit tests of the layers.

mod bodies;
#[cfg(feature = "tracing")]
mod event_text;
#[cfg(feature = "tracing")]
mod events;
mod multipart;

#[cfg(feature = "tokio")]
use std::time::Duration;
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    mem,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use http::{Request, Response, header::EXPECT};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    semantics::{
        condition::Current,
        validator::{EntityTag, Validators},
    },
    source::{ValidatorSource, now},
};

pub(crate) use bodies::{Act, Broken, ScriptedBody, Silent, Upload, content, read, read_unchecked};
#[cfg(feature = "tracing")]
pub(crate) use events::RecordedEvents;
pub(crate) use multipart::multipart;

/// Moves the paused clock of tokio. Timers on the way fire in their order, which `advance` would
/// skip.
#[cfg(feature = "tokio")]
pub(crate) async fn pass(time: Duration) {
    // The clock is paused: an idle runtime moves it to the end of the sleep, which takes no time.
    tokio::time::sleep(time).await;
}

/// Runs a future that waits for nothing outside of it.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    run_counting(future).0
}

/// Runs a future as [`run`] does, and also returns the number of polls. Panics if the future is
/// pending and has not woken its task.
pub(crate) fn run_counting<F: Future>(future: F) -> (F::Output, usize) {
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let mut future = pin!(future);
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut polls = 0;
    while woken.0.swap(false, Ordering::Relaxed) {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return (output, polls);
        }
    }
    panic!("pending, and nobody will wake it");
}

/// Sends one request through `layer` to a handler. `respond` makes the handler's response.
pub(crate) fn send<L, F, ReqB, B, Out>(
    layer: &L,
    request: Request<ReqB>,
    respond: F,
) -> Response<Out>
where
    L: Layer<Handler<F>>,
    L::Service: Service<Request<ReqB>, Response = Response<Out>, Error = Infallible>,
    F: FnMut(Request<ReqB>) -> Response<B>,
{
    let mut service = layer.layer(Handler(respond));
    run(service.call(request)).unwrap_or_else(|never| match never {})
}

/// A handler that calls a closure.
#[derive(Debug, Clone)]
pub(crate) struct Handler<F>(pub(crate) F);

impl<F, ReqB, B> Service<Request<ReqB>> for Handler<F>
where
    F: FnMut(Request<ReqB>) -> Response<B>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        std::future::ready(Ok(self.0(request)))
    }
}

/// Builds a request with these header lines. A name may occur several times.
pub(crate) fn request<'a>(
    method: &str,
    path: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Request<Upload> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(EXPECT, "100-continue");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    request.body(Upload::OfTheClient).expect("a request")
}

/// A log of the events of a test, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    /// Takes the events since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Creates a source that always returns the same state.
pub(crate) fn knows(current: impl Into<Current>) -> impl ValidatorSource + Clone {
    let current = current.into();
    now(move |_| current.clone())
}

/// Creates validators with this strong tag.
pub(crate) fn tagged(tag: &str) -> Validators {
    Validators::new().with_etag(EntityTag::strong(tag).expect("a tag"))
}

/// Waits once: returns `Pending` and wakes the task at once. Needs no runtime.
pub(crate) async fn wait_once() {
    let mut has_waited = false;
    poll_fn(|cx| {
        if mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A generator of random numbers (SplitMix64), with the same numbers for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
