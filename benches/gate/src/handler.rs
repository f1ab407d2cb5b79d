use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use tower::Service;
use tower_conditional::handler::Expected;

use crate::Body;

pub const CURRENT_TAG: &str = "\"a-tag-of-the-current-01\"";
/// A tag as long as the other.
pub const OTHER_TAG: &str = "\"a-tag-of-another-one-02\"";

/// A handler with 1 KiB in memory, one header and no work.
#[derive(Clone)]
pub struct Handler {
    content: Bytes,
    /// Content of unknown length, like events.
    streams: bool,
    content_type: &'static str,
    field: Option<(HeaderName, &'static str)>,
    compares: bool,
}

impl Handler {
    pub fn new() -> Self {
        Self {
            content: content(1024),
            streams: false,
            content_type: "application/json",
            field: None,
            compares: false,
        }
    }

    /// Returns 1 MiB.
    #[must_use]
    pub fn large(mut self) -> Self {
        self.content = content(1 << 20);
        self
    }

    /// Returns an event stream of unknown length.
    #[must_use]
    pub fn stream(mut self) -> Self {
        self.streams = true;
        self.content_type = "text/event-stream";
        self
    }

    /// Sets another header.
    #[must_use]
    pub fn with(mut self, field: HeaderName, value: &'static str) -> Self {
        self.field = Some((field, value));
        self
    }

    /// Compares while it writes, as a layer for writes expects.
    #[must_use]
    pub fn compares(mut self) -> Self {
        self.compares = true;
        self
    }
}

fn content(length: usize) -> Bytes {
    let bytes = (0..length).map(|i| b' ' + (i % 89) as u8);
    bytes.collect::<Vec<_>>().into()
}

impl Default for Handler {
    fn default() -> Self {
        Self::new()
    }
}

impl Service<Request<Body>> for Handler {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let content = self.content.clone();
        let body = if self.streams {
            Stream(content).boxed_unsync()
        } else {
            Full::new(content).boxed_unsync()
        };
        let mut response = Response::new(body);
        if self.compares && Expected::of(&request).confirm_written(Some(())).is_err() {
            *response.status_mut() = StatusCode::PRECONDITION_FAILED;
        }
        let content_type = HeaderValue::from_static(self.content_type);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, content_type);
        if let Some((field, value)) = &self.field {
            headers.insert(field, HeaderValue::from_static(value));
        }
        ready(Ok(response))
    }
}

/// A handler of requests with any body, which answers with 1 KiB, and with what `edit` changes.
///
/// It is another type than [`Handler`], whose code moves if its requests have several types.
#[derive(Clone)]
pub struct EditedAnswer {
    content: Bytes,
    edit: fn(&mut Response<Body>),
}

impl EditedAnswer {
    pub fn new(edit: fn(&mut Response<Body>)) -> Self {
        Self {
            content: content(1024),
            edit,
        }
    }
}

impl<B> Service<Request<B>> for EditedAnswer {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Full::new(self.content.clone()).boxed_unsync());
        let content_type = HeaderValue::from_static("application/json");
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        (self.edit)(&mut response);
        ready(Ok(response))
    }
}

/// A handler with 1 KiB of JSON whose members are not in order, or of text.
#[derive(Clone)]
pub struct JsonAnswer {
    content: Bytes,
    content_type: &'static str,
}

impl JsonAnswer {
    pub fn new(content_type: &'static str) -> Self {
        let item = |id: usize| {
            format!("{{\"id\":{id},\"title\":\"Note {id}\",\"rating\":4.5,\"done\":false}}")
        };
        let items: Vec<_> = (10..28).map(item).collect();
        let mut text = format!("{{\"items\":[{}]", items.join(","));
        text.push_str(&" ".repeat(1023 - text.len()));
        Self {
            content: (text + "}").into(),
            content_type,
        }
    }
}

impl<B> Service<Request<B>> for JsonAnswer {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Full::new(self.content.clone()).boxed_unsync());
        let content_type = HeaderValue::from_static(self.content_type);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        ready(Ok(response))
    }
}

/// A body of unknown length.
struct Stream(Bytes);

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let content = std::mem::take(&mut self.0);
        Poll::Ready((!content.is_empty()).then(|| Ok(Frame::data(content))))
    }
}
