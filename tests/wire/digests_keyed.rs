//! Digests outside of idempotency keys.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Bytes, routing::post};
use http::StatusCode;
use tower_conditional::{DigestLayer, IdempotencyLayer, store::MemoryIdempotencyStore};

use crate::support::{Client, Server};

const ORDERS: &str = "/orders";
/// The digest of `hello`.
const HELLO: &str = "content-digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";

/// R-9530-2-a: content that differs claims no key and is never recorded. The retry with the whole
/// content runs, and is repeated.
#[tokio::test]
async fn a_damaged_upload_is_not_recorded() {
    for layer in [DigestLayer::verify(), DigestLayer::verify().streaming()] {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let order = async move |content: Bytes| {
            count.fetch_add(1, Ordering::SeqCst);
            (StatusCode::CREATED, content)
        };
        let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new());
        let router = Router::new().route(ORDERS, post(order));
        let router = router.layer(keys).layer(layer);
        let server = Server::start(router).await;
        for number in 0..2 {
            // A key whose content broke off closes the connection, so each request has its own.
            let send = async |content| {
                let fields = [&*format!("idempotency-key: \"{number}\""), HELLO];
                let [h1, h2] = Client::both(&server).await;
                let mut client = if number == 0 { h1 } else { h2 };
                client.send("POST", ORDERS, &fields, content).await
            };
            let runs = || runs.load(Ordering::SeqCst);
            let damaged = send("hellx").await;
            assert_eq!((damaged.status, runs()), (400, number));
            let whole = send("hello").await;
            assert_eq!((whole.status, &whole.body[..]), (201, &b"hello"[..]));
            let replay = send("hello").await;
            assert_eq!(replay.field("idempotent-replayed"), Some("true"));
            // A replay is verified as well.
            let damaged = send("hellx").await;
            assert_eq!((damaged.status, runs()), (400, number + 1));
        }
    }
}
