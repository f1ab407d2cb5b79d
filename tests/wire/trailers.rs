//! Trailers behind the hash (R-9110-6.5-a, R-9110-6.5.1-a).

use axum::{Router, body::Body, routing::get};
use http_body_util::BodyExt;

use crate::support::{H1, H2, Hint, Scripted, data, placements, trailers};

fn router() -> Router {
    let frames = || [data("he"), data("llo"), trailers("x-checksum", "1")];
    Router::new()
        .route(
            "/sized",
            get(move || async move { Body::new(Scripted::new(frames(), Hint::Exact)) }),
        )
        // `hyper` sends the trailers of chunked messages only, and only those
        // that were announced.
        .route(
            "/chunked",
            get(move || async move {
                let body = Body::new(Scripted::new(frames(), Hint::AtMost(100)));
                ([("trailer", "x-checksum")], body)
            }),
        )
}

/// R-9110-6.5-a, R-9110-6.5.1-a
#[tokio::test]
async fn arrive_after_the_last_chunk() {
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let reply = h1.request("GET", "/chunked", &["te: trailers"]).await;
        assert_eq!(reply.field("transfer-encoding"), Some("chunked"));
        assert!(reply.tag().starts_with('"'), "{placement}");
        assert_eq!(reply.body, b"hello");
        assert_eq!(reply.field("x-checksum"), None);
        assert_eq!(reply.trailers.expect("trailers")["x-checksum"], "1");
        assert_eq!(h1.request("GET", "/sized", &[]).await.body, b"hello");
    }
}

/// R-9110-6.5-a, R-9110-6.5.1-a
#[tokio::test]
async fn arrive_after_the_last_data_frame() {
    for (placement, server) in placements(router()).await {
        let mut h2 = H2::connect(&server).await;
        for path in ["/sized", "/chunked"] {
            let response = h2.send("GET", path, &[]).await;
            assert!(
                response.headers().contains_key("etag"),
                "{placement} {path}"
            );
            assert!(!response.headers().contains_key("x-checksum"));
            let mut body = response.into_body();
            let mut content = Vec::new();
            while let Some(frame) = body.frame().await {
                match frame.unwrap().into_data() {
                    Ok(data) => content.extend(data),
                    Err(last) => {
                        assert_eq!(content, b"hello", "{placement} {path}");
                        assert_eq!(last.trailers_ref().unwrap()["x-checksum"], "1");
                        assert!(body.frame().await.is_none());
                        content.clear();
                        break;
                    }
                }
            }
            assert!(
                content.is_empty(),
                "{placement} {path} came without trailers"
            );
        }
    }
}
