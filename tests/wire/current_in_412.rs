//! A 412 that carries the current representation, over the wire.

use std::convert::Infallible;

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};
use tower::{Layer, ServiceExt};
use tower_conditional::{PreconditionLayer, source::SelfGet};

use crate::support::{Client, H2, Server, by_path, in_time};

const LENGTH: usize = 4 << 20;
const STALE: &str = "if-match: \"0\"";
const FIELDS: [(&str, &str); 3] = [
    ("etag", "\"1\""),
    ("content-type", "application/x-note"),
    ("x-of-the-note", "yes"),
];

fn content() -> Bytes {
    (0..LENGTH).map(|at| (at % 251) as u8).collect()
}

/// Serves `/sized`, and `/chunked` of unknown length.
fn router() -> Router {
    let content = content();
    let sized = {
        let content = content.clone();
        move || async move { (FIELDS, content) }
    };
    let chunked = move || async move {
        let unknown = Full::new(content).with_trailers(async { None });
        (FIELDS, Body::new(unknown.boxed_unsync()))
    };
    // No test expects this status, so a write that runs is noticed.
    let write = || async { StatusCode::IM_A_TEAPOT };
    Router::new()
        .route("/sized", get(sized).put(write))
        .route("/chunked", get(chunked).put(write))
}

async fn placements(router: Router) -> [(&'static str, Server); 3] {
    let of = PreconditionLayer::self_get(SelfGet::of(router.clone()).writers_may_read());
    let new =
        || PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let locked = new().lock(tower_conditional::lock::KeyedLock::new(), by_path);
    let into_body = |request: Request<Incoming>| request.map(Body::new);
    [
        (
            "Router::layer",
            Server::start(router.clone().layer(of)).await,
        ),
        (
            "around the Router",
            Server::start(new().layer(router.clone()).map_request(into_body)).await,
        ),
        (
            "with a lock",
            Server::start(locked.layer(router).map_request(into_body)).await,
        ),
    ]
}

/// R-7240-4.2-a: 4 MiB arrive complete, with the headers of the representation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_412_has_the_whole_representation() {
    let content = content();
    for (placement, server) in placements(router()).await {
        for mut client in Client::both(&server).await {
            for path in ["/sized", "/chunked"] {
                for preference in [None, Some("prefer: return=representation")] {
                    let case = format!("{placement}, {}, {path}", client.version());
                    let fields = [&[STALE][..], preference.as_slice()].concat();
                    let reply = in_time(client.send("PUT", path, &fields, "refused")).await;
                    assert_eq!((reply.status, reply.tag()), (412, "\"1\""), "{case}");
                    assert!(reply.body == content, "{case}: {} bytes", reply.body.len());
                    for (name, value) in [
                        ("content-type", "application/x-note"),
                        ("x-of-the-note", "yes"),
                        ("cache-control", "no-store"),
                        ("vary", "prefer"),
                    ] {
                        let found = reply.field(name).map(str::to_ascii_lowercase);
                        assert_eq!(found.as_deref(), Some(value), "{case}: {name}");
                    }
                    // The resource of the representation is known only with the feature.
                    let known = cfg!(feature = "axum").then_some(path);
                    assert_eq!(reply.field("content-location"), known, "{case}");
                    let applied = preference.map(|_| "return=representation");
                    assert_eq!(reply.field("preference-applied"), applied, "{case}");
                }
            }
        }
    }
}

/// R-7240-4.2-a
#[tokio::test]
async fn return_minimal_leaves_the_representation_out() {
    for (placement, server) in placements(router()).await {
        for mut client in Client::both(&server).await {
            for path in ["/sized", "/chunked"] {
                let case = format!("{placement}, {}, {path}", client.version());
                let fields = [STALE, "prefer: return=minimal"];
                let reply = in_time(client.send("PUT", path, &fields, "refused")).await;
                assert_eq!((reply.status, reply.tag()), (412, "\"1\""), "{case}");
                assert!(
                    reply.body.len() < 1000,
                    "{case}: {} bytes",
                    reply.body.len()
                );
                assert_eq!(
                    reply.field("content-type"),
                    Some("application/problem+json")
                );
                assert_eq!(reply.field("preference-applied"), Some("return=minimal"));
                assert_eq!(reply.field("content-location"), None, "{case}");
                assert_eq!(reply.field("x-of-the-note"), None, "{case}");
                // The unread rest of the other response is not on the connection.
                let next = in_time(client.request("GET", path, &[])).await;
                assert_eq!((next.status, next.body.len()), (200, LENGTH), "{case}");
            }
        }
    }
}

/// P-TR-limit: the content is streamed, and no lock is held meanwhile.
#[tokio::test]
async fn a_412_streams_the_representation() {
    let (parts, received) = mpsc::unbounded_channel::<&'static str>();
    let received = std::sync::Arc::new(std::sync::Mutex::new(Some(received)));
    let live = move || async move {
        let texts = received.lock().unwrap().take().unwrap();
        let texts = UnboundedReceiverStream::new(texts).map(Ok::<_, Infallible>);
        (FIELDS, Body::from_stream(texts)).into_response()
    };
    let router = Router::new().route("/", get(live));
    let lock = tower_conditional::lock::KeyedLock::new();
    let layer =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
            .lock(lock.clone(), by_path);
    let service = layer
        .layer(router)
        .map_request(|request: Request<Incoming>| request.map(Body::new));
    let server = Server::start(service).await;

    let mut h2 = H2::connect(&server).await;
    let response = in_time(h2.send("PUT", "/", &[STALE])).await;
    assert_eq!(response.status(), 412);
    assert!(lock.is_empty());
    let mut body = response.into_body();
    for text in ["one", "two", "three"] {
        // This is sent only after the previous part has arrived.
        parts.send(text).unwrap();
        let frame = in_time(body.frame()).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), text);
    }
    drop(parts);
    let rest = in_time(body.collect()).await.unwrap();
    assert!(rest.to_bytes().is_empty());
}
