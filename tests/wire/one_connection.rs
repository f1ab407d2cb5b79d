//! Many exchanges on one connection.

use std::sync::Arc;

use axum::{Router, body::Body, extract::Path, response::AppendHeaders, routing::get};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tokio::{
    sync::{Semaphore, TryAcquireError},
    task::JoinSet,
};

use crate::support::{H1, H2, in_time, placements};

fn router() -> Router {
    Router::new().route("/{name}", get(|Path(name): Path<String>| async { name }))
}

/// R-9110-13.1.2-b, R-9110-15.4.5-d: parallel streams do not disturb each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_carries_many_conditional_requests_in_parallel() {
    for (placement, server) in placements(router()).await {
        let h2 = H2::connect(&server).await;
        let mut streams = JoinSet::new();
        for number in 0..200 {
            let mut h2 = h2.clone();
            streams.spawn(async move {
                let path = format!("/{number}");
                let full = h2.request("GET", &path, &[]).await;
                assert_eq!(full.body, number.to_string().into_bytes());
                let current = format!("if-none-match: {}", full.tag());
                let reply = h2.request("GET", &path, &[&current]).await;
                assert_eq!(
                    (reply.status, reply.tag()),
                    (304, full.tag()),
                    "{placement}"
                );
                // The tag of one resource is not that of another.
                let other = format!("/{}", number + 1);
                let reply = h2.request("GET", &other, &[&current]).await;
                assert_eq!(reply.status, 200);
                let stale = format!("if-match: {}", full.tag());
                assert_eq!(h2.request("GET", &other, &[&stale]).await.status, 412);
            });
        }
        let done = in_time(streams.join_all()).await;
        assert_eq!(done.len(), 200);
    }
}

/// R-9110-15.4.5-d: responses without content come between others, in the order of the requests.
#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let full = h1.request("GET", "/a", &[]).await;
        let tag = full.tag();
        let get = |fields: &str| format!("GET /a HTTP/1.1\r\nhost: test\r\n{fields}\r\n");
        let requests = [
            get(&format!("if-none-match: {tag}\r\n")),
            get(""),
            get("if-match: \"stale\"\r\n"),
            get(&format!("if-none-match: {tag}\r\n")),
            get(&format!("if-match: {tag}\r\n")),
        ];
        h1.write(requests.concat().as_bytes()).await;
        for status in [304, 200, 412, 304, 200] {
            let reply = in_time(h1.reply("GET")).await.unwrap();
            assert_eq!(reply.status, status, "{placement}");
            assert_eq!(reply.body.is_empty(), status == 304);
        }
    }
}

/// R-9110-10.1.1-a: the decision needs no content. So no 100 comes first, and the content is not
/// waited for.
#[tokio::test]
async fn expected_content_is_not_asked_for() {
    for (placement, server) in placements(router()).await {
        let full = H1::connect(&server).await.request("GET", "/a", &[]).await;
        let current = format!("if-none-match: {}", full.tag());
        for (condition, status) in [(&*current, 304), ("if-match: \"stale\"", 412)] {
            let mut h1 = H1::connect(&server).await;
            let fields = ["expect: 100-continue", "content-length: 3", condition];
            h1.send("GET", "/a", &fields).await;
            let reply = in_time(h1.reply("GET")).await.unwrap();
            assert_eq!(reply.status, status, "{placement}");
        }
    }
}

/// P-TR-tower: if a client disconnects while content is read for a hash, the reading stops.
#[tokio::test]
async fn a_dropped_connection_ends_the_reading() {
    let reading = Arc::new(Semaphore::new(0));
    let left = Arc::new(Semaphore::new(0));
    let handler = {
        let (reading, left) = (Arc::clone(&reading), Arc::clone(&left));
        move || async move {
            let guard = AddOnDrop(left);
            let stalls = async move {
                reading.add_permits(1);
                std::future::pending::<()>().await;
                drop(guard);
                None
            };
            Body::new(Full::new(Bytes::from("hello")).with_trailers(stalls))
        }
    };
    for (placement, server) in placements(Router::new().route("/", get(handler))).await {
        let mut h1 = H1::connect(&server).await;
        h1.send("GET", "/", &[]).await;
        in_time(reading.acquire()).await.unwrap().forget();
        let still_there = left.try_acquire();
        assert!(
            matches!(still_there, Err(TryAcquireError::NoPermits)),
            "{placement}"
        );
        drop(h1);
        in_time(left.acquire()).await.unwrap().forget();
    }
}

struct AddOnDrop(Arc<Semaphore>);

impl Drop for AddOnDrop {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

/// R-9113-8.2.2-a: no connection-specific header reaches HTTP/2, not even on responses that the
/// layers replace.
#[tokio::test]
async fn http2_gets_no_connection_headers() {
    let handler = || async {
        let fields = [("connection", "keep-alive"), ("keep-alive", "timeout=5")];
        (AppendHeaders(fields), [("etag", "\"v1\"")], "hello")
    };
    for (placement, server) in placements(Router::new().route("/", get(handler))).await {
        let mut h2 = H2::connect(&server).await;
        for (condition, status) in [
            ("if-none-match: \"v2\"", 200),
            ("if-none-match: \"v1\"", 304),
            ("if-match: \"v2\"", 412),
        ] {
            let reply = h2.request("GET", "/", &[condition]).await;
            assert_eq!(reply.status, status, "{placement}");
            for name in ["connection", "keep-alive", "transfer-encoding"] {
                assert_eq!(reply.headers.get(name), None, "{name} on {status}");
            }
        }
    }
}
