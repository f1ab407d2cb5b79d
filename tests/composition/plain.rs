//! The layers without a router. No body is boxed, so every layer takes the body type of the next
//! one.

use std::{convert::Infallible, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use tower::{ServiceBuilder, service_fn};
use tower_conditional::{EtagLayer, stack};
use tower_http::{
    compression::CompressionLayer, cors::CorsLayer, set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer, trace::TraceLayer,
};

use crate::support::{CONTENT, send};

async fn respond(_: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from(CONTENT)))
}

/// P-TR-tower, R-9110-15.4.5-c
#[tokio::test]
async fn all_layers_work_inside() {
    let service = ServiceBuilder::new()
        .layer(stack())
        .layer(TraceLayer::new_for_http())
        .layer(CorsLayer::permissive())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(60),
        ))
        .layer(CompressionLayer::new())
        .service(service_fn(respond));
    let full = send(&service, "GET", "/", &[]).await;
    assert_eq!(full.body, CONTENT.as_bytes());
    let fields = [("if-none-match", full.tag())];
    let reply = send(&service, "GET", "/", &fields).await;
    reply.assert_not_modified(&full);
    assert_eq!(reply.field("access-control-allow-origin"), Some("*"));
}

/// P-TR-tower, R-9110-15.4.5-c
#[tokio::test]
async fn layers_work_outside() {
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(CorsLayer::permissive())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(60),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private"),
        ))
        .layer(CompressionLayer::new())
        .layer(stack().etag(EtagLayer::new().weak()))
        .service(service_fn(respond));
    let full = send(&service, "GET", "/", &[]).await;
    assert_eq!(full.body, CONTENT.as_bytes());
    let fields = [("if-none-match", full.tag())];
    let reply = send(&service, "GET", "/", &fields).await;
    reply.assert_not_modified(&full);
    assert_eq!(reply.field("cache-control"), Some("private"));
}
