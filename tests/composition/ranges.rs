//! A handler that serves ranges itself, inside of `CompressionLayer` and `CodingTagLayer`.

use std::convert::Infallible;

use axum::body::Body;
use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE},
};
use tower::{Service, ServiceBuilder, service_fn};
use tower_conditional::{CodingTagLayer, ConditionalLayer};
use tower_http::compression::CompressionLayer;

use crate::support::{CONTENT, Reply, send};

const DATE: &str = "Fri, 20 Nov 2026 08:00:00 GMT";
const PART: std::ops::Range<usize> = 100..1000;
const WANTED: (&str, &str) = ("range", "bytes=100-999");

/// Parses `bytes=first-last`, the only form in these tests.
fn range(headers: &HeaderMap) -> Option<std::ops::Range<usize>> {
    let valid = [(ETAG, "\"v1\""), (LAST_MODIFIED, DATE)];
    let condition = headers.get(IF_RANGE);
    if condition.is_some_and(|line| valid.iter().all(|(_, value)| line != value)) {
        return None;
    }
    let range = headers.get(RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
    let (first, last) = range.split_once('-')?;
    Some(first.parse().ok()?..last.parse::<usize>().ok()? + 1)
}

/// Serves the content with a tag, except at `/dated`.
async fn serve(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let mut response = Response::builder()
        .header(ACCEPT_RANGES, "bytes")
        .header(LAST_MODIFIED, DATE);
    if request.uri().path() != "/dated" {
        response = response.header(ETAG, "\"v1\"");
    }
    let response = match range(request.headers()) {
        Some(range) => response
            .status(StatusCode::PARTIAL_CONTENT)
            .header(
                CONTENT_RANGE,
                format!("bytes {}-{}/{}", range.start, range.end - 1, CONTENT.len()),
            )
            .body(Body::from(&CONTENT[range])),
        None => response.body(Body::from(CONTENT)),
    };
    Ok(response.unwrap())
}

/// Returns the handler in all layers, in the right order.
fn app() -> impl Service<
    Request<Body>,
    Response = Response<impl http_body::Body<Error: Into<tower::BoxError>>>,
    Error = Infallible,
> + Clone {
    ServiceBuilder::new()
        .layer(CodingTagLayer::new())
        .layer(CompressionLayer::new())
        .layer(ConditionalLayer::new())
        .service(service_fn(serve))
}

#[track_caller]
fn assert_part(reply: &Reply) {
    assert_eq!(reply.status, 206, "{reply:?}");
    assert_eq!(reply.body, &CONTENT.as_bytes()[PART]);
    assert_eq!(reply.field("content-encoding"), None);
    let range = format!("bytes 100-999/{}", CONTENT.len());
    assert_eq!(reply.field("content-range"), Some(&*range));
    assert_eq!(reply.field("vary"), Some("accept-encoding"));
}

/// R-9110-14.1.2-c: a 206 has bytes of the uncoded content and is not compressed afterwards. Its
/// tag is not that of the coded content.
#[tokio::test]
async fn a_part_is_never_compressed() {
    let app = app();
    for accept in ["gzip", "br", "gzip, br;q=0.5", "identity"] {
        let part = send(&app, "GET", "/", &[("accept-encoding", accept), WANTED]).await;
        assert_part(&part);
        assert_eq!(part.tag(), "\"v1\"");
        assert_eq!(part.field("accept-ranges"), Some("bytes"));

        let full = send(&app, "GET", "/", &[("accept-encoding", accept)]).await;
        assert_eq!(full.tag() == part.tag(), accept == "identity");
    }
}

/// R-9110-14.1.2-c, R-9110-8.8.1-c: a client with coded bytes gets no part of other bytes.
#[tokio::test]
async fn a_206_has_the_coding_of_the_client() {
    let app = app();
    for accept in ["gzip", "br"] {
        let accept = ("accept-encoding", accept);
        let full = send(&app, "GET", "/", &[accept]).await;
        assert_eq!(full.field("content-encoding"), Some(accept.1));

        let coded = [accept, WANTED, ("if-range", full.tag())];
        let reply = send(&app, "GET", "/", &coded).await;
        assert_eq!((reply.status, &reply.body), (200, &full.body));
        assert_eq!(reply.field("content-encoding"), Some(accept.1));
        assert_eq!(reply.tag(), full.tag());

        let plain = [accept, WANTED, ("if-range", "\"v1\"")];
        assert_part(&send(&app, "GET", "/", &plain).await);

        // All variants have the same date.
        let full = send(&app, "GET", "/dated", &[accept]).await;
        for condition in ["if-range", "if-unmodified-since"] {
            let dated = [accept, WANTED, (condition, DATE)];
            let reply = send(&app, "GET", "/dated", &dated).await;
            assert_eq!((reply.status, &reply.body), (200, &full.body));
        }
    }
    for path in ["/", "/dated"] {
        assert_part(&send(&app, "GET", path, &[WANTED, ("if-range", DATE)]).await);
    }
}

/// R-9110-14.3-a: compressed content has no ranges.
#[tokio::test]
async fn ranges_are_offered_where_there_are_any() {
    let app = app();
    for (accept, offered) in [
        (&[("accept-encoding", "gzip")][..], None),
        (&[("accept-encoding", "br")], None),
        (&[("accept-encoding", "gzip;q=0")], Some("bytes")),
        (&[], Some("bytes")),
    ] {
        let full = send(&app, "GET", "/", accept).await;
        assert_eq!(full.status, 200);
        assert_eq!(full.field("accept-ranges"), offered, "{accept:?}");
    }
}
