//! The form of the tag on a 304, through every layer that may answer.

use axum::{Router, routing::get};
use http::{Method, header};
use tower_conditional::{
    Assets, CodingTagLayer, ConditionalLayer, Current, PreconditionLayer, ValidatorCacheLayer,
    source, stack, store::MemoryValidatorStore, validator_cache::ValidatorCache,
};

use tower_http::compression::CompressionLayer;

use crate::support::{CONTENT, send};

async fn page() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::ETAG, "\"v1\"")], CONTENT)
}

/// Lists of `If-None-Match` for a tag, and the form of the tag on the 304.
fn lists(tag: &str) -> [(Vec<String>, String); 9] {
    let (strong, weak) = (tag.to_owned(), format!("W/{tag}"));
    let list = |members: &[&str]| vec![members.join(", ")];
    [
        (list(&["*"]), strong.clone()),
        (list(&[tag]), strong.clone()),
        (list(&[&weak]), weak.clone()),
        (list(&["\"a\"", &weak, "W/\"b\""]), weak.clone()),
        (list(&["W/\"a\"", tag, "W/\"b\""]), strong.clone()),
        (list(&[&weak, tag]), strong.clone()),
        (list(&[tag, &weak]), strong.clone()),
        (vec!["\"a\"".to_owned(), weak.clone()], weak),
        (vec![strong.clone(), "W/\"b\"".to_owned()], strong),
    ]
}

/// R-9111-4.3.4-b: one rule, whoever answers: the layer that asks the service, a source, the memory,
/// or the files.
#[tokio::test]
async fn every_304_has_the_form_of_its_list() {
    let router = || Router::new().route("/", get(page));
    let known = source::from_fn(async |_: &http::request::Parts| {
        let tag = tower_conditional::EntityTag::strong("v1").unwrap();
        Ok::<_, std::convert::Infallible>(Current::from(tag))
    });
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let assets = Assets::new("/assets")
        .unwrap()
        .file("page.txt", CONTENT)
        .unwrap();
    let url = assets.url("page.txt").unwrap().to_owned();
    for (case, app, path) in [
        ("layer", router().layer(ConditionalLayer::new()), "/"),
        ("stack", router().layer(stack()), "/"),
        (
            "source",
            router().layer(ConditionalLayer::new().source(known)),
            "/",
        ),
        (
            "memory",
            router().layer(stack().validators(ValidatorCacheLayer::new(cache))),
            "/",
        ),
        ("assets", Router::new().fallback_service(assets), &url),
    ] {
        let full = send(&app, "GET", path, &[]).await;
        for (lines, form) in lists(full.tag()) {
            let fields: Vec<_> = lines
                .iter()
                .map(|line| ("if-none-match", &**line))
                .collect();
            for method in ["GET", "HEAD"] {
                let reply = send(&app, method, path, &fields).await;
                assert_eq!(
                    (reply.status, reply.tag()),
                    (304, &*form),
                    "{case} {method} {lines:?}"
                );
            }
        }
    }
}

/// R-9111-4.3.4-b, R-9110-8.8.1-c: the rule holds for tags of codings. `*` shows no coding.
#[tokio::test]
async fn a_304_of_a_coding_has_the_form_of_its_list() {
    let app = Router::new()
        .route("/", get(page))
        .layer(stack())
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new());
    for accept in ["identity", "gzip", "br"] {
        let accept = ("accept-encoding", accept);
        let full = send(&app, "GET", "/", &[accept]).await;
        for (lines, form) in lists(full.tag()).into_iter().skip(1) {
            let mut fields: Vec<_> = lines
                .iter()
                .map(|line| ("if-none-match", &**line))
                .collect();
            fields.push(accept);
            let reply = send(&app, "GET", "/", &fields).await;
            assert_eq!(
                (reply.status, reply.tag()),
                (304, &*form),
                "{accept:?} {lines:?}"
            );
        }
    }
}

/// RFC 9110, section 13.2.1: nothing is there, and the method creates nothing. Conditions of any form
/// get a 404, and the handler does not run.
#[tokio::test]
async fn what_nobody_creates_is_missing_and_not_refused() {
    let absent = || {
        source::from_fn(async |_: &http::request::Parts| {
            Ok::<_, std::convert::Infallible>(Current::Absent)
        })
    };
    let handler = || async || -> &'static str { panic!("it runs") };
    for creates in [vec![], vec![Method::POST]] {
        let layer = PreconditionLayer::new(absent()).require().creates(creates);
        let app = Router::new()
            .route(
                "/",
                axum::routing::put(handler())
                    .delete(handler())
                    .patch(handler()),
            )
            .layer(layer);
        for method in ["PUT", "PATCH", "DELETE"] {
            for condition in ["\"v1\"", "W/\"v1\"", "*", "\"v1\", \"v2\""] {
                let reply = send(&app, method, "/", &[("if-match", condition)]).await;
                assert_eq!(reply.status, 404, "{method} {condition}");
                assert_eq!(reply.field("etag"), None);
            }
        }
    }
    // With the method that creates it, a false condition is a 412.
    let layer = PreconditionLayer::new(absent())
        .require()
        .creates([Method::PUT]);
    let app = Router::new()
        .route("/", axum::routing::put(handler()).delete(handler()))
        .layer(layer);
    for (method, status) in [("PUT", 412), ("DELETE", 404)] {
        let reply = send(&app, method, "/", &[("if-match", "\"v1\"")]).await;
        assert_eq!(reply.status, status, "{method}");
    }
}
