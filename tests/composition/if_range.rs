//! `If-Range` with tags of codings, around a service that cuts parts and does not read it.

use axum::{Router, body::Body, routing::any};
use http::{HeaderMap, Response, StatusCode, header};
use tower_conditional::{CodingTagLayer, stack};
use tower_http::compression::CompressionLayer;

use crate::support::{CONTENT, Reply, send};

const DATE: &str = "Fri, 20 Nov 2026 08:00:00 GMT";

/// A service that sends a part for every `Range`.
async fn cut(headers: HeaderMap) -> Response<Body> {
    let response = Response::builder()
        .header(header::ETAG, "\"v1\"")
        .header(header::LAST_MODIFIED, DATE);
    let response = if headers.contains_key(header::RANGE) {
        let range = format!("bytes 0-9/{}", CONTENT.len());
        response
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_RANGE, range)
            .body(Body::from(&CONTENT[..10]))
    } else {
        response.body(Body::from(CONTENT))
    };
    response.unwrap()
}

fn app(layer: CodingTagLayer) -> Router {
    Router::new()
        .route("/", any(cut))
        .layer(stack())
        .layer(CompressionLayer::new())
        .layer(layer)
}

/// Sends a request for a part with these lines of `If-Range`.
async fn part(app: &Router, method: &str, accept: &str, lines: &[&str]) -> Reply {
    let mut fields = vec![("range", "bytes=0-9"), ("accept-encoding", accept)];
    fields.extend(lines.iter().map(|line| ("if-range", *line)));
    send(app, method, "/", &fields).await
}

/// R-9110-14.1.2-c: bytes of a coding are never joined to a part, in whatever form the tag is sent. The
/// docs of `coding`: such a `Range` is removed.
#[tokio::test]
async fn a_tag_of_coded_bytes_gets_no_part() {
    let app = app(CodingTagLayer::new());
    for accept in ["gzip", "br", "identity", "gzip;q=0", "*"] {
        for lines in [
            &["\"v1-gzip\""][..],
            &["W/\"v1-gzip\""],
            &["\"v1-br\""],
            &["\"v1-br-gzip\""],
            &["\"old-zstd\""],
            &[" \"v1-deflate\" "],
            &[", \"v1-gzip\""],
            &["\"v1-gzip\"", "\"v1\""],
            &["\"v1-gzip\", \"v1\""],
            &["\"-gzip\""],
        ] {
            let reply = part(&app, "GET", accept, lines).await;
            assert_eq!(reply.status, 200, "{accept} {lines:?}");
            assert!(reply.field("content-range").is_none());
        }
    }
}

/// A value that is no tag counts as a date, which all codings share. It gets the whole content if a
/// coding is accepted.
#[tokio::test]
async fn what_is_no_tag_gets_no_part_beside_codings() {
    let app = app(CodingTagLayer::new());
    for line in [
        DATE,
        "Friday, 20-Nov-26 08:00:00 GMT",
        "Fri Nov 20 08:00:00 2026",
        "",
        "*",
        "v1",
        "\"v1-gzip",
        "w/\"v1-gzip\"",
        "yesterday",
    ] {
        for (accept, status) in [
            ("gzip", 200),
            ("br;q=0.1", 200),
            ("identity", 206),
            ("gzip;q=0", 206),
        ] {
            let reply = part(&app, "GET", accept, &[line]).await;
            assert_eq!(reply.status, status, "{accept} {line}");
        }
    }
}

/// A tag without a suffix is that of plain bytes, and the service decides.
#[tokio::test]
async fn a_tag_of_plain_bytes_is_left_to_the_service() {
    let app = app(CodingTagLayer::new());
    for accept in ["gzip", "br", "identity"] {
        for line in ["\"v1\"", "\"v1-gzipped\"", "\"gzip\"", "\"v1-\""] {
            let reply = part(&app, "GET", accept, &[line]).await;
            assert_eq!(
                (reply.status, reply.tag()),
                (206, "\"v1\""),
                "{accept} {line}"
            );
            assert_eq!(reply.field("content-encoding"), None);
            assert_eq!(reply.body, &CONTENT.as_bytes()[..10]);
        }
    }
}

/// Suffixes of another server, and names of other codings, count as well.
#[tokio::test]
async fn configured_suffixes_get_no_part() {
    let layer = CodingTagLayer::new().codings(["gzip", "snappy"]).unwrap();
    let app = app(layer.tolerate([";gzip", "--gzip"]).unwrap());
    for (tag, status) in [
        ("\"v1;gzip\"", 200),
        ("\"v1--gzip\"", 200),
        ("\"v1-gzip\"", 200),
        ("\"v1-snappy\"", 200),
        ("W/\"v1-snappy\"", 200),
        ("\"v1-br\"", 206),
        ("\"v1\"", 206),
    ] {
        let reply = part(&app, "GET", "gzip", &[tag]).await;
        assert_eq!(reply.status, status, "{tag}");
    }
}

/// `Range` is removed for the reads of the layer alone. `If-Range` without it changes nothing.
#[tokio::test]
async fn other_requests_keep_their_range() {
    let app = app(CodingTagLayer::new());
    for method in ["POST", "PUT", "DELETE"] {
        let reply = part(&app, method, "gzip", &["\"v1-gzip\""]).await;
        assert_eq!(reply.status, 206, "{method}");
    }
    for line in ["\"v1\"", "\"v1-gzip\"", DATE] {
        let fields = [("accept-encoding", "gzip"), ("if-range", line)];
        let reply = send(&app, "GET", "/", &fields).await;
        assert_eq!((reply.status, reply.tag()), (200, "\"v1-gzip\""), "{line}");
        // The condition of a whole read is evaluated beside it.
        let fields = [fields[0], fields[1], ("if-none-match", "\"v1-gzip\"")];
        let reply = send(&app, "GET", "/", &fields).await;
        assert_eq!((reply.status, reply.tag()), (304, "\"v1-gzip\""), "{line}");
    }
}
