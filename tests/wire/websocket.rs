//! WebSockets through the stack, although the request has conditions.

use axum::{
    Router,
    extract::ws::{WebSocket, WebSocketUpgrade},
    routing::any,
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper::ext::Protocol;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, protocol::Role},
};

use crate::support::{H1, H2, in_time, placements};

fn router() -> Router {
    async fn echo(mut socket: WebSocket) {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    }
    let handler = |upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) };
    Router::new().route("/", any(handler))
}

/// R-9110-7.8-a
#[tokio::test]
async fn a_websocket_echoes_over_an_http1_upgrade() {
    for (placement, server) in placements(router()).await {
        let mut request = format!("ws://{}/", server.address())
            .into_client_request()
            .unwrap();
        let fields = request.headers_mut();
        fields.insert("if-none-match", "*".parse().unwrap());
        fields.insert("if-match", "\"stale\"".parse().unwrap());
        let (socket, response) = in_time(tokio_tungstenite::connect_async(request))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(response.headers().get("etag"), None, "{placement}");
        assert_echoes(socket).await;
    }
}

/// R-8441-4-a
#[tokio::test]
async fn a_websocket_echoes_over_an_http2_tunnel() {
    for (placement, server) in placements(router()).await {
        let mut h2 = H2::connect(&server).await;
        // The server has announced `:protocol` by the time that it answers.
        assert_eq!(h2.request("GET", "/none", &[]).await.status, 404);

        let request = Request::connect("http://test/")
            .extension(Protocol::from_static("websocket"))
            .header("sec-websocket-version", "13")
            .header("if-none-match", "*")
            .header("if-match", "\"stale\"")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let response = in_time(h2.call(request)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        for name in ["etag", "content-length", "transfer-encoding"] {
            assert_eq!(response.headers().get(name), None, "{placement} {name}");
        }
        let tunnel = hyper::upgrade::on(response).await.unwrap();
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(tunnel), Role::Client, None).await;
        assert_echoes(socket).await;
    }
}

async fn assert_echoes<S>(mut socket: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for message in [Message::text("hello"), Message::binary(vec![0; 70_000])] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(in_time(socket.next()).await.unwrap().unwrap(), message);
    }
    socket.close(None).await.unwrap();
}

/// Issue 10, A.1, R-9110-7.8-a: an upgrade that was declined leaves an ordinary request, whose
/// conditions are evaluated.
#[tokio::test]
async fn a_declined_upgrade_is_an_ordinary_request() {
    let router = Router::new().route("/", any(|| async { "hello" }));
    for (placement, server) in placements(router).await {
        let mut h1 = H1::connect(&server).await;
        let upgrade = ["connection: upgrade, http2-settings", "upgrade: h2c"];
        let reply = h1.request("GET", "/", &upgrade).await;
        assert_eq!((reply.status, &reply.body[..]), (200, &b"hello"[..]));
        let tag = reply.tag().to_owned();
        for (condition, status) in [
            (format!("if-none-match: {tag}"), 304),
            ("if-match: \"stale\"".to_owned(), 412),
        ] {
            let fields = [upgrade[0], upgrade[1], &condition];
            let reply = h1.request("GET", "/", &fields).await;
            assert_eq!(reply.status, status, "{placement}");
        }
    }
}
