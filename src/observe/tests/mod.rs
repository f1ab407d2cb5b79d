mod content;
mod ends;
#[cfg(feature = "tracing")]
mod logs;
mod nested;
mod panics;
mod routes;
#[cfg(feature = "tokio")]
mod tasks;
mod verdicts;

use std::{
    mem,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use super::{Event, Exchange, Observer};
use crate::test_support::{Act, ScriptedBody};

/// An observer that keeps a line for each call. Clones share the lines.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    /// Takes the lines since the last call.
    fn take(&self) -> Vec<String> {
        mem::take(&mut self.0.lock().unwrap())
    }

    /// Takes the lines of exchanges.
    fn exchanges(&self) -> Vec<String> {
        let mut lines = self.take();
        lines.retain(|line| !line.starts_with("head ") && !line.starts_with("event "));
        lines
    }

    /// Takes the line of the only exchange.
    #[track_caller]
    fn exchange(&self) -> String {
        let mut lines = self.exchanges();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }

    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Observer for Recorder {
    fn exchange(&self, exchange: &Exchange<'_>) {
        let status = exchange.status().map_or(0, |status| status.as_u16());
        self.push(format!(
            "{} {} {status} {} sent={} runs={}",
            exchange.method(),
            exchange.route(),
            exchange.result().as_str(),
            exchange.bytes_sent(),
            exchange.handler_runs(),
        ));
    }

    fn head(&self, exchange: &Exchange<'_>) {
        assert_eq!((exchange.end(), exchange.bytes_sent()), (None, 0));
        let status = exchange.status().unwrap().as_u16();
        self.push(format!("head {status} {}", exchange.result().as_str()));
    }

    fn event(&self, event: &Event<'_>) {
        self.push(format!("event {event:?}"));
    }
}

/// Returns a request without content.
fn bare(method: &str) -> Request<String> {
    with_fields(method, &[])
}

fn with_fields(method: &str, fields: &[(&str, &str)]) -> Request<String> {
    let mut request = Request::builder().method(method).uri("/notes/7");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(String::new()).unwrap()
}

/// Returns a response whose content is these pieces, in a body of a known length.
fn sized<const N: usize>(pieces: [&str; N]) -> Response<ScriptedBody> {
    Response::new(ScriptedBody::sized(pieces.map(Act::data)))
}

fn streamed(acts: impl IntoIterator<Item = Act>) -> Response<ScriptedBody> {
    Response::new(ScriptedBody::unsized_(acts))
}

/// Polls for this number of frames, and drops the body.
fn read_frames(body: impl Body<Data = Bytes>, frames: usize) {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..frames {
        let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut cx) else {
            panic!("no frame");
        };
    }
}
