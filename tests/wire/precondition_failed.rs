//! 412 on reads.

use axum::{Router, routing::get};
use serde_json::Value;

use crate::support::{H1, H2, Reply, placements};

const STALE: [&str; 1] = ["if-match: \"stale\""];

/// R-9110-13.1.1-g, R-9457-3-a, R-9457-3.1.2-a, R-9110-9.3.2-c
#[tokio::test]
async fn a_412_is_a_problem_for_get_and_has_no_content_for_head() {
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let mut h2 = H2::connect(&server).await;
        let full = h1.request("GET", "/", &[]).await;

        let replies = [
            h1.request("GET", "/", &STALE).await,
            h2.request("GET", "/", &STALE).await,
        ];
        for reply in &replies {
            assert_refused(reply, full.tag());
            let length = reply.body.len().to_string();
            assert_eq!(reply.field("content-length"), Some(&*length), "{placement}");
            let problem: Value = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!(problem["status"], 412);
            let uri: http::Uri = problem["type"].as_str().unwrap().parse().unwrap();
            assert!(uri.scheme().is_some(), "{uri} is not absolute");
            assert!(problem["title"].is_string() && problem["detail"].is_string());
        }

        // Around the router, a HEAD has no tag, and then no tag matches.
        let current = (placement == "Router::layer").then(|| full.tag());
        let replies = [
            h1.request("HEAD", "/", &STALE).await,
            h2.request("HEAD", "/", &STALE).await,
        ];
        for reply in &replies {
            assert_eq!(reply.status, 412);
            assert_eq!(reply.field("etag"), current, "{placement}");
            assert!(reply.body.is_empty());
        }
        // No byte of a problem is left on the connection.
        assert_eq!(h1.request("GET", "/", &[]).await.body, b"hello");
    }
}

/// R-9110-13.1.1-g: the current tag is accepted.
#[tokio::test]
async fn the_current_tag_is_no_412() {
    for (_, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let full = h1.request("GET", "/", &[]).await;
        let current = format!("if-match: \"stale\", {}", full.tag());
        let reply = h1.request("GET", "/", &[&current]).await;
        assert_eq!((reply.status, reply.body), (200, full.body));
    }
}

#[track_caller]
fn assert_refused(reply: &Reply, current: &str) {
    assert_eq!(reply.status, 412);
    assert_eq!(
        reply.field("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(reply.field("cache-control"), Some("no-store"));
    assert_eq!(reply.tag(), current);
}

fn router() -> Router {
    let cached = [("cache-control", "public, max-age=60")];
    Router::new().route("/", get(move || async move { (cached, "hello") }))
}
