//! The cache policy, the validator and the tags of a replay.

use std::time::Duration;

use axum::{
    Extension, Router,
    routing::{any, get},
};
use http::{StatusCode, header};
use tower_conditional::{
    CachePolicyLayer, CacheTagsLayer, EtagLayer, Stack, ValidatorCacheLayer,
    cache_policy::{CachePolicy, Rule},
    cache_tags::{CacheTags, TagField},
    stack,
    store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};

use super::{Count, REPLAYED, keyed, keys};
use crate::support::send;

/// P-ID-nocache: a rule by status makes no replay fresh.
#[tokio::test]
async fn a_rule_by_status_makes_no_replay_fresh() {
    let missing = CachePolicy::shared_and_public()
        .adjust(|directives| directives.with_max_age(Duration::from_secs(60)));
    let rule = Rule::new(missing.unwrap()).status(StatusCode::NOT_FOUND);
    let policy = CachePolicyLayer::new(CachePolicy::no_cache())
        .rule(rule)
        .unwrap();
    let handler = async || (StatusCode::NOT_FOUND, "none");
    let app = Router::new()
        .route("/", get(handler))
        .layer(stack().cache_policy(policy).idempotency(keys()));
    let first = keyed(&app, "GET", "/", "a", &[]).await;
    let retry = keyed(&app, "GET", "/", "a", &[]).await;
    assert_eq!(
        (first.status, first.field("cache-control")),
        (404, Some("public, max-age=60"))
    );
    assert_eq!((retry.status, retry.field(REPLAYED)), (404, Some("true")));
    for name in ["vary", "etag"] {
        assert_eq!(first.field(name), retry.field(name), "{name}");
    }
    // A minute from its new `Date` would be later than a minute from its recording.
    assert_eq!(retry.field("cache-control"), Some("no-store"));
}

/// P-ID-nocache: a policy of the handler, a cookie and `Authorization` are not in the record. A
/// replay without them is stored by no cache, below any policy.
#[tokio::test]
async fn no_cache_stores_a_replay() {
    let secret = async || Extension(CachePolicy::no_store());
    let public = async || Extension(CachePolicy::shared_and_public());
    let login = async || ([(header::SET_COOKIE, "session=1")], "welcome, ada");
    let fresh = async || {
        let fields = [
            (header::CACHE_CONTROL, "max-age=60"),
            (header::EXPIRES, "Thu, 01 Jan 2099 00:00:00 GMT"),
            (header::CONTENT_LOCATION, "/fresh"),
            (
                header::HeaderName::from_static("cdn-cache-control"),
                "max-age=60",
            ),
        ];
        (fields, "fresh")
    };
    let routes = Router::new()
        .route("/secret", any(secret))
        .route("/public", any(public))
        .route("/login", any(login))
        .route("/fresh", any(fresh))
        .route("/plain", any(async || "plain"));
    for policy in [
        CachePolicy::shared_and_public(),
        CachePolicy::shared_and_public().override_handler(),
        CachePolicy::immutable_asset()
            .share_cookies()
            .share_authorized(),
        CachePolicy::no_cache().yield_to_handler(),
    ] {
        let policy = CachePolicyLayer::new(policy);
        let app = routes.clone();
        let app = app.layer(stack().cache_policy(policy).idempotency(keys()));
        for path in ["/secret", "/public", "/login", "/fresh", "/plain"] {
            for method in ["GET", "POST"] {
                let key = path.replace('/', method);
                let token = [("authorization", "Bearer ada")];
                keyed(&app, method, path, &key, &token).await;
                let retry = keyed(&app, method, path, &key, &[]).await;
                assert_eq!((retry.status, retry.field(REPLAYED)), (200, Some("true")));
                assert_eq!(
                    retry.field("cache-control"),
                    Some("no-store"),
                    "{method} {path}"
                );
                assert_eq!(
                    (retry.field("expires"), retry.field("set-cookie")),
                    (None, None)
                );
                let targeted = retry.field("cdn-cache-control");
                assert!(
                    targeted.is_none_or(|value| value.contains("no-store")),
                    "{targeted:?}"
                );
            }
        }
    }
}

/// P-ID-nocache: a cache may keep the answer to a write for later reads (RFC 9110, section 9.3.3), but
/// not its replay. Without a policy layer too.
#[tokio::test]
async fn no_cache_stores_the_replay_of_a_write() {
    for (field, value) in [
        ("cache-control", "max-age=3600"),
        ("cache-control", "private, max-age=3600"),
        ("expires", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("cdn-cache-control", "max-age=3600"),
    ] {
        let handler = async move || ([(field, value), ("content-location", "/")], "written");
        let app = Router::new().route("/", any(handler)).layer(keys());
        for method in ["POST", "PUT"] {
            let first = keyed(&app, method, "/", method, &[]).await;
            assert_eq!(first.field(field), Some(value));
            let retry = keyed(&app, method, "/", method, &[]).await;
            assert_eq!(retry.field("content-location"), Some("/"));
            let stored_by = |name| retry.field(name).is_some_and(|v| !v.contains("no-store"));
            assert!(
                retry.field("cache-control").unwrap().contains("no-store"),
                "{field}: {value}"
            );
            assert!(!stored_by("cdn-cache-control"), "{field}: {value}");
            assert_eq!(retry.field("expires"), None);
        }
    }
}

/// P-ID-nocache: the replay of a read is stored by no cache, without a policy layer too. It lacks
/// tags that only its handler knew, and a purge would not reach it.
#[tokio::test]
async fn no_cache_stores_the_replay_of_a_read() {
    let tagged = async || {
        let tags = CacheTags::of(["author-7"]).unwrap();
        (
            [(header::CACHE_CONTROL, "max-age=60")],
            Extension(tags),
            "tagged",
        )
    };
    let tags = || CacheTagsLayer::new(CacheTags::of(["notes"]).unwrap()).fields([TagField::Xkey]);
    let router = || Router::new().route("/", get(tagged));
    for (app, replayed_tags) in [
        (router().layer(tags()).layer(keys()), "notes author-7"),
        (router().layer(keys()).layer(tags()), "notes"),
    ] {
        let first = keyed(&app, "GET", "/", "a", &[]).await;
        assert_eq!(first.field("xkey"), Some("notes author-7"));
        assert_eq!(first.field("cache-control"), Some("max-age=60"));
        let retry = keyed(&app, "GET", "/", "a", &[]).await;
        assert_eq!(retry.field("xkey"), Some(replayed_tags));
        assert_eq!(retry.field("cache-control"), Some("no-store"));
    }
}

/// A replay is as old as its record, so no validator cache takes its tag for the current one.
#[tokio::test]
async fn a_replay_fills_no_validator_cache() {
    let version = Count::default();
    let current = version.clone();
    let page = async move || ([(header::ETAG, format!("\"v{}\"", current.get()))], "page");
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let app = Router::new()
        .route("/", get(page))
        .layer(keys())
        .layer(ValidatorCacheLayer::new(cache.clone()));
    keyed(&app, "GET", "/", "a", &[]).await;
    version.add();
    cache.invalidate_all().await.unwrap();
    let replay = keyed(&app, "GET", "/", "a", &[]).await;
    assert_eq!(replay.field("etag"), Some("\"v0\""));
    let read = send(&app, "GET", "/", &[("if-none-match", "\"v0\"")]).await;
    assert_eq!((read.status, read.field("etag")), (200, Some("\"v1\"")));
}

/// P-ID-nocache: the tag of a replay is that of the first response, also where a layer would make one.
#[tokio::test]
async fn a_replay_keeps_its_tag_below_every_stack() {
    let content = async || "content";
    let router = || Router::new().route("/", get(content).post(content));
    for (case, app) in [
        ("stack", router().layer(stack().idempotency(keys()))),
        ("inside", router().layer(EtagLayer::new()).layer(keys())),
        ("outside", router().layer(keys()).layer(stack())),
        (
            "recipe",
            router().layer(Stack::no_cache().idempotency(keys())),
        ),
        (
            "no store",
            router().layer(Stack::no_store().idempotency(keys())),
        ),
    ] {
        for method in ["GET", "POST"] {
            let first = keyed(&app, method, "/", method, &[]).await;
            let retry = keyed(&app, method, "/", method, &[]).await;
            assert_eq!(retry.field(REPLAYED), Some("true"));
            // The layer outside makes no tag for a response that nobody stores.
            let expected = first.field("etag").filter(|_| case != "outside");
            assert_eq!(expected, retry.field("etag"), "{case} {method}");
            let tagged = retry.field("etag").is_some();
            assert!(method != "POST" || !tagged, "{case}");
        }
    }
}
