//! A body with another length than it announced fails as it would without the layers (P-TR-bodyerr,
//! R-9111-3.3-a).

use axum::{Router, body::Body, routing::get};
use http_body_util::BodyExt;
use tower_conditional::stack;

use crate::support::{H1, H2, Hint, Scripted, Server, data, in_time, trailers};

const PATHS: [&str; 5] = ["/early", "/empty", "/late", "/trailers", "/nothing"];

fn router() -> Router {
    let early = || async { lie(10, || vec![data("01234")]) };
    let empty = || async { lie(10, Vec::new) };
    let late = || async { lie(3, || vec![data("01"), data("23"), data("45")]) };
    let trailers = || async { lie(10, || vec![data("01234"), trailers("x-checksum", "1")]) };
    let nothing = || async { lie(0, || vec![data("01234")]) };
    Router::new()
        .route(PATHS[0], get(early))
        .route(PATHS[1], get(empty))
        .route(PATHS[2], get(late))
        .route(PATHS[3], get(trailers))
        .route(PATHS[4], get(nothing))
        .route("/whole", get(|| async { "whole" }))
}

fn lie<F, I>(announced: u64, frames: F) -> Body
where
    F: FnOnce() -> I,
    I: IntoIterator<Item = crate::support::BodyStep>,
{
    Body::new(Scripted::new(frames(), Hint::Exact).announcing(announced))
}

/// Returns the service without the layers, and with them at both places.
async fn servers() -> [Server; 3] {
    use tower::Layer;

    [
        Server::start(router()).await,
        Server::start(router().layer(stack())).await,
        Server::start(stack().layer(router())).await,
    ]
}

/// Issue 10, A.5: the bytes are the same, and the connection ends at the same place.
#[tokio::test]
async fn a_wrong_length_fails_as_without_the_layers_over_http1() {
    let servers = servers().await;
    for path in PATHS {
        let mut seen = Vec::new();
        for server in &servers {
            let mut h1 = H1::connect(server).await;
            let fields = ["connection: close", "if-none-match: \"x\""];
            h1.send("GET", path, &fields).await;
            let bytes = in_time(h1.rest()).await;
            let text = String::from_utf8(bytes).unwrap();
            let lines = text.split_inclusive("\r\n");
            let undated: String = lines.filter(|line| !line.starts_with("date:")).collect();
            assert!(!undated.contains("etag"), "{path}: {undated}");
            seen.push(undated);
        }
        assert_eq!(seen[1], seen[0], "{path}, Router::layer");
        assert_eq!(seen[2], seen[0], "{path}, around the Router");
    }
}

/// Issue 10, A.5: the frames are the same, and then the error or the end.
#[tokio::test]
async fn a_wrong_length_fails_as_without_the_layers_over_http2() {
    let servers = servers().await;
    for path in PATHS {
        let mut seen = Vec::new();
        for server in &servers {
            let mut h2 = H2::connect(server).await;
            let response = in_time(h2.send("GET", path, &["if-none-match: \"x\""])).await;
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers().get("etag"), None, "{path}");
            let length = response.headers().get("content-length").cloned();
            let mut body = response.into_body();
            let mut content = Vec::new();
            let failed = loop {
                match in_time(body.frame()).await {
                    Some(Ok(frame)) => content.extend(frame.into_data().unwrap_or_default()),
                    Some(Err(_)) => break true,
                    None => break false,
                }
            };
            seen.push((length, content, failed));
        }
        assert_eq!(seen[1], seen[0], "{path}, Router::layer");
        assert_eq!(seen[2], seen[0], "{path}, around the Router");
    }
    let mut h2 = H2::connect(&servers[1]).await;
    assert_eq!(h2.request("GET", "/whole", &[]).await.body, b"whole");
}
