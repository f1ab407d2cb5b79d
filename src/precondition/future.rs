use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::answer;
use crate::{body::ResponseBody, refusal::Renderer, source};

pin_project! {
    /// Response future for [`Precondition`](super::Precondition).
    #[derive(Debug)]
    pub struct ResponseFuture<F, B: Body, E> {
        #[pin]
        future: source::ResponseFuture<F, B, E>,
        // For a write without a condition; and whether its client takes JSON.
        conflict: Option<(Renderer, bool)>,
    }
}

impl<F, B: Body, E> ResponseFuture<F, B, E> {
    pub(super) fn read(future: F) -> Self {
        Self {
            future: source::ResponseFuture::called(future),
            conflict: None,
        }
    }

    pub(super) fn unconditional(future: F, renderer: Renderer, accepts_json: bool) -> Self {
        Self {
            future: source::ResponseFuture::called(future),
            conflict: Some((renderer, accepts_json)),
        }
    }

    pub(super) fn guarded(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self {
            future: source::ResponseFuture::asked(future),
            conflict: None,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx))?;
        Poll::Ready(Ok(match this.conflict {
            Some((renderer, accepts_json)) => {
                answer::without_condition(response, renderer, *accepts_json)
            }
            None => response,
        }))
    }
}
