//! Exchanges whose work is in several tasks, or is dropped by a timeout.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Request, Response};
use tokio::sync::Notify;
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt, buffer::BufferLayer, service_fn,
    timeout::TimeoutLayer,
};
use tower_layer::Layer;

use super::{Recorder, bare, sized, with_fields};
use crate::{
    ConditionalLayer, ObserveLayer, PreconditionLayer,
    detached::Detached,
    lock::KeyedLock,
    stack,
    test_support::{knows, read, tagged},
};

/// A handler that waits until it is released.
#[derive(Clone, Default)]
struct Gate {
    started: Arc<Notify>,
    release: Arc<Notify>,
}

impl Gate {
    async fn pass(&self) {
        self.started.notify_one();
        self.release.notified().await;
    }
}

/// Returns a service with a lock around its writes, and the handle of writes that go on.
fn locked(
    recorder: &Recorder,
    gate: &Gate,
) -> (
    impl Service<
        Request<String>,
        Response = Response<impl http_body::Body<Data = bytes::Bytes> + use<>>,
        Error = Infallible,
        Future: Send,
    > + Clone
    + use<>,
    Detached,
) {
    let detached = Detached::new();
    let guard = PreconditionLayer::new(knows(tagged("7")))
        .lock(KeyedLock::new(), |request| {
            Some(request.uri.path().to_owned())
        })
        .detached(detached.clone());
    let gate = gate.clone();
    let handler = service_fn(move |_: Request<crate::body::RequestBody<String>>| {
        let gate = gate.clone();
        async move {
            gate.pass().await;
            Ok::<_, Infallible>(sized(["saved"]))
        }
    });
    let layer = stack().precondition(guard).observe(recorder.clone());
    (layer.layer(handler), detached)
}

fn write() -> Request<String> {
    with_fields("PUT", &[("if-match", "\"7\"")])
}

/// P-OB-once: the write goes on in a task, and its exchange ends with it.
#[tokio::test]
async fn a_write_that_goes_on_is_counted_once_when_it_ends() {
    let (recorder, gate) = (Recorder::default(), Gate::default());
    let (service, detached) = locked(&recorder, &gate);
    let mut response = Box::pin(service.oneshot(write()));
    tokio::select! {
        _ = &mut response => panic!("not released"),
        () = gate.started.notified() => {}
    }
    drop(response);
    assert_eq!(recorder.take(), [""; 0]);
    gate.release.notify_one();
    detached.idle().await;
    // The task is dropped after the count.
    tokio::task::yield_now().await;
    assert_eq!(recorder.take(), ["PUT other 0 cancelled sent=0 runs=1"]);
}

/// A write that waits for the lock runs its handler after its client has left, or never.
#[tokio::test]
async fn a_write_that_waits_for_the_lock_is_counted_once() {
    let (recorder, gate) = (Recorder::default(), Gate::default());
    let (service, detached) = locked(&recorder, &gate);
    let first = tokio::spawn(service.clone().oneshot(write()));
    gate.started.notified().await;
    let mut second = Box::pin(service.oneshot(write()));
    // It waits for the lock, and is dropped there: nothing of it goes on.
    assert!(futures_util::FutureExt::now_or_never(&mut second).is_none());
    drop(second);
    assert_eq!(recorder.take(), ["PUT other 0 cancelled sent=0 runs=0"]);
    gate.release.notify_one();
    read(first.await.unwrap().unwrap().into_body());
    detached.idle().await;
    let lines = [
        "head 200 proceeded",
        "PUT other 200 proceeded sent=5 runs=1",
    ];
    assert_eq!(recorder.take(), lines);
}

/// Without a counted handler, the runs follow from the decisions.
#[tokio::test]
async fn a_write_that_is_refused_by_the_lock_runs_no_handler() {
    let (recorder, gate) = (Recorder::default(), Gate::default());
    let lock = KeyedLock::new().max_waiters(0);
    let guard = PreconditionLayer::new(knows(tagged("7"))).lock(lock, |_| Some("all"));
    let holding = gate.clone();
    let handler = service_fn(move |_: Request<crate::body::RequestBody<String>>| {
        let gate = holding.clone();
        async move {
            gate.pass().await;
            Ok::<_, Infallible>(sized(["saved"]))
        }
    });
    let service = ObserveLayer::new(recorder.clone()).layer(guard.layer(handler));
    let first = tokio::spawn(service.clone().oneshot(write()));
    gate.started.notified().await;
    let busy = service.oneshot(write()).await.unwrap();
    read(busy.into_body());
    let line = recorder.exchange();
    assert!(
        line.starts_with("PUT other 503 ") && line.ends_with(" runs=0"),
        "{line}"
    );
    gate.release.notify_one();
    read(first.await.unwrap().unwrap().into_body());
    assert!(recorder.exchange().ends_with(" runs=1"));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_is_an_error_and_outside_a_cancellation() {
    let recorder = Recorder::default();
    let timeout = TimeoutLayer::new(Duration::from_secs(1));
    let handler = service_fn(async |_: Request<String>| {
        std::future::pending::<()>().await;
        Ok::<_, BoxError>(sized(["hello"]))
    });
    let observe = stack().observe(recorder.clone());
    let inside = observe.layer(timeout.layer(handler));
    assert!(inside.oneshot(bare("GET")).await.is_err());
    assert_eq!(recorder.take(), ["GET other 0 service_error sent=0 runs=1"]);
    let outside = timeout.layer(observe.layer(handler));
    assert!(outside.oneshot(bare("GET")).await.is_err());
    assert_eq!(recorder.take(), ["GET other 0 cancelled sent=0 runs=1"]);
}

/// A buffer calls the service inside in its own task.
#[tokio::test]
async fn an_exchange_behind_a_buffer_is_counted_once() {
    let recorder = Recorder::default();
    let conditional = ConditionalLayer::new().source(knows(tagged("7")));
    let observe = stack().conditional(conditional).observe(recorder.clone());
    let handler = service_fn(async |_: Request<String>| Ok::<_, Infallible>(sized(["hello"])));
    let inside = observe.layer(BufferLayer::new(4).layer(handler));
    let outside = BufferLayer::new(4).layer(observe.layer(handler));
    for (tag, line) in [
        ("\"7\"", "GET other 304 not_modified sent=0 runs=0"),
        ("\"6\"", "GET other 200 proceeded sent=5 runs=1"),
    ] {
        let request = || with_fields("GET", &[("if-none-match", tag)]);
        let response = inside.clone().oneshot(request()).await.unwrap();
        read(response.into_body());
        assert_eq!(recorder.exchange(), line);
        let response = outside.clone().oneshot(request()).await.unwrap();
        read(response.into_body());
        assert_eq!(recorder.exchange(), line);
    }
}

/// Layers in another task report nothing to the observer, and `explain` replaces that.
#[tokio::test]
async fn a_buffer_between_layers_needs_explain() {
    let recorder = Recorder::default();
    let conditional = ConditionalLayer::new().source(knows(tagged("7"))).explain();
    let handler = service_fn(async |_: Request<String>| Ok::<_, Infallible>(sized(["hello"])));
    let service = ServiceBuilder::new()
        .layer(ObserveLayer::new(recorder.clone()))
        .buffer(4)
        .layer(conditional)
        .service(handler);
    for (tag, line) in [
        ("\"7\"", "GET other 304 not_modified sent=0 runs=0"),
        ("\"6\"", "GET other 200 proceeded sent=5 runs=1"),
    ] {
        let request = with_fields("GET", &[("if-none-match", tag)]);
        let response = service.clone().oneshot(request).await.unwrap();
        read(response.into_body());
        assert_eq!(recorder.exchange(), line);
    }
}
