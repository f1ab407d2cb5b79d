//! Issue 11, A.8: the client of a refused write gets the response, and learns if the connection
//! stays open.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use tokio::{sync::Notify, time::advance};
use tower::Layer;
use tower_conditional::{PreconditionLayer, source::now};

use crate::support::{H1, H2, Notes, Reply, Server, in_time, stop_clock};

const NOTE: &str = "/note";
const STALE: &str = "if-match: \"0\"";

/// A server that refuses writes. `asked` is notified when the layer has the head of a write and
/// asks its source.
struct RefusingServer {
    server: Server,
    asked: Arc<Notify>,
}

impl RefusingServer {
    async fn start() -> Self {
        let notes = Notes::with(NOTE, "first");
        let (asked, source) = (Arc::new(Notify::new()), notes.clone());
        let notify = Arc::clone(&asked);
        let source = now(move |request| {
            notify.notify_waiters();
            source.current(request)
        });
        let layer = PreconditionLayer::new(source).require();
        let server = Server::start(layer.layer(notes.router())).await;
        Self { server, asked }
    }

    /// Sends a refused `PUT`.
    async fn put(
        &self,
        h1: &mut H1,
        condition: &[&str],
        (framing, content): &(String, String),
        sent: Sending,
    ) -> Reply {
        let fields = [condition, &[framing.as_str()]].concat();
        let asked = self.asked.notified();
        match sent {
            Sending::Together => h1.send_with("PUT", NOTE, &fields, content).await,
            Sending::Apart | Sending::InTurn => {
                h1.send("PUT", NOTE, &fields).await;
                if sent == Sending::InTurn {
                    in_time(asked).await;
                    advance(Duration::from_millis(50)).await;
                }
                h1.write(content.as_bytes()).await;
            }
        }
        in_time(h1.reply("PUT")).await.unwrap()
    }
}

/// The way in which head and content are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sending {
    /// Head and content in one piece.
    Together,
    /// Head and content in two pieces, one right after the other.
    Apart,
    /// The content 50 ms after the layer has the head, by the paused clock.
    InTurn,
}

const WAYS: [Sending; 3] = [Sending::Together, Sending::Apart, Sending::InTurn];

/// Returns a header that frames so many bytes, and the bytes in that framing.
fn framings(bytes: usize) -> [(String, String); 2] {
    let content = "x".repeat(bytes);
    let chunked = format!("{bytes:x}\r\n{content}\r\n0\r\n\r\n");
    let length = format!("content-length: {bytes}");
    let chunks = "transfer-encoding: chunked".to_owned();
    [(length, content), (chunks, chunked)]
}

/// RFC 9112, section 9.3: the next request is answered.
#[tokio::test]
async fn content_of_up_to_64_kib_leaves_the_connection_open() {
    let _stopped = stop_clock();
    let refusing = RefusingServer::start().await;
    for sent in WAYS {
        // All exchanges use one connection.
        let mut h1 = H1::connect(&refusing.server).await;
        for framing in [1, 20, 10_000, 40_000, 64 * 1024]
            .into_iter()
            .flat_map(framings)
        {
            for (condition, status) in [(&[STALE][..], 412), (&[], 428)] {
                let case = (sent, &framing.0, framing.1.len());
                let reply = refusing.put(&mut h1, condition, &framing, sent).await;
                assert_eq!(reply.status, status, "{case:?}");
                assert_eq!(reply.field("connection"), None, "{case:?}");
            }
        }
    }
}

/// RFC 9112, section 9.6: the connection is not reset while the client still sends.
#[tokio::test]
async fn longer_content_is_read_and_the_connection_closed() {
    let _stopped = stop_clock();
    let refusing = RefusingServer::start().await;
    for sent in WAYS {
        for framing in [100_000, 1_000_000].into_iter().flat_map(framings) {
            let case = (sent, &framing.0, framing.1.len());
            let mut h1 = H1::connect(&refusing.server).await;
            let reply = refusing.put(&mut h1, &[STALE], &framing, sent).await;
            assert_eq!(reply.status, 412, "{case:?}");
            assert_eq!(reply.field("connection"), Some("close"), "{case:?}");
            assert_eq!(in_time(h1.read(&mut [0])).await, 0, "{case:?}");
        }
    }
}

/// RFC 9112, section 9.6: the response comes first, and the content may follow later.
#[tokio::test]
async fn content_after_the_response_is_read_too() {
    let RefusingServer { server, .. } = RefusingServer::start().await;
    for bytes in [10_000, 1_000_000] {
        for (framing, content) in framings(bytes) {
            let mut h1 = H1::connect(&server).await;
            h1.send("PUT", NOTE, &[STALE, &framing]).await;
            let reply = in_time(h1.reply("PUT")).await.unwrap();
            assert_eq!(reply.status, 412, "{framing}");
            assert_eq!(reply.field("connection"), Some("close"), "{framing}");
            h1.write(content.as_bytes()).await;
            assert_eq!(in_time(h1.read(&mut [0])).await, 0, "{framing}");
        }
    }
}

/// R-9110-10.1.1-a: a 100 would ask for content that is discarded.
#[tokio::test]
async fn content_that_waits_for_a_100_is_not_asked_for() {
    let RefusingServer { server, .. } = RefusingServer::start().await;
    for (framing, _) in framings(20) {
        let mut h1 = H1::connect(&server).await;
        let fields = [STALE, &framing, "expect: 100-continue"];
        h1.send("PUT", NOTE, &fields).await;
        let reply = in_time(h1.reply("PUT")).await.unwrap();
        assert_eq!(reply.status, 412, "{framing}");
        assert_eq!(reply.field("connection"), Some("close"), "{framing}");
        assert_eq!(in_time(h1.rest()).await, b"", "{framing}");
    }
}

/// HTTP/1.0 closes the connection, unless its client asks to keep it.
#[tokio::test]
async fn http_1_0_closes_the_connection() {
    let RefusingServer { server, .. } = RefusingServer::start().await;
    let mut h1 = H1::connect(&server).await;
    let head = format!(
        "PUT {NOTE} HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 100000\r\n{STALE}\r\n\r\n"
    );
    h1.write(head.as_bytes()).await;
    h1.write(&vec![b'x'; 100_000]).await;
    let rest = String::from_utf8(in_time(h1.rest()).await).unwrap();
    assert!(rest.starts_with("HTTP/1.0 412 "), "{rest}");
    assert!(rest.contains("\r\nconnection: close"), "{rest}");
}

/// RFC 9113, section 8.2.2: the stream ends, and the connection stays usable.
#[tokio::test]
async fn http2_ends_the_stream_alone() {
    let RefusingServer { server, .. } = RefusingServer::start().await;
    let mut h2 = H2::connect(&server).await;
    for bytes in [20, 40_000, 100_000, 1_000_000] {
        let content = Full::new(Bytes::from(vec![b'x'; bytes]));
        let response = in_time(h2.send_with("PUT", NOTE, &[STALE], content)).await;
        let reply = in_time(H2::read(response)).await;
        assert_eq!(reply.status, 412, "{bytes}");
        assert_eq!(reply.field("connection"), None, "{bytes}");
    }
}
