//! Requests with a key: performed, replayed or refused.

use std::{sync::Arc, time::Duration};

use http::Method;
use tokio::sync::Notify;

use super::{Runs, Seen, layer, order, post, post_as, problem, send, service, waiting};
use crate::test_support::pass;

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
    pass(Duration::from_secs(1)).await;
    let refused = send(&impatient, post("\"a\"")).await;
    assert_eq!((refused.status, problem(&refused)), (409, "in-flight"));
    // Most handlers end long before the lease.
    let refused = tower::ServiceExt::oneshot(impatient, post("\"a\"")).await;
    assert_eq!(refused.expect("a response").headers()["retry-after"], "2");
    let waiting = tokio::spawn({
        let service = patient.clone();
        async move { send(&service, post("\"a\"")).await }
    });
    pass(Duration::from_secs(1)).await;
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
