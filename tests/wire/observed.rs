//! The bytes and responses that an observer counts are those of the wire.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http_body_util::{BodyStream, Full, StreamBody};
use tower_conditional::{
    observe::{Exchange, ExchangeResult, SavedBytes},
    stack,
};

use crate::support::{H1, H2, Reply, Server};

/// The responses, and the bytes that were sent and saved, by route.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Total {
    responses: u64,
    sent: u64,
    saved: u64,
    handler_runs: u64,
}

async fn stream() -> Body {
    let content = Full::new(Bytes::from_static(b"content of unknown length"));
    Body::new(StreamBody::new(BodyStream::new(content)))
}

type Totals = Arc<Mutex<BTreeMap<String, Total>>>;

/// P-TR-tower: also through a real server, which stops to read where the announced bytes end.
#[tokio::test]
async fn what_is_counted_was_sent() {
    let observed = Totals::default();
    let totals = Arc::clone(&observed);
    let layer = stack().observe(move |exchange: &Exchange<'_>| {
        let mut totals = totals.lock().expect("nobody panicked");
        let total = totals.entry(exchange.route().to_owned()).or_default();
        total.responses += 1;
        total.sent += exchange.bytes_sent();
        total.handler_runs += u64::from(exchange.handler_runs());
        if let Some(SavedBytes::Known(bytes)) = exchange.bytes_saved() {
            assert_eq!(exchange.result(), ExchangeResult::NotModified);
            total.saved += bytes;
        }
    });
    let router = Router::new()
        .route("/short/{id}", get(|| async { "hello" }))
        .route("/long/{id}", get(|| async { "x".repeat(100_000) }))
        .route("/stream/{id}", get(stream))
        .layer(layer);
    let server = Server::start(router).await;
    let (mut h1, mut h2) = (H1::connect(&server).await, H2::connect(&server).await);
    let mut received = BTreeMap::<String, Total>::new();
    let routes = ["/short/{id}", "/long/{id}", "/stream/{id}"];
    let mut tags = BTreeMap::new();
    for at in 0..180 {
        let route = routes[at % 3];
        let path = route.replace("{id}", &at.to_string());
        let method = if at % 5 == 0 { "HEAD" } else { "GET" };
        let condition = tags.get(route).filter(|_| at % 2 == 0);
        let condition: Vec<_> = condition.into_iter().map(String::as_str).collect();
        let reply: Reply = if at % 7 < 4 {
            h1.request(method, &path, &condition).await
        } else {
            h2.request(method, &path, &condition).await
        };
        let total = received.entry(route.to_owned()).or_default();
        total.responses += 1;
        total.handler_runs += 1;
        total.sent += reply.body.len() as u64;
        if reply.status == 304 && method == "GET" {
            total.saved += match route {
                "/short/{id}" => 5,
                _ => 100_000,
            };
        }
        if let Some(tag) = reply.field("etag") {
            tags.insert(route, format!("if-none-match: {tag}"));
        }
    }
    assert_eq!(tags.len(), 2, "a stream has no tag");
    assert!(received.values().all(|total| total.sent > 0));
    assert!(received["/long/{id}"].saved > 0);
    assert_eq!(*observed.lock().expect("nobody panicked"), received);
}
