use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{AuditBody, record::RecordedRequest};

pin_project! {
    /// Response future for [`AuditService`](super::AuditService).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        // None once the response is there.
        request: Option<RecordedRequest>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, request: RecordedRequest) -> Self {
        Self {
            future,
            request: Some(request),
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<AuditBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.future.poll(cx));
        let request = this.request.take();
        let response = outcome?;
        let recorder = request.and_then(|request| request.check_response(&response));
        Poll::Ready(Ok(response.map(|body| AuditBody::new(body, recorder))))
    }
}
