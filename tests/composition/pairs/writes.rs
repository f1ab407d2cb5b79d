//! A key with cache tags, purges, remembered tags and identifiers of a state.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use tokio::sync::Notify;
use tower_conditional::{
    Audit, AuditLayer, CacheStatusLayer, CacheTagsLayer, StateRefLayer, ValidatorCacheLayer,
    cache_tags::{CacheTags, TagField},
    detached::Detached,
    purge::{Purge, PurgeQueue},
    stack,
    store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};

use super::{Count, REPLAYED, keyed, keys, problem};
use crate::support::send;

fn purges() -> (PurgeQueue, Count) {
    let count = Count::default();
    let counted = count.clone();
    let queue = PurgeQueue::new(move |_: Purge| {
        counted.add();
        async { Ok::<_, Infallible>(()) }
    });
    (queue, count)
}

/// A write purges, and so does its replay if the layer sees it. Refusals do not.
#[tokio::test]
async fn refused_keys_purge_nothing() {
    for outside in [false, true] {
        let (queue, purged) = purges();
        let count = Count::default();
        let tags = CacheTagsLayer::new(CacheTags::of(["orders"]).unwrap())
            .fields([TagField::CacheGroups])
            .purge(queue.clone());
        let router = Router::new().route("/", any(count.create()));
        let app = match outside {
            true => router
                .layer(stack().idempotency(keys().require_key()))
                .layer(tags),
            false => router
                .layer(tags)
                .layer(stack().idempotency(keys().require_key())),
        };
        let first = keyed(&app, "POST", "/", "a", &[]).await;
        queue.flush().await;
        assert_eq!(purged.get(), 1, "{outside}");
        let retry = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!(keyed(&app, "PUT", "/", "a", &[]).await.status, 422);
        assert_eq!(send(&app, "POST", "/", &[]).await.status, 400);
        queue.flush().await;
        // The process may have ended before the first purge was sent.
        let purges = if outside { 2 } else { 1 };
        assert_eq!((purged.get(), count.get()), (purges, 1), "{outside}");
        // Caches on the path of the retry forget too.
        let name = "cache-group-invalidation";
        assert_eq!(first.field(name), Some("\"orders\""));
        assert!(
            retry
                .field(name)
                .is_none_or(|groups| groups == "\"orders\""),
            "{outside}"
        );
    }
}

/// R-9111-4.4-b: a keyed write whose client leaves goes on, and nothing is answered from the cache
/// until it ends. Afterwards the entry is gone.
#[tokio::test(start_paused = true)]
async fn a_keyed_write_without_its_client_is_announced() {
    let (reads, version) = (Count::default(), Count::default());
    let started = Arc::new(Notify::new());
    let (runs, state) = (reads.clone(), version.clone());
    let read = move || {
        runs.add();
        let version = state.get();
        async move { format!("version {version}") }
    };
    let (signal, write) = (Arc::clone(&started), version.clone());
    let write = move || {
        let (signal, write) = (Arc::clone(&signal), write.clone());
        async move {
            signal.notify_one();
            tokio::time::sleep(Duration::from_secs(5)).await;
            write.add();
            tokio::time::sleep(Duration::from_secs(5)).await;
            StatusCode::NO_CONTENT
        }
    };
    for inside in [true, false] {
        let (unfinished, key) = (Detached::new(), inside.to_string());
        let cache = ValidatorCache::new(MemoryValidatorStore::new()).detached(unfinished.clone());
        let remembers = ValidatorCacheLayer::new(cache);
        let keys = keys().detached(unfinished.clone());
        let router = Router::new().route("/", get(read.clone()).put(write.clone()));
        let app = match inside {
            true => router.layer(stack().validators(remembers).idempotency(keys)),
            false => router.layer(keys).layer(stack().validators(remembers)),
        };
        let full = send(&app, "GET", "/", &[]).await;
        let known = [("if-none-match", full.tag())];
        let before = reads.get();
        send(&app, "GET", "/", &known)
            .await
            .assert_not_modified(&full);
        assert_eq!(reads.get(), before);
        tokio::select! {
            biased;
            _ = keyed(&app, "PUT", "/", &key, &[]) => panic!("it waits"),
            () = started.notified() => {}
        }
        send(&app, "GET", "/", &known)
            .await
            .assert_not_modified(&full);
        assert_eq!(
            reads.get(),
            before + 1,
            "{inside}: from the cache during the write"
        );
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(send(&app, "GET", "/", &known).await.status, 200);
        unfinished.idle().await;
        assert_eq!(send(&app, "GET", "/", &known).await.status, 200);
        let retry = keyed(&app, "PUT", "/", &key, &[]).await;
        assert_eq!((retry.status, retry.field(REPLAYED)), (204, Some("true")));
    }
}

/// P-ID-replay-secrets: the cookie of a session inside is that of the first answer alone.
#[tokio::test]
async fn a_login_inside_sets_its_cookie_once() {
    let sessions = from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        response
            .headers_mut()
            .insert(header::SET_COOKIE, HeaderValue::from_static("session=1"));
        response
    });
    let count = Count::default();
    for outside in [false, true] {
        let router = Router::new().route("/", any(count.create()));
        let app = match outside {
            true => router.layer(keys()).layer(sessions.clone()),
            false => router.layer(sessions.clone()).layer(keys()),
        };
        assert!(
            keyed(&app, "POST", "/", "a", &[])
                .await
                .field("set-cookie")
                .is_some()
        );
        let retry = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!(
            (retry.field(REPLAYED), retry.field("set-cookie").is_some()),
            (Some("true"), outside)
        );
    }
    assert_eq!(count.get(), 2);
}

/// A read with `POST` that names its state, and a key. The 304 comes before the key is looked at.
#[tokio::test]
async fn a_state_in_a_header_and_a_key() {
    let name = HeaderName::from_static("x-ref");
    let state = |_: &Parts| async { Ok::<_, Infallible>(Some(HeaderValue::from_static("17"))) };
    let count = Count::default();
    let router = Router::new().route("/", any(count.create()));
    let app = router.layer(keys()).layer(StateRefLayer::new(name, state));
    assert_eq!(
        keyed(&app, "POST", "/", "a", &[("x-ref", "17")])
            .await
            .status,
        304
    );
    assert_eq!(
        keyed(&app, "POST", "/", "a", &[("x-ref", "16")])
            .await
            .status,
        201
    );
    assert_eq!(count.get(), 1);
}

/// The audit finds nothing in first answers, replays and refusals of a right service.
#[tokio::test]
async fn the_audit_is_clean_around_keys() {
    let audit = Audit::new();
    let count = Count::default();
    let app = Router::new()
        .route(
            "/",
            get(async || "content")
                .post(count.create())
                .put(async || StatusCode::NO_CONTENT),
        )
        .layer(stack().idempotency(keys()))
        .layer(AuditLayer::new(audit.clone()));
    for key in ["a", "b"] {
        for method in ["POST", "PUT", "GET"] {
            for _ in 0..3 {
                keyed(&app, method, "/", &format!("{method}{key}"), &[]).await;
            }
        }
        let refused = keyed(&app, "PUT", "/", &format!("POST{key}"), &[]).await;
        assert_eq!(&*problem(&refused), "reused");
        let full = send(&app, "GET", "/", &[]).await;
        send(&app, "GET", "/", &[("if-none-match", full.tag())])
            .await
            .assert_not_modified(&full);
    }
    audit.assert_clean();
}

/// A replay looks nothing up, so it says nothing about the cache.
#[tokio::test]
async fn a_replay_has_no_member_of_a_lookup() {
    let count = Count::default();
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let handler = move || {
        count.add();
        async { ([(header::ETAG, "\"1\"")], "content").into_response() as Response }
    };
    let layer = stack()
        .validators(ValidatorCacheLayer::new(cache))
        .idempotency(keys())
        .explain();
    let status = CacheStatusLayer::new("notes", |_: &Parts| true).unwrap();
    let app = Router::new()
        .route("/", any(handler))
        .layer(layer)
        .layer(status);
    let first = keyed(&app, "GET", "/", "a", &[]).await;
    assert!(first.field("cache-status").is_some());
    let replay = keyed(&app, "GET", "/", "a", &[("if-none-match", "\"1\"")]).await;
    assert_eq!(replay.field(REPLAYED), Some("true"));
    let shown = replay.field("cache-status").unwrap_or_default();
    assert!(
        !shown.contains("hit") && !shown.contains("stored"),
        "{shown}"
    );
}
