//! Idempotency keys.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use tower::{BoxError, Layer, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    idempotency::{Commit, OnLostAttempt, OnUnrecorded, Protect},
    stack,
    store::MemoryIdempotencyStore,
};
use tracing::subscriber::set_default;

use super::{Texts, answer, request, send, user};

/// Encryption that fails.
struct NoEncryption;

impl Protect for NoEncryption {
    fn seal(&self, _: &[u8; 32], _: Bytes) -> Result<Bytes, BoxError> {
        Err("no encryption".into())
    }

    fn open(&self, _: &[u8; 32], _: Bytes) -> Result<Bytes, BoxError> {
        Err("no encryption".into())
    }
}

#[tokio::test]
async fn keys_tell_no_secrets() {
    let texts = Texts::default();
    let _subscribed = set_default(texts.events.clone());
    let is_lost = Arc::new(AtomicBool::new(false));
    let losing = Arc::clone(&is_lost);
    let handler = service_fn(move |request: Request<_>| {
        let is_lost = losing.load(Ordering::Relaxed);
        async move {
            assert!(!is_lost, "lost");
            Ok::<_, Infallible>(answer(&request))
        }
    });
    let post = |key: &str| request("POST", Some(key), "\"v\"");
    let layer = IdempotencyLayer::new(MemoryIdempotencyStore::new(), user);
    let layer = layer.transactional(OnUnrecorded::Report);
    let observed = |layer| stack().idempotency(layer).observe_with(texts.observe());
    let service = observed(layer).layer(handler.clone());
    assert_eq!(send(&service, post("secret-key")).await, Some(200));
    assert_eq!(send(&service, post("secret-key")).await, Some(200));
    let other = request("POST", Some("secret-key"), "\"w\"").map(|_| Body::from("secret-other"));
    assert_eq!(send(&service, other).await, Some(422));
    texts.assert_told(&[
        "outside of its transaction",
        "was repeated",
        "outcome=key_refused",
    ]);
    is_lost.store(true, Ordering::Relaxed);
    assert_eq!(send(&service, post("secret-lost")).await, None);
    assert_eq!(send(&service, post("secret-lost")).await, Some(409));
    texts.assert_told(&["the outcome of a request is unknown", "outcome=panicked"]);

    let resuming = IdempotencyLayer::new(MemoryIdempotencyStore::new(), user);
    let resuming = resuming.on_lost_attempt(OnLostAttempt::Resume);
    let service = observed(resuming).layer(handler.clone());
    assert_eq!(send(&service, post("secret-key")).await, None);
    is_lost.store(false, Ordering::Relaxed);
    assert_eq!(send(&service, post("secret-key")).await, Some(500));
    texts.assert_told(&["took over from a lost attempt"]);

    let sealing = IdempotencyLayer::new(MemoryIdempotencyStore::new(), user)
        .commit_by_status(|_| Some(Commit::Seal));
    assert_eq!(
        send(
            &observed(sealing).layer(handler.clone()),
            post("secret-key")
        )
        .await,
        Some(200)
    );
    texts.assert_told(&["was sealed"]);
    let unprotected = IdempotencyLayer::new(MemoryIdempotencyStore::new(), user);
    let unprotected = unprotected.protect(NoEncryption);
    let service = observed(unprotected).layer(handler.clone());
    assert_eq!(send(&service, post("secret-key")).await, Some(200));
    texts.assert_told(&["step=protect error=no encryption"]);

    let full = MemoryIdempotencyStore::new().max_bytes(64 << 10);
    let layer = stack().idempotency(IdempotencyLayer::new(full, user));
    let service = layer.observe_with(texts.observe()).layer(handler);
    let mut keys = 0..5_000;
    while send(
        &service,
        post(&format!("secret-key-{}", keys.next().unwrap())),
    )
    .await
        != Some(503)
    {
        texts.take();
    }
    texts.assert_told(&["a step of an idempotency key failed"]);
}
