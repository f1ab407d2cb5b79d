//! A body through `EtagLayer`: the bytes are unchanged, and the tag depends on the bytes alone.

#![no_main]

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header::ETAG};
use http_body::{Body, Frame, SizeHint};
use libfuzzer_sys::fuzz_target;
use tower_conditional::EtagLayer;
use tower_layer::Layer;
use tower_service::Service;

#[derive(Debug, Clone, PartialEq)]
enum Act {
    Data(Bytes),
    Trailers(HeaderMap),
    Error,
    Wait,
}

#[derive(Debug)]
struct Broken;

#[derive(Clone)]
struct Scripted {
    acts: VecDeque<Act>,
    hint: Option<u64>,
}

impl Scripted {
    fn left(&self) -> u64 {
        content(self.acts.iter()).len() as u64
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.acts.pop_front() {
            None => Poll::Ready(None),
            Some(Act::Data(data)) => {
                self.hint = self.hint.map(|hint| hint.saturating_sub(data.len() as u64));
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Act::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Act::Error) => {
                self.acts.clear();
                Poll::Ready(Some(Err(Broken)))
            }
            Some(Act::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.hint.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

#[derive(Clone)]
struct Handler(Scripted);

impl Service<Request<()>> for Handler {
    type Response = Response<Scripted>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(self.0.clone())))
    }
}

fn content<'a>(acts: impl Iterator<Item = &'a Act>) -> Vec<u8> {
    let mut content = Vec::new();
    for act in acts {
        if let Act::Data(data) = act {
            content.extend_from_slice(data);
        }
    }
    content
}

fn send(layer: &EtagLayer, body: Scripted) -> (Option<HeaderValue>, Vec<Act>) {
    let mut service = layer.layer(Handler(body));
    let mut cx = Context::from_waker(Waker::noop());
    let mut future = pin!(service.call(Request::new(())));
    let response = loop {
        if let Poll::Ready(response) = future.as_mut().poll(&mut cx) {
            break response.unwrap_or_else(|never| match never {});
        }
    };
    let tag = response.headers().get(ETAG).cloned();
    let mut body = pin!(response.into_body());
    let mut acts = Vec::new();
    loop {
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => {}
            Poll::Ready(None) => return (tag, acts),
            Poll::Ready(Some(Err(_))) => {
                acts.push(Act::Error);
                return (tag, acts);
            }
            Poll::Ready(Some(Ok(frame))) => acts.push(match frame.into_data() {
                Ok(data) => Act::Data(data),
                Err(frame) => Act::Trailers(frame.into_trailers().unwrap()),
            }),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let [limit, shape, rest @ ..] = data else {
        return;
    };
    let mut rest = rest;
    let mut acts = VecDeque::new();
    while let Some((&length, more)) = rest.split_first() {
        if length == 0xff {
            acts.push_back(Act::Wait);
            rest = more;
        } else {
            let (frame, more) = more.split_at(more.len().min(usize::from(length)));
            acts.push_back(Act::Data(Bytes::copy_from_slice(frame)));
            rest = more;
        }
    }
    match shape % 4 {
        0 => acts.push_back(Act::Error),
        1 => {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-checksum", HeaderValue::from_static("1"));
            acts.push_back(Act::Trailers(trailers));
        }
        _ => {}
    }

    let mut body = Scripted { acts, hint: None };
    let length = body.left();
    // The announced length is correct, missing, too small or too large, since a body may lie.
    body.hint = match shape / 4 % 4 {
        0 => None,
        1 => Some(length / 2),
        2 => Some(length.saturating_mul(2)),
        _ => Some(length),
    };
    // A limit of zero is refused.
    let limit = usize::from(*limit).max(1);
    let layer = EtagLayer::new().max_body_bytes(limit);
    let (tag, out) = send(&layer, body.clone());

    let visible: Vec<Act> = body
        .acts
        .iter()
        .filter(|act| **act != Act::Wait)
        .cloned()
        .collect();
    let sent = content(visible.iter());
    assert_eq!(content(out.iter()), sent);
    let last = |acts: &[Act]| {
        acts.last()
            .filter(|act| !matches!(act, Act::Data(_)))
            .cloned()
    };
    assert_eq!(last(&out), last(&visible));

    let Some(tag) = tag else {
        return;
    };
    assert!(length <= limit as u64 && !visible.contains(&Act::Error));
    let whole = Scripted {
        acts: VecDeque::from([Act::Data(sent.into())]),
        hint: Some(length),
    };
    assert_eq!(send(&layer, whole).0, Some(tag));
});
