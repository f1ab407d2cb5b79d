//! The next read has the tag of a write, and the next write may name it (R-9110-8.8-d).

use axum::{
    Router,
    body::{Body, Bytes},
};
use http::Request;
use hyper::body::Incoming;
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_conditional::{ConditionalLayer, EtagLayer, PreconditionLayer, source::SelfGet, stack};

use crate::support::{Client, Notes, Server};

/// Returns the layers at all their places. Each passes the tags of the note on.
async fn placements(notes: &Notes) -> [(&'static str, Server); 3] {
    let (source, routes) = (notes.source(), notes.router());
    let layers = || {
        ServiceBuilder::new()
            .layer(ConditionalLayer::new().source(source.clone()))
            .layer(PreconditionLayer::new(source.clone()).require())
            .layer(EtagLayer::new())
    };
    let self_get =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
            .require();
    let around = stack().layer(self_get.layer(routes.clone()));
    [
        (
            "Router::layer",
            Server::start(routes.clone().layer(layers())).await,
        ),
        (
            "around the Router",
            Server::start(layers().service(routes)).await,
        ),
        (
            "around, with SelfGet",
            Server::start(around.map_request(into_body)).await,
        ),
    ]
}

fn into_body(request: Request<Incoming>) -> Request<Body> {
    request.map(Body::new)
}

/// R-9110-8.8-d, R-9110-13.1.1-a, R-9110-13.1.1-b
#[tokio::test]
async fn the_tag_of_a_write_is_that_of_the_next_read() {
    let notes = Notes::default();
    for (placement, server) in placements(&notes).await {
        for (number, mut client) in Client::both(&server).await.into_iter().enumerate() {
            let path = format!("/{placement}/{number}").replace(' ', "");
            let case = (placement, client.version());
            let created = client
                .send("PUT", &path, &["if-none-match: *"], "first")
                .await;
            assert_eq!(created.status, 201, "{case:?}");
            let mut tag = created.tag().to_owned();
            for round in 0..3 {
                let read = client.request("GET", &path, &[]).await;
                assert_eq!((read.status, read.tag()), (200, &*tag), "{case:?}");
                let known = format!("if-none-match: {tag}");
                let read = client.request("GET", &path, &[&known]).await;
                assert_eq!((read.status, read.tag()), (304, &*tag), "{case:?}");

                let writes = notes.writes();
                for condition in [
                    format!("if-match: W/{tag}"),
                    "if-match: \"other\"".to_owned(),
                    "if-none-match: *".to_owned(),
                    known,
                ] {
                    let refused = client.send("PUT", &path, &[&condition], "refused").await;
                    assert_eq!(
                        (refused.status, refused.tag()),
                        (412, &*tag),
                        "{case:?} {condition}"
                    );
                }
                let bare = client.send("PUT", &path, &[], "refused").await;
                assert_eq!(bare.status, 428, "{case:?}");
                assert_eq!(notes.writes(), writes, "{case:?}");

                // The list has two lines. The weak tag on one of them matches nothing.
                let lines = [
                    format!("if-match: \"other\", W/{tag}"),
                    format!("if-match: , {tag}"),
                ];
                let method = ["PUT", "PATCH"][round % 2];
                let written = client
                    .send(method, &path, &[&lines[0], &lines[1]], "next")
                    .await;
                assert_eq!(written.status, 200, "{case:?}");
                assert_ne!(written.tag(), tag);
                tag = written.tag().to_owned();
            }
        }
    }
}

/// R-9110-8.8-d: writes get no tag from `EtagLayer`. The next write may still name the tag of a
/// read.
#[tokio::test]
async fn a_tag_of_the_content_can_be_written() {
    use std::sync::{Arc, Mutex};

    let text = Arc::new(Mutex::new(Bytes::from("first")));
    let (read, write) = (Arc::clone(&text), text);
    let get = axum::routing::get(move || async move { read.lock().unwrap().clone() });
    let routes = get.put(move |next: Bytes| async move { *write.lock().unwrap() = next });
    let layers = ServiceBuilder::new()
        .map_request(into_body)
        .layer(ConditionalLayer::new())
        .layer(PreconditionLayer::self_get(
            SelfGet::inner_tells_methods_apart().writers_may_read(),
        ))
        .layer(EtagLayer::new());
    let server = Server::start(layers.service(Router::new().route("/", routes))).await;
    for mut client in Client::both(&server).await {
        for text in ["second", "third"] {
            let tag = client.request("GET", "/", &[]).await.tag().to_owned();
            let current = format!("if-match: {tag}");
            let written = client.send("PUT", "/", &[&current], text).await;
            assert_eq!(written.status, 200, "{}", client.version());
            // The tag was that of the previous text.
            let refused = client.send("PUT", "/", &[&current], "late").await;
            assert_eq!((refused.status, &*refused.body), (412, text.as_bytes()));
            let next = client.request("GET", "/", &[]).await;
            assert_eq!((next.tag(), &next.body), (refused.tag(), &refused.body));
        }
    }
}
