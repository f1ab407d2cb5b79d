//! A condition changes only a success.

use std::{convert::Infallible, future::ready};

use axum::{Router, body::Body, routing::get};
use http::{Request, Response, StatusCode};
use tower::{Layer, service_fn};
use tower_conditional::stack;

use crate::support::{CONTENT, send};

const CONDITIONS: [(&str, &str); 6] = [
    ("if-none-match", "\"v1\""),
    ("if-none-match", "*"),
    ("if-match", "\"stale\""),
    ("if-match", "*"),
    ("if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("if-unmodified-since", "Sat, 01 Jan 2000 00:00:00 GMT"),
];

/// Answers `/404` with 404, and so on, with validators for the conditions.
async fn respond(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let status: StatusCode = request.uri().path()[1..].parse().unwrap();
    let response = Response::builder()
        .status(status)
        .header("etag", "\"v1\"")
        .header("last-modified", "Sat, 01 Nov 2025 00:00:00 GMT")
        .header("x-kept", "yes");
    Ok(response.body(Body::from(CONTENT)).unwrap())
}

/// R-9110-13.2.1-a: status, content and headers of a response that is not 2xx stay.
#[tokio::test]
async fn responses_other_than_2xx_stay() {
    let plain = service_fn(respond);
    let service = stack().layer(plain);
    for status in [
        300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 410, 412, 416, 429, 500, 503,
    ] {
        let path = format!("/{status}");
        let expected = send(&plain, "GET", &path, &[]).await;
        for condition in CONDITIONS {
            let reply = send(&service, "GET", &path, &[condition]).await;
            assert_eq!(reply.status, status, "{condition:?}");
            assert_eq!(reply.body, expected.body, "{status} {condition:?}");
            assert_eq!(reply.headers, expected.headers, "{status} {condition:?}");
        }
    }
}

/// R-9110-15.4.5-d: a 304 replaces only a 200.
#[tokio::test]
async fn other_2xx_do_not_become_304() {
    let service = stack().layer(service_fn(respond));
    for status in [201, 202, 203, 204, 205, 206] {
        let path = format!("/{status}");
        for condition in &CONDITIONS[..2] {
            let reply = send(&service, "GET", &path, &[*condition]).await;
            assert_eq!(reply.status, status, "{condition:?}");
        }
    }
    let reply = send(&service, "GET", "/200", &CONDITIONS[..1]).await;
    assert_eq!(reply.status, 304);
}

/// R-9110-13.2.1-a: the router refuses by itself.
#[tokio::test]
async fn refusals_of_a_router_stay() {
    let app = Router::new()
        .route("/", get(|| async { CONTENT }))
        .layer(stack());
    for condition in CONDITIONS {
        assert_eq!(send(&app, "GET", "/none", &[condition]).await.status, 404);
        let reply = send(&app, "POST", "/", &[condition]).await;
        assert_eq!(
            (reply.status, reply.field("allow")),
            (405, Some("GET,HEAD"))
        );
        assert_eq!(reply.field("etag"), None);
    }
}

/// R-9110-8.8-c: the content of these statuses is not the selected representation.
#[tokio::test]
async fn other_than_200_are_not_tagged() {
    let service = stack().layer(service_fn(|request: Request<Body>| {
        let status: StatusCode = request.uri().path()[1..].parse().unwrap();
        let response = Response::builder().status(status);
        ready(response.body(Body::from(CONTENT)))
    }));
    for status in [
        201, 202, 203, 204, 205, 206, 226, 300, 301, 304, 400, 401, 404, 410, 500, 503,
    ] {
        let reply = send(&service, "GET", &format!("/{status}"), &[]).await;
        assert_eq!((reply.status, reply.field("etag")), (status, None));
    }
    assert!(
        send(&service, "GET", "/200", &[])
            .await
            .field("etag")
            .is_some()
    );
}
