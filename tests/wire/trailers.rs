//! Trailers after content that is hashed (R-9110-6.5-a, R-9110-6.5.1-a).

use axum::{Router, body::Body, routing::get};
use http_body_util::BodyExt;

use crate::support::{H1, H2, Hint, Scripted, chunked_placements, data, placements, trailers};

fn router() -> Router {
    let frames = || [data("he"), data("llo"), trailers("x-checksum", "1")];
    // `hyper` sends only the trailers of chunked messages that were announced.
    let handler = move || async move {
        let body = Body::new(Scripted::new(frames(), Hint::Exact));
        ([("trailer", "x-checksum")], body)
    };
    Router::new().route("/", get(handler))
}

/// R-9110-6.5-a, R-9110-6.5.1-a
#[tokio::test]
async fn trailers_arrive_after_the_last_chunk() {
    for (placement, server) in chunked_placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let reply = h1.request("GET", "/", &["te: trailers"]).await;
        assert_eq!(reply.field("transfer-encoding"), Some("chunked"));
        assert!(reply.tag().starts_with('"'), "{placement}");
        assert_eq!(reply.body, b"hello");
        assert_eq!(reply.field("x-checksum"), None);
        assert_eq!(reply.trailers.expect("trailers")["x-checksum"], "1");
        assert_eq!(h1.request("GET", "/", &[]).await.body, b"hello");
    }
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        for _ in 0..2 {
            let reply = h1.request("GET", "/", &["te: trailers"]).await;
            assert_eq!(reply.field("content-length"), Some("5"), "{placement}");
            assert_eq!(reply.body, b"hello");
        }
    }
}

/// R-9110-6.5-a, R-9110-6.5.1-a
#[tokio::test]
async fn trailers_arrive_after_the_last_data_frame() {
    let sized = placements(router()).await;
    let chunked = chunked_placements(router()).await;
    for (placement, server) in sized.into_iter().chain(chunked) {
        let mut h2 = H2::connect(&server).await;
        let response = h2.send("GET", "/", &[]).await;
        assert!(response.headers().contains_key("etag"), "{placement}");
        assert!(!response.headers().contains_key("x-checksum"));
        let mut body = response.into_body();
        let mut content = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame.unwrap().into_data() {
                Ok(data) => content.extend(data),
                Err(last) => {
                    assert_eq!(content, b"hello", "{placement}");
                    assert_eq!(last.trailers_ref().unwrap()["x-checksum"], "1");
                    assert!(body.frame().await.is_none());
                    content.clear();
                    break;
                }
            }
        }
        assert!(content.is_empty(), "{placement} came without trailers");
    }
}
