//! The readiness of layers that ask a source or the service before the handler runs.

use std::{convert::Infallible, future::ready};

use bytes::Bytes;
use http::{
    Request, Response, StatusCode,
    header::{ETAG, IF_MATCH},
};
use http_body_util::Empty;
#[cfg(feature = "tokio")]
use tower::util::MapRequest;
use tower::{BoxError, Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};
use tower_conditional::{ConditionalLayer, EntityTag, PreconditionLayer, source, source::SelfGet};
#[cfg(feature = "tokio")]
use tower_conditional::{body::RequestBody, lock::KeyedLock};
use tower_test::mock::{self, Handle, Mock, Spawn};

use super::{Boxed, Content, ServiceFailed, boxed, in_time, respond, tagged};

/// Returns the layers that ask first, each around `inner`.
fn each_asking_layer<S>(inner: impl Fn() -> S) -> Vec<(&'static str, Boxed)>
where
    S: Service<Request<Empty<Bytes>>, Response = Response<Content>, Error: Into<BoxError> + Send>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
    S::Error: 'static,
{
    let source = source::now(|_| EntityTag::strong("v1"));
    let by_get =
        || PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let by_source = || PreconditionLayer::new(source);
    vec![
        (
            "ConditionalLayer::source",
            boxed(ConditionalLayer::new().source(source).layer(inner())),
        ),
        ("by source", boxed(by_source().layer(inner()))),
        (
            "by source and GET",
            boxed(
                by_source()
                    .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
                    .layer(inner()),
            ),
        ),
        ("by GET", boxed(by_get().layer(inner()))),
        #[cfg(feature = "tokio")]
        (
            "by source, locked",
            boxed(locked(by_source(), KeyedLock::new()).layer(unlocked(inner()))),
        ),
        #[cfg(feature = "tokio")]
        (
            "by GET, locked",
            boxed(locked(by_get(), KeyedLock::new()).layer(unlocked(inner()))),
        ),
    ]
}

#[cfg(feature = "tokio")]
fn locked<Q, G>(
    layer: PreconditionLayer<Q, G>,
    lock: KeyedLock,
) -> PreconditionLayer<Q, G, tower_conditional::precondition::WriteLock> {
    layer.lock(lock, |request| Some(request.uri.path().to_owned()))
}

#[cfg(feature = "tokio")]
type LockedRequest = Request<RequestBody<Empty<Bytes>>>;

/// Returns a service for requests with an empty body, for use inside of a lock.
#[cfg(feature = "tokio")]
fn unlocked<S>(
    service: S,
) -> MapRequest<S, impl FnMut(LockedRequest) -> Request<Empty<Bytes>> + Clone>
where
    S: Service<Request<Empty<Bytes>>>,
{
    service.map_request(|request: LockedRequest| request.map(|_| Empty::new()))
}

/// Returns a read and a write whose conditions about `"v1"` are false, or true.
fn conditional_requests(holds: bool) -> [Request<Empty<Bytes>>; 2] {
    let tag = if holds { "\"v1\"" } else { "\"v0\"" };
    ["GET", "PUT"].map(|method| {
        let request = Request::builder().method(method).header(IF_MATCH, tag);
        request.body(Empty::new()).unwrap()
    })
}

/// P-TR-tower: the layer is ready when the service is, and not before.
#[tokio::test]
async fn pending_is_forwarded_by_layers_that_ask() {
    let handles = std::cell::RefCell::new(Vec::new());
    let services = each_asking_layer(|| {
        let (mock, handle): (Mock<_, _>, Handle<Request<Empty<Bytes>>, Response<Content>>) =
            mock::pair();
        handles.borrow_mut().push(handle);
        mock
    });
    for ((layer, service), mut handle) in services.into_iter().zip(handles.into_inner()) {
        let mut service = Spawn::new(service);
        handle.allow(0);
        assert!(
            service.poll_ready::<Request<Empty<Bytes>>>().is_pending(),
            "{layer}"
        );
        handle.allow(1);
        assert!(service.is_woken(), "{layer}");
        assert!(
            service.poll_ready::<Request<Empty<Bytes>>>().is_ready(),
            "{layer}"
        );
    }
}

/// P-TR-tower: one permit is enough for the check and the write. It is free again when a 412 or a
/// success is returned.
#[tokio::test]
async fn one_permit_is_enough_for_layers_that_ask() {
    for (layer, mut service) in each_asking_layer(|| ConcurrencyLimit::new(service_fn(respond), 1))
    {
        let mut sibling = service.clone();
        let mut kept = Vec::new();
        for holds in [false, true, false] {
            for request in conditional_requests(holds) {
                let safe = request.method() == "GET";
                let evaluates = safe == (layer == "ConditionalLayer::source");
                for service in [&mut service, &mut sibling] {
                    let ready = in_time(service.ready()).await.unwrap();
                    let response = in_time(ready.call(request.clone())).await.unwrap();
                    let failed = response.status() == StatusCode::PRECONDITION_FAILED;
                    assert_eq!(failed, evaluates && !holds, "{layer} {request:?}");
                    kept.push(response);
                }
            }
        }
    }
}

/// P-TR-tower: the ready service is dropped before a response that does not need it.
#[tokio::test]
async fn a_refusal_frees_the_permit_first() {
    for (layer, mut service) in each_asking_layer(|| ConcurrencyLimit::new(service_fn(respond), 1))
    {
        let sibling = service.clone();
        // The readiness is polled anew each time, since a waiting call takes the next permit.
        let is_free = || {
            let mut sibling = Spawn::new(sibling.clone());
            sibling.poll_ready::<Request<Empty<Bytes>>>().is_ready()
        };
        let [get, put] = conditional_requests(false);
        let request = if layer == "ConditionalLayer::source" {
            get
        } else {
            put
        };
        let answer = service.ready().await.unwrap().call(request);
        let mut answer = Box::pin(answer);
        // An immediate response needs no permit in between.
        let is_at_once = matches!(layer, "ConditionalLayer::source" | "by source");
        assert_eq!(is_free(), is_at_once, "{layer}");
        // The future still exists here.
        let response = in_time(answer.as_mut()).await.unwrap();
        assert_eq!(response.status(), 412, "{layer}");
        assert!(is_free(), "{layer}");
        drop(answer);
    }
}

/// Issue 12: the content of a refused request holds no permit while it is read, with an immediate
/// source and with one that waits.
#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn content_of_a_refused_request_holds_no_permit() {
    use futures_util::{
        FutureExt,
        stream::{Pending, pending},
    };
    use http_body::Frame;
    use http_body_util::StreamBody;
    use tower::util::BoxCloneService;
    use tower_conditional::body::ResponseBody;

    type PendingBody = StreamBody<Pending<Result<Frame<Bytes>, Infallible>>>;
    type Guarded =
        BoxCloneService<Request<PendingBody>, Response<ResponseBody<Content>>, Infallible>;

    let inner = || {
        let inner = service_fn(async |_: Request<PendingBody>| Ok::<_, Infallible>(tagged()));
        ConcurrencyLimit::new(inner, 1)
    };
    let at_once = source::now(|_| EntityTag::strong("v1"));
    let waits = source::from_fn(async |_| {
        tokio::task::yield_now().await;
        EntityTag::strong("v1")
    });
    let reads = ConditionalLayer::new;
    let services = [
        Guarded::new(reads().source(at_once).layer(inner())),
        Guarded::new(reads().source(waits).layer(inner())),
        Guarded::new(PreconditionLayer::new(at_once).layer(inner())),
        Guarded::new(PreconditionLayer::new(waits).layer(inner())),
    ];
    for (number, mut service) in services.into_iter().enumerate() {
        let mut sibling = Spawn::new(service.clone());
        let method = if number < 2 { "GET" } else { "PUT" };
        let request = Request::builder().method(method).header(IF_MATCH, "\"v0\"");
        let request = request.body(StreamBody::new(pending())).unwrap();
        let mut answer = service.ready().await.unwrap().call(request);
        // The polls ask the source, take its answer, and wait for the content.
        for _ in 0..3 {
            assert!(answer.as_mut().now_or_never().is_none());
        }
        let is_free = sibling.poll_ready::<Request<PendingBody>>().is_ready();
        assert!(is_free, "{number} waits for the content with a permit");
        assert_eq!(
            answer.await.unwrap().status(),
            StatusCode::PRECONDITION_FAILED
        );
    }
}

/// P-TR-tower: two writers of one key each hold a permit of the inner limit or wait for it. A
/// writer that waits for the lock holds none.
#[tokio::test]
async fn two_writers_of_one_key_both_finish() {
    let slow = || {
        let slow = service_fn(|_: Request<Empty<Bytes>>| async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(tagged())
        });
        ConcurrencyLimit::new(slow, 1)
    };
    for (layer, service) in each_asking_layer(slow) {
        let [_, put] = conditional_requests(true);
        let writers = (0..8).map(|_| in_time(service.clone().oneshot(put.clone())));
        let answers = futures_util::future::join_all(writers).await;
        assert!(
            answers
                .iter()
                .all(|answer| answer.as_ref().unwrap().status() == 200),
            "{layer}"
        );
    }
}

/// The same with two services that were made ready before either was called.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_writer_that_waits_for_the_lock_holds_no_permit() {
    let lock = KeyedLock::new();
    let limited = ConcurrencyLimit::new(service_fn(respond), 1);
    let layer = locked(PreconditionLayer::handler_checks(), lock.clone());
    let mut first = layer.layer(unlocked(limited));
    let mut second = first.clone();
    let [_, put] = conditional_requests(true);
    let held = lock.acquire("/").await.unwrap();
    let waiting = tokio::spawn(first.ready().await.unwrap().call(put.clone()));
    // There is a permit only if the first service has returned its own.
    in_time(second.ready()).await.unwrap();
    let also = tokio::spawn(second.call(put));
    drop(held);
    for writer in [waiting, also] {
        assert_eq!(in_time(writer).await.unwrap().unwrap().status(), 200);
    }
    assert!(lock.is_empty());
}

/// P-ER-inner: an error of the service reaches the client, unless it came while a 412 was made that
/// needs no service.
#[tokio::test]
async fn errors_pass_layers_that_ask() {
    let fails =
        || service_fn(|_: Request<Empty<Bytes>>| ready(Err::<Response<Content>, _>(ServiceFailed)));
    for (layer, service) in each_asking_layer(fails) {
        for request in conditional_requests(true) {
            let answer = service.clone().oneshot(request).await;
            assert!(answer.unwrap_err().is::<ServiceFailed>(), "{layer}");
        }
        if layer.starts_with("by source") {
            let [_, put] = conditional_requests(false);
            let answer = service.oneshot(put).await.unwrap();
            assert_eq!(answer.status(), 412, "{layer}");
            // The `GET` failed, so it is unknown if the client may read.
            let tag = answer.headers().get(ETAG);
            let shown = (layer != "by source and GET").then_some("\"v1\"");
            assert_eq!(tag.map(|tag| tag.to_str().unwrap()), shown, "{layer}");
        }
    }
}
