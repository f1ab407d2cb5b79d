//! `POST /orders?answer=lost`: an order whose first response is lost.

use http_body_util::Full;
use hyper::{Request, client::conn::http2::handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{BOTH, Http, Server, in_time};

const PATH: &str = "/orders?answer=lost";
const TEA: &str = r#"{"item":"tea","quantity":2}"#;

/// P-ID-disconnect, P-ID-replay-fidelity: the client knows nothing after the first request, and has
/// the response after the same request again. There is one order.
#[tokio::test]
async fn the_retry_of_a_lost_order_is_a_replay() {
    let notes = Server::showcase(&[]).await;
    for (number, http) in (1..).zip(BOTH) {
        let key = format!("\"{number}\"");
        let fields = [("idempotency-key", &*key)];
        let lost = notes.try_open(http, "POST", PATH, &fields, TEA).await;
        lost.expect_err("the response is lost");
        for again in BOTH {
            let retry = notes.order(again, PATH, &key, TEA).await;
            assert_eq!(retry.status, 201);
            assert_eq!(retry.field("idempotent-replayed"), Some("true"));
            assert_eq!(retry.json()["order"], number);
        }
        let orders = notes.orders().await;
        assert_eq!(orders.as_array().unwrap().len(), number);
        assert_eq!(notes.runs().await["POST /orders"], number);
    }
}

/// No byte of the response is sent over HTTP/1.1, and the connection is closed.
#[tokio::test]
async fn the_connection_is_closed_without_a_head() {
    let notes = Server::showcase(&[]).await;
    let mut connection = TcpStream::connect(&notes.address).await.unwrap();
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nIdempotency-Key: \"a\"\r\nContent-Length: {}\r\n\r\n{TEA}",
        TEA.len()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    in_time(connection.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(notes.orders().await.as_array().unwrap().len(), 1);
}

/// Over HTTP/2 the stream alone is reset, so the retry may use the same connection.
#[tokio::test]
async fn the_stream_is_reset_and_the_connection_stays() {
    let notes = Server::showcase(&[]).await;
    let io = TokioIo::new(TcpStream::connect(&notes.address).await.unwrap());
    let (mut sender, connection) = handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let mut order = || {
        let request = Request::post(format!("http://{}{PATH}", notes.address));
        let request = request.header("idempotency-key", "\"a\"");
        let request = request.body(Full::<hyper::body::Bytes>::from(TEA)).unwrap();
        in_time(sender.send_request(request))
    };
    order().await.expect_err("the stream is reset");
    let retry = order().await.unwrap();
    assert_eq!(retry.status(), 201);
    assert_eq!(retry.headers()["idempotent-replayed"], "true");
}

/// A response that placed no order is sent.
#[tokio::test]
async fn a_refusal_is_not_lost() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for (path, key, body) in [
            (PATH, "\"a\"", r#"{"item":"tea"}"#),
            (PATH, "not a key", TEA),
            ("/orders?answer=found", "\"a\"", TEA),
            ("/orders?answer=", "\"a\"", TEA),
            ("/orders?answer=lost&answer=lost", "\"a\"", TEA),
        ] {
            let reply = notes.order(http, path, key, body).await;
            assert_eq!(reply.status, 400, "{path} {key} {body}");
            let media_type = reply.field("content-type");
            assert_eq!(media_type, Some("application/problem+json"));
        }
        assert_eq!(notes.orders().await, json!([]));
    }
    notes.order(Http::One, "/orders", "\"b\"", TEA).await;
    // The key belongs to another URL.
    let reused = notes.order(Http::One, PATH, "\"b\"", TEA).await;
    assert_eq!(reused.status, 422);
}
