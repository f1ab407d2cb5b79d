//! `ServeDir` inside of the layers: its own validators win.

use axum::{Router, body::Body};
use http::{Request, Response};
use tower::{Layer, Service};
use tower_conditional::{ConditionalLayer, stack};
use tower_http::services::ServeDir;

use crate::support::{CONTENT, Fields, Reply, send};

const FILE: &str = "/support.rs";

/// Returns a service of [`CONTENT`] as [`FILE`].
fn serve_dir() -> ServeDir {
    ServeDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/composition"))
}

async fn get<S, B>(service: &S, fields: Fields<'_>) -> Reply
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<tower::BoxError>> + Clone,
    B: http_body::Body<Error: Into<tower::BoxError>>,
{
    send(service, "GET", FILE, fields).await
}

/// R-9110-8.8-a, R-9110-15.4.5-d: the bytes are the same with and without the stack.
#[tokio::test]
async fn the_stack_changes_nothing() {
    let plain = serve_dir();
    let routed = Router::new().fallback_service(plain.clone()).layer(stack());
    let around = stack().layer(plain.clone());
    let full = get(&plain, &[]).await;
    let (tag, modified) = (full.tag(), full.field("last-modified").unwrap());

    let requests: [(&str, Fields<'_>, u16); 8] = [
        (FILE, &[], 200),
        (FILE, &[("if-modified-since", modified)], 304),
        (FILE, &[("if-match", "\"stale\"")], 412),
        (FILE, &[("if-match", tag)], 200),
        (FILE, &[("range", "bytes=0-9")], 206),
        (FILE, &[("range", "bytes=2-5"), ("if-match", tag)], 206),
        (FILE, &[("range", "bytes=99999-")], 416),
        ("/none.txt", &[("if-none-match", "*")], 404),
    ];
    for (path, fields, status) in requests {
        let expected = send(&plain, "GET", path, fields).await;
        let replies = [
            send(&around, "GET", path, fields).await,
            send(&routed, "GET", path, fields).await,
        ];
        assert_eq!(expected.status, status, "{fields:?}");
        for reply in replies {
            assert_eq!(reply.status, status, "{fields:?}");
            assert_eq!(reply.body, expected.body, "{fields:?}");
            for name in ["etag", "last-modified", "content-range", "content-type"] {
                assert_eq!(reply.field(name), expected.field(name), "{name} {fields:?}");
            }
        }
    }
}

/// R-9110-15.4.5-d, R-9110-5.6.1.2-a: `ServeDir` does not read a tag on the second line, and the
/// layer does.
#[tokio::test]
async fn the_304_is_the_same_from_either_side() {
    let service = stack().layer(serve_dir());
    let full = get(&service, &[]).await;
    let current = ("if-none-match", full.tag());
    for fields in [&[current][..], &[("if-none-match", "\"x\""), current]] {
        get(&service, fields).await.assert_not_modified(&full);
    }
    // R-9111-4.3.4-b: a proxy has weakened the tag, and its cache knows no other.
    let weak = format!("W/{}", full.tag());
    for fields in [
        &[("if-none-match", &*weak)][..],
        &[("if-none-match", "\"x\""), ("if-none-match", &weak)],
    ] {
        let reply = get(&service, fields).await;
        assert_eq!((reply.status, reply.tag()), (304, &*weak), "{fields:?}");
    }
}

/// R-9110-15.3.7-b, R-9110-8.8-c: a 206 is neither hashed nor tagged.
#[tokio::test]
async fn a_206_is_unchanged() {
    let service = stack().layer(serve_dir());
    let full = get(&service, &[]).await;
    let part = get(&service, &[("range", "bytes=3-6")]).await;
    assert_eq!(part.status, 206);
    assert_eq!(part.body, CONTENT.as_bytes()[3..=6]);
    assert_eq!(part.tag(), full.tag());
    let range = format!("bytes 3-6/{}", CONTENT.len());
    assert_eq!(part.field("content-range"), Some(&*range));
    assert_eq!(part.field("content-length"), Some("4"));

    // R-9110-14.2-b: the condition comes before the range, on any line.
    let fields = [
        ("range", "bytes=3-6"),
        ("if-none-match", "\"x\""),
        ("if-none-match", full.tag()),
    ];
    let reply = get(&service, &fields).await;
    reply.assert_not_modified(&full);
    assert_eq!(reply.field("content-range"), None);
    assert_ne!(reply.field("content-length"), Some("4"));
}

/// R-9110-9.3.2-a, R-9110-8.6-a: `HEAD` is passed on, or asked as a `GET`.
#[tokio::test]
async fn head_has_the_headers_of_get() {
    let directory = serve_dir();
    let as_is = stack().layer(directory.clone());
    let as_get = stack()
        .conditional(ConditionalLayer::new().head_as_get())
        .layer(directory);
    let full = get(&as_is, &[]).await;
    let length = CONTENT.len().to_string();
    for head in [
        send(&as_is, "HEAD", FILE, &[]).await,
        send(&as_get, "HEAD", FILE, &[]).await,
    ] {
        assert_eq!((head.status, head.tag()), (200, full.tag()));
        assert_eq!(head.field("content-length"), Some(&*length));
        assert!(head.body.is_empty());
    }
    // `ServeDir` makes these 304s itself, without a length.
    let fields = [("if-none-match", full.tag())];
    for reply in [
        send(&as_is, "HEAD", FILE, &fields).await,
        send(&as_get, "HEAD", FILE, &fields).await,
    ] {
        reply.assert_not_modified(&full);
        assert!(
            reply
                .field("content-length")
                .is_none_or(|value| value == length),
            "{reply:?}"
        );
    }
}
