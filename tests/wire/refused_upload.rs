//! The content of a refused write. The server does not ask for it, the response does not wait for
//! long content, and content is never taken for the next request.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tower::Layer;
use tower_conditional::{PreconditionLayer, source::SelfGet};

#[cfg(feature = "tokio")]
use crate::support::by_path;
use crate::support::{Client, H1, H2, Notes, Server, in_time};

const NOTE: &str = "/note";
const GIBIBYTE: &str = "content-length: 1073741824";
const STALE: &str = "if-match: \"0\"";
const CURRENT: &str = "if-match: \"1\"";

/// Returns the layer in each set-up in which it could read the content of a write.
async fn placements(notes: &Notes) -> Vec<(&'static str, Server)> {
    let layer = || PreconditionLayer::new(notes.source());
    let inside = Server::start(notes.router().layer(layer())).await;
    let outside = Server::start(layer().layer(notes.router())).await;
    let self_get = PreconditionLayer::self_get(SelfGet::of(notes.router()).writers_may_read());
    let self_get = Server::start(notes.router().layer(self_get)).await;
    vec![
        ("Router::layer", inside),
        ("around the Router", outside),
        ("with SelfGet", self_get),
        #[cfg(feature = "tokio")]
        ("with a lock", {
            let layer = layer().lock(tower_conditional::lock::KeyedLock::new(), by_path);
            Server::start(layer.layer(notes.router())).await
        }),
    ]
}

/// R-9110-13.2.1-c, R-9110-13.1.1-b
#[tokio::test]
async fn the_content_of_a_refused_write_is_not_asked_for() {
    let notes = Notes::with(NOTE, "first");
    for (placement, server) in placements(&notes).await {
        for method in ["PUT", "PATCH"] {
            let mut h1 = H1::connect(&server).await;
            let fields = [GIBIBYTE, "expect: 100-continue", STALE];
            h1.send(method, NOTE, &fields).await;
            let reply = in_time(h1.reply(method)).await.unwrap();
            assert_eq!((reply.status, reply.tag()), (412, "\"1\""), "{placement}");
            // The client may still send the content, so `hyper` closes the connection.
            assert_eq!(in_time(h1.rest()).await, b"", "{placement}");
        }
    }
    assert_eq!(notes.writes(), 0);
    assert_eq!(notes.text(NOTE).unwrap(), "first");
}

/// R-9110-13.2.1-c: without `Expect`, the response does not wait for the content either.
#[tokio::test]
async fn the_response_does_not_wait_for_content() {
    let notes = Notes::with(NOTE, "first");
    for (placement, server) in placements(&notes).await {
        let mut h1 = H1::connect(&server).await;
        h1.send_with("PUT", NOTE, &[GIBIBYTE, STALE], "the first bytes")
            .await;
        let reply = in_time(h1.reply("PUT")).await.unwrap();
        assert_eq!((reply.status, reply.tag()), (412, "\"1\""), "{placement}");
    }
    assert_eq!(notes.writes(), 0);
}

/// R-9110-13.2.1-c: the content of an accepted write is asked for.
#[tokio::test]
async fn the_content_of_an_accepted_write_is_asked_for() {
    for number in 0.. {
        let notes = Notes::with(NOTE, "first");
        let Some((placement, server)) = placements(&notes).await.into_iter().nth(number) else {
            break;
        };
        let mut h1 = H1::connect(&server).await;
        let fields = ["content-length: 6", "expect: 100-continue", CURRENT];
        h1.send("PUT", NOTE, &fields).await;
        let (status, _) = in_time(h1.head()).await.unwrap();
        assert_eq!(status, 100, "{placement}");
        h1.write(b"second").await;
        let reply = in_time(h1.reply("PUT")).await.unwrap();
        assert_eq!((reply.status, reply.tag()), (200, "\"2\""), "{placement}");
        assert_eq!(notes.text(NOTE).unwrap(), "second");
        // The connection stays usable.
        let next = in_time(h1.request("GET", NOTE, &[])).await;
        assert_eq!((next.status, &next.body[..]), (200, &b"second"[..]));
    }
}

/// R-9110-13.2.1-c: over HTTP/2 the response comes while the stream of the request is open, and
/// other streams of the connection stay usable.
#[tokio::test]
async fn the_stream_may_still_be_open_over_http2() {
    let notes = Notes::with(NOTE, "first");
    for (placement, server) in placements(&notes).await {
        let mut h2 = H2::connect(&server).await;
        for fields in [
            &[GIBIBYTE, STALE][..],
            &[GIBIBYTE, STALE, "expect: 100-continue"],
            &[STALE],
        ] {
            let endless =
                Full::new(Bytes::from("the first bytes")).with_trailers(std::future::pending());
            let response = in_time(h2.send_with("PUT", NOTE, fields, endless)).await;
            let reply = in_time(H2::read(response)).await;
            assert_eq!((reply.status, reply.tag()), (412, "\"1\""), "{placement}");
            let next = in_time(h2.request("GET", NOTE, &[])).await;
            assert_eq!((next.status, &next.body[..]), (200, &b"first"[..]));
        }
    }
    assert_eq!(notes.writes(), 0);
}

/// R-9110-13.2.1-c: a refusal does not affect a stream that is being answered.
#[tokio::test]
async fn a_refusal_does_not_affect_other_streams() {
    let notes = Notes::with(NOTE, "first");
    for (placement, server) in placements(&notes).await {
        let mut h2 = H2::connect(&server).await;
        let (go_on, gone_on) = tokio::sync::oneshot::channel::<()>();
        // The content of one stream is complete only after the other was refused.
        let slow = Full::new(Bytes::from("slow")).with_trailers(async {
            gone_on.await.unwrap();
            None
        });
        let upload = tokio::spawn({
            let mut h2 = h2.clone();
            async move { H2::read(h2.send_with("PUT", "/other", &[], slow).await).await }
        });
        let refused = in_time(h2.exchange("PUT", NOTE, &[STALE], "refused")).await;
        assert_eq!(refused.status, 412, "{placement}");
        go_on.send(()).unwrap();
        let other = in_time(upload).await.unwrap();
        assert!(matches!(other.status, 200 | 201), "{placement} {other:?}");
        assert_eq!(notes.text("/other").unwrap(), "slow");
    }
}

/// R-9110-13.2.1-c: content that looks like a request is never taken for one. Either the next
/// request is answered, or the connection ends.
#[tokio::test]
async fn content_is_not_taken_for_a_request() {
    const SMUGGLED: &str = "PUT /smuggled HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n";
    const NEXT: &str = "GET /note HTTP/1.1\r\nhost: test\r\n\r\n";

    let length = format!("content-length: {}", SMUGGLED.len());
    let chunked = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    let framings = [
        (&*length, SMUGGLED),
        ("transfer-encoding: chunked", &*chunked),
    ];
    let notes = Notes::with(NOTE, "first");
    for (placement, server) in placements(&notes).await {
        for (framing, content) in framings {
            // Everything comes at once, or the content in two parts, or the content after the 412.
            for at_once in [content.len(), content.len() / 2, 0] {
                let case = format!("{placement}, {framing}, {at_once} bytes at once");
                let mut h1 = H1::connect(&server).await;
                let (sent, left) = content.split_at(at_once);
                let mut first = sent.to_owned();
                if left.is_empty() {
                    first.push_str(NEXT);
                }
                h1.send_with("PUT", NOTE, &[framing, STALE], &first).await;
                let reply = in_time(h1.reply("PUT")).await.unwrap();
                assert_eq!(reply.status, 412, "{case}");
                if !left.is_empty() {
                    // The server may have closed the connection already.
                    h1.try_write(format!("{left}{NEXT}").as_bytes()).await;
                }
                if let Ok(next) = in_time(h1.reply("GET")).await {
                    let next = (next.status, &next.body[..]);
                    assert_eq!(next, (200, &b"first"[..]), "{case}");
                }
            }
        }
    }
    assert_eq!(notes.writes(), 0);
    assert_eq!(notes.text("/smuggled"), None);
}

/// R-9110-13.1.1-b: with short content, as in most writes, the connection stays usable.
#[tokio::test]
async fn short_content_keeps_the_connection_open() {
    let notes = Notes::with(NOTE, "first");
    for (placement, server) in placements(&notes).await {
        for mut client in Client::both(&server).await {
            for _ in 0..10 {
                let refused = in_time(client.send("PUT", NOTE, &[STALE], "refused")).await;
                let case = (placement, client.version());
                assert_eq!((refused.status, refused.tag()), (412, "\"1\""), "{case:?}");
                let next = in_time(client.request("GET", NOTE, &[])).await;
                assert_eq!((next.status, &next.body[..]), (200, &b"first"[..]));
            }
        }
    }
    assert_eq!(notes.writes(), 0);
}
