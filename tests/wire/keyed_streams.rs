//! Requests whose responses are streams, with a key and without one.

use axum::{
    Router,
    body::Body,
    extract::ws::WebSocketUpgrade,
    response::IntoResponse,
    routing::{any, post},
};
use bytes::Bytes;
use http::{Method, StatusCode, header::CONTENT_TYPE};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tonic::{Code, service::Routes, transport::Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::support::{
    Client, H1, Reply, Server, in_time,
    orders::{KEY, layer},
};

#[track_caller]
fn assert_unsupported(reply: &Reply) {
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.field("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(reply.field("cache-control"), Some("no-store"));
    let problem: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let kind = problem["type"].as_str().unwrap();
    assert!(kind.ends_with("#unsupported"), "{kind}");
}

/// P-ID-reqlimit, R-GRPC-a: gRPC passes without a key. With one it is refused.
#[tokio::test]
async fn grpc_passes_without_a_key() {
    let (reporter, service) = tonic_health::server::health_reporter();
    let set = |status| reporter.set_service_status("orders", status);
    set(tonic_health::ServingStatus::Serving).await;
    let router = Routes::new(service).into_axum_router();
    let server = Server::start(router.layer(layer())).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address())).unwrap();
    let mut client = HealthClient::new(endpoint.connect().await.unwrap());
    let service = "orders".to_owned();
    let request = HealthCheckRequest { service };

    let checked = in_time(client.check(request.clone())).await.unwrap();
    assert_eq!(checked.into_inner().status(), ServingStatus::Serving);
    let watched = in_time(client.watch(request.clone())).await.unwrap();
    let mut watched = watched.into_inner();
    let mut next = async || in_time(watched.message()).await.unwrap().unwrap().status();
    assert_eq!(next().await, ServingStatus::Serving);
    set(tonic_health::ServingStatus::NotServing).await;
    assert_eq!(next().await, ServingStatus::NotServing);

    let mut keyed = tonic::Request::new(request);
    let key = "\"8e03978e\"".parse().unwrap();
    keyed.metadata_mut().insert("idempotency-key", key);
    let refused = in_time(client.check(keyed)).await.unwrap_err();
    // As for any response of status 400 (gRPC over HTTP/2, "HTTP to gRPC Status Code Mapping").
    assert_eq!(refused.code(), Code::Internal);
    for mut client in Client::both(&server).await {
        let fields = [KEY, "content-type: application/grpc"];
        let refused = client.send("POST", "/grpc.health.v1.Health/Check", &fields, "");
        assert_unsupported(&in_time(refused).await);
    }
}

/// Returns a handler whose events are sent from outside, one stream after the other.
fn events(stream: mpsc::UnboundedReceiver<Bytes>) -> Router {
    let stream = std::sync::Mutex::new(Some(stream));
    let stream = std::sync::Arc::new(stream);
    let handler = move || {
        let events = stream.lock().unwrap().take().expect("one run");
        let events = UnboundedReceiverStream::new(events).map(Ok::<_, std::io::Error>);
        async {
            (
                [(CONTENT_TYPE, "text/event-stream")],
                Body::from_stream(events),
            )
                .into_response()
        }
    };
    Router::new().route("/events", post(handler))
}

/// P-ID-reqlimit, P-ID-oversize: each event arrives while the stream is open, with a key and
/// without one. The key is sealed, since there is nothing to repeat.
#[tokio::test]
async fn events_arrive_while_the_stream_is_open() {
    for key in [None, Some(KEY)] {
        let (send, receive) = mpsc::unbounded_channel();
        let server = Server::start(events(receive).layer(layer())).await;
        let fields = [&["content-length: 0"], key.as_slice()].concat();
        let mut h1 = H1::connect(&server).await;
        h1.send("POST", "/events", &fields).await;
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            send.send(Bytes::from(event)).unwrap();
            if event.contains('1') {
                assert_eq!(in_time(h1.head()).await.unwrap().0, 200);
            }
            let arrived = in_time(h1.chunk()).await.unwrap();
            assert_eq!(arrived.as_deref(), Some(event.as_bytes()));
        }
        if key.is_some() {
            let mut retry = H1::connect(&server).await;
            let reply = in_time(retry.request("POST", "/events", &fields)).await;
            assert_eq!(reply.status, 409);
            assert!(String::from_utf8_lossy(&reply.body).contains("#sealed"));
        }
        drop(send);
        assert_eq!(in_time(h1.chunk()).await.unwrap(), None);
    }
}

/// P-ID-reqlimit: a client that asks only for events with a key is refused before anything runs.
#[tokio::test]
async fn a_request_for_events_with_a_key_is_refused() {
    let router = Router::new().route("/events", post(async || "ran"));
    let server = Server::start(router.layer(layer())).await;
    for mut client in Client::both(&server).await {
        let events = "accept: text/event-stream";
        let refused = in_time(client.send("POST", "/events", &[KEY, events], "")).await;
        // The client accepts no JSON, so the problem is a text.
        assert_eq!(refused.status, 400);
        assert!(String::from_utf8_lossy(&refused.body).contains("Idempotency-Key"));
        let others = "accept: text/event-stream, application/json;q=0.5";
        for fields in [&[events][..], &[KEY, others]] {
            let ran = in_time(client.send("POST", "/events", fields, "")).await;
            assert_eq!((ran.status, &*ran.body), (200, &b"ran"[..]));
        }
    }
}

/// P-ID-reqlimit: an upgrade with a key is refused, if its method takes keys.
#[tokio::test]
async fn a_websocket_with_a_key_is_refused() {
    let handler = |upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(async |_| ()) };
    let router = Router::new().route("/", any(handler));
    for (methods, status) in [
        (vec![Method::POST], StatusCode::SWITCHING_PROTOCOLS),
        (vec![Method::GET], StatusCode::BAD_REQUEST),
    ] {
        let server = Server::start(router.clone().layer(layer().methods(methods))).await;
        let connect = async |key: Option<&str>| {
            let url = format!("ws://{}/", server.address());
            let mut request = url.into_client_request().unwrap();
            if let Some(key) = key {
                request
                    .headers_mut()
                    .insert("idempotency-key", key.parse().unwrap());
            }
            match in_time(tokio_tungstenite::connect_async(request)).await {
                Ok((_, response)) => response.status(),
                Err(tokio_tungstenite::tungstenite::Error::Http(refused)) => refused.status(),
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(connect(None).await, StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(connect(Some("\"8e03978e\"")).await, status);
    }
}
