//! The end of a key for each status, each method, and content with and without trailers.

use axum::{Router, body::Body, routing::any};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower_conditional::IdempotencyLayer;

use super::{Count, REPLAYED, keyed, problem, store};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPPATCH"];

/// Returns a service whose path is its status. `/201/trailers` has trailers, `/403/challenge` a
/// challenge.
fn service(count: &Count) -> Router {
    let count = count.clone();
    let handler = async move |request: axum::extract::Request| {
        let path = request.uri().path().to_owned();
        let mut parts = path.split('/').skip(1);
        let status: StatusCode = parts.next().unwrap().parse().unwrap();
        let content = Full::from(format!("run {}", count.add()));
        let kind = parts.next();
        let body = if kind == Some("trailers") {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-end", HeaderValue::from_static("1"));
            Body::new(content.with_trailers(async { Some(Ok(trailers)) }))
        } else {
            Body::new(content)
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        if kind == Some("challenge") {
            let challenge = HeaderValue::from_static("Basic");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    };
    let methods = METHODS.map(|name| Method::from_bytes(name.as_bytes()).unwrap());
    Router::new()
        .fallback(any(handler))
        .layer(IdempotencyLayer::for_anyone(store()).methods(methods))
}

/// The table of the documentation: `true` if the key is released.
fn is_released(status: u16, is_read: bool) -> bool {
    match status {
        304 | 401 | 407 | 408 | 423 | 425 | 429 => true,
        411 | 417 | 421 | 426 | 428 | 431 => true,
        206 | 416 => is_read,
        _ => status >= 500,
    }
}

/// P-ID-record-policy: a key is released, or its response is repeated with its content.
#[tokio::test]
async fn each_status_ends_its_key_as_documented() {
    let count = Count::default();
    let app = service(&count);
    for method in METHODS {
        for status in 200..600 {
            let (path, key) = (format!("/{status}"), format!("{method}{status}"));
            let before = count.get();
            let first = keyed(&app, method, &path, &key, &[]).await;
            let retry = keyed(&app, method, &path, &key, &[]).await;
            let case = format!("{method} {status}");
            assert_eq!((first.status, retry.status), (status, status), "{case}");
            if is_released(status, method == "GET") {
                assert_eq!(
                    (count.get() - before, retry.field(REPLAYED)),
                    (2, None),
                    "{case}"
                );
            } else {
                assert_eq!(count.get() - before, 1, "{case}");
                assert_eq!(retry.field(REPLAYED), Some("true"), "{case}");
                assert_eq!(first.body, retry.body, "{case}");
            }
        }
    }
}

/// P-ID-oversize: trailers cannot be repeated. So a key that would be recorded is sealed.
#[tokio::test]
async fn trailers_seal_what_would_be_recorded() {
    let count = Count::default();
    let app = service(&count);
    for method in METHODS {
        for status in 200..600 {
            let (path, key) = (format!("/{status}/trailers"), format!("{method}{status}"));
            let before = count.get();
            let first = keyed(&app, method, &path, &key, &[]).await;
            let retry = keyed(&app, method, &path, &key, &[]).await;
            let case = format!("{method} {status}");
            assert_eq!(first.status, status, "{case}");
            assert_eq!(
                first.body,
                format!("run {}", before + 1).as_bytes(),
                "{case}"
            );
            if is_released(status, method == "GET") {
                assert_eq!((count.get() - before, retry.status), (2, status), "{case}");
            } else {
                assert_eq!((count.get() - before, retry.status), (1, 409), "{case}");
                assert_eq!(problem(&retry), "sealed", "{case}");
            }
        }
    }
}

/// RFC 9110, section 11.6.1: a challenge beside any 4xx asks for other credentials, and beside a
/// success it does not.
#[tokio::test]
async fn a_challenge_releases_each_refusal() {
    let count = Count::default();
    let app = service(&count);
    for status in (200..300).chain(400..500) {
        let (path, key) = (format!("/{status}/challenge"), status.to_string());
        let before = count.get();
        for _ in 0..2 {
            let reply = keyed(&app, "POST", &path, &key, &[]).await;
            assert_eq!(reply.status, status);
        }
        let runs = if status < 300 { 1 } else { 2 };
        assert_eq!(count.get() - before, runs, "{status}");
    }
}
