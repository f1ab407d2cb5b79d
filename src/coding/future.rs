use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::semantics::coding::{Asked, TagCodings};

pin_project! {
    /// Response future for [`CodingTag`](super::CodingTag).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        codings: Arc<TagCodings>,
        asked: Asked,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, codings: Arc<TagCodings>, asked: Asked) -> Self {
        Self {
            future,
            codings,
            asked,
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
        let mut response = ready!(this.future.poll(cx))?;
        let status = response.status();
        this.codings
            .encode(status, response.headers_mut(), this.asked);
        Poll::Ready(Ok(response))
    }
}
