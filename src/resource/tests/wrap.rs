use http::header::CONTENT_LENGTH;

use super::*;
use crate::{ConditionalLayer, resource::wrap, stack};

/// A router writes `content-length: 0` on a 304 of its own layers.
#[tokio::test]
async fn a_304_has_no_zero_length() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let request = || {
        let request = Request::get("/notes/1").header("if-none-match", tag(1, 7));
        request.body(Body::empty()).unwrap()
    };
    let bare = app(&notes).oneshot(request()).await.unwrap();
    assert_eq!(bare.headers()[CONTENT_LENGTH], "0");

    let wrapped = wrap(app(&notes), ConditionalLayer::new());
    let response = wrapped.clone().oneshot(request()).await.unwrap();
    assert_eq!(response.status(), 304);
    assert_eq!(response.headers().get(CONTENT_LENGTH), None);

    let served = wrapped.into_make_service().oneshot(()).await.unwrap();
    let response = served.oneshot(request()).await.unwrap();
    assert_eq!(response.headers().get(CONTENT_LENGTH), None);
}

#[tokio::test]
async fn a_stack_wraps_a_router_too() {
    let router = Router::new().route("/", get(async || "hello"));
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = wrap(router, stack()).oneshot(request).await.unwrap();
    assert!(response.headers().contains_key("etag"));
}

/// `axum::serve` takes the service of `into_make_service`.
#[tokio::test]
async fn axum_serves_a_wrapped_router() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let router = Router::new().route("/", get(async || "hello"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, wrap(router, stack()).into_make_service())
        .with_graceful_shutdown(async { drop(stopped.await) });
    drop(stop);
    server.await.unwrap();
}
