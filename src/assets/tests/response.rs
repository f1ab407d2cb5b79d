use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, LOCATION, RANGE, X_CONTENT_TYPE_OPTIONS,
    },
};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

use super::{ask, assets, content, get};
use crate::Assets;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn styles(content: &'static str) -> (Assets, String) {
    let assets = assets().file("app.css", content).expect("a name");
    let url = assets.url("app.css").expect("there").to_owned();
    (assets, url)
}

/// R-8246-2-a: `immutable` with a lifetime, for a URL that holds a version.
#[tokio::test]
async fn a_current_url_is_immutable() {
    let (assets, url) = styles("body {}");
    let response = get(&assets, &url).await;
    assert_eq!(response.status(), StatusCode::OK);
    let fields = response.headers();
    assert_eq!(fields[CACHE_CONTROL], IMMUTABLE);
    assert_eq!(fields[CONTENT_TYPE], "text/css; charset=utf-8");
    assert_eq!(fields[X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(fields[CONTENT_LENGTH], "7");
    assert!(fields[ETAG].as_bytes().starts_with(b"\""));
    assert_eq!(response.body().size_hint().exact(), Some(7));
    assert_eq!(content(response).await, "body {}");
}

#[tokio::test]
async fn content_is_shared_and_not_copied() {
    let kept = Bytes::from(vec![7; 4096]);
    let assets = assets().file("a.bin", kept.clone()).expect("a name");
    let mut response = get(&assets, assets.url("a.bin").expect("there")).await;
    let frame = response.body_mut().frame().await.expect("one frame");
    let data = frame.ok().and_then(|frame| frame.into_data().ok());
    assert_eq!(data.expect("data").as_ptr(), kept.as_ptr());
    assert!(response.body().is_end_stream());
    assert!(response.body_mut().frame().await.is_none());
}

/// R-9110-9.3.2-a.
#[tokio::test]
async fn head_has_the_headers_of_get() {
    let (assets, url) = styles("body {}");
    let whole = get(&assets, &url).await;
    let head = ask(&assets, Method::HEAD, &url, &[]).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers(), whole.headers());
    assert!(head.body().is_end_stream());
}

#[tokio::test]
async fn an_empty_file_has_no_content() {
    let (assets, url) = styles("");
    let response = get(&assets, &url).await;
    assert_eq!(response.headers()[CONTENT_LENGTH], "0");
    assert!(response.body().is_end_stream());
    assert!(content(response).await.is_empty());
}

/// R-9111-4.3.4-b: something between has weakened the tag of the client's copy.
#[tokio::test]
async fn a_weakened_tag_gets_a_304_with_it() {
    let (assets, url) = styles("body {}");
    let whole = get(&assets, &url).await;
    let weak = format!("W/{}", whole.headers()[ETAG].to_str().expect("ASCII"));
    for sent in [weak.clone(), format!("\"other\", {weak}")] {
        let response = ask(&assets, Method::GET, &url, &[(IF_NONE_MATCH, &sent)]).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers()[ETAG], weak, "{sent}");
    }
}

/// R-9110-15.4.5-a, R-9110-8.6-a.
#[tokio::test]
async fn a_matching_tag_gets_304() {
    let (assets, url) = styles("body {}");
    let whole = get(&assets, &url).await;
    let tag = whole.headers()[ETAG].to_str().expect("ASCII");
    for method in [Method::GET, Method::HEAD] {
        let fields = [(IF_NONE_MATCH, tag)];
        let response = ask(&assets, method, &url, &fields).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        let fields = response.headers();
        assert_eq!(fields[ETAG], tag);
        assert_eq!(fields[CACHE_CONTROL], IMMUTABLE);
        assert_eq!(fields[CONTENT_LENGTH], "7");
        assert!(!fields.contains_key(CONTENT_TYPE));
        assert!(response.body().is_end_stream());
    }
}

/// R-9110-13.2.2-a.
#[tokio::test]
async fn conditions_are_evaluated() {
    let (assets, url) = styles("body {}");
    let whole = get(&assets, &url).await;
    let tag = whole.headers()[ETAG].to_str().expect("ASCII");
    let either = format!("\"other\", W/{tag}, {tag}");
    let (met, not_modified, failed) = (
        StatusCode::OK,
        StatusCode::NOT_MODIFIED,
        StatusCode::PRECONDITION_FAILED,
    );
    let table: &[(&[_], _)] = &[
        (&[(IF_NONE_MATCH, "*")], not_modified),
        (&[(IF_NONE_MATCH, &either)], not_modified),
        (&[(IF_NONE_MATCH, "\"other\"")], met),
        (&[(IF_MODIFIED_SINCE, DATE)], met),
        (&[(IF_MATCH, tag)], met),
        (&[(IF_MATCH, "\"other\"")], failed),
        (&[(IF_MATCH, tag), (IF_NONE_MATCH, tag)], not_modified),
        (&[(RANGE, "bytes=9-"), (IF_MATCH, "\"other\"")], failed),
        (&[(RANGE, "bytes=9-"), (IF_NONE_MATCH, tag)], not_modified),
    ];
    for (fields, status) in table {
        let response = ask(&assets, Method::GET, &url, fields).await;
        assert_eq!(response.status(), *status, "{fields:?}");
        let policy = if *status == failed {
            "no-store"
        } else {
            IMMUTABLE
        };
        assert_eq!(response.headers()[CACHE_CONTROL], policy);
        assert_eq!(response.headers()[ETAG], tag);
    }
}

/// A name that caches keep never has other bytes.
#[tokio::test]
async fn an_old_hash_is_not_found() {
    let (_, old) = styles("body {}");
    let (assets, new) = styles("main {}");
    assert_ne!(old, new);
    for path in [&old, "/assets", "/assets/", "/", "/assets/other.css"] {
        for fields in [&[][..], &[(IF_NONE_MATCH, "*")]] {
            let response = ask(&assets, Method::GET, path, fields).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
            assert!(response.body().is_end_stream());
        }
    }
}

#[tokio::test]
async fn a_plain_name_redirects_to_the_current_url() {
    let (assets, url) = styles("body {}");
    for method in [Method::GET, Method::HEAD] {
        let response = ask(&assets, method, "/assets/app.css?v=1", &[]).await;
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(response.headers()[LOCATION], url);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
        assert!(!response.headers().contains_key(ETAG));
    }
}

/// RFC 9110, section 15.5.6. A 404 goes before a 405.
#[tokio::test]
async fn other_methods_get_405() {
    let (assets, url) = styles("body {}");
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        for path in [&url, "/assets/app.css"] {
            let response = ask(&assets, method.clone(), path, &[(IF_MATCH, "*")]).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(response.headers()[ALLOW], "GET, HEAD");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        }
        let response = ask(&assets, method, "/assets/other", &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_media_type_is_that_of_the_extension() {
    let shader = HeaderValue::from_static("text/wgsl");
    let assets = assets().media_type("WGSL", shader);
    for (name, expected) in [
        ("a.JS", "text/javascript; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.js.map", "application/json"),
        ("a.wgsl", "text/wgsl"),
        ("a.unheard-of", "application/octet-stream"),
        ("css", "application/octet-stream"),
        (".css", "application/octet-stream"),
    ] {
        let assets = assets.clone().file(name, "a").expect("a name");
        let response = get(&assets, assets.url(name).expect("there")).await;
        assert_eq!(response.headers()[CONTENT_TYPE], expected, "{name}");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}

/// The registered types (IANA, media types) of all kinds of files that a website usually has.
#[tokio::test]
async fn the_media_types_are_the_registered_ones() {
    for (types, extensions) in [
        ("text/html; charset=utf-8", "html htm"),
        ("text/css; charset=utf-8", "css"),
        ("text/javascript; charset=utf-8", "js mjs"),
        ("text/plain; charset=utf-8", "txt"),
        ("text/markdown; charset=utf-8", "md"),
        ("text/csv; charset=utf-8", "csv"),
        ("text/vtt; charset=utf-8", "vtt"),
        ("application/json", "json map"),
        ("application/manifest+json", "webmanifest"),
        ("application/xml", "xml"),
        ("application/wasm", "wasm"),
        ("application/pdf", "pdf"),
        ("application/zip", "zip"),
        ("image/avif", "avif"),
        ("image/gif", "gif"),
        ("image/vnd.microsoft.icon", "ico"),
        ("image/jpeg", "jpg jpeg"),
        ("image/png", "png"),
        ("image/svg+xml", "svg"),
        ("image/webp", "webp"),
        ("font/otf", "otf"),
        ("font/ttf", "ttf"),
        ("font/woff", "woff"),
        ("font/woff2", "woff2"),
        ("audio/mpeg", "mp3"),
        ("audio/ogg", "ogg oga"),
        ("audio/wav", "wav"),
        ("video/mp4", "mp4"),
        ("video/webm", "webm"),
    ] {
        for extension in extensions.split(' ') {
            let name = format!("a.{extension}");
            let assets = assets().file(&name, "a").expect("a name");
            let response = get(&assets, assets.url(&name).expect("there")).await;
            assert_eq!(response.headers()[CONTENT_TYPE], types, "{name}");
        }
    }
}

/// Neither the data nor the error of the body is restricted.
#[tokio::test]
async fn requests_may_have_any_body() {
    struct NoError;
    let (assets, url) = styles("body {}");
    let content = Full::new(&b"content"[..]).map_err(|never| -> NoError { match never {} });
    let request = Request::get(url).body(content).expect("a request");
    let response = assets.oneshot(request).await.expect("never an error");
    assert_eq!(response.status(), StatusCode::OK);
}
