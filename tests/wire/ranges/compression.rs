//! Compression outside: no part is coded after it was cut, and none is cut from coded bytes.

use axum::{Router, routing::get};
use tower::ServiceBuilder;
use tower_conditional::{CodingTagLayer, RangeLayer, stack};
use tower_http::compression::CompressionLayer;

use super::{assert_part, read};
use crate::support::{Client, Server};

/// A text that is long enough to be compressed.
const TEXT: &str = include_str!("compression.rs");

const ACCEPTED: [&str; 7] = [
    "accept: */*",
    "accept-encoding: identity",
    "accept-encoding: gzip",
    "accept-encoding: br",
    "accept-encoding: gzip, br;q=0.5",
    "accept-encoding: *",
    "accept-encoding: identity;q=0, gzip",
];

async fn start() -> Server {
    let layers = ServiceBuilder::new()
        .layer(CodingTagLayer::new())
        .layer(CompressionLayer::new())
        .layer(stack().ranges(RangeLayer::new()));
    Server::start(layers.service(Router::new().route("/", get(|| async { TEXT })))).await
}

/// R-9110-14.1.2-c: a part has the bytes and the tag of the uncoded text, whatever is accepted.
#[tokio::test]
async fn no_part_is_coded_after_it_was_cut() {
    let server = start().await;
    for mut client in Client::both(&server).await {
        let plain = read(&mut client, "/", &[]).await;
        assert_eq!(plain.body, TEXT.as_bytes());
        for accepted in ACCEPTED {
            for (first, last) in [(0, 0), (0, 999), (500, 1499), (7, TEXT.len() - 1)] {
                let range = format!("range: bytes={first}-{last}");
                let reply = read(&mut client, "/", &[accepted, &range]).await;
                let context = format!("{accepted} {range} {}", client.version());
                assert_part(&reply, TEXT.as_bytes(), first, last, &context);
                assert_eq!(reply.field("content-encoding"), None, "{context}");
                assert_eq!(reply.tag(), plain.tag(), "{context}");
            }
        }
    }
}

/// R-9110-14.1.2-c: several parts have no `Content-Range`, by which compression knows a part. They are
/// sent uncoded, or the whole is.
#[tokio::test]
async fn several_parts_are_never_coded() {
    let server = start().await;
    let mut in_parts = 0;
    for mut client in Client::both(&server).await {
        for accepted in ACCEPTED {
            let reply = read(&mut client, "/", &[accepted, "range: bytes=0-9,500-509"]).await;
            in_parts += usize::from(reply.status == 206);
            let coding = reply.field("content-encoding").map(str::to_owned);
            match reply.status {
                206 => {
                    assert_eq!(coding, None, "{accepted}");
                    let kind = reply.field("content-type").unwrap();
                    assert!(kind.starts_with("multipart/byteranges"), "{kind}");
                    let parts = String::from_utf8(reply.body).unwrap();
                    assert!(parts.contains(&TEXT[..10]) && parts.contains(&TEXT[500..510]));
                }
                200 if coding.is_none() => assert_eq!(reply.body, TEXT.as_bytes(), "{accepted}"),
                200 => assert!(
                    accepted.contains("gzip") || accepted.contains("br") || accepted.contains('*')
                ),
                status => panic!("{accepted}: {status}"),
            }
        }
    }
    assert!(in_parts > 0, "no client got several parts");
}

/// R-9110-13.1.5-b, R-9110-14.1.2-c: a client that has coded bytes gets the whole, in its coding. One
/// that has uncoded bytes goes on with them.
#[tokio::test]
async fn coded_bytes_are_never_joined_to_uncoded_ones() {
    let server = start().await;
    for mut client in Client::both(&server).await {
        let plain = read(&mut client, "/", &[]).await;
        for coding in ["gzip", "br"] {
            let accepted = format!("accept-encoding: {coding}");
            let coded = read(&mut client, "/", &[&accepted]).await;
            assert_eq!(coded.field("content-encoding"), Some(coding));
            assert_ne!(coded.tag(), plain.tag());
            // On-the-fly compression makes ranges of this representation impossible.
            assert_eq!(coded.field("accept-ranges"), None, "R-9110-14.3-a");

            let if_range = format!("if-range: {}", coded.tag());
            let reply = read(
                &mut client,
                "/",
                &[&accepted, &if_range, "range: bytes=10-"],
            )
            .await;
            assert_eq!((reply.status, reply.tag()), (200, coded.tag()));
            assert_eq!(reply.body, coded.body);
            // The client no longer accepts the coding of the bytes that it has.
            let reply = read(&mut client, "/", &[&if_range, "range: bytes=10-"]).await;
            assert_eq!((reply.status, reply.tag()), (200, plain.tag()));
            assert_eq!(reply.body, plain.body);

            let if_range = format!("if-range: {}", plain.tag());
            let reply = read(
                &mut client,
                "/",
                &[&accepted, &if_range, "range: bytes=10-"],
            )
            .await;
            assert_part(&reply, TEXT.as_bytes(), 10, TEXT.len() - 1, coding);
            assert_eq!(reply.field("content-encoding"), None);
        }
    }
}
