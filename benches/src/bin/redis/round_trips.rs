//! The round trips of requests through the layers, counted on the connection.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request, header::IF_NONE_MATCH, request::Parts};
use tower::Layer;
use tower_conditional::{IdempotencyLayer, detached::Detached};
use tower_conditional_bench::{
    case::Case,
    drive::collect,
    handler::{Handler, OWN_TAG},
    table,
};

use crate::{
    connection::RecordingConnection,
    http_server::remembering,
    steps::{Stores, WRITE_TTL},
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// # Panics
///
/// Panics if a request takes more or fewer round trips than promised.
pub async fn assert_all(url: &str) {
    let connection = RecordingConnection::open(url).await;
    let stores = Stores::open(connection.clone()).await;
    stores.await_lease().await;
    let mut case = Case::one_kib();
    case.own_tag = true;
    let detached = Detached::new();
    let mut remembering =
        remembering(stores.validators(), WRITE_TTL, detached.clone()).layer(Handler::new(&case));
    let mut keyed = IdempotencyLayer::for_anyone(stores.keys())
        .detached(detached.clone())
        .layer(Handler::new(&case));
    let mut rows = Vec::new();
    // The first round loads the scripts.
    for round in 0..2 {
        rows.clear();
        for (name, head, status, expected) in [
            ("first read: lookup and fill", read(), 200, 2),
            ("304", read(), 304, 1),
            ("write: begin and end", head(Method::PUT), 200, 2),
            ("first run: begin and complete", order(round), 200, 2),
            ("replay", order(round), 200, 1),
        ] {
            let is_keyed = head.headers.contains_key(KEY);
            let request = Request::from_parts(head, Body::empty());
            connection.take_sent();
            let response = match is_keyed {
                true => collect(&mut keyed, request).await,
                false => collect(&mut remembering, request).await,
            };
            // A step may go on after the response.
            detached.idle().await;
            let commands = connection.take_sent().len();
            assert_eq!(response.status(), status, "{name}");
            assert!(round == 0 || commands == expected, "{name}: {commands}");
            rows.push(vec![name.to_owned(), commands.to_string()]);
        }
    }
    table::print("Round trips of one request", &["", "commands"], &rows);
}

fn head(method: Method) -> Parts {
    let mut head = Case::one_kib().request();
    head.method = method;
    head
}

fn read() -> Parts {
    let mut head = head(Method::GET);
    head.headers.insert(IF_NONE_MATCH, OWN_TAG);
    head
}

fn order(number: usize) -> Parts {
    let mut head = head(Method::POST);
    let key = HeaderValue::try_from(format!("\"order-{number}\""));
    head.headers.insert(KEY, key.expect("a value"));
    head
}
