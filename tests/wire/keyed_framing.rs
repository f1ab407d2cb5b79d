//! Requests with a key whose responses have no content, break, or come before the content was read.

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use tower::{Layer, service_fn};
use tower_conditional::{IdempotencyLayer, stack, store::MemoryIdempotencyStore};

use crate::support::{
    Client, H1, H2, Hint, Scripted, Server, broken, data, in_time,
    orders::{KEY, ORDERS, Orders, layer},
    trailers,
};

const MARKER: &str = "idempotent-replayed";

/// R-9110-8.6-a: a response of a status without content has no framing, first and as a replay. The
/// connection goes on.
#[tokio::test]
async fn responses_without_content_have_no_framing() {
    let handler = service_fn(async |request: http::Request<_>| {
        let request: http::Request<tower_conditional::body::RequestBody<hyper::body::Incoming>> =
            request;
        let status = request.uri().path()[1..].parse().unwrap();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok::<_, std::convert::Infallible>(response)
    });
    let server = Server::start(layer().layer(handler)).await;
    for (path, status) in [("/204", 204), ("/304", 304), ("/303", 303), ("/200", 200)] {
        for (number, mut client) in Client::both(&server).await.into_iter().enumerate() {
            let key = format!("idempotency-key: \"{status}{number}\"");
            // A 304 answers a condition, so it is not recorded.
            let marker = (status != 304).then_some("true");
            for replayed in [None, marker, marker] {
                let reply = in_time(client.send("POST", path, &[&key], "content")).await;
                assert_eq!((reply.status, reply.field(MARKER)), (status, replayed));
                assert_eq!(reply.field("transfer-encoding"), None, "{path}");
                let length = reply.field("content-length");
                if status == 204 {
                    assert_eq!(length, None, "{} {replayed:?}", client.version());
                }
            }
        }
    }
}

/// P-ID-oversize: content that breaks ends its connection, or its stream. A retry is refused, and the
/// handler has run once.
#[tokio::test]
async fn content_that_breaks_is_sent_once() {
    let body = || Body::new(Scripted::new([data("he"), broken()], Hint::Exact).announcing(5));
    let handler = move || async move { Response::new(body()) };
    let server = Server::start(Router::new().route("/", any(handler)).layer(layer())).await;
    let mut h1 = H1::connect(&server).await;
    h1.send(
        "POST",
        "/",
        &["idempotency-key: \"1\"", "content-length: 0"],
    )
    .await;
    assert!(in_time(h1.reply("POST")).await.is_err());
    let mut h2 = H2::connect(&server).await;
    // The reset may overtake the head. Either way the client has no whole response.
    let sent = tokio::spawn(async move {
        h2.exchange("POST", "/", &["idempotency-key: \"2\""], "")
            .await;
    });
    assert!(in_time(sent).await.is_err());
    for mut client in Client::both(&server).await {
        for key in ["idempotency-key: \"1\"", "idempotency-key: \"2\""] {
            let retry = in_time(client.send("POST", "/", &[key], "")).await;
            assert_eq!((retry.status, retry.field(MARKER)), (409, None));
            assert!(!String::from_utf8_lossy(&retry.body).contains("in-flight"));
        }
    }
}

/// P-ID-oversize: trailers reach the first client. There is no replay without them.
#[tokio::test]
async fn trailers_of_a_keyed_response_arrive_once() {
    let handler = async || {
        let body = Scripted::new([data("hello"), trailers("x-sum", "1")], Hint::Exact);
        ([(header::TRAILER, "x-sum")], Body::new(body))
    };
    let server = Server::start(
        Router::new()
            .route("/", any(handler))
            .layer(stack().idempotency(layer())),
    )
    .await;
    let mut h2 = H2::connect(&server).await;
    let first = in_time(h2.exchange("POST", "/", &[KEY], "content")).await;
    assert_eq!((first.status, &*first.body), (200, &b"hello"[..]));
    assert_eq!(first.trailers.expect("trailers")["x-sum"], "1");
    let retry = in_time(h2.exchange("POST", "/", &[KEY], "content")).await;
    assert_eq!((retry.status, retry.trailers), (409, None));
}

/// RFC 9112, section 9.3: a key is refused before its content was read. The next request on the
/// connection is answered, or the connection is closed after the refusal has arrived.
#[tokio::test]
async fn a_refused_key_leaves_a_usable_connection() {
    let nobody = |_: &http::request::Parts| None::<String>;
    let strict = IdempotencyLayer::new(MemoryIdempotencyStore::new(), nobody).require_key();
    let orders = Router::new().route("/", any(async |content: Bytes| content.len().to_string()));
    let server = Server::start(orders.layer(strict)).await;
    for length in [10_000, 40_000, 900_000] {
        let content: &'static str = "x".repeat(length).leak();
        for (fields, status) in [
            (&[][..], 400),
            (&["idempotency-key: bare"], 400),
            (&["idempotency-key: \"a\""], 403),
            (&["idempotency-key: \"a\"", "idempotency-key: \"b\""], 400),
        ] {
            let mut h1 = H1::connect(&server).await;
            for _ in 0..3 {
                let line = format!("content-length: {length}");
                let fields = [fields, &[&*line]].concat();
                h1.send_with("POST", "/", &fields, content).await;
                let refused = in_time(h1.reply("POST")).await.expect("a refusal");
                assert_eq!(refused.status, status, "{length} {fields:?}");
                if refused.field("connection") == Some("close") {
                    h1 = H1::connect(&server).await;
                }
            }
            let mut h2 = Client::H2(H2::connect(&server).await);
            for _ in 0..3 {
                assert_eq!(
                    in_time(h2.send("POST", "/", fields, content)).await.status,
                    status
                );
            }
        }
    }
}

/// HTTP/1.0 has keys too. Each answer ends with its connection.
#[tokio::test]
async fn http_1_0_has_keys() {
    let orders = Orders::default();
    let server = orders.serve(layer()).await;
    for replayed in [false, true] {
        let mut h1 = H1::connect(&server).await;
        let request =
            format!("POST {ORDERS} HTTP/1.0\r\n{KEY}\r\ncontent-length: 10\r\n\r\ntwo apples");
        h1.write(request.as_bytes()).await;
        let answer = String::from_utf8(in_time(h1.rest()).await).unwrap();
        assert!(
            answer.starts_with("HTTP/1.0 201") && answer.ends_with("\r\n\r\ntwo apples"),
            "{answer}"
        );
        assert_eq!(answer.contains(MARKER), replayed, "{answer}");
        assert!(!answer.contains("transfer-encoding"), "{answer}");
    }
    assert_eq!(orders.runs(), 1);
}

/// P-ID-durable-first: a client that reads the head alone and hangs up. Its retry gets the rest.
#[tokio::test]
async fn a_client_that_reads_the_head_alone_gets_the_rest_later() {
    let handler = async || "x".repeat(200_000);
    let server = Server::start(
        Router::new()
            .route("/", any(handler))
            .layer(stack().idempotency(layer())),
    )
    .await;
    let mut h1 = H1::connect(&server).await;
    h1.send("POST", "/", &[KEY, "content-length: 0"]).await;
    assert_eq!(in_time(h1.head()).await.unwrap().0, 200);
    drop(h1);
    for mut client in Client::both(&server).await {
        let retry = in_time(client.send("POST", "/", &[KEY], "")).await;
        assert_eq!(
            (retry.status, retry.body.len(), retry.field(MARKER)),
            (200, 200_000, Some("true"))
        );
    }
}

/// A `HEAD` has no key, even where `GET` has one. It gets no recorded content.
#[tokio::test]
async fn a_head_beside_a_keyed_get_has_no_key() {
    let handler = async |request: Request| format!("{} content", request.method());
    let keys = layer().methods([Method::GET]);
    let server = Server::start(
        Router::new()
            .route("/", any(handler))
            .layer(stack().idempotency(keys)),
    )
    .await;
    for mut client in Client::both(&server).await {
        let first = in_time(client.request("GET", "/", &[KEY])).await;
        let head = in_time(client.request("HEAD", "/", &[KEY])).await;
        assert_eq!(
            (head.status, head.body.len(), head.field(MARKER)),
            (200, 0, None)
        );
        let retry = in_time(client.request("GET", "/", &[KEY])).await;
        assert_eq!(
            (&retry.body, retry.field("etag")),
            (&first.body, first.field("etag"))
        );
    }
}
