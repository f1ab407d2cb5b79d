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

use crate::body::ResponseBody;

pin_project! {
    /// Response future for [`Idempotency`](super::Idempotency).
    pub struct ResponseFuture<F, B: Body, E> {
        #[pin]
        state: RetryState<F, B, E>,
    }
}

type BoxedAnswer<B, E> = Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

pin_project! {
    #[project = RetryStateProj]
    enum RetryState<F, B: Body, E> {
        // There is no key, and nothing to allocate.
        Passing {
            #[pin]
            future: F,
        },
        Waiting {
            future: BoxedAnswer<B, E>,
        },
    }
}

impl<F, B: Body, E> ResponseFuture<F, B, E> {
    pub(super) fn passing(future: F) -> Self {
        Self {
            state: RetryState::Passing { future },
        }
    }

    pub(super) fn waiting(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self {
            state: RetryState::Waiting {
                future: Box::pin(future),
            },
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
        match self.project().state.project() {
            RetryStateProj::Passing { future } => future
                .poll(cx)
                .map_ok(|response| response.map(ResponseBody::inner)),
            RetryStateProj::Waiting { future } => future.as_mut().poll(cx),
        }
    }
}

impl<F, B: Body, E> fmt::Debug for ResponseFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            RetryState::Passing { .. } => "ResponseFuture(Passing)",
            RetryState::Waiting { .. } => "ResponseFuture(Waiting)",
        })
    }
}
