//! Other requests under a key, and requests that count as the same.

use bytes::Bytes;
use http::{Method, request::Parts};

use super::{Runs, layer, order, post, post_as, problem, send, service};
use crate::idempotency::Fingerprint;

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
