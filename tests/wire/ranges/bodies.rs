//! Every body is cut everywhere: a part has no byte of elsewhere, and neither hangs nor ends early.

use std::{convert::Infallible, future::ready};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tower::{Layer, service_fn};
use tower_conditional::{RangeLayer, stack};

use super::{assert_part, read};
use crate::support::{
    BodyStep, Client, H1, H2, Hint, Scripted, Server, broken, data, in_time, trailers,
};

const CONTENT: &[u8] = b"0123456789ab";
/// The number of frames of a long body. Each has one byte.
const MANY: usize = 1000;

fn many() -> Vec<u8> {
    (0..MANY)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

/// Returns one frame for each byte.
fn byte_frames(content: &[u8]) -> Vec<BodyStep> {
    content.chunks(1).map(|byte| data(byte.to_vec())).collect()
}

/// Returns bodies with the same content, divided in different ways.
fn body(kind: &str) -> Scripted {
    let empty = || data("");
    let frames = match kind {
        "one-frame" => vec![data(CONTENT)],
        "frame-for-each-byte" => byte_frames(CONTENT),
        "two-frames" => vec![data(&CONTENT[..5]), data(&CONTENT[5..])],
        "empty-frames" => {
            let frames = byte_frames(CONTENT).into_iter();
            frames.flat_map(|frame| [empty(), frame, empty()]).collect()
        }
        "trailers" => vec![data(CONTENT), trailers("x-check", "12")],
        "thousand-frames" => byte_frames(&many()),
        kind => panic!("no such body: {kind}"),
    };
    Scripted::new(frames, Hint::Exact)
}

const KINDS: [&str; 5] = [
    "one-frame",
    "frame-for-each-byte",
    "two-frames",
    "empty-frames",
    "trailers",
];

type BodyOf = fn(&str) -> Scripted;

/// Returns servers with and without a layer that reads the bodies to hash them.
async fn servers(body: BodyOf) -> [Server; 2] {
    let handler = service_fn(move |request: Request<Incoming>| {
        ready(Ok::<_, Infallible>(Response::new(body(
            &request.uri().path()[1..],
        ))))
    });
    let hashed = stack().ranges(RangeLayer::new());
    let passing = stack().without_etag().ranges(RangeLayer::new());
    [
        Server::start(hashed.layer(handler)).await,
        Server::start(passing.layer(handler)).await,
    ]
}

fn range(first: usize, last: usize) -> String {
    format!("range: bytes={first}-{last}")
}

/// R-9110-15.3.7.1-a, R-9110-14.1.2-a: all parts of each body, on one connection.
#[tokio::test]
async fn every_part_of_every_body_has_its_bytes_alone() {
    for server in servers(body).await {
        for mut client in Client::both(&server).await {
            for kind in KINDS {
                let path = format!("/{kind}");
                for first in 0..CONTENT.len() {
                    for last in first..=CONTENT.len() {
                        let reply = read(&mut client, &path, &[&range(first, last)]).await;
                        let context = format!("{kind} {first}-{last} {}", client.version());
                        assert_part(&reply, CONTENT, first, last, &context);
                    }
                }
                let last = read(&mut client, &path, &["range: bytes=-3"]).await;
                assert_part(&last, CONTENT, 9, 11, kind);
            }
        }
    }
}

/// R-9110-15.3.7.1-a: the offset may be any number of frames away.
#[tokio::test]
async fn parts_of_a_thousand_frames_have_their_bytes_alone() {
    let content = many();
    for server in servers(body).await {
        for mut client in Client::both(&server).await {
            for first in (0..MANY).step_by(111) {
                for last in [first, first + 1, first + 127, first + 128, MANY - 1] {
                    let field = range(first, last);
                    let reply = read(&mut client, "/thousand-frames", &[&field]).await;
                    assert_part(&reply, &content, first, last, &field);
                }
            }
        }
    }
}

/// Returns a body that breaks after so many bytes, one in each frame.
fn breaking(bytes: &str) -> Scripted {
    let bytes: usize = bytes.parse().expect("a number of bytes");
    let mut frames = byte_frames(&CONTENT[..bytes]);
    frames.push(broken());
    Scripted::new(frames, Hint::Exact).announcing(CONTENT.len() as u64)
}

/// P-TR-bodyerr, R-9111-3.3-a: an error behind the part changes nothing. One before its end is an error
/// of the message, whose bytes are a beginning of the part.
#[tokio::test]
async fn an_error_at_each_byte_is_no_end_of_a_part() {
    let [_, server] = servers(breaking).await;
    let mut h2 = H2::connect(&server).await;
    for bytes in 0..=CONTENT.len() {
        let path = format!("/{bytes}");
        for first in 0..CONTENT.len() {
            for last in first..CONTENT.len() {
                let context = format!("{first}-{last}, broken after {bytes}");
                let field = range(first, last);
                let mut h1 = H1::connect(&server).await;
                if last < bytes {
                    let reply = in_time(h1.request("GET", &path, &[&field])).await;
                    assert_part(&reply, CONTENT, first, last, &context);
                    let reply = in_time(h2.request("GET", &path, &[&field])).await;
                    assert_part(&reply, CONTENT, first, last, &context);
                    continue;
                }
                h1.send("GET", &path, &[&field]).await;
                assert!(in_time(h1.reply("GET")).await.is_err(), "{context}");
                assert_incomplete(&mut h2, &path, &field, &CONTENT[first..=last]).await;
            }
        }
    }
}

/// Asserts that a response over HTTP/2 ends with an error.
async fn assert_incomplete(h2: &mut H2, path: &str, field: &str, part: &[u8]) {
    use http_body_util::BodyExt;

    let request = Request::get(format!("http://test{path}"));
    let (name, value) = field.split_once(": ").unwrap();
    let request = request.header(name, value);
    let request = request.body(http_body_util::Empty::<Bytes>::new()).unwrap();
    // If the body breaks at once, the stream may be reset before its head is sent.
    let Ok(response) = in_time(h2.call(request)).await else {
        return;
    };
    let mut body = response.into_body();
    let mut received = Vec::new();
    loop {
        match in_time(body.frame()).await {
            Some(Ok(frame)) => received.extend(frame.into_data().unwrap()),
            Some(Err(_)) => break,
            None => panic!("{path} {field}: an end after {received:?}"),
        }
    }
    assert!(part.starts_with(&received), "{path} {field}: {received:?}");
}
