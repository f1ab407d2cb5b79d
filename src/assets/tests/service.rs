use axum::{Router, body::Body};
use bytes::Bytes;
use http::{
    Method, Request, Response, StatusCode,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, IF_NONE_MATCH,
        LOCATION,
    },
};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;

use super::assets;
use crate::{CodingTagLayer, ConditionalLayer, EtagLayer};

async fn ask(app: &Router, request: http::request::Builder) -> Response<Body> {
    let request = request.body(Body::empty()).expect("a request");
    app.clone().oneshot(request).await.expect("never an error")
}

async fn content(response: Response<Body>) -> Bytes {
    let content = response.into_body().collect().await;
    content.expect("a body in memory").to_bytes()
}

/// Every place in a router of `axum`, with the prefix or without it.
#[tokio::test]
async fn placement_does_not_matter() {
    let assets = assets().file("css/a b.css", "body {}").expect("a name");
    let url = assets.url("css/a b.css").expect("there");
    let placements = [
        Router::new().nest_service("/assets", assets.clone()),
        Router::new().fallback_service(assets.clone()),
        Router::new().route_service("/assets/{*path}", assets.clone()),
        Router::new().nest("/assets", Router::new().fallback_service(assets.clone())),
    ];
    for app in placements {
        let whole = ask(&app, Request::get(url)).await;
        assert_eq!(whole.status(), StatusCode::OK);
        let tag = whole.headers()[ETAG].clone();
        assert_eq!(content(whole).await, "body {}");

        let head = ask(&app, Request::head(url)).await;
        assert_eq!(head.headers()[CONTENT_LENGTH], "7");
        assert!(content(head).await.is_empty());

        let again = Request::get(url).header(IF_NONE_MATCH, tag);
        let again = ask(&app, again).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[CONTENT_LENGTH], "7");

        let plain = ask(&app, Request::get("/assets/css/a%20b.css")).await;
        assert_eq!(plain.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(plain.headers()[LOCATION], url);

        let old = ask(&app, Request::get("/assets/css/a%20b.0000000000000000.css")).await;
        assert_eq!(old.status(), StatusCode::NOT_FOUND);
        assert_eq!(old.headers()[CACHE_CONTROL], "no-store");

        let write = Request::builder().method(Method::PUT).uri(url);
        let write = ask(&app, write).await;
        assert_eq!(write.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}

/// Layers outside leave its tag and its 304 unchanged.
#[tokio::test]
async fn layers_outside_change_nothing() {
    let assets = assets().file("app.css", "body {}").expect("a name");
    let url = assets.url("app.css").expect("there");
    let bare = ask(
        &Router::new().fallback_service(assets.clone()),
        Request::get(url),
    )
    .await;
    let app = Router::new()
        .fallback_service(assets.clone())
        .layer(EtagLayer::new())
        .layer(ConditionalLayer::new());
    let around = ask(&app, Request::get(url)).await;
    assert_eq!(around.headers(), bare.headers());
    let tag = bare.headers()[ETAG].clone();
    let again = ask(&app, Request::get(url).header(IF_NONE_MATCH, tag)).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()[CONTENT_LENGTH], "7");
}

/// RFC 9110, section 8.8.3.3: each coding has a tag of its own, which requests may send back.
#[tokio::test]
async fn compression_goes_around_it() {
    let assets = assets()
        .file("app.css", "body {}".repeat(100))
        .expect("a name");
    let url = assets.url("app.css").expect("there");
    let app = Router::new()
        .fallback_service(assets.clone())
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new());
    let request = || Request::get(url).header(ACCEPT_ENCODING, "gzip");
    let coded = ask(&app, request()).await;
    assert_eq!(coded.headers()[CONTENT_ENCODING], "gzip");
    let tag = coded.headers()[ETAG].clone();
    assert!(tag.as_bytes().ends_with(b"-gzip\""));
    let again = ask(&app, request().header(IF_NONE_MATCH, &tag)).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()[ETAG], tag);
}
