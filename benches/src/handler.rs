//! The bare service: content in memory, one header, no work.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::{Frame, SizeHint};
use tower::Service;

use crate::case::Case;

pub const OWN_TAG: HeaderValue = HeaderValue::from_static("\"a-tag-of-the-handler-01\"");
const OWN_POLICY: HeaderValue = HeaderValue::from_static("private, max-age=5");

#[derive(Clone)]
pub struct Handler(Case);

impl Handler {
    pub fn new(case: &Case) -> Self {
        Self(case.clone())
    }

    fn body(&self) -> Body {
        let content = self.0.content.clone();
        if self.0.frames == 1 && self.0.sized {
            return Body::from(content);
        }
        Body::new(Frames {
            rest: content,
            size: self.0.frame_size(),
            sized: self.0.sized,
        })
    }
}

impl<B> Service<Request<B>> for Handler {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(self.body());
        let content_type = HeaderValue::from_static(self.0.content_type);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        if self.0.own_tag {
            response.headers_mut().insert(header::ETAG, OWN_TAG);
        }
        if self.0.own_policy {
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, OWN_POLICY);
        }
        ready(Ok(response))
    }
}

/// Content that arrives in frames of one size.
pub struct Frames {
    pub rest: Bytes,
    pub size: usize,
    pub sized: bool,
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.size.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.sized {
            SizeHint::with_exact(self.rest.len() as u64)
        } else {
            SizeHint::default()
        }
    }
}
