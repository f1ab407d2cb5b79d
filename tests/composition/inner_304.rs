//! A 304 that a service makes itself, inside of the layers.

use std::convert::Infallible;

use axum::{Router, body::Body, routing::any};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};
use tower_conditional::{
    CodingTagLayer, ConditionalLayer, Current, ValidatorCacheLayer, source, stack,
    store::MemoryValidatorStore, validator_cache::ValidatorCache,
};
use tower_http::compression::CompressionLayer;

use crate::support::{Fields, Reply, send};

/// Returns a service whose responses are 304s with these headers.
fn service(fields: Fields<'_>) -> Router {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let handler = async move || {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().extend(headers);
        response
    };
    Router::new().route("/", any(handler))
}

/// Returns the service below each layer that evaluates conditions.
fn below(fields: Fields<'_>) -> [(&'static str, Router); 5] {
    let app = service(fields);
    let unsure = source::from_fn(async |_: &Parts| Ok::<_, Infallible>(Current::Unknown));
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    [
        ("layer", app.clone().layer(ConditionalLayer::new())),
        ("twice", app.clone().layer(stack()).layer(stack())),
        ("stack", app.clone().layer(stack())),
        (
            "source",
            app.clone().layer(ConditionalLayer::new().source(unsure)),
        ),
        (
            "memory",
            app.layer(stack().validators(ValidatorCacheLayer::new(cache))),
        ),
    ]
}

fn lines(reply: &Reply, name: header::HeaderName) -> Vec<&str> {
    let lines = reply.headers.get_all(name).iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

/// Checks the tag lines of the 304 to a read with these lines of `If-None-Match`.
async fn expect(own: Fields<'_>, conditions: Fields<'_>, tags: &[&str]) {
    for (case, app) in below(own) {
        for method in ["GET", "HEAD"] {
            let reply = send(&app, method, "/", conditions).await;
            assert_eq!(reply.status, 304, "{case} {method} {conditions:?}");
            assert_eq!(
                lines(&reply, header::ETAG),
                tags,
                "{case} {method} {own:?} {conditions:?}"
            );
        }
    }
}

const WEAK: (&str, &str) = ("if-none-match", "W/\"v1\"");
const STRONG: (&str, &str) = ("if-none-match", "\"v1\"");
const TAG: (&str, &str) = ("etag", "\"v1\"");

/// R-9111-4.3.4-b: the weak form alone, anywhere in one line or several.
#[tokio::test]
async fn the_weak_form_in_any_line_weakens() {
    for list in [
        &["W/\"v1\""][..],
        &["\"a\"", "\"b\"", "W/\"v1\""],
        &[",, W/\"v1\" ,,"],
        &["\"a,W/\", W/\"v1\", \"v1a\""],
        &["", "W/\"v1\"", ""],
        &["v1, \"v1, W/\"v1\"", "W/\"v1\""],
    ] {
        let conditions: Vec<_> = list.iter().map(|line| ("if-none-match", *line)).collect();
        expect(&[TAG], &conditions, &["W/\"v1\""]).await;
    }
}

/// R-9111-4.3.4-b: the strong form anywhere keeps it, and so does a list that names neither.
#[tokio::test]
async fn other_lists_keep_the_strong_form() {
    for list in [
        &["\"v1\""][..],
        &["W/\"v1\"", "\"v1\""],
        &["\"v1\"", "W/\"v1\""],
        &["W/\"v1\", \"a\"", "\"b\",\"v1\""],
        &["*"],
        &["\"other\""],
        &["W/\"V1\""],
        &["w/\"v1\""],
        &["W/ \"v1\""],
        &["W/v1"],
        &[""],
    ] {
        let conditions: Vec<_> = list.iter().map(|line| ("if-none-match", *line)).collect();
        expect(&[TAG], &conditions, &["\"v1\""]).await;
    }
}

/// RFC 9110, section 15.4.5: conditions other than `If-None-Match`, and none at all, show no form.
#[tokio::test]
async fn without_a_list_the_tag_stays() {
    const DATE: &str = "Fri, 20 Nov 2026 08:00:00 GMT";
    for conditions in [
        &[][..],
        &[("if-modified-since", DATE)],
        &[("if-match", "W/\"v1\"")],
        &[("if-range", "W/\"v1\""), ("range", "bytes=0-1")],
    ] {
        expect(&[TAG], conditions, &["\"v1\""]).await;
    }
    // A list decides beside the other conditions too.
    let both = [WEAK, ("if-modified-since", DATE), ("range", "bytes=0-1")];
    expect(&[TAG], &both, &["W/\"v1\""]).await;
}

/// A tag that is weak, malformed or missing stays as it is. Two lines name no tag.
#[tokio::test]
async fn tags_without_a_strong_form_stay() {
    for own in [
        &[][..],
        &["W/\"v1\""],
        &["v1"],
        &["\"v1"],
        &["w/\"v1\""],
        &["\"v1\"", "\"v2\""],
    ] {
        let fields: Vec<_> = own.iter().map(|line| ("etag", *line)).collect();
        for condition in [WEAK, STRONG, ("if-none-match", "*")] {
            for (case, app) in below(&fields) {
                let reply = send(&app, "GET", "/", &[condition]).await;
                assert_eq!(reply.status, 304, "{case}");
                let tags = lines(&reply, header::ETAG);
                assert_eq!(tags, own, "{case} {condition:?}");
            }
        }
    }
}

/// RFC 9110, section 15.4.5: all other headers of the service stay, with all their lines.
#[tokio::test]
async fn the_other_headers_of_the_304_stay() {
    let own = [
        TAG,
        ("cache-control", "no-cache"),
        ("content-location", "/page.en"),
        ("expires", "Fri, 20 Nov 2026 08:00:00 GMT"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("vary", "Accept-Language, X-Own"),
        ("vary", "cookie"),
    ];
    for (case, app) in below(&own) {
        for condition in [WEAK, STRONG] {
            let reply = send(&app, "GET", "/", &[condition]).await;
            assert_eq!(lines(&reply, header::ETAG), [condition.1], "{case}");
            for (name, _) in &own[1..] {
                let expected = own.iter().filter(|(other, _)| other == name);
                let expected: Vec<_> = expected.map(|(_, value)| *value).collect();
                let name: HeaderName = name.parse().unwrap();
                assert_eq!(lines(&reply, name), expected, "{case}");
            }
        }
    }
}

/// The layers change nothing in response to a write, whose 304 is an error of the service.
#[tokio::test]
async fn the_304_to_a_write_stays() {
    let app = service(&[TAG]).layer(ConditionalLayer::new());
    for method in ["PUT", "POST", "DELETE", "PATCH"] {
        let reply = send(&app, method, "/", &[WEAK]).await;
        assert_eq!((reply.status, reply.tag()), (304, "\"v1\""), "{method}");
    }
}

/// R-9110-8.8.1-c: with tags of codings, the form and the suffix are those of the client.
#[tokio::test]
async fn the_304_has_form_and_coding_of_the_client() {
    let app = service(&[TAG])
        .layer(stack())
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new());
    for (accept, list, tag) in [
        ("gzip", "W/\"v1-gzip\"", "W/\"v1-gzip\""),
        ("gzip", "\"v1-gzip\"", "\"v1-gzip\""),
        ("gzip", "W/\"v1-gzip\", \"v1-gzip\"", "\"v1-gzip\""),
        ("gzip", "W/\"v1\"", "W/\"v1\""),
        ("gzip", "\"v1\"", "\"v1\""),
        ("br, gzip", "W/\"v1-br\", W/\"v1-gzip\"", "W/\"v1-br\""),
        ("identity", "W/\"v1\"", "W/\"v1\""),
        ("identity", "\"v1\"", "\"v1\""),
    ] {
        let fields = [("accept-encoding", accept), ("if-none-match", list)];
        for method in ["GET", "HEAD"] {
            let reply = send(&app, method, "/", &fields).await;
            assert_eq!((reply.status, reply.tag()), (304, tag), "{fields:?}");
            assert_eq!(reply.field("vary"), Some("accept-encoding"), "{fields:?}");
        }
    }
}
