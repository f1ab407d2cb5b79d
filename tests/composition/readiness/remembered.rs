//! The readiness of the layer that answers some reads without the service.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use tower::{
    BoxError, Layer, Service, ServiceExt, buffer::Buffer, limit::ConcurrencyLimit, service_fn,
};
use tower_conditional::{
    ValidatorCacheLayer, stack, store::MemoryValidatorStore, validator_cache::ValidatorCache,
};
use tower_test::mock::{self, Handle, Mock, Spawn};

use super::{Boxed, Content, ServiceFailed, boxed, conditional, in_time, request, respond, tagged};

/// Returns `inner` in the layer alone, and in a stack with it.
fn each_remembering_layer<S>(inner: impl Fn() -> S) -> [(&'static str, Boxed); 3]
where
    S: Service<Request<Empty<Bytes>>, Response = Response<Content>, Error: Into<BoxError> + Send>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    S::Error: 'static,
{
    let layer = || {
        let cache = ValidatorCache::new(MemoryValidatorStore::new());
        ValidatorCacheLayer::new(cache)
    };
    let collapse = std::time::Duration::from_secs(5);
    [
        ("alone", boxed(layer().layer(inner()))),
        (
            "collapsing",
            boxed(layer().collapse(collapse).layer(inner())),
        ),
        ("stack()", boxed(stack().validators(layer()).layer(inner()))),
    ]
}

fn write() -> Request<Empty<Bytes>> {
    Request::put("/").body(Empty::new()).unwrap()
}

type MockHandle = Handle<Request<Empty<Bytes>>, Response<Content>>;

fn each_layer_of_a_mock() -> impl Iterator<Item = (&'static str, Boxed, MockHandle)> {
    let (made, handles) = std::sync::mpsc::channel();
    let services = each_remembering_layer(|| {
        let (mock, handle): (Mock<_, _>, MockHandle) = mock::pair();
        made.send(handle).unwrap();
        mock
    });
    let mocked = services.into_iter().zip(handles);
    mocked.map(|((layer, service), handle)| (layer, service, handle))
}

/// P-TR-tower, P-ER-inner: readiness and errors are those of the service, for reads and writes.
#[tokio::test]
async fn readiness_and_errors_are_forwarded() {
    for request in [request, conditional, write] {
        for (layer, service, mut handle) in each_layer_of_a_mock() {
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
            let response = service.call(request());
            let answer = async {
                let (_, respond) = handle.next_request().await.unwrap();
                respond.send_error(ServiceFailed);
            };
            let (response, ()) = in_time(futures_util::future::join(response, answer)).await;
            assert!(response.unwrap_err().is::<ServiceFailed>(), "{layer}");
            handle.send_error(ServiceFailed);
            match service.poll_ready::<Request<Empty<Bytes>>>() {
                std::task::Poll::Ready(Err(error)) => assert!(error.is::<ServiceFailed>()),
                other => panic!("{layer} {other:?}"),
            }
        }
    }
}

/// P-TR-tower: one permit is enough for hits, misses and writes, also if responses are kept.
#[tokio::test]
async fn one_permit_is_enough_to_remember() {
    let limited = || ConcurrencyLimit::new(service_fn(respond), 1);
    let buffered = || Buffer::new(ConcurrencyLimit::new(service_fn(respond), 1), 1);
    let services = each_remembering_layer(limited).into_iter();
    for (layer, mut service) in services.chain(each_remembering_layer(buffered)) {
        let mut sibling = service.clone();
        let mut kept = Vec::new();
        for round in 0..3 {
            for (request, expected) in [
                (write(), StatusCode::OK),
                (request(), StatusCode::OK),
                (conditional(), StatusCode::NOT_MODIFIED),
                (request(), StatusCode::OK),
                (conditional(), StatusCode::NOT_MODIFIED),
            ] {
                for service in [&mut service, &mut sibling] {
                    let ready = in_time(service.ready()).await.unwrap();
                    let response = in_time(ready.call(request.clone())).await.unwrap();
                    assert_eq!(response.status(), expected, "{layer} {round}");
                    kept.push(response);
                }
            }
        }
    }
}

/// P-TR-tower: a hit needs no permit, so the one that `poll_ready` took is free again at once.
#[tokio::test]
async fn a_hit_frees_the_permit() {
    let limited = || ConcurrencyLimit::new(service_fn(respond), 1);
    for (layer, mut service) in each_remembering_layer(limited) {
        let first = in_time(service.ready()).await.unwrap().call(request());
        drop(in_time(first).await.unwrap());
        let mut sibling = Spawn::new(service.clone());
        let ready = in_time(service.ready()).await.unwrap();
        assert!(
            sibling.poll_ready::<Request<Empty<Bytes>>>().is_pending(),
            "{layer}"
        );
        let hit = ready.call(conditional());
        // The future still exists here.
        assert!(
            sibling.poll_ready::<Request<Empty<Bytes>>>().is_ready(),
            "{layer}"
        );
        assert_eq!(in_time(hit).await.unwrap().status(), 304, "{layer}");
    }
}

/// P-TR-tower: a dropped read returns its permit. A dropped write goes on, and returns it then.
#[tokio::test]
async fn dropped_calls_free_their_permits() {
    let slow = || {
        let slow = service_fn(async |_: Request<Empty<Bytes>>| {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(tagged())
        });
        ConcurrencyLimit::new(slow, 1)
    };
    for (layer, mut service) in each_remembering_layer(slow) {
        for request in [request(), conditional(), write()] {
            let mut call = in_time(service.ready()).await.unwrap().call(request);
            assert!(
                futures_util::FutureExt::now_or_never(&mut call).is_none(),
                "{layer}"
            );
            drop(call);
            in_time(service.ready()).await.unwrap();
            // The place that is ready now is given back.
            service = service.clone();
        }
    }
}
