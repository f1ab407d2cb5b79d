//! A 304 ends with its headers, on the wire too.

use axum::{Router, body::Body, routing::get};
use http::{Request, Response};

use crate::support::{
    H1, H2, Hint, RawH2, Reply, Scripted, Server, data, in_time, placements, trailers,
};

const TAGGED: [(&str, &str); 1] = [("etag", "\"v1\"")];

fn router() -> Router {
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route(
            "/stream",
            get(|| async {
                let frames = ["one", "two"].map(data);
                (TAGGED, Body::new(Scripted::new(frames, Hint::Unknown)))
            }),
        )
        .route(
            "/trailers",
            get(|| async {
                let frames = [data("hello"), trailers("x-checksum", "1")];
                (TAGGED, Body::new(Scripted::new(frames, Hint::Exact)))
            }),
        )
}

fn if_none_match(reply: &Reply) -> String {
    format!("if-none-match: {}", reply.tag())
}

/// R-9110-15.4.5-d, R-9110-8.6-a, R-9110-13.1.2-b: the bytes after the head of the 304 are the next
/// response.
#[tokio::test]
async fn the_next_response_follows_the_304_over_http1() {
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let full = h1.request("GET", "/hello", &[]).await;
        assert_eq!((full.status, &full.body[..]), (200, &b"hello"[..]));

        for method in ["GET", "HEAD"] {
            // Around the router, a HEAD has no content, and so no tag of the layers.
            if method == "HEAD" && placement != "Router::layer" {
                continue;
            }
            let reply = h1.request(method, "/hello", &[&if_none_match(&full)]).await;
            assert_eq!(reply.status, 304, "{placement} {method}");
            assert_eq!(reply.tag(), full.tag());
            // `hyper` leaves the header out if it saw no content, which is correct as well.
            assert!(
                matches!(reply.field("content-length"), None | Some("5")),
                "{placement} {method} {reply:?}"
            );
            assert_eq!(reply.field("transfer-encoding"), None);
            let next = h1.request("GET", "/hello", &[]).await;
            assert_eq!((next.status, &next.body), (200, &full.body));
        }
    }
}

/// R-9110-15.4.5-d: `END_STREAM` is on `HEADERS`. So there is no content, not even an empty frame,
/// and there are no trailers, although the 200 has some.
#[tokio::test]
async fn a_304_is_one_http2_frame() {
    for (placement, server) in placements(router()).await {
        let mut h2 = H2::connect(&server).await;
        let hello = h2.request("GET", "/hello", &[]).await;
        let mut raw = RawH2::connect(&server).await;
        for (path, tag) in [
            ("/hello", hello.tag()),
            ("/stream", "\"v1\""),
            ("/trailers", "\"v1\""),
        ] {
            let full = raw.request("GET", path, &[]).await;
            assert!(full.len() > 1, "{placement} {path} {full:?}");
            let frames = in_time(raw.request("GET", path, &[("if-none-match", tag)])).await;
            assert!(
                matches!(&frames[..], [only] if only.is_whole_message()),
                "{placement} {path} {frames:?}"
            );
            // The connection stays usable.
            assert_eq!(raw.request("GET", path, &[]).await.len(), full.len());
        }
    }
}

/// R-9110-15.4.5-d: the trailers of the 200 are not on the 304.
#[tokio::test]
async fn a_304_has_no_trailers() {
    for (placement, server) in placements(router()).await {
        let mut h2 = H2::connect(&server).await;
        let full = h2.request("GET", "/trailers", &[]).await;
        assert_eq!(full.trailers.unwrap()["x-checksum"], "1", "{placement}");
        let reply = h2
            .request("GET", "/trailers", &["if-none-match: \"v1\""])
            .await;
        assert_eq!((reply.status, reply.trailers), (304, None), "{placement}");
    }
}

/// R-9110-8.6-a: the length on a 304 is that of the 200.
#[tokio::test]
async fn a_304_keeps_the_length_of_the_200_over_http2() {
    for (placement, server) in placements(router()).await {
        let mut h2 = H2::connect(&server).await;
        let full = h2.request("GET", "/hello", &[]).await;
        let reply = h2.request("GET", "/hello", &[&if_none_match(&full)]).await;
        assert_eq!(reply.status, 304);
        assert_eq!(reply.field("content-length"), Some("5"), "{placement}");
        assert!(reply.body.is_empty());
    }
}

/// R-9110-8.6-a: the length of the 200 is unknown. The `Content-Length` of the 304 shows which
/// placement is correct.
#[tokio::test]
async fn a_304_of_a_stream_has_no_length_around_the_router() {
    let [(_, inside), (_, outside)] = placements(router()).await;
    for method in ["GET", "HEAD"] {
        assert_eq!(stream_304_length(&outside, method).await, [None, None]);
    }

    // Inside of `Router::layer`, axum measures the body of our 304 and writes `content-length: 0`.
    // No body can say that the length of the 200 is unknown and be known to be empty. `hyper`
    // removes the header again only on a GET over HTTP/1.1. So a stream with its own tag needs a
    // stack around the router.
    assert_eq!(
        stream_304_length(&inside, "GET").await,
        [None, Some("0".to_owned())]
    );
    assert_eq!(
        stream_304_length(&inside, "HEAD").await,
        [Some("0".to_owned()), Some("0".to_owned())]
    );
}

/// Returns the `Content-Length` on the 304 of `/stream`, over HTTP/1.1 and HTTP/2.
async fn stream_304_length(server: &Server, method: &str) -> [Option<String>; 2] {
    let fields = ["if-none-match: \"v1\""];
    let over_h1 = H1::connect(server)
        .await
        .request(method, "/stream", &fields)
        .await;
    let over_h2 = H2::connect(server)
        .await
        .request(method, "/stream", &fields)
        .await;
    [over_h1, over_h2].map(|reply| {
        assert_eq!(reply.status, 304);
        reply.field("content-length").map(str::to_owned)
    })
}

/// R-9110-8.6-a: a service that answers `HEAD` without content and without `Content-Length` does
/// not say that the length of the `GET` is 0.
#[tokio::test]
async fn a_304_to_head_has_no_length_of_missing_content() {
    use http_body_util::Full;
    use tower::{Layer, service_fn};

    let service = service_fn(|request: Request<hyper::body::Incoming>| async move {
        let content = if request.method() == "HEAD" {
            ""
        } else {
            "hello"
        };
        let response = Response::builder().header("etag", "\"v1\"");
        response.body(Full::<bytes::Bytes>::from(content))
    });
    let server = Server::start(tower_conditional::stack().layer(service)).await;
    let fields = ["if-none-match: \"v1\""];
    let over_h1 = H1::connect(&server)
        .await
        .request("HEAD", "/", &fields)
        .await;
    let over_h2 = H2::connect(&server)
        .await
        .request("HEAD", "/", &fields)
        .await;
    for reply in [over_h1, over_h2] {
        assert_eq!(reply.status, 304);
        assert!(
            matches!(reply.field("content-length"), None | Some("5")),
            "{reply:?}"
        );
    }
}
