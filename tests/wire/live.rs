//! Live content is not held back (R-SSE-a).

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response, Sse, sse::Event},
    routing::get,
};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::Incoming;
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    time::resume,
};
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};

use crate::support::{H1, H2, Server, in_time, placements, stop_clock};

const EVENTS: usize = 20;

type Texts = UnboundedReceiverStream<String>;

/// R-SSE-a: each event arrives before the next is sent, and no layer waits for a timer.
#[tokio::test]
async fn server_sent_events_arrive_at_once() {
    arrive_at_once(|texts| {
        Sse::new(texts.map(|text| Ok::<_, Infallible>(Event::default().data(text)))).into_response()
    })
    .await;
}

/// Issue 10, A.5: a stream with an upper bound is still a stream.
#[tokio::test]
async fn a_stream_of_limited_length_arrives_at_once() {
    arrive_at_once(|texts| {
        let frames = texts.map(|text| Ok::<_, Infallible>(Frame::data(Bytes::from(text))));
        Body::new(Limited::new(StreamBody::new(frames), 1000)).into_response()
    })
    .await;
}

/// R-SSE-a, P-TR-limit
#[tokio::test]
async fn a_stream_of_unknown_length_arrives_at_once() {
    arrive_at_once(|texts| Body::from_stream(texts.map(Ok::<_, Infallible>)).into_response()).await;
}

/// R-SSE-a, R-INCR-3-a: a response that is marked as live is not held back, even if its length is
/// known and short.
#[tokio::test]
async fn live_content_of_known_length_arrives_at_once() {
    arrive_at_once(|texts| live("content-type", "text/event-stream; charset=utf-8", texts)).await;
    arrive_at_once(|texts| live("content-type", "multipart/x-mixed-replace", texts)).await;
    arrive_at_once(|texts| live("incremental", "?1", texts)).await;
}

fn live(name: &'static str, value: &'static str, texts: Texts) -> Response {
    let frames = texts.map(|text| Ok::<_, Infallible>(Frame::data(Bytes::from(text))));
    let body = Announced(StreamBody::new(frames));
    ([(name, value)], Body::new(body)).into_response()
}

/// A body that announces the length of all events.
struct Announced<B>(B);

impl<B: HttpBody + Unpin> HttpBody for Announced<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((0..EVENTS).map(|number| event(number).len() as u64).sum())
    }
}

async fn arrive_at_once(respond: fn(Texts) -> Response) {
    let (sources, mut opened) = mpsc::unbounded_channel();
    let handler = move || async move {
        let (source, texts) = mpsc::unbounded_channel::<String>();
        sources.send(source).unwrap();
        respond(UnboundedReceiverStream::new(texts))
    };
    for (_, server) in placements(Router::new().route("/", get(handler))).await {
        for mut live in [
            LiveResponse::over_h1(&server).await,
            LiveResponse::over_h2(&server).await,
        ] {
            let source = opened.recv().await.unwrap();
            let stopped = stop_clock();
            assert_each_arrives(&source, &mut live).await;
            drop(stopped);
            resume();
        }
    }
}

fn event(number: usize) -> String {
    format!("event {number};")
}

async fn assert_each_arrives(source: &UnboundedSender<String>, live: &mut LiveResponse) {
    for number in 0..EVENTS {
        let text = event(number);
        source.send(text.clone()).unwrap();
        // The next event is sent only after this one has arrived, so a layer that holds it back
        // fails here. One that holds it back for a time fails too, since the clock stands still.
        in_time(live.read_until(&text)).await;
    }
}

/// A response that is being received.
enum LiveResponse {
    H1(H1, Framing),
    H2(Incoming),
}

/// The framing of content over HTTP/1.1.
enum Framing {
    Chunks,
    Length,
}

impl LiveResponse {
    /// Checks that the head arrives before any content.
    async fn over_h1(server: &Server) -> Self {
        let mut h1 = H1::connect(server).await;
        h1.send("GET", "/", &[]).await;
        let (status, headers) = in_time(h1.head()).await.unwrap();
        assert_eq!((status, headers.get("etag")), (200, None));
        let framing = match headers.get("content-length") {
            Some(_) => Framing::Length,
            None => Framing::Chunks,
        };
        Self::H1(h1, framing)
    }

    async fn over_h2(server: &Server) -> Self {
        let mut h2 = H2::connect(server).await;
        let response = in_time(h2.send("GET", "/", &[])).await;
        assert_eq!(
            (response.status().as_u16(), response.headers().get("etag")),
            (200, None)
        );
        Self::H2(response.into_body())
    }

    async fn read_until(&mut self, text: &str) {
        let mut seen = String::new();
        while !seen.contains(text) {
            let bytes = match self {
                Self::H1(h1, Framing::Chunks) => h1.chunk().await.unwrap().unwrap().into(),
                Self::H1(h1, Framing::Length) => h1.take(text.len()).await.into(),
                Self::H2(body) => body.frame().await.unwrap().unwrap().into_data().unwrap(),
            };
            seen.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}
