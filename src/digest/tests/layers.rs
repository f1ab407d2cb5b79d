//! The layer and its neighbors.

use std::{
    convert::Infallible,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};

use super::{CONTENT, SHA_256, StreamEnd, put, request, send, sha_256};
use crate::{
    DigestLayer, ObserveLayer,
    observe::{Exchange, ExchangeResult},
    refusal::{Reason, Refusal},
    test_support::{Act, Log, ScriptedBody, Silent, run},
};

/// Reads the content, and answers 500 if it breaks off.
async fn read_all<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: http_body::Body<Data = Bytes>,
{
    let whole = request.into_body().collect().await.is_ok();
    let mut response = Response::new(Full::default());
    *response.status_mut() = http::StatusCode::from_u16(if whole { 200 } else { 500 }).unwrap();
    Ok(response)
}

/// A slow upload holds no place in a limit inside, and a refusal gives its place back.
#[test]
fn a_place_in_a_limit_inside_is_free_while_content_arrives() {
    let limited = ConcurrencyLimit::new(service_fn(read_all), 1);
    let service = DigestLayer::verify().layer(limited);
    let slow = ScriptedBody::sized([Act::Wait, Act::data(CONTENT)]);
    let slow = request("PUT", [("content-digest", SHA_256)], slow);
    let other = ScriptedBody::sized([Act::data(CONTENT)]);
    let other = request("PUT", [("content-digest", SHA_256)], other);
    let mut cx = Context::from_waker(Waker::noop());
    run(async {
        let (mut one, mut two) = (service.clone(), service.clone());
        let waiting = one.ready().await.unwrap().call(slow);
        let mut waiting = Box::pin(waiting);
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let answer = two.ready().await.unwrap().call(other).await;
        assert_eq!(answer.unwrap().status(), 200);
        assert_eq!(waiting.await.unwrap().status(), 200);
        for digest in [sha_256("other"), "sha-256=1".to_owned()] {
            let refused = ScriptedBody::sized([Act::data(CONTENT)]);
            let refused = request("PUT", [("content-digest", &*digest)], refused);
            assert_eq!(
                service.clone().oneshot(refused).await.unwrap().status(),
                400
            );
        }
    });
}

/// A client that disconnects while its content arrives leaves nothing behind.
#[test]
fn a_client_that_hangs_up_runs_no_service() {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let service = service_fn(move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        read_all(request)
    });
    let service = DigestLayer::verify().layer(service);
    let acts = [Act::data("a"), Act::Wait, Act::Wait, Act::data("b")];
    for polls in 1..3 {
        let body = ScriptedBody::sized(acts.clone());
        let digest = sha_256("ab");
        let request = request("PUT", [("content-digest", &*digest)], body);
        let mut cx = Context::from_waker(Waker::noop());
        let mut answer = Box::pin(service.clone().oneshot(request));
        for _ in 0..polls {
            assert!(answer.as_mut().poll(&mut cx).is_pending());
        }
    }
    assert_eq!(runs.load(Ordering::Relaxed), 0);
}

/// Two of a kind, as a layer on a router and another on a route.
#[test]
fn two_layers_verify_twice() {
    for (digest, status) in [(SHA_256.to_owned(), 200), (sha_256("other"), 400)] {
        let twice = DigestLayer::verify().layer(DigestLayer::verify().layer(service_fn(read_all)));
        let answer = run(twice.oneshot(put(&digest)));
        assert_eq!(answer.unwrap().status(), status);
    }
    let twice = DigestLayer::verify()
        .streaming()
        .layer(DigestLayer::verify().layer(service_fn(read_all)));
    let answer = run(twice.oneshot(put(&sha_256("other"))));
    assert_eq!(answer.unwrap().status(), 400);
}

fn observed(log: &Log) -> ObserveLayer {
    let log = log.clone();
    ObserveLayer::new(move |exchange: &Exchange<'_>| {
        log.note(exchange.result().as_str());
    })
}

/// An observer counts a refusal, and also content that broke off in the service.
#[test]
fn an_observer_sees_content_that_differs() {
    let log = Log::default();
    for layer in [DigestLayer::verify(), DigestLayer::verify().streaming()] {
        let service = observed(&log).layer(layer.layer(service_fn(read_all)));
        for digest in [SHA_256.to_owned(), sha_256("other"), "sha-256=1".to_owned()] {
            let answer = run(service.clone().oneshot(put(&digest))).unwrap();
            crate::test_support::read(answer.into_body());
        }
    }
    let refused = ExchangeResult::DigestRefused.as_str();
    let one = ["unevaluated", refused, refused];
    assert_eq!(log.take(), [one, one].concat());
}

/// A renderer of the application has the reason.
#[test]
fn a_renderer_writes_the_refusal() {
    let layer = DigestLayer::verify().refusals(|refusal: &Refusal<'_>| {
        assert_eq!(refusal.reason(), Reason::DigestDiffers);
        let text = HeaderValue::from_static("text/plain");
        (text, Bytes::from_static(refusal.title().as_bytes()))
    });
    let sent = send(&layer, put(&sha_256("other")));
    assert_eq!(sent.response.headers()["content-type"], "text/plain");
    let body = crate::test_support::read(sent.response.into_body());
    assert_eq!(body, [Act::data("Digest Differs")]);
}

/// The default body is that of a `GET` which another layer makes.
#[test]
fn the_default_body_is_that_of_the_client() {
    let body = super::VerifiedBody::<Silent>::default();
    assert!(http_body::Body::is_end_stream(&body));
    assert_eq!(format!("{body:?}"), "VerifiedBody(\"Passed\")");
    let hashed = super::streamed(vec![], &sha_256(""));
    assert_eq!(format!("{hashed:?}"), "VerifiedBody(\"Hashed\")");
    assert_eq!(super::read_stream(hashed).1, StreamEnd::Whole);
}
