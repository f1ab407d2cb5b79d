//! `TimeoutLayer` works on either side, and limits more outside.

use std::{future::pending, time::Duration};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Full};
use tower_conditional::stack;
use tower_http::timeout::TimeoutLayer;

use crate::support::{CONTENT, both_orders, get_root, router, send};

fn timeout(after: Duration) -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, after)
}

/// P-ER-inner: a layer that does not time out changes nothing.
#[tokio::test]
async fn conditional_reads_pass() {
    let add = |router: Router| router.layer(timeout(Duration::from_secs(60)));
    for (order, app) in both_orders(&router(), add) {
        let full = get_root(&app, &[]).await;
        assert_eq!(full.body, CONTENT.as_bytes(), "{order}");
        let reply = get_root(&app, &[("if-none-match", full.tag())]).await;
        reply.assert_not_modified(&full);
    }
}

/// R-9110-13.2.1-a, R-9110-8.8-c: the response of the timeout has no tag, and no condition changes
/// it.
#[tokio::test]
async fn the_response_of_the_timeout_is_left_alone() {
    let slow = Router::new().route("/", get(pending::<()>));
    let add = |router: Router| router.layer(timeout(Duration::from_millis(1)));
    for (order, app) in both_orders(&slow, add) {
        let fields = [("if-match", "\"x\""), ("if-none-match", "*")];
        let reply = get_root(&app, &fields).await;
        assert_eq!((reply.status, reply.field("etag")), (503, None), "{order}");
    }
}

/// A body that is short enough is hashed before the head is sent. A timeout outside limits that
/// wait. A timeout inside ends with the head.
#[tokio::test]
async fn a_timeout_outside_ends_content_that_stalls() {
    let stalls = || async {
        let never = Full::new(Bytes::from(CONTENT)).with_trailers(pending());
        Body::new(never)
    };
    let app = Router::new()
        .route("/", get(stalls))
        .layer(stack())
        .layer(timeout(Duration::from_millis(1)));
    assert_eq!(send(&app, "GET", "/", &[]).await.status, 503);
}
