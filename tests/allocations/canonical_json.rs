//! The allocations of tags from canonical JSON, and the memory that a form takes.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use tower::{Layer, Service};
use tower_conditional::EtagLayer;

use crate::support::{Handler, added, cost, difference};

/// A body whose frames have memory of their own, which is freed as they are taken.
struct OwnFrames(VecDeque<Bytes>);

impl Body for OwnFrames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|data| data.len() as u64).sum())
    }
}

/// A handler that makes its JSON anew for each response.
#[derive(Clone)]
struct JsonHandler {
    content: &'static str,
    frames: usize,
}

impl Service<Request<Empty<Bytes>>> for JsonHandler {
    type Response = Response<OwnFrames>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        let length = self.content.len().div_ceil(self.frames);
        let frames = self.content.as_bytes().chunks(length);
        let frames = frames.map(Bytes::copy_from_slice).collect();
        let mut response = Response::new(OwnFrames(frames));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        ready(Ok(response))
    }
}

/// Returns the allocations that the layer adds, and the bytes that it adds to the most held at once.
fn added_to_json(layer: &EtagLayer, content: &'static str, frames: usize) -> (i64, i64) {
    let handler = JsonHandler { content, frames };
    let bare = cost(handler.clone(), &Method::GET, None);
    let layered = cost(layer.layer(handler), &Method::GET, None);
    difference(&layered, &bare)
}

/// Returns a list of objects whose members are not in order.
fn list(items: usize) -> &'static str {
    let item =
        |id| format!("{{\"id\":{id},\"title\":\"Note {id}\",\"rating\":4.5,\"done\":false}}");
    let items: Vec<_> = (0..items).map(item).collect();
    format!("[{}]", items.join(",")).leak()
}

/// Content that is no JSON pays nothing.
#[test]
fn other_content_pays_nothing() {
    for length in [0, 1024, 64 * 1024] {
        let text = Handler::new(length, 1 << 20);
        let get = &Method::GET;
        let canonical = added(&EtagLayer::new().canonical_json(), &text, get, None);
        assert_eq!(
            canonical,
            added(&EtagLayer::new(), &text, get, None),
            "{length}"
        );
        let stream = text.unsized_();
        let canonical = added(&EtagLayer::new().canonical_json(), &stream, get, None);
        assert_eq!(canonical, (0, 0));
    }
}

/// The form takes little more memory than the content, in one frame and in many.
#[test]
fn a_form_takes_at_most_twice_the_content() {
    let ignoring = EtagLayer::new().ignoring(["/*/rating"]).unwrap();
    for layer in [EtagLayer::new().canonical_json(), ignoring] {
        for (items, frames) in [(16, 1), (300, 1), (300, 64)] {
            let content = list(items);
            let (_, bytes) = added_to_json(&layer, content, frames);
            let most = 2 * i64::try_from(content.len()).unwrap() + 4096;
            assert!(bytes <= most, "{items} in {frames}: {bytes} over {most}");
        }
    }
}

/// The allocations do not grow with the members.
#[test]
fn the_number_of_allocations_is_small() {
    let layer = EtagLayer::new().canonical_json();
    let (few, _) = added_to_json(&layer, list(16), 1);
    let (many, _) = added_to_json(&layer, list(300), 1);
    assert!(few <= 16, "{few}");
    // The lists of names and objects double.
    assert!(many <= few + 16, "{many}");
}
