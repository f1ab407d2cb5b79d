//! `SetResponseHeaderLayer` on either side.

use http::{HeaderName, HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::support::{both_orders, get_root, router};

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// R-9110-15.4.5-a, R-9110-15.4.5-c: policy and security headers are the same on the 304 and on the
/// 200.
#[tokio::test]
async fn policy_and_security_headers_are_on_the_304() {
    let fields = [
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'self'"),
    ];
    for (name, value) in fields {
        let add = |router: axum::Router| router.layer(set(name.clone(), value));
        for (order, app) in both_orders(&router(), add) {
            let full = get_root(&app, &[]).await;
            assert_eq!(full.field(name.as_str()), Some(value), "{order}");
            let reply = get_root(&app, &[("if-none-match", full.tag())]).await;
            reply.assert_not_modified(&full);
            assert_eq!(reply.field(name.as_str()), Some(value), "{order}");
        }
    }
}

/// R-9111-5.2.2.5-a: with `no-store` inside there is no tag. If it is set outside, the layer does
/// not see it, which costs a hash and does no harm.
#[tokio::test]
async fn no_store_prevents_a_tag_only_inside() {
    let add = |router: axum::Router| router.layer(set(header::CACHE_CONTROL, "no-store"));
    for (order, app) in both_orders(&router(), add) {
        let full = get_root(&app, &[]).await;
        assert_eq!(full.field("etag").is_some(), order == "outside");
    }
}

/// R-9457-3-a: the policy of a success does not apply to a 412. A policy that is set outside for
/// every status is the choice of the operator.
#[tokio::test]
async fn a_policy_inside_does_not_make_a_412_cacheable() {
    let add = |router: axum::Router| router.layer(set(header::CACHE_CONTROL, "max-age=60"));
    for (order, app) in both_orders(&router(), add) {
        let reply = get_root(&app, &[("if-match", "\"stale\"")]).await;
        let policy = if order == "inside" {
            "no-store"
        } else {
            "max-age=60"
        };
        assert_eq!(
            (reply.status, reply.field("cache-control")),
            (412, Some(policy))
        );
    }
}

/// R-9110-15.4.5-b, violated by a layer outside that sets a content header on every response.
#[tokio::test]
async fn a_header_of_the_content_belongs_inside() {
    let add = |router: axum::Router| router.layer(set(header::CONTENT_TYPE, "text/markdown"));
    for (order, app) in both_orders(&router(), add) {
        let full = get_root(&app, &[]).await;
        let reply = get_root(&app, &[("if-none-match", full.tag())]).await;
        reply.assert_not_modified(&full);
        assert_eq!(reply.field("content-type").is_some(), order == "outside");
    }
}

/// R-9110-8.8-a: a tag of a layer inside wins.
#[tokio::test]
async fn a_tag_from_inside_wins() {
    let app = router()
        .layer(set(header::ETAG, "\"v7\""))
        .layer(tower_conditional::stack());
    let full = get_root(&app, &[]).await;
    assert_eq!(full.tag(), "\"v7\"");
    let reply = get_root(&app, &[("if-none-match", "\"v7\"")]).await;
    reply.assert_not_modified(&full);
}
