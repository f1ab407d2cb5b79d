use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::semantics::validator::coding::{DecodedRequest, TagCodings, may_be_validated};

pin_project! {
    /// Response future for [`CodingTag`](super::CodingTag).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        codings: Arc<TagCodings>,
        request: DecodedRequest,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, codings: Arc<TagCodings>, request: DecodedRequest) -> Self {
        Self {
            future,
            codings,
            request,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            // Without a validator there is nothing to do, and the response is not moved.
            Poll::Ready(Ok(mut response))
                if may_be_validated(response.status(), response.headers()) =>
            {
                let status = response.status();
                this.codings
                    .encode(status, response.headers_mut(), this.request);
                Poll::Ready(Ok(response))
            }
            polled => polled,
        }
    }
}
