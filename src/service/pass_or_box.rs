//! A future that passes a request on, or that waits in a box.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::body::ResponseBody;

/// A future that waits in a box.
pub(crate) type BoxedResponse<B, E> =
    Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

pin_project! {
    /// The future of a layer that leaves most requests alone.
    #[project = PassOrBoxProj]
    pub(crate) enum PassOrBox<F, B: Body, E> {
        // The layer has nothing to do, and nothing is allocated.
        Pass {
            #[pin]
            future: F,
        },
        Boxed {
            future: BoxedResponse<B, E>,
        },
    }
}

impl<F, B: Body, E> PassOrBox<F, B, E> {
    pub(crate) fn boxed(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self::Boxed {
            future: Box::pin(future),
        }
    }

    /// Returns the name of the state, for `Debug`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Pass { .. } => "ResponseFuture(Pass)",
            Self::Boxed { .. } => "ResponseFuture(Boxed)",
        }
    }
}

impl<F, B, E> Future for PassOrBox<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            PassOrBoxProj::Pass { future } => future
                .poll(cx)
                .map_ok(|response| response.map(ResponseBody::inner)),
            PassOrBoxProj::Boxed { future } => future.as_mut().poll(cx),
        }
    }
}
