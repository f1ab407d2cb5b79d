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
    /// Response future for [`StateRef`](super::StateRef).
    pub struct ResponseFuture<F, B: Body, E> {
        #[pin]
        state: StateRefState<F, B, E>,
    }
}

type BoxedLookup<B, E> = Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

pin_project! {
    #[project = StateRefStateProj]
    enum StateRefState<F, B: Body, E> {
        // The source is not called, and nothing is allocated.
        Pass {
            #[pin]
            future: F,
        },
        Boxed {
            future: BoxedLookup<B, E>,
        },
    }
}

impl<F, B: Body, E> ResponseFuture<F, B, E> {
    pub(super) fn pass(future: F) -> Self {
        Self {
            state: StateRefState::Pass { future },
        }
    }

    pub(super) fn boxed(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self {
            state: StateRefState::Boxed {
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
            StateRefStateProj::Pass { future } => future
                .poll(cx)
                .map_ok(|response| response.map(ResponseBody::inner)),
            StateRefStateProj::Boxed { future } => future.as_mut().poll(cx),
        }
    }
}

impl<F, B: Body, E> fmt::Debug for ResponseFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            StateRefState::Pass { .. } => "ResponseFuture(Pass)",
            StateRefState::Boxed { .. } => "ResponseFuture(Boxed)",
        })
    }
}
