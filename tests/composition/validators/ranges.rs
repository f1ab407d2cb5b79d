//! Remembered tags with `HEAD`, parts, variants and other conditions.

use axum::{Router, response::IntoResponse, routing::any};
use http::{HeaderMap, StatusCode, header};
use tower_conditional::{CacheStatusLayer, ValidatorCacheLayer, stack};

use super::{Page, cache, remembers};
use crate::support::{Reply, send};

/// A service that serves parts, and varies by `Accept`.
fn varied(layer: ValidatorCacheLayer<tower_conditional::store::MemoryValidatorStore>) -> Router {
    let handler = async |headers: HeaderMap| {
        let accept = headers
            .get("accept")
            .map_or("none", |accept| accept.to_str().unwrap());
        let fields = [(header::VARY, "Accept"), (header::ACCEPT_RANGES, "bytes")];
        if headers.contains_key("range") && !headers.contains_key("if-range") {
            let part = [
                (header::CONTENT_RANGE, "bytes 0-1/9"),
                (header::ETAG, "\"part\""),
            ];
            return (StatusCode::PARTIAL_CONTENT, fields, part, "co").into_response();
        }
        (fields, format!("for {accept}")).into_response()
    };
    let status = CacheStatusLayer::new("test", |_: &http::request::Parts| true).unwrap();
    Router::new()
        .route("/", any(handler))
        .layer(stack().validators(layer).explain())
        .layer(status)
}

async fn get(app: &Router, fields: &[(&str, &str)]) -> Reply {
    send(app, "GET", "/", fields).await
}

#[track_caller]
fn assert_hit(reply: &Reply, is_hit: bool) {
    let status = reply.field("cache-status").unwrap_or("none");
    assert_eq!(
        status.contains("; hit"),
        is_hit,
        "{} {status}",
        reply.status
    );
}

/// RFC 9110, section 13.2.2: `If-None-Match` comes before `Range`. A part never fills the entry.
#[tokio::test]
async fn a_part_is_not_remembered() {
    let app = varied(remembers().vary([header::ACCEPT]));
    let range = ("range", "bytes=0-1");
    for _ in 0..2 {
        let part = get(&app, &[range]).await;
        assert_eq!((part.status, part.tag()), (206, "\"part\""));
        assert_hit(&get(&app, &[("if-none-match", "\"part\"")]).await, false);
    }
    let full = get(&app, &[]).await;
    let known = ("if-none-match", full.tag());
    for fields in [
        &[known][..],
        &[known, range],
        &[range, known, ("if-range", "\"x\"")],
    ] {
        let reply = get(&app, fields).await;
        reply.assert_not_modified(&full);
        assert_hit(&reply, true);
    }
    assert_eq!(
        get(&app, &[("if-none-match", "\"x\""), range]).await.status,
        206
    );
    assert_eq!(
        get(&app, &[("if-range", full.tag()), range]).await.status,
        200
    );
}

/// R-9111-4.1-b: each variant has an entry. A tag of another variant is no match.
#[tokio::test]
async fn variants_are_told_apart() {
    let app = varied(remembers().vary([header::ACCEPT]));
    let (html, json) = (("accept", "text/html"), ("accept", "application/json"));
    let full = get(&app, &[html]).await;
    for _ in 0..2 {
        let other = get(&app, &[json, ("if-none-match", full.tag())]).await;
        assert_eq!(other.status, 200);
        assert_ne!(other.tag(), full.tag());
    }
    let hit = get(&app, &[html, ("if-none-match", full.tag())]).await;
    hit.assert_not_modified(&full);
    assert_hit(&hit, true);
    assert_eq!(hit.field("vary"), full.field("vary"));
    // Without a declaration nothing is remembered, and every answer is right.
    let app = varied(remembers());
    for accept in [html, json, html, json] {
        let full = get(&app, &[accept]).await;
        let again = get(&app, &[accept, ("if-none-match", full.tag())]).await;
        again.assert_not_modified(&full);
        assert_hit(&again, false);
    }
}

/// R-9110-13.1.2-c: `*` and lists are answered as by the handler, for `HEAD` too.
#[tokio::test]
async fn every_form_of_the_condition_is_answered() {
    let page = Page::default();
    let app = page.router().layer(stack().validators(remembers()));
    let full = page.full(&app, &[]).await;
    page.runs();
    let weak = format!("W/{}", full.tag());
    let list = format!("\"a\", W/\"b\" ,,{}", full.tag());
    for method in ["GET", "HEAD"] {
        for value in [full.tag(), &weak, &list, "*"] {
            let reply = send(&app, method, "/page", &[("if-none-match", value)]).await;
            // A client with a weak copy gets the weak form, as its stored response has.
            let tag = if value == weak { &*weak } else { full.tag() };
            assert_eq!((reply.status, reply.tag(), reply.body.len()), (304, tag, 0));
            assert_eq!(page.runs(), 0, "{method} {value}");
        }
        for value in ["\"a\"", "true", "", "\"open", "*, \"a\""] {
            let reply = send(&app, method, "/page", &[("if-none-match", value)]).await;
            assert_eq!((reply.status, page.runs()), (200, 1), "{method} {value}");
        }
    }
}

/// R-9111-4.3.2-a: a `HEAD` fills nothing, and its answer is that of the `GET`.
#[tokio::test]
async fn a_head_fills_nothing() {
    let page = Page::default();
    let app = page
        .router()
        .layer(stack().validators(ValidatorCacheLayer::new(cache())));
    let head = send(&app, "HEAD", "/page", &[]).await;
    page.runs();
    let known = [("if-none-match", head.tag())];
    assert_eq!(send(&app, "HEAD", "/page", &known).await.status, 304);
    assert_eq!(page.runs(), 1);
    let get = send(&app, "GET", "/page", &known).await;
    assert_eq!((get.status, get.tag(), page.runs()), (304, head.tag(), 1));
    let full = page.full(&app, &[]).await;
    page.runs();
    send(&app, "HEAD", "/page", &known)
        .await
        .assert_not_modified(&full);
    assert_eq!(page.runs(), 0);
}
