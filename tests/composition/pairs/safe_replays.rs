//! Replays of safe methods, and the caches and layers around them.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    response::IntoResponse,
    routing::{any, get},
};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::sync::Notify;
use tower_conditional::{
    CodingTagLayer, ConditionalLayer, EtagLayer, PreconditionLayer, ValidatorCacheLayer,
    idempotency::Commit, store::MemoryValidatorStore, validator_cache::ValidatorCache,
};
use tower_http::{compression::CompressionLayer, cors::CorsLayer};

use super::{Count, REPLAYED, keyed, keys, keys_of, store};
use crate::support::{CONTENT, send};

/// RFC 9213, section 2.2: a targeted header goes before `Cache-Control` in its cache, so it has to
/// say `no-store`, too.
#[tokio::test]
async fn no_targeted_cache_stores_the_replay_of_a_read() {
    for name in [
        "cdn-cache-control",
        "surrogate-control",
        "vercel-cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "netlify-cdn-cache-control",
    ] {
        let field = HeaderName::from_static(name);
        let handler = async move || ([(field, "max-age=600")], "content");
        let app = Router::new().route("/", get(handler)).layer(keys());
        let first = keyed(&app, "GET", "/", "a", &[]).await;
        assert_eq!(first.field(name), Some("max-age=600"));
        let retry = keyed(&app, "GET", "/", "a", &[]).await;
        let replayed = retry.field(name);
        assert!(
            replayed.is_none_or(|value| value.contains("no-store")),
            "{name}: {replayed:?}"
        );
        assert_eq!(retry.field("cache-control"), Some("no-store"));
    }
}

/// P-ID-replay-fidelity, R-9211-2-a: proxies and caches inside have handled the first response alone.
#[tokio::test]
async fn a_replay_names_no_proxy_of_the_first_response() {
    let fields = [
        (header::CACHE_STATUS, "inner; hit; ttl=30"),
        (header::VIA, "1.1 inner"),
    ];
    let handler = {
        let fields = fields.clone();
        async move || (fields, "content")
    };
    let app = Router::new().route("/", any(handler)).layer(keys());
    for method in ["GET", "POST"] {
        let first = keyed(&app, method, "/", method, &[]).await;
        let retry = keyed(&app, method, "/", method, &[]).await;
        assert_eq!(retry.field(REPLAYED), Some("true"));
        for (name, value) in &fields {
            assert_eq!(first.field(name.as_str()), Some(*value));
            assert_eq!(retry.field(name.as_str()), None, "{method}");
        }
    }
}

/// P-ID-replay-fidelity: a replay is the answer to the first request, whatever this one expects.
#[tokio::test]
async fn a_condition_on_a_replay_is_not_evaluated() {
    let app = Router::new()
        .route("/", get(async || ([(header::ETAG, "\"v1\"")], "content")))
        .layer(keys())
        .layer(ConditionalLayer::new());
    keyed(&app, "GET", "/", "a", &[]).await;
    for condition in ["if-match", "if-none-match"] {
        for named in ["\"v1\"", "W/\"v1\"", "\"v2\"", "*"] {
            let retry = keyed(&app, "GET", "/", "a", &[(condition, named)]).await;
            assert_eq!((retry.status, retry.field(REPLAYED)), (200, Some("true")));
            assert_eq!(
                (retry.tag(), retry.field("cache-control")),
                ("\"v1\"", Some("no-store"))
            );
        }
    }
}

/// Fetch Standard, "CORS protocol": a script reads replays of both sides, of reads too.
#[tokio::test]
async fn a_replay_is_readable_across_origins() {
    let cors = || {
        CorsLayer::new()
            .allow_origin(HeaderValue::from_static("https://example.com"))
            .expose_headers([HeaderName::from_static(REPLAYED)])
    };
    let origin = [("origin", "https://example.com")];
    let app = Router::new()
        .route("/", any(async || CONTENT))
        .layer(keys())
        .layer(cors());
    for method in ["GET", "POST"] {
        let first = keyed(&app, method, "/", method, &origin).await;
        let retry = keyed(&app, method, "/", method, &origin).await;
        assert_eq!(retry.field(REPLAYED), Some("true"));
        for name in [
            "access-control-allow-origin",
            "access-control-expose-headers",
            "vary",
        ] {
            assert_eq!(first.field(name), retry.field(name), "{method} {name}");
        }
    }
}

/// A replay that compression codes is `no-store`, and has the tag of its coding.
#[tokio::test]
async fn a_coded_replay_of_a_read_is_stored_by_no_cache() {
    let fields = [
        (header::ETAG, "\"v1\""),
        (header::CACHE_CONTROL, "max-age=60"),
    ];
    let app = Router::new()
        .route("/", get(async move || (fields, CONTENT)))
        .layer(keys())
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new());
    let gzip = [("accept-encoding", "gzip")];
    keyed(&app, "GET", "/", "a", &gzip).await;
    for (accept, tag) in [(&gzip[..], "\"v1-gzip\""), (&[], "\"v1\"")] {
        let retry = keyed(&app, "GET", "/", "a", accept).await;
        assert_eq!(
            (retry.tag(), retry.field("cache-control")),
            (tag, Some("no-store"))
        );
    }
}

/// The validator cache inside answers a keyed read from memory. The 304 frees the key, and a write
/// in between is seen.
#[tokio::test]
async fn a_remembered_304_is_never_replayed() {
    let version = Count::default();
    let current = version.clone();
    let page = async move || ([(header::ETAG, format!("\"v{}\"", current.get()))], "page");
    let change = async move || {
        version.add();
    };
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let app = Router::new()
        .route("/", get(page).put(change))
        .layer(ValidatorCacheLayer::new(cache))
        .layer(keys());
    send(&app, "GET", "/", &[]).await;
    let known = [("if-none-match", "\"v0\"")];
    for _ in 0..2 {
        let reply = keyed(&app, "GET", "/", "a", &known).await;
        assert_eq!((reply.status, reply.field(REPLAYED)), (304, None));
    }
    assert_eq!(send(&app, "PUT", "/", &[]).await.status, 200);
    let reply = keyed(&app, "GET", "/", "a", &known).await;
    assert_eq!((reply.status, reply.tag()), (200, "\"v1\""));
}

/// A handler's own word goes before the status: a recorded 401 or 304 comes again.
#[tokio::test]
async fn the_word_of_a_handler_goes_before_each_status() {
    for status in [304, 401, 412, 423, 503] {
        for (word, replayed, runs) in [
            (Commit::Record, Some("true"), 1),
            (Commit::Release, None, 2),
        ] {
            let count = Count::default();
            let number = count.clone();
            let handler = async move || {
                number.add();
                let mut response = StatusCode::from_u16(status).unwrap().into_response();
                response.extensions_mut().insert(word);
                response
            };
            let app = Router::new().route("/", any(handler)).layer(keys());
            keyed(&app, "POST", "/", "a", &[]).await;
            let retry = keyed(&app, "POST", "/", "a", &[]).await;
            assert_eq!((retry.status, retry.field(REPLAYED)), (status, replayed));
            assert_eq!(count.get(), runs, "{status} {word:?}");
        }
    }
}

/// Two attempts at once: the first is refused with a challenge, and the second, which waited, runs.
#[tokio::test]
async fn who_waits_for_a_challenged_attempt_runs() {
    let (count, begun, go_on) = (
        Count::default(),
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
    );
    let handler = {
        let (count, begun, go_on) = (count.clone(), Arc::clone(&begun), Arc::clone(&go_on));
        async move |headers: HeaderMap| {
            if headers.contains_key("authorization") {
                return (StatusCode::CREATED, count.add().to_string()).into_response();
            }
            begun.notify_one();
            go_on.notified().await;
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, challenge).into_response()
        }
    };
    let keys = keys_of(&store()).wait_timeout(Duration::from_secs(20));
    let app = Router::new().route("/", any(handler)).layer(keys);
    let first = keyed(&app, "POST", "/", "a", &[]);
    let second = async {
        begun.notified().await;
        let token = [("authorization", "Bearer ada")];
        let mut second = Box::pin(keyed(&app, "POST", "/", "a", &token));
        assert!((&mut second).now_or_never().is_none());
        go_on.notify_one();
        second.await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.status, second.status, count.get()), (401, 201, 1));
    let retry = keyed(&app, "POST", "/", "a", &[]).await;
    assert_eq!((retry.status, retry.field(REPLAYED)), (201, Some("true")));
}

/// A write that a lock or a condition refuses inside of the keys: 428 frees them, and 412 stays.
#[tokio::test]
async fn a_428_inside_frees_the_key_and_a_412_stays() {
    let count = Count::default();
    let number = count.clone();
    let write = async move || {
        number.add();
        StatusCode::NO_CONTENT
    };
    let read = async || ([(header::ETAG, "\"v1\"")], "content");
    let app = Router::new()
        .route("/", get(read).put(write))
        .layer(PreconditionLayer::handler_checks().require())
        .layer(EtagLayer::new())
        .layer(keys());
    assert_eq!(keyed(&app, "PUT", "/", "a", &[]).await.status, 428);
    assert_eq!(count.get(), 0);
    let expects = [("if-match", "\"v1\"")];
    for replayed in [None, Some("true")] {
        let reply = keyed(&app, "PUT", "/", "a", &expects).await;
        assert_eq!((reply.status, reply.field(REPLAYED)), (204, replayed));
    }
    assert_eq!(count.get(), 1);
}
