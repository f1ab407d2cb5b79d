//! Compression on the wire: each coding has its own strong tag, and a client decodes the same bytes
//! from each.

use std::{convert::Infallible, future::ready};

use axum::{Router, body::Body, extract::Path, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_conditional::{CodingTagLayer, PreconditionLayer, stack};
use tower_http::{compression::CompressionLayer, decompression::Decompression};

use crate::support::{Client, Hint, Notes, Reply, Scripted, Server, data};

/// A text that is long enough to be compressed.
const TEXT: &str = include_str!("codings.rs");
const PATH: &str = "/note";

/// The value of `Accept-Encoding`, and the coding that it gets.
const CODINGS: [(Option<&str>, &str); 4] = [
    (None, "identity"),
    (Some("gzip"), "gzip"),
    (Some("br"), "br"),
    (Some("br"), "gzip;q=0.5, br"),
];

/// Returns the decoded content of a response.
async fn decoded(reply: &Reply) -> Bytes {
    let mut coded = Response::new(Body::from(reply.body.clone()));
    coded.headers_mut().clone_from(&reply.headers);
    let mut coded = Some(coded);
    let replay =
        service_fn(move |_: Request<()>| ready(Ok::<_, Infallible>(coded.take().unwrap())));
    let Ok(response) = Decompression::new(replay).oneshot(Request::new(())).await;
    assert!(!response.headers().contains_key("content-encoding"));
    let body = response.into_body().collect().await;
    body.expect("content in its coding").to_bytes()
}

/// Returns notes with versions in all layers, in the right order.
async fn start(notes: &Notes) -> Server {
    let layers = ServiceBuilder::new()
        .layer(CodingTagLayer::new())
        .layer(CompressionLayer::new())
        .layer(PreconditionLayer::new(notes.source()).require())
        .layer(stack());
    Server::start(layers.service(notes.router())).await
}

/// R-9110-8.8.1-c, R-9110-8.8.3-c, R-9110-13.1.2-e, R-9110-15.4.5-e.
#[tokio::test]
async fn each_coding_revalidates() {
    let server = start(&Notes::with(PATH, TEXT)).await;
    for mut client in Client::both(&server).await {
        let version = client.version();
        for (coding, accept) in CODINGS {
            let accept = format!("accept-encoding: {accept}");
            let full = client.request("GET", PATH, &[&accept]).await;
            assert_eq!((full.status, full.field("content-encoding")), (200, coding));
            let tag = coding.map_or("\"1\"".to_owned(), |coding| format!("\"1-{coding}\""));
            assert_eq!(full.tag(), tag, "{version}");
            assert_eq!(full.field("vary"), Some("accept-encoding"));
            assert_eq!(coding.is_some(), full.body.len() < TEXT.len());
            assert_eq!(decoded(&full).await, TEXT, "{version} {coding:?}");

            let known = format!("if-none-match: \"0-gzip\", {tag}");
            let reply = client.request("GET", PATH, &[&accept, &known]).await;
            assert_eq!((reply.status, reply.tag()), (304, &*tag), "{version}");
            assert_eq!(reply.field("vary"), Some("accept-encoding"));
            assert_eq!(reply.field("content-encoding"), None);
            assert!(reply.body.is_empty());

            // A tag of a coding that this client does not accept is no reason for a 304.
            for other in ["gzip", "br"] {
                let known = format!("if-none-match: \"1-{other}\"");
                let reply = client.request("GET", PATH, &[&accept, &known]).await;
                let status = if accept.contains(other) { 304 } else { 200 };
                assert_eq!(reply.status, status, "{version} {accept} {known}");
            }
        }
    }
}

/// R-9110-13.1.1-d: the current tag is accepted in any coding, and no old one is.
#[tokio::test]
async fn each_coding_can_be_written() {
    let notes = Notes::with(PATH, TEXT);
    let server = start(&notes).await;
    let mut written = 0;
    for mut client in Client::both(&server).await {
        let version = client.version();
        for (coding, accept) in CODINGS {
            let accept = format!("accept-encoding: {accept}");
            let old = client.request("GET", PATH, &[&accept]).await;
            let condition = format!("if-match: {}", old.tag());
            let reply = client.send("PUT", PATH, &[&condition], TEXT).await;
            assert_eq!(reply.status, 200, "{version} {condition}");
            written += 1;
            assert_eq!(notes.writes(), written);

            let refused = client.send("PUT", PATH, &[&condition], "late").await;
            assert_eq!(refused.status, 412, "{version} {condition}");
            assert_eq!(notes.writes(), written);
            assert_eq!(notes.text(PATH).unwrap(), TEXT);

            let known = format!("if-none-match: {}", old.tag());
            let new = client.request("GET", PATH, &[&accept, &known]).await;
            assert_eq!((new.status, new.field("content-encoding")), (200, coding));
            assert_ne!(new.tag(), old.tag());
        }
    }
}

/// R-9110-8.8.1-c: chunks, frames and the version of HTTP are not codings.
#[tokio::test]
async fn a_coding_has_one_tag_in_all_framings() {
    let handler = |Path(length): Path<usize>| async move {
        let frames = TEXT.as_bytes().chunks(length).map(data);
        Body::new(Scripted::new(frames, Hint::Exact))
    };
    let router = Router::new().route("/{length}", get(handler));
    let layers = ServiceBuilder::new()
        .layer(CodingTagLayer::new())
        .layer(CompressionLayer::new())
        .layer(stack());
    let server = Server::start(layers.service(router)).await;
    let mut clients = Client::both(&server).await;
    let mut tags = Vec::new();
    for (coding, accept) in &CODINGS[..3] {
        let accept = format!("accept-encoding: {accept}");
        let mut of_coding = Vec::new();
        for path in ["/100000", "/64"] {
            for client in &mut clients {
                let reply = client.request("GET", path, &[&accept]).await;
                assert_eq!(reply.field("content-encoding"), *coding);
                assert_eq!(decoded(&reply).await, TEXT, "{path} {coding:?}");
                of_coding.push(reply.tag().to_owned());
            }
        }
        of_coding.dedup();
        assert_eq!(of_coding.len(), 1, "{coding:?}: {of_coding:?}");
        tags.append(&mut of_coding);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "{tags:?}");
    assert!(tags.iter().all(|tag| tag.starts_with('"')), "{tags:?}");
}
