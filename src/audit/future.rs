use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{AuditedBody, record::Asked};

pin_project! {
    /// Response future for [`Audited`](super::Audited).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        // None once it is answered.
        asked: Option<Asked>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, asked: Asked) -> Self {
        Self {
            future,
            asked: Some(asked),
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<AuditedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.future.poll(cx));
        let asked = this.asked.take();
        let response = outcome?;
        let reading = asked.and_then(|asked| asked.answered(&response));
        Poll::Ready(Ok(response.map(|body| AuditedBody::new(body, reading))))
    }
}
