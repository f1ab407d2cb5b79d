//! Headers of requests, and the age of their keys.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use super::{HandlerRequest, Runs, layer, order, post, problem, send, service, user};
use crate::{
    clock::{Clock, ManualClock, SystemClock},
    idempotency::{IdempotencyLayer, Retention},
    store::MemoryIdempotencyStore,
};

fn with(
    mut request: Request<Full<Bytes>>,
    name: &'static str,
    value: &str,
) -> Request<Full<Bytes>> {
    let value = value.parse().expect("a value");
    request.headers_mut().append(name, value);
    request
}

/// R-IK07-2.6-a: the first response is that of the handler alone.
#[tokio::test]
async fn the_first_request_is_performed_as_without_the_layer() {
    let bare = service_fn(|request: HandlerRequest| async {
        Ok::<_, std::convert::Infallible>(order(1, request).await)
    });
    let wrapped = layer().layer(bare);
    let bare = bare.oneshot(post("\"a\"").map(crate::body::RequestBody::unread));
    let (alone, first) = (bare.await, wrapped.oneshot(post("\"a\"")).await);
    let (alone, first) = (alone.expect("a response"), first.expect("a response"));
    assert_eq!(alone.status(), first.status());
    assert_eq!(alone.headers(), first.headers());
    let alone = alone.into_body().collect().await.expect("the content");
    let first = first.into_body().collect().await.expect("the content");
    assert_eq!(alone.to_bytes(), first.to_bytes());
}

/// R-IK07-5-a: any text within the limit is a key, and none beyond it.
#[tokio::test]
async fn a_key_is_a_text_of_bounded_length() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    for text in ["..:*", "'; DROP TABLE keys; --", "a b", &"k".repeat(255)] {
        let key = format!("\"{text}\"");
        assert_eq!(send(&service, post(&key)).await.status, 201, "{text}");
        assert!(send(&service, post(&key)).await.replayed, "{text}");
    }
    for length in [256, 8_000, 1 << 20] {
        let key = format!("\"{}\"", "k".repeat(length));
        let refused = send(&service, post(&key)).await;
        assert_eq!((refused.status, problem(&refused)), (400, "malformed"));
    }
    let twice = with(post("\"a\""), "idempotency-key", "\"a\"");
    assert_eq!(problem(&send(&service, twice).await), "malformed");
}

/// R-IK07-2.4-a: headers that change with each try are no part of the request.
#[tokio::test]
async fn a_retry_may_have_other_headers() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    send(&service, with(post("\"a\""), "user-agent", "first")).await;
    for (name, value) in [
        ("user-agent", "second"),
        ("traceparent", "00-1-2-01"),
        ("accept", "text/html"),
        ("authorization", "Bearer renewed"),
        ("if-none-match", "*"),
    ] {
        let retry = send(&service, with(post("\"a\""), name, value)).await;
        assert!(retry.replayed, "{name}");
    }
    assert_eq!(runs.count(), 1);
}

/// R-8470-5.2-a: early data is refused where the layer says so, and only early data.
#[tokio::test]
async fn early_data_is_refused_by_name() {
    let runs = Runs::default();
    let early = |value| with(post("\"a\""), "early-data", value);
    let accepting = service(&layer(), &runs, order);
    assert_eq!(send(&accepting, early("1")).await.status, 201);
    let refusing = service(&layer().refuse_early_data(), &runs, order);
    let mut bare = early("1");
    bare.headers_mut().remove("idempotency-key");
    // An invalid value, or a second line, means the same (section 5.1).
    for request in [
        early("1"),
        early("0"),
        with(early("1"), "early-data", "1"),
        bare,
    ] {
        let refused = send(&refusing, request).await;
        assert_eq!((refused.status, problem(&refused)), (425, "too-early"));
    }
    assert_eq!(runs.count(), 1);
    // The same key after the handshake.
    assert_eq!(send(&refusing, post("\"a\"")).await.status, 201);
    let mut get = early("1");
    *get.method_mut() = Method::GET;
    assert_eq!(send(&refusing, get).await.status, 201);
}

/// R-IK07-2.3-a: the retention counts from the completion, and is checked when it is read.
#[tokio::test]
async fn a_key_is_new_after_its_retention() {
    let clock = ManualClock::new(SystemClock.now());
    for tombstone in [Duration::ZERO, Duration::from_secs(10)] {
        let runs = Runs::default();
        let store = MemoryIdempotencyStore::new().clock(clock.clone());
        let retention = Retention::new(Duration::from_secs(2)).with_tombstone(tombstone);
        let layer = IdempotencyLayer::new(store, user).retention(retention);
        let moved = clock.clone();
        let service = service(&layer, &runs, move |number, request| {
            moved.advance(Duration::from_secs(20));
            order(number, request)
        });
        send(&service, post("\"a\"")).await;
        clock.advance(Duration::from_secs(1));
        assert!(send(&service, post("\"a\"")).await.replayed);
        clock.advance(Duration::from_secs(1));
        let late = send(&service, post("\"a\"")).await;
        if tombstone.is_zero() {
            assert_eq!((late.status, late.replayed), (201, false));
        } else {
            assert_eq!((late.status, problem(&late)), (409, "expired"));
            clock.advance(tombstone);
            assert_eq!(send(&service, post("\"a\"")).await.status, 201);
        }
        assert_eq!(runs.count(), 2);
    }
}

/// P-ID-replay-fidelity: what describes the response is repeated, with any bytes.
#[tokio::test]
async fn a_replay_describes_the_response_in_the_same_way() {
    const HEADERS: [(&str, &str); 9] = [
        ("content-type", "application/octet-stream"),
        ("content-language", "de"),
        ("content-location", "/orders/1"),
        ("location", "/orders/1"),
        ("etag", "\"v1\""),
        ("last-modified", "Sun, 29 Nov 2026 03:00:00 GMT"),
        ("link", "</orders>; rel=\"collection\""),
        ("retry-after", "7"),
        ("cache-control", "no-store"),
    ];
    let runs = Runs::default();
    let content: Bytes = (0..=255).collect();
    let handled = content.clone();
    let service = service(&layer(), &runs, move |_, _| {
        let mut response = http::Response::new(Full::from(handled.clone()));
        *response.status_mut() = StatusCode::CREATED;
        for (name, value) in HEADERS {
            let value = value.parse().expect("a value");
            response.headers_mut().insert(name, value);
        }
        async { response }
    });
    for _ in 0..2 {
        let response = service.clone().oneshot(post("\"a\"")).await;
        let response = response.expect("a response");
        for (name, value) in HEADERS {
            assert_eq!(response.headers()[name], value, "{name}");
        }
        let body = response.into_body().collect().await.expect("the content");
        assert_eq!(body.to_bytes(), content);
    }
    assert_eq!(runs.count(), 1);
}
