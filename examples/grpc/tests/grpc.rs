//! Tests of the built `grpc` example, over gRPC and JSON.

#[path = "../../tests/examples/program.rs"]
mod program;
#[path = "../../tests/examples/support.rs"]
#[allow(dead_code, reason = "shared with the tests of the other examples")]
mod support;

use http_body_util::BodyExt;
use program::program;
use support::{BOTH, Http, Server, in_time};

const GRPC: [(&str, &str); 2] = [("content-type", "application/grpc"), ("te", "trailers")];
const EMPTY_MESSAGE: &str = "\0\0\0\0\0";

#[tokio::test]
async fn json_has_tags() {
    let server = Server::start(program("grpc"), &["127.0.0.1:0"]).await;
    for http in BOTH {
        let full = server.get(http, "/status", &[]).await;
        assert_eq!(full.status, 200);
        let known = [("if-none-match", full.tag())];
        assert_eq!(server.get(http, "/status", &known).await.status, 304);
        let head = server.send(http, "HEAD", "/status", &known, "").await;
        assert_eq!(head.status, 304);
    }
}

/// Holds R-9110-6.5.1-a: the trailers arrive, and nothing is added before them.
#[tokio::test]
async fn grpc_passes_untouched() {
    let server = Server::start(program("grpc"), &["127.0.0.1:0"]).await;
    let path = "/grpc.health.v1.Health/Check";
    let mut fields = GRPC.to_vec();
    fields.push(("if-none-match", "*"));
    let response = server
        .open(Http::Two, "POST", path, &fields, EMPTY_MESSAGE)
        .await;
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("etag"));

    let body = in_time(response.collect()).await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    // The message has two bytes: field 1 with the status 1, which means serving.
    assert_eq!(body.to_bytes(), [0, 0, 0, 0, 2, 8, 1].as_slice());
}

/// A watch never ends. So its first message arrives only if no layer waits for the rest.
#[tokio::test]
async fn a_grpc_stream_is_not_held_back() {
    let server = Server::start(program("grpc"), &["127.0.0.1:0"]).await;
    let path = "/grpc.health.v1.Health/Watch";
    let mut response = server
        .open(Http::Two, "POST", path, &GRPC, EMPTY_MESSAGE)
        .await;
    let first = in_time(response.frame()).await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), [0, 0, 0, 0, 2, 8, 1].as_slice());
}
