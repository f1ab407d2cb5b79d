//! Requests whose content differs from its digest, on real connections.

use std::{
    convert::Infallible,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ws::WebSocketUpgrade,
    routing::{any, put},
};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::{sync::mpsc, task::spawn_blocking};
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};
use tower_conditional::{DigestLayer, digest::DigestMismatch};

use crate::support::{Client, H1, H2, Server, in_time, is_missing};

const NOTE: &str = "/note";
const UPLOAD: &str = "/upload";
/// The digests of `hello`, and of nothing.
const HELLO: &str = "content-digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
const NOTHING: &str = "content-digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

/// A server that counts the runs of its handlers.
struct Verifying {
    server: Server,
    runs: Arc<AtomicUsize>,
}

impl Verifying {
    async fn start() -> Self {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let note = async move |content: Bytes| {
            count.fetch_add(1, Ordering::SeqCst);
            content
        };
        let count = Arc::clone(&runs);
        let upload = async move |content: Body| {
            count.fetch_add(1, Ordering::SeqCst);
            read(content).await
        };
        let socket = |upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(async |_| {}) };
        let router = Router::new()
            .route(NOTE, put(note).layer(DigestLayer::verify()))
            .route(UPLOAD, put(upload).layer(DigestLayer::verify().streaming()))
            .route("/socket", any(socket).layer(DigestLayer::verify()));
        let server = Server::start(router).await;
        Self { server, runs }
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

/// Returns the content that a handler gets before its end, and the end.
async fn read(mut content: Body) -> String {
    let mut text = String::new();
    while let Some(frame) = content.frame().await {
        match frame {
            Ok(frame) => text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap()),
            Err(error) => {
                let error = error.into_inner();
                assert!(error.is::<DigestMismatch>(), "{error}");
                return text + " differs";
            }
        }
    }
    text + " whole"
}

/// R-9530-2-a: the connection stays open for the next request.
#[tokio::test]
async fn content_that_differs_is_refused_and_the_connection_goes_on() {
    let verifying = Verifying::start().await;
    for mut client in Client::both(&verifying.server).await {
        let version = client.version();
        for content in ["hellx", "hell", "hello\n", ""] {
            let reply = client.send("PUT", NOTE, &[HELLO], content).await;
            assert_eq!(reply.status, 400, "{version} {content:?}");
            assert_eq!(reply.field("connection"), None);
            assert_eq!(
                reply.field("want-content-digest"),
                Some("sha-256=10, sha-512=3")
            );
            let problem = String::from_utf8(reply.body).unwrap();
            assert!(problem.contains("/digest/#differs\""), "{problem}");
        }
        let runs = verifying.runs();
        let reply = client.send("PUT", NOTE, &[HELLO], "hello").await;
        assert_eq!(
            (reply.status, &reply.body[..]),
            (200, &b"hello"[..]),
            "{version}"
        );
        assert_eq!(verifying.runs(), runs + 1, "{version}");
    }
    assert_eq!(verifying.runs(), 2);
}

/// R-9530-2-a: a client that waits for a 100 is asked for its content, unless its digest is
/// malformed.
#[tokio::test]
async fn content_is_asked_for_before_it_is_verified() {
    let verifying = Verifying::start().await;
    for path in [NOTE, UPLOAD] {
        let mut h1 = H1::connect(&verifying.server).await;
        let fields = ["content-length: 5", "expect: 100-continue", HELLO];
        h1.send("PUT", path, &fields).await;
        assert_eq!(in_time(h1.reply("PUT")).await.unwrap().status, 100);
        h1.write(b"hello").await;
        assert_eq!(in_time(h1.reply("PUT")).await.unwrap().status, 200);
        let fields = [fields[0], fields[1], "content-digest: sha-256=1"];
        h1.send("PUT", path, &fields).await;
        let reply = in_time(h1.reply("PUT")).await.unwrap();
        assert_eq!(
            (reply.status, reply.field("connection")),
            (400, Some("close"))
        );
    }
}

/// R-9530-2-a: the handler of a stream gets an error, and not the last bytes.
#[tokio::test]
async fn a_stream_that_differs_ends_with_an_error() {
    let verifying = Verifying::start().await;
    for (chunks, expected) in [
        (["he", "llo"], "hello whole"),
        (["he", "llx"], "he differs"),
        (["hello", "!"], "hello differs"),
    ] {
        let mut h2 = H2::connect(&verifying.server).await;
        // Without a length, a route that reads ahead is a stream too.
        for (path, reads_frames) in [(UPLOAD, true), (NOTE, false)] {
            let content = chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::from(chunk))));
            let content = StreamBody::new(tokio_stream::iter(content));
            let reply = h2.send_with("PUT", path, &[HELLO], content).await;
            let reply = H2::read(reply).await;
            let text = String::from_utf8(reply.body).unwrap();
            if reads_frames {
                assert_eq!((reply.status, &*text), (200, expected));
            } else {
                let whole = expected.ends_with("whole");
                assert_eq!(reply.status, if whole { 200 } else { 400 }, "{text}");
            }
        }
        let mut h1 = H1::connect(&verifying.server).await;
        h1.send("PUT", UPLOAD, &[HELLO, "transfer-encoding: chunked"])
            .await;
        for chunk in chunks {
            let chunk = format!("{:x}\r\n{chunk}\r\n", chunk.len());
            h1.write(chunk.as_bytes()).await;
        }
        h1.write(b"0\r\n\r\n").await;
        let reply = in_time(h1.reply("PUT")).await.unwrap();
        // hyper may join chunks that arrive together.
        let text = String::from_utf8(reply.body).unwrap();
        let end = expected.rsplit(' ').next().unwrap();
        assert!(text.ends_with(end), "{text}");
        // The whole content was read, so the connection goes on.
        let next = h1.request("GET", NOTE, &[]).await;
        assert_eq!(next.status, 405);
    }
}

/// R-GRPC-a: each message of a conversation without a digest arrives before the next one is sent.
#[tokio::test]
async fn a_conversation_is_not_held_back() {
    let echo = async |content: Body| Body::new(content);
    let router = Router::new().route("/echo", put(echo).layer(DigestLayer::verify()));
    let server = Server::start(router).await;
    let (messages, sent) = mpsc::unbounded_channel();
    let sent = UnboundedReceiverStream::new(sent);
    let sent = StreamBody::new(sent.map(|text: &'static str| {
        Ok::<_, Infallible>(Frame::data(Bytes::from_static(text.as_bytes())))
    }));
    let mut h2 = H2::connect(&server).await;
    let fields = ["content-type: application/grpc"];
    let reply = in_time(h2.send_with("PUT", "/echo", &fields, sent)).await;
    let mut replies = reply.into_body();
    for message in ["one", "two"] {
        messages.send(message).unwrap();
        let frame = in_time(replies.frame()).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), message);
    }
}

/// R-9110-7.8-a: an upgrade has no content, and may have the digest of nothing.
#[tokio::test]
async fn an_upgrade_passes() {
    let verifying = Verifying::start().await;
    let upgrade = [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    for (digest, status) in [(NOTHING, 101), (HELLO, 400)] {
        let mut h1 = H1::connect(&verifying.server).await;
        h1.send("GET", "/socket", &[&upgrade[..], &[digest]].concat())
            .await;
        assert_eq!(in_time(h1.head()).await.unwrap().0, status);
    }
}

/// R-9530-2-a: an independent client computes the digest, and goes on with its connection.
#[tokio::test]
async fn python_keeps_its_connection() {
    const SCRIPT: &str = r#"
import base64, hashlib, http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
content = bytes(range(256)) * 100
for algorithm, name in (("sha256", "sha-256"), ("sha512", "sha-512")):
    digest = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    for header in ("Content-Digest", "Repr-Digest"):
        for sent, status in ((content, 200), (content[:-1] + b"x", 400), (content[:-1], 400)):
            connection.request("PUT", "/note", sent, {header: f"{name}=:{digest}:"})
            response = connection.getresponse()
            body = response.read()
            assert response.status == status, (header, name, response.status, body)
            assert status == 400 or body == content
"#;
    if is_missing("python3") {
        return;
    }
    let verifying = Verifying::start().await;
    let mut python = Command::new("python3");
    let port = verifying.server.address().port().to_string();
    python.args(["-c", SCRIPT, &port]);
    let output = in_time(spawn_blocking(move || python.output())).await;
    let output = output.unwrap().unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert_eq!(verifying.runs(), 4);
}

/// R-9530-2-a: curl, with the bytes and the framing of both versions.
#[tokio::test]
async fn curl_is_refused_or_answered() {
    if is_missing("curl") {
        return;
    }
    let verifying = Verifying::start().await;
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        for framing in [&[][..], &["--header", "Transfer-Encoding: chunked"]] {
            for (content, status) in [("hello", "200"), ("hellx", "400")] {
                let mut curl = Command::new("curl");
                curl.args(["--silent", "--show-error", "--max-time", "20"])
                    .args(["--noproxy", "*", "--request", "PUT", version])
                    .args(["--write-out", " %{http_code}", "--header", HELLO])
                    .args(framing)
                    .args(["--data-raw", content])
                    .arg(format!("http://{}{NOTE}", verifying.server.address()));
                let output = in_time(spawn_blocking(move || curl.output())).await;
                let output = output.unwrap().unwrap();
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(text.ends_with(status), "{version} {framing:?} {text}");
                assert_eq!(text.starts_with("hello "), status == "200", "{text}");
            }
        }
    }
    assert_eq!(verifying.runs(), 4);
}
