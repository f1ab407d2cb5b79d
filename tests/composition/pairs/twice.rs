//! Two layers of a kind, in one stack or one inside of a nested router.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    routing::{any, get},
};
use http::{Method, StatusCode, header};
use tower_conditional::{
    CachePolicyLayer, CodingTagLayer, ConditionalLayer, EtagLayer, IdempotencyLayer,
    PreconditionLayer, ValidatorCacheLayer, VersionTags, cache_policy::CachePolicy,
    idempotency::Attempt, lock::KeyedLock, source, stack, store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};
use tower_http::compression::CompressionLayer;

use super::{Count, REPLAYED, keyed, keys, keys_of, store};
use crate::support::{CONTENT, send};

/// A layer around all and one below `nest`, with one store or two: one run, one replay.
#[tokio::test]
async fn keys_around_nested_keys_are_one() {
    let shared = store();
    for (outer, inner) in [(shared.clone(), shared), (store(), store())] {
        let count = Count::default();
        let nested = Router::new()
            .route("/orders", any(count.create()))
            .layer(stack().idempotency(keys_of(&inner)));
        let app = Router::new()
            .nest("/api", nested)
            .layer(stack().idempotency(keys_of(&outer)));
        for replayed in [None, Some("true")] {
            let reply = keyed(&app, "POST", "/api/orders", "a", &[]).await;
            assert_eq!((reply.status, reply.field(REPLAYED)), (201, replayed));
        }
        assert_eq!(
            (count.get(), outer.len(), inner.len()),
            (1, 1, usize::from(Arc::ptr_eq(&outer, &inner)))
        );
    }
}

/// An outer layer whose methods leave a request out leaves it to the inner one.
#[tokio::test]
async fn a_layer_for_other_methods_holds_no_key() {
    let count = Count::default();
    let outer = IdempotencyLayer::for_anyone(store()).methods([Method::PATCH]);
    let app = Router::new()
        .route("/", any(count.create()))
        .layer(keys())
        .layer(outer);
    for replayed in [None, Some("true")] {
        let reply = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!((reply.status, reply.field(REPLAYED)), (201, replayed));
    }
    assert_eq!(count.get(), 1);
}

/// An inner layer that requires a key, and an outer one that holds it: the handler has one attempt.
#[tokio::test]
async fn the_attempt_is_that_of_the_outer_layer() {
    let tell = async |attempt: Attempt| attempt.key().as_str().to_owned();
    let app = Router::new()
        .route("/", any(tell))
        .layer(keys().require_key())
        .layer(keys());
    assert_eq!(keyed(&app, "POST", "/", "a", &[]).await.body, b"a");
    assert_eq!(send(&app, "POST", "/", &[]).await.status, 400);
}

/// Two stacks, with the same tags, policies and remembered tags: a 304 and a write as with one.
#[tokio::test]
async fn two_stacks_are_one() {
    let count = Count::default();
    let state = count.clone();
    let read = move || {
        let version = state.get();
        async move { format!("version {version}") }
    };
    let write = count.clone();
    let write = move || {
        write.add();
        async { StatusCode::NO_CONTENT }
    };
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let all = || {
        stack()
            .cache_policy(CachePolicyLayer::new(CachePolicy::no_cache()))
            .idempotency(keys())
            .validators(ValidatorCacheLayer::new(cache.clone()).collapse(Duration::from_secs(2)))
    };
    let app = Router::new()
        .route("/", get(read).put(write))
        .layer(all())
        .layer(all());
    for number in 0..3 {
        let full = send(&app, "GET", "/", &[]).await;
        assert_eq!(full.body, format!("version {number}").as_bytes());
        for _ in 0..2 {
            send(&app, "GET", "/", &[("if-none-match", full.tag())])
                .await
                .assert_not_modified(&full);
        }
        assert_eq!(full.field("cache-control"), Some("no-cache"));
        for replayed in [None, Some("true")] {
            let reply = keyed(&app, "PUT", "/", &number.to_string(), &[]).await;
            assert_eq!((reply.status, reply.field(REPLAYED)), (204, replayed));
        }
        let next = send(&app, "GET", "/", &[("if-none-match", full.tag())]).await;
        assert_eq!(next.status, 200);
    }
}

/// One lock in two layers around each other: the inner one does not wait for the outer one for ever.
#[tokio::test(start_paused = true)]
async fn two_layers_with_one_lock_end() {
    let lock = KeyedLock::new();
    let layer = || {
        PreconditionLayer::new(source::now(|_| VersionTags::plain().number(1)))
            .lock(lock.clone(), |request| Some(request.uri.path().to_owned()))
    };
    let count = Count::default();
    let app = Router::new()
        .route("/", any(count.create()))
        .layer(layer())
        .layer(layer());
    let write = send(&app, "PUT", "/", &[("if-match", "\"1\"")]);
    let reply = tokio::time::timeout(Duration::from_secs(3600), write)
        .await
        .expect("an end");
    assert!(
        reply.status == 201 || reply.status >= 500,
        "{}",
        reply.status
    );
    assert!(lock.is_empty());
}

/// Two layers for codings, and two that make tags: one suffix, one tag.
#[tokio::test]
async fn two_layers_of_tags_are_one() {
    let app = Router::new()
        .route("/", get(async || CONTENT))
        .layer(EtagLayer::new())
        .layer(EtagLayer::new())
        .layer(ConditionalLayer::new())
        .layer(ConditionalLayer::new())
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new())
        .layer(CodingTagLayer::new());
    let gzip = ("accept-encoding", "gzip");
    let full = send(&app, "GET", "/", &[gzip]).await;
    assert_eq!(full.tag().matches("-gzip").count(), 1);
    assert_eq!(full.headers.get_all(header::VARY).iter().count(), 1);
    let again = send(&app, "GET", "/", &[gzip, ("if-none-match", full.tag())]).await;
    again.assert_not_modified(&full);
    assert_eq!(
        send(&app, "GET", "/", &[("if-none-match", full.tag())])
            .await
            .status,
        200
    );
}
