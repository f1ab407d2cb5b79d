//! The cache policy, the validator and the tags of a replay.

use std::time::Duration;

use axum::{Router, routing::get};
use http::StatusCode;
use tower_conditional::{
    CachePolicyLayer, EtagLayer, Stack,
    cache_policy::{CachePolicy, Rule},
    stack,
};

use super::{REPLAYED, keyed, keys};

/// P-ID-nocache: a rule by status finds the status of the replay.
#[tokio::test]
async fn a_rule_by_status_finds_a_replay() {
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
    assert_eq!(retry.field(REPLAYED), Some("true"));
    assert_eq!(first.field("cache-control"), Some("public, max-age=60"));
    for name in ["cache-control", "vary", "etag"] {
        assert_eq!(first.field(name), retry.field(name), "{name}");
    }
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
            assert_eq!(first.field("etag"), retry.field("etag"), "{case} {method}");
            assert_eq!(
                method == "POST" && retry.field("etag").is_some(),
                false,
                "{case}"
            );
        }
    }
}
