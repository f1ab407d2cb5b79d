//! Responses that are no whole representation pass as without the layer.

use axum::{
    Router,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use tower_conditional::{RangeLayer, stack};

use crate::support::{Client, Hint, Reply, Scripted, Server, data, in_time};

const TEXT: &str = "0123456789";

fn scripted(hint: Hint) -> Body {
    Body::new(Scripted::new([data(TEXT)], hint))
}

fn marked(name: &'static str, value: &'static str) -> Response {
    ([(name, value)], scripted(Hint::Exact)).into_response()
}

fn router() -> Router {
    let part = || async {
        let fields = [("content-range", "bytes 2-11/90"), ("etag", "\"own\"")];
        (StatusCode::PARTIAL_CONTENT, fields, TEXT)
    };
    let refused = || async {
        let fields = [("content-range", "bytes */90")];
        (StatusCode::RANGE_NOT_SATISFIABLE, fields, TEXT)
    };
    Router::new()
        .route("/whole", any(|| async { TEXT }))
        .route("/unknown", get(|| async { scripted(Hint::Unknown) }))
        .route(
            "/events",
            get(|| async { marked("content-type", "text/event-stream") }),
        )
        .route(
            "/grpc",
            any(|| async { marked("content-type", "application/grpc+proto") }),
        )
        .route(
            "/incremental",
            get(|| async { marked("incremental", "?1") }),
        )
        .route(
            "/labelled",
            get(|| async { marked("content-range", "bytes 0-9/90") }),
        )
        .route("/part", get(part))
        .route("/refused", get(refused))
        .route("/none", get(|| async { StatusCode::NO_CONTENT }))
        .route("/gone", get(|| async { (StatusCode::GONE, TEXT) }))
        .route("/created", get(|| async { (StatusCode::CREATED, TEXT) }))
}

async fn exchange(client: &mut Client, method: &str, path: &str, fields: &[&str]) -> Reply {
    in_time(client.request(method, path, fields)).await
}

#[track_caller]
fn assert_same(reply: &Reply, plain: &Reply, context: &str) {
    let without_date = |reply: &Reply| {
        let mut headers = reply.headers.clone();
        headers.remove("date");
        headers
    };
    assert_eq!(reply.status, plain.status, "{context}");
    assert_eq!(without_date(reply), without_date(plain), "{context}");
    assert_eq!(reply.body, plain.body, "{context}");
}

/// R-9110-14.2-b, R-9110-15.3.7-b, R-9110-14.3-a, R-SSE-a, R-GRPC-a: the range changes nothing, and
/// is not advertised.
#[tokio::test]
async fn what_is_no_whole_representation_passes() {
    let with = Server::start(router().layer(stack().ranges(RangeLayer::new()))).await;
    let without = Server::start(router().layer(stack())).await;
    let paths = [
        "/unknown",
        "/events",
        "/grpc",
        "/incremental",
        "/labelled",
        "/part",
        "/refused",
        "/none",
        "/gone",
        "/created",
        "/missing",
    ];
    let clients = Client::both(&with).await.into_iter();
    for (mut with, mut without) in clients.zip(Client::both(&without).await) {
        for path in paths {
            for range in [
                "range: bytes=2-4",
                "range: bytes=99-",
                "range: bytes=0-0,-1",
            ] {
                let context = format!("{path} {range} {}", with.version());
                let plain = exchange(&mut without, "GET", path, &[]).await;
                let reply = exchange(&mut with, "GET", path, &[range]).await;
                assert_same(&reply, &plain, &context);
                assert_eq!(reply.field("accept-ranges"), None, "{context}");
            }
        }
    }
}

/// R-9110-14.2-a: `Range` has no meaning in a `HEAD`, whose response has the head of the 200.
#[tokio::test]
async fn a_head_with_range_has_the_head_of_the_whole() {
    let server = Server::start(router().layer(stack().ranges(RangeLayer::new()))).await;
    for mut client in Client::both(&server).await {
        let whole = exchange(&mut client, "GET", "/whole", &[]).await;
        assert_eq!(
            (whole.status, whole.field("accept-ranges")),
            (200, Some("bytes"))
        );
        for range in ["range: bytes=2-4", "range: bytes=99-", "range: x"] {
            let mut head = exchange(&mut client, "HEAD", "/whole", &[range]).await;
            assert!(head.body.is_empty());
            head.body.clone_from(&whole.body);
            assert_same(&head, &whole, range);
        }
    }
}

/// R-9110-14.2-a, R-GRPC-a: other methods have no ranges.
#[tokio::test]
async fn other_methods_have_no_ranges() {
    let server = Server::start(router().layer(stack().ranges(RangeLayer::new()))).await;
    for mut client in Client::both(&server).await {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"] {
            for path in ["/whole", "/grpc"] {
                let plain = exchange(&mut client, method, path, &["content-length: 0"]).await;
                let fields = ["content-length: 0", "range: bytes=2-4"];
                let reply = exchange(&mut client, method, path, &fields).await;
                assert_eq!(reply.status, 200, "{method} {path}");
                assert_same(&reply, &plain, method);
            }
        }
    }
}

/// R-9110-14.2-b: 304 and 412 come before 206 and 416, also with `If-Range`.
#[tokio::test]
async fn conditions_come_before_ranges() {
    let server = Server::start(router().layer(stack().ranges(RangeLayer::new()))).await;
    for mut client in Client::both(&server).await {
        let whole = exchange(&mut client, "GET", "/whole", &[]).await;
        let tag = whole.tag();
        for range in ["range: bytes=2-4", "range: bytes=99-"] {
            let same = format!("if-none-match: {tag}");
            let if_range = format!("if-range: {tag}");
            for fields in [vec![range, &same], vec![range, &same, &if_range]] {
                let reply = exchange(&mut client, "GET", "/whole", &fields).await;
                assert_eq!((reply.status, reply.tag()), (304, tag), "{fields:?}");
                assert_eq!(reply.field("content-range"), None);
            }
            let other = exchange(&mut client, "GET", "/whole", &[range, "if-match: \"x\""]).await;
            assert_eq!(other.status, 412, "{range}");
        }
    }
}
