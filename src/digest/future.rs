use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{body::ResponseBody, service::PassOrBox};

pin_project! {
    /// Response future for [`DigestService`](super::DigestService).
    pub struct ResponseFuture<F, B: Body, E> {
        #[pin]
        inner: PassOrBox<F, B, E>,
    }
}

impl<F, B: Body, E> ResponseFuture<F, B, E> {
    pub(super) fn pass(future: F) -> Self {
        Self {
            inner: PassOrBox::Pass { future },
        }
    }

    pub(super) fn boxed(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self {
            inner: PassOrBox::boxed(future),
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
        self.project().inner.poll(cx)
    }
}

impl<F, B: Body, E> fmt::Debug for ResponseFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.inner.name())
    }
}
