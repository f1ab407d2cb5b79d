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
use crate::{body::ResponseBody, refusal::Renderer};

pin_project! {
    /// Response future for [`Precondition`](super::Precondition).
    pub struct ResponseFuture<F, B: Body, E> {
        #[pin]
        kind: Kind<F, B, E>,
    }
}

pub(super) type Guarded<B, E> =
    Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

pin_project! {
    #[project = KindProj]
    enum Kind<F, B: Body, E> {
        // A read: nothing to do.
        Read {
            #[pin]
            future: F,
        },
        // A write whose conditions are nobody's business.
        Unconditional {
            #[pin]
            future: F,
            renderer: Renderer,
        },
        Guarded {
            future: Guarded<B, E>,
        },
    }
}

impl<F, B: Body, E> ResponseFuture<F, B, E> {
    pub(super) fn read(future: F) -> Self {
        Self {
            kind: Kind::Read { future },
        }
    }

    pub(super) fn unconditional(future: F, renderer: Renderer) -> Self {
        Self {
            kind: Kind::Unconditional { future, renderer },
        }
    }

    pub(super) fn guarded(future: Guarded<B, E>) -> Self {
        Self {
            kind: Kind::Guarded { future },
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
        match self.project().kind.project() {
            KindProj::Read { future } => {
                Poll::Ready(Ok(ready!(future.poll(cx))?.map(ResponseBody::inner)))
            }
            KindProj::Unconditional { future, renderer } => {
                let response = ready!(future.poll(cx))?.map(ResponseBody::inner);
                Poll::Ready(Ok(answer::without_condition(response, renderer)))
            }
            KindProj::Guarded { future } => future.as_mut().poll(cx),
        }
    }
}
