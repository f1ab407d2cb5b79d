//! Issue 11, A.8: the client of a refused write gets the answer, and knows what
//! becomes of the connection.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use tokio::time::sleep;
use tower::Layer;
use tower_conditional::PreconditionLayer;

use crate::support::{H1, H2, Notes, Reply, Server, in_time};

const NOTE: &str = "/note";
const STALE: &str = "if-match: \"0\"";

async fn server() -> Server {
    let notes = Notes::with(NOTE, "first");
    let layer = PreconditionLayer::new(notes.source()).require();
    Server::start(layer.layer(notes.router())).await
}

/// A field that frames so many bytes, and the bytes as they are sent.
fn framings(bytes: usize) -> [(String, String); 2] {
    let content = "x".repeat(bytes);
    let chunked = format!("{bytes:x}\r\n{content}\r\n0\r\n\r\n");
    let length = format!("content-length: {bytes}");
    let chunks = "transfer-encoding: chunked".to_owned();
    [(length, content), (chunks, chunked)]
}

/// A refused `PUT`, its head and its content apart from each other or not.
async fn refused(
    h1: &mut H1,
    condition: &[&str],
    (framing, content): &(String, String),
    pause: Option<Duration>,
) -> Reply {
    let fields = [condition, &[framing.as_str()]].concat();
    match pause {
        None => h1.send_with("PUT", NOTE, &fields, content).await,
        Some(pause) => {
            h1.send("PUT", NOTE, &fields).await;
            sleep(pause).await;
            h1.write(content.as_bytes()).await;
        }
    }
    in_time(h1.reply("PUT")).await.unwrap()
}

const PAUSES: [Option<Duration>; 3] = [None, Some(Duration::ZERO), Some(Duration::from_millis(50))];

/// RFC 9112, section 9.3: the next request is answered.
#[tokio::test]
async fn of_up_to_64_kib_leaves_the_connection_open() {
    let server = server().await;
    for pause in PAUSES {
        // One connection for all of them.
        let mut h1 = H1::connect(&server).await;
        for framing in [1, 20, 10_000, 40_000, 64 * 1024]
            .into_iter()
            .flat_map(framings)
        {
            for (condition, status) in [(&[STALE][..], 412), (&[], 428)] {
                let case = (pause, &framing.0, framing.1.len());
                let reply = refused(&mut h1, condition, &framing, pause).await;
                assert_eq!(reply.status, status, "{case:?}");
                if reply.field("connection").is_some() {
                    // Where other tests keep this one from sending in time.
                    assert!(pause.is_some(), "{case:?}");
                    h1 = H1::connect(&server).await;
                }
            }
        }
    }
}

/// RFC 9112, section 9.6: nothing that the client sends after the answer meets a reset.
#[tokio::test]
async fn that_is_longer_is_read_and_the_connection_closed() {
    let server = server().await;
    for pause in PAUSES {
        for framing in [100_000, 1_000_000].into_iter().flat_map(framings) {
            let case = (pause, &framing.0, framing.1.len());
            let mut h1 = H1::connect(&server).await;
            let reply = refused(&mut h1, &[STALE], &framing, pause).await;
            assert_eq!(reply.status, 412, "{case:?}");
            assert_eq!(reply.field("connection"), Some("close"), "{case:?}");
            assert_eq!(in_time(h1.read(&mut [0])).await, 0, "{case:?}");
        }
    }
}

/// RFC 9112, section 9.6: the answer comes first, and the content may follow at leisure.
#[tokio::test]
async fn that_comes_after_the_answer_is_read_too() {
    let server = server().await;
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

/// R-9110-10.1.1-a: a 100 would ask for what is thrown away.
#[tokio::test]
async fn that_waits_for_a_100_is_not_asked_for() {
    let server = server().await;
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

/// HTTP/1.0 closes anyway, unless its client asks for the opposite.
#[tokio::test]
async fn over_http_1_0() {
    let server = server().await;
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

/// RFC 9113, section 8.2.2: a stream of its own, on a connection that lives on.
#[tokio::test]
async fn over_http2() {
    let server = server().await;
    let mut h2 = H2::connect(&server).await;
    for bytes in [20, 40_000, 100_000, 1_000_000] {
        let content = Full::new(Bytes::from(vec![b'x'; bytes]));
        let response = in_time(h2.send_with("PUT", NOTE, &[STALE], content)).await;
        let reply = in_time(H2::read(response)).await;
        assert_eq!(reply.status, 412, "{bytes}");
        assert_eq!(reply.field("connection"), None, "{bytes}");
    }
}
