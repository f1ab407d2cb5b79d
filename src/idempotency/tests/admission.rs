use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, StatusCode, request::Parts};
use http_body_util::Full;
use tokio::sync::Notify;

use super::{Runs, Seen, attempt, layer, order, post, post_as, problem, send, service, waiting};
use crate::idempotency::{Fingerprint, IdempotencyLayer};

/// R-IK07-2.6-c, R-IK07-2.6-d: the first request runs, and its repeats get its response.
#[tokio::test]
async fn a_retry_gets_the_first_response() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let first = send(&service, post("\"a\"")).await;
    let expected = Seen {
        status: 201,
        content: "{\"order\":1,\"for\":{\"item\":\"x\"}}".to_owned(),
        replayed: false,
    };
    assert_eq!(first, expected);
    for _ in 0..3 {
        let retry = send(&service, post("\"a\"")).await;
        assert_eq!(
            retry,
            Seen {
                replayed: true,
                ..expected.clone()
            }
        );
    }
    assert_eq!(runs.count(), 1);
    assert_eq!(
        send(&service, post("\"b\"")).await.content,
        "{\"order\":2,\"for\":{\"item\":\"x\"}}"
    );
}

/// R-IK07-2.7-b: another request under the key is refused and not run.
#[tokio::test]
async fn another_request_with_the_key_is_refused() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    send(&service, post("\"a\"")).await;
    let mut others = vec![
        post_as("alice", "\"a\"", "{\"item\":\"y\"}"),
        post("\"a\""),
        post("\"a\""),
        post("\"a\""),
    ];
    *others[1].uri_mut() = "/orders?x=1".parse().expect("a URI");
    *others[2].method_mut() = Method::PATCH;
    others[3]
        .headers_mut()
        .insert("content-type", "text/plain".parse().expect("a value"));
    for other in others {
        let refused = send(&service, other).await;
        assert_eq!((refused.status, problem(&refused)), (422, "reused"));
    }
    assert_eq!(runs.count(), 1);
}

/// R-IK07-5-b: principals do not share keys.
#[tokio::test]
async fn principals_have_keys_of_their_own() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let alice = send(&service, post_as("alice", "\"a\"", "1")).await;
    let bob = send(&service, post_as("bob", "\"a\"", "1")).await;
    assert_ne!(alice.content, bob.content);
    assert!(!bob.replayed);
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn a_key_without_a_principal_is_refused() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let mut request = post("\"a\"");
    request.extensions_mut().clear();
    let refused = send(&service, request).await;
    assert_eq!(
        (refused.status, problem(&refused)),
        (403, "principal-missing")
    );
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn anyone_may_share_keys_by_name() {
    let runs = Runs::default();
    let store = crate::store::MemoryIdempotencyStore::new();
    let service = service(&IdempotencyLayer::for_anyone(store), &runs, order);
    send(&service, post_as("alice", "\"a\"", "1")).await;
    assert!(send(&service, post_as("bob", "\"a\"", "1")).await.replayed);
}

/// R-IK07-2.7-a: a key is required where the layer says so, and nowhere else.
#[tokio::test]
async fn a_missing_key_is_refused_where_it_is_required() {
    let without_key = || {
        let mut request = post("x");
        request.headers_mut().remove("idempotency-key");
        request
    };
    let runs = Runs::default();
    let optional = service(&layer(), &runs, order);
    assert_eq!(send(&optional, without_key()).await.status, 201);
    assert_eq!(send(&optional, without_key()).await.status, 201);
    assert_eq!(runs.count(), 2);
    let required = service(&layer().require_key(), &runs, order);
    let refused = send(&required, without_key()).await;
    assert_eq!((refused.status, problem(&refused)), (400, "missing"));
    let on_orders = layer().require_key_if(|request| request.uri.path() == "/orders");
    let on_orders = service(&on_orders, &runs, order);
    assert_eq!(send(&on_orders, without_key()).await.status, 400);
    let mut elsewhere = without_key();
    *elsewhere.uri_mut() = "/other".parse().expect("a URI");
    assert_eq!(send(&on_orders, elsewhere).await.status, 201);
    // Methods that are not covered pass with a key and without.
    let mut put = post("\"a\"");
    *put.method_mut() = Method::PUT;
    assert!(!send(&required, put.clone()).await.replayed);
    assert!(!send(&required, put).await.replayed);
}

/// R-9651-4.2-a, R-IK07-5-a: a malformed key is refused, and the request does not run.
#[tokio::test]
async fn a_malformed_key_is_refused() {
    let runs = Runs::default();
    let strict = service(&layer(), &runs, order);
    for key in [
        "a",
        "\"\"",
        "\"a",
        "8e03978e-40d5-43dd-bc93-6894a57f9324",
        "?1",
    ] {
        let refused = send(&strict, post(key)).await;
        assert_eq!(
            (refused.status, problem(&refused)),
            (400, "malformed"),
            "{key}"
        );
    }
    assert_eq!(runs.count(), 0);
    let lenient = service(&layer().accept_bare_keys(), &runs, order);
    assert_eq!(send(&lenient, post("8e03978e")).await.status, 201);
    assert!(send(&lenient, post("\"8e03978e\"")).await.replayed);
}

/// R-IK07-2.6-c: a retry of a running request is refused with the time to wait, or waits.
#[tokio::test(start_paused = true)]
async fn a_retry_of_a_running_request_is_refused_or_waits() {
    let runs = Runs::default();
    let go_on = Arc::new(Notify::new());
    let handler = waiting(&go_on);
    let layer = layer();
    let impatient = service(&layer, &runs, handler.clone());
    let patient = service(
        &layer.clone().wait_timeout(Duration::from_secs(20)),
        &runs,
        handler,
    );
    let first = tokio::spawn({
        let service = impatient.clone();
        async move { send(&service, post("\"a\"")).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refused = send(&impatient, post("\"a\"")).await;
    assert_eq!((refused.status, problem(&refused)), (409, "in-flight"));
    // Most handlers end long before the lease.
    let refused = tower::ServiceExt::oneshot(impatient, post("\"a\"")).await;
    assert_eq!(refused.expect("a response").headers()["retry-after"], "2");
    let waiting = tokio::spawn({
        let service = patient.clone();
        async move { send(&service, post("\"a\"")).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    go_on.notify_one();
    let first = first.await.expect("no panic");
    let waited = waiting.await.expect("no panic");
    assert_eq!(
        waited,
        Seen {
            replayed: true,
            ..first
        }
    );
    assert_eq!(runs.count(), 1);
}

/// P-ID-reqlimit: content is bounded, and the handler gets the bytes that came.
#[tokio::test]
async fn long_content_is_refused() {
    let runs = Runs::default();
    let service = service(&layer().max_request_bytes(1_000), &runs, order);
    let long = || {
        post_as(
            "alice",
            "\"a\"",
            Box::leak("x".repeat(2_000).into_boxed_str()),
        )
    };
    let refused = send(&service, long()).await;
    assert_eq!(
        (refused.status, problem(&refused)),
        (413, "content-too-large")
    );
    let mut announced = post("\"a\"");
    announced
        .headers_mut()
        .insert("content-length", 2_000.into());
    assert_eq!(send(&service, announced).await.status, 413);
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn streams_are_refused_with_a_key() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    for (name, value) in [
        ("upgrade", "websocket"),
        ("content-type", "application/grpc"),
        ("accept", "text/event-stream"),
    ] {
        let mut request = post("\"a\"");
        request
            .headers_mut()
            .insert(name, value.parse().expect("a value"));
        // A client that accepts only events gets the problem as a text.
        let refused = send(&service, request).await;
        assert_eq!(refused.status, 400, "{name}");
    }
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn the_handler_knows_its_attempt() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, |_, request| {
        let attempt = attempt(&request);
        assert_eq!(attempt.key().as_str(), "a");
        assert_eq!(attempt.scope().principal(), Some("alice"));
        assert_eq!(attempt.derive_key("charge").len(), 43);
        assert_ne!(attempt.derive_key("charge"), attempt.derive_key("mail"));
        let text = format!("{} {}", attempt.number(), attempt.fence());
        async move {
            http::Response::builder()
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .body(Full::from(text))
                .expect("a response")
        }
    });
    assert_eq!(send(&service, post("\"a\"")).await.content, "1 1");
    assert_eq!(send(&service, post("\"a\"")).await.content, "2 2");
}

#[tokio::test]
async fn an_application_may_tell_requests_apart_itself() {
    let runs = Runs::default();
    let by_length = layer().fingerprint(|_, content| Fingerprint::custom([content.len() as u8]));
    let service = service(&by_length, &runs, order);
    send(&service, post_as("alice", "\"a\"", "12")).await;
    assert!(
        send(&service, post_as("alice", "\"a\"", "21"))
            .await
            .replayed
    );
    assert_eq!(
        send(&service, post_as("alice", "\"a\"", "123"))
            .await
            .status,
        422
    );
}

/// Below `nest` two services have one path, and records of their own.
#[cfg(feature = "axum")]
#[tokio::test]
async fn nested_services_have_records_of_their_own() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let nested = async |path| {
        let mut request = post("\"a\"");
        request.extensions_mut().extend(below_nest(path).await);
        request
    };
    let a = send(&service, nested("/a/orders").await).await;
    let b = send(&service, nested("/b/orders").await).await;
    assert_ne!(a.content, b.content);
    assert!(send(&service, nested("/b/orders").await).await.replayed);
    // Within one service the key belongs to one request.
    let mut other = nested("/b/orders/7").await;
    *other.uri_mut() = "/orders/7".parse().expect("a URI");
    assert_eq!(send(&service, other).await.status, 422);
}

/// Returns what `axum` adds to a request for a service at `/a` or `/b`.
#[cfg(feature = "axum")]
async fn below_nest(path: &str) -> http::Extensions {
    let (sent, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let inside = tower::service_fn(move |request: axum::extract::Request| {
        let sent = sent.send(request.into_parts().0.extensions);
        sent.expect("the test waits");
        async { Ok::<_, std::convert::Infallible>(http::Response::new(axum::body::Body::empty())) }
    });
    let app = axum::Router::new()
        .nest_service("/a", inside.clone())
        .nest_service("/b", inside);
    let request = http::Request::post(path).body(axum::body::Body::empty());
    let answer = tower::ServiceExt::oneshot(app, request.expect("a request")).await;
    assert!(answer.is_ok());
    seen.recv().await.expect("a request")
}

/// A client that takes an event stream among others gets its response.
#[tokio::test]
async fn a_client_that_accepts_events_too_is_served() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    for (index, accept) in [
        "text/event-stream, application/json",
        "application/json, text/event-stream;q=0.1",
    ]
    .into_iter()
    .enumerate()
    {
        let mut request = post(&format!("\"{index}\""));
        request
            .headers_mut()
            .insert("accept", accept.parse().expect("a value"));
        assert_eq!(send(&service, request).await.status, 201, "{accept}");
    }
}

/// R-IK07-5-b: an empty name is no principal, since a missing one often becomes that.
#[tokio::test]
async fn an_empty_principal_is_refused() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let refused = send(&service, super::post_as("", "\"a\"", "{}")).await;
    assert_eq!(
        (refused.status, problem(&refused)),
        (403, "principal-missing")
    );
    assert_eq!(runs.count(), 0);
}

/// R-IK07-2.4-a: a fingerprint of the application's own does not join two resources.
#[tokio::test]
async fn an_own_fingerprint_is_bound_to_its_resource() {
    let runs = Runs::default();
    let same = |_: &Parts, _: &Bytes| Fingerprint::custom("all");
    let service = service(&layer().fingerprint(same), &runs, order);
    assert_eq!(send(&service, post("\"a\"")).await.status, 201);
    let other_content = post_as("alice", "\"a\"", "[]");
    assert!(send(&service, other_content).await.replayed);
    let mut other_path = post("\"a\"");
    *other_path.uri_mut() = "/refunds".parse().expect("a path");
    let mut other_method = post("\"a\"");
    *other_method.method_mut() = Method::PATCH;
    let mut other_query = post("\"a\"");
    *other_query.uri_mut() = "/orders?tenant=b".parse().expect("a path");
    for other in [other_path, other_method, other_query] {
        let refused = send(&service, other).await;
        assert_eq!((refused.status, problem(&refused)), (422, "reused"));
    }
    assert_eq!(runs.count(), 1);
}

/// A key for another service is the same in every attempt, and differs for each key.
#[tokio::test]
async fn each_key_derives_another() {
    let service = service(&layer(), &Runs::default(), |_, request| {
        let derived = attempt(&request).derive_key("charge");
        async move {
            http::Response::builder()
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .body(Full::from(derived))
                .expect("a response")
        }
    });
    let first = send(&service, post("\"a\"")).await.content;
    assert_eq!(send(&service, post("\"a\"")).await.content, first);
    assert_ne!(send(&service, post("\"b\"")).await.content, first);
    // A retry after an upgrade sends the same key to the other service.
    assert_eq!(first, "etcgofyqd5atELXk2GRoE2Sa-MSuvv901_H9TCyrgo4");
}
