use std::time::Duration;

use http_body_util::BodyExt;
use hyper::{Response, body::Incoming};
use tokio::time;

use crate::support::{BOTH, Http, Server, in_time};

async fn next(response: &mut Response<Incoming>) -> String {
    let frame = in_time(response.frame()).await.expect("more").unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

/// The pause is longer than the timeout, so only a first chunk that is not held back arrives in
/// time.
#[tokio::test]
async fn the_first_chunk_is_not_held_back() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let fields = [("accept-encoding", "gzip"), ("if-none-match", "\"x\"")];
        let mut response = notes
            .open(http, "GET", "/stream?n=9&ms=10000", &fields, "")
            .await;
        assert_eq!(response.status(), 200);
        for absent in ["etag", "content-length", "content-encoding"] {
            assert!(!response.headers().contains_key(absent), "{absent}");
        }
        let first = time::timeout(Duration::from_secs(9), next(&mut response)).await;
        assert_eq!(first.unwrap(), "chunk 1\n");
    }
}

#[tokio::test]
async fn a_stream_has_as_many_chunks_as_asked_for() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let reply = notes.get(http, "/stream?n=3&ms=0", &[]).await;
        assert_eq!(reply.body, "chunk 1\nchunk 2\nchunk 3\n");
        let reply = notes.get(http, "/stream?ms=1", &[]).await;
        assert!(reply.body.ends_with(b"chunk 10\n"));
    }
}

#[tokio::test]
async fn an_invalid_query_is_a_problem() {
    let notes = Server::showcase(&[]).await;
    for query in ["n=0", "n=-1", "n=10001", "n=x", "ms=10001", "ms=1.5", "m=1"] {
        let path = format!("/stream?{query}");
        let reply = notes.get(Http::One, &path, &[]).await;
        assert_eq!(reply.status, 400, "{query}");
        assert_eq!(
            reply.field("content-type"),
            Some("application/problem+json")
        );
    }
}
