//! A player that seeks in a file of two hours.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use axum::{
    Json, Router,
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header::{CONTENT_TYPE, ETAG, RANGE},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use hyper::body::{Frame, SizeHint};
use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;
use tower_conditional::{RangeLayer, stack};

use crate::{
    driver::{Browser, in_each_browser, in_time},
    page,
};

/// 8,000 samples of two bytes.
const BYTES_PER_SECOND: u32 = 16_000;
const SECONDS: u32 = 7200;
const SAMPLES: u32 = SECONDS * BYTES_PER_SECOND;
const POSITION: u32 = 5400;

in_each_browser!(a_player_seeks);

const PAGE: &str = include_str!("player.html");

/// A WAV file of silence, made while it is sent.
struct Silence {
    head: Bytes,
    left: u64,
}

impl Silence {
    fn new() -> Self {
        let mut head = Vec::from(*b"RIFF");
        head.extend((36 + SAMPLES).to_le_bytes());
        // 16 bytes of format follow: PCM, one channel.
        head.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        head.extend((BYTES_PER_SECOND / 2).to_le_bytes());
        head.extend(BYTES_PER_SECOND.to_le_bytes());
        // Two bytes in a block, 16 bits in a sample.
        head.extend(b"\x02\0\x10\0data");
        head.extend(SAMPLES.to_le_bytes());
        Self {
            left: head.len() as u64 + u64::from(SAMPLES),
            head: head.into(),
        }
    }
}

impl HttpBody for Silence {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut frame = std::mem::take(&mut self.head);
        if frame.is_empty() {
            frame = Bytes::from_static(&ZEROS);
            frame.truncate(usize::try_from(self.left).unwrap_or(ZEROS.len()));
        }
        self.left -= frame.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The first position of a range, and the status of its response.
type Asked = Arc<Mutex<Vec<(u64, u16)>>>;

async fn record(asked: Asked, request: Request, next: Next) -> Response {
    let range = request.headers().get(RANGE).cloned();
    let response = next.run(request).await;
    let first = range.and_then(|range| {
        let set = range.to_str().ok()?.strip_prefix("bytes=")?.to_owned();
        set.split_once('-')?.0.parse().ok()
    });
    if let Some(first) = first {
        let status = response.status().as_u16();
        asked.lock().unwrap().push((first, status));
    }
    response
}

/// R-9110-14.3-a, R-9110-15.3.7.1-a: the player knows that it may seek, and gets the bytes at the new
/// position.
async fn a_player_seeks(browser: &Browser) {
    let (sender, mut reports) = unbounded_channel();
    let asked = Asked::default();
    let silence = async || {
        let fields = [(CONTENT_TYPE, "audio/wav"), (ETAG, "\"silence\"")];
        (fields, Body::new(Silence::new())).into_response()
    };
    let recorded = asked.clone();
    let recorder =
        from_fn(move |request: Request, next: Next| record(recorded.clone(), request, next));
    let layers = stack().ranges(RangeLayer::new());
    let report = async move |Json(report): Json<Value>| sender.send(report).expect("a test");
    let router = Router::new()
        .route(
            "/silence.wav",
            get(silence).route_layer(layers).route_layer(recorder),
        )
        .route("/", get(async || Html(PAGE)))
        .route("/result", post(report));
    let origin = page::start(router).await;

    browser.open(&origin).await;
    let report = in_time("a report", reports.recv()).await.unwrap();
    assert_eq!(report["duration"], f64::from(SECONDS), "{report}");
    assert_eq!(report["seekable"], f64::from(SECONDS), "{report}");
    assert_eq!(report["position"], f64::from(POSITION), "{report}");
    assert_eq!(report["readable"], true, "{report}");

    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|(_, status)| *status == 206), "{asked:?}");
    let position = u64::from(POSITION * BYTES_PER_SECOND);
    let second = u64::from(BYTES_PER_SECOND);
    let there = asked
        .iter()
        .any(|(first, _)| first.abs_diff(position) < 60 * second);
    assert!(there, "{asked:?}");
}
