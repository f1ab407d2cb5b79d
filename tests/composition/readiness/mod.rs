//! The contract of `tower::Service` (P-TR-tower, P-ER-inner).

mod asking;
mod each_layer;
#[cfg(feature = "tokio")]
mod keyed;
#[cfg(feature = "tokio")]
mod remembered;

use std::{convert::Infallible, error::Error, fmt, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{
    Request, Response, StatusCode,
    header::{ETAG, IF_NONE_MATCH},
};
use http_body_util::{Empty, Full};
use tower::{
    BoxError, Service, ServiceExt, buffer::Buffer, limit::ConcurrencyLimit, service_fn,
    util::BoxCloneService,
};
use tower_test::mock::{self, Handle, Mock, Spawn};

use each_layer::{boxed, each_layer};

type Boxed = BoxCloneService<Request<Empty<Bytes>>, Response<Body>, BoxError>;
type Content = Full<Bytes>;

/// A layer around a service that is ready only on command. The service panics if it is called
/// without having been ready.
struct Mocked {
    layer: &'static str,
    service: Boxed,
    handle: Handle<Request<Empty<Bytes>>, Response<Content>>,
}

fn each_layer_of_a_mock() -> impl Iterator<Item = Mocked> {
    let (made, handles) = std::sync::mpsc::channel();
    let services = each_layer(|| {
        let (mock, handle): (Mock<_, _>, _) = mock::pair();
        made.send(handle).unwrap();
        mock
    });
    let mocked = services.into_iter().zip(handles);
    mocked.map(|((layer, service), handle)| Mocked {
        layer,
        service,
        handle,
    })
}

fn evaluates(layer: &str) -> bool {
    ["ConditionalLayer", "stack()"].contains(&layer)
}

fn request() -> Request<Empty<Bytes>> {
    Request::new(Empty::new())
}

fn conditional() -> Request<Empty<Bytes>> {
    Request::builder()
        .header(IF_NONE_MATCH, "\"v1\"")
        .body(Empty::new())
        .unwrap()
}

fn tagged() -> Response<Content> {
    let response = Response::builder().header(ETAG, "\"v1\"");
    response.body(Full::from("hello")).unwrap()
}

/// Returns a result that must be ready at once. The timeout only ends a deadlock.
async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("a deadlock")
}

/// P-TR-tower: the layer is ready when the service is, and not before.
#[tokio::test]
async fn pending_is_forwarded() {
    for Mocked {
        layer,
        service,
        mut handle,
    } in each_layer_of_a_mock()
    {
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

        let response = service.call(conditional());
        let answer = async {
            let (request, respond) = handle.next_request().await.unwrap();
            assert!(request.headers().contains_key(IF_NONE_MATCH));
            respond.send_response(tagged());
        };
        let (response, ()) = in_time(futures_util::future::join(response, answer)).await;
        let expected = if evaluates(layer) { 304 } else { 200 };
        assert_eq!(response.unwrap().status(), expected, "{layer}");
    }
}

/// P-TR-tower, P-ER-inner
#[tokio::test]
async fn errors_of_readiness_are_forwarded() {
    for Mocked {
        layer,
        service,
        mut handle,
    } in each_layer_of_a_mock()
    {
        let mut service = Spawn::new(service);
        handle.send_error(ServiceFailed);
        match service.poll_ready::<Request<Empty<Bytes>>>() {
            std::task::Poll::Ready(Err(error)) => assert!(error.is::<ServiceFailed>(), "{layer}"),
            other => panic!("{layer} {other:?}"),
        }
    }
}

/// P-ER-inner
#[tokio::test]
async fn errors_of_the_service_pass_unchanged() {
    for Mocked {
        layer,
        mut service,
        mut handle,
    } in each_layer_of_a_mock()
    {
        let response = service.ready().await.unwrap().call(conditional());
        let answer = async {
            let (_, respond) = handle.next_request().await.unwrap();
            respond.send_error(ServiceFailed);
        };
        let (response, ()) = in_time(futures_util::future::join(response, answer)).await;
        assert!(response.unwrap_err().is::<ServiceFailed>(), "{layer}");
    }
}

/// P-TR-tower: nothing panics or waits forever. A clone can be called while the service that
/// answered 304 still exists.
#[tokio::test]
async fn one_permit_is_enough() {
    let limited = || ConcurrencyLimit::new(service_fn(respond), 1);
    for (layer, service) in each_layer(limited) {
        assert_turns(layer, service).await;
    }
}

/// P-TR-tower
#[tokio::test]
async fn one_place_in_a_buffer_is_enough() {
    let buffered = || Buffer::new(ConcurrencyLimit::new(service_fn(respond), 1), 1);
    for (layer, service) in each_layer(buffered) {
        assert_turns(layer, service).await;
    }
}

async fn respond(_: Request<Empty<Bytes>>) -> Result<Response<Content>, Infallible> {
    Ok(tagged())
}

async fn assert_turns(layer: &str, mut service: Boxed) {
    let mut sibling = service.clone();
    let mut kept = Vec::new();
    for request in [request(), conditional(), conditional(), request()] {
        let not_modified = evaluates(layer) && request.headers().contains_key(IF_NONE_MATCH);
        let expected = if not_modified {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        };
        for service in [&mut service, &mut sibling] {
            let ready = in_time(service.ready()).await.unwrap();
            let response = in_time(ready.call(request.clone())).await.unwrap();
            assert_eq!(response.status(), expected, "{layer}");
            // Responses that still exist do not hold a permit.
            kept.push(response);
        }
    }
}

/// P-TR-tower: a dropped future returns its permit.
#[tokio::test]
async fn a_dropped_call_frees_its_permit() {
    let stuck = || {
        let never = service_fn(|_: Request<Empty<Bytes>>| {
            std::future::pending::<Result<Response<Content>, Infallible>>()
        });
        ConcurrencyLimit::new(never, 1)
    };
    for (layer, mut service) in each_layer(stuck) {
        let mut sibling = Spawn::new(service.clone());
        let response = service.ready().await.unwrap().call(conditional());
        assert!(
            sibling.poll_ready::<Request<Empty<Bytes>>>().is_pending(),
            "{layer}"
        );
        drop(response);
        assert!(
            sibling.poll_ready::<Request<Empty<Bytes>>>().is_ready(),
            "{layer}"
        );
    }
}

#[derive(Debug)]
struct ServiceFailed;

impl fmt::Display for ServiceFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl Error for ServiceFailed {}
