use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{answer::Conflict, config::Answer, performed::PerformedWrite};
use crate::body::ResponseBody;

pin_project! {
    /// Response future for [`Precondition`](super::Precondition).
    pub struct ResponseFuture<F, B: Body, E, Q, G> {
        #[pin]
        kind: Kind<F, B, E, Q, G>,
    }
}

type Asking<B, E> = Pin<Box<dyn Future<Output = Result<Answer<B>, E>> + Send>>;

pin_project! {
    #[project = KindProj]
    enum Kind<F, B: Body, E, Q, G> {
        // There is nothing to check, and nothing to allocate.
        Read {
            #[pin]
            future: F,
        },
        Unconditional {
            #[pin]
            future: F,
            conflict: Conflict,
        },
        // The source told the state at once, and the service runs.
        Performed {
            #[pin]
            future: F,
            write: PerformedWrite<Q, G>,
        },
        Asking {
            future: Asking<B, E>,
        },
        // There is nothing to wait for.
        Answered {
            answer: Option<Answer<B>>,
        },
    }
}

impl<F, B: Body, E, Q, G> ResponseFuture<F, B, E, Q, G> {
    pub(super) fn read(future: F) -> Self {
        Self {
            kind: Kind::Read { future },
        }
    }

    pub(super) fn unconditional(future: F, conflict: Conflict) -> Self {
        Self {
            kind: Kind::Unconditional { future, conflict },
        }
    }

    pub(super) fn performed(future: F, write: PerformedWrite<Q, G>) -> Self {
        Self {
            kind: Kind::Performed { future, write },
        }
    }

    pub(super) fn asking(
        future: impl Future<Output = Result<Answer<B>, E>> + Send + 'static,
    ) -> Self {
        Self {
            kind: Kind::Asking {
                future: Box::pin(future),
            },
        }
    }

    pub(super) fn answered(answer: Answer<B>) -> Self {
        Self {
            kind: Kind::Answered {
                answer: Some(answer),
            },
        }
    }
}

impl<F, B, E, Q, G> Future for ResponseFuture<F, B, E, Q, G>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match self.project().kind.project() {
            KindProj::Read { future } => ready!(future.poll(cx))?.map(ResponseBody::inner),
            KindProj::Unconditional { future, conflict } => {
                conflict.respond(ready!(future.poll(cx))?)
            }
            KindProj::Performed { future, write } => write.respond(ready!(future.poll(cx))?),
            KindProj::Asking { future } => return future.as_mut().poll(cx),
            KindProj::Answered { answer } => answer.take().expect("polled after it was ready"),
        }))
    }
}

impl<F, B: Body, E, Q, G> fmt::Debug for ResponseFuture<F, B, E, Q, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Read { .. } => "ResponseFuture(Read)",
            Kind::Unconditional { .. } => "ResponseFuture(Unconditional)",
            Kind::Performed { .. } => "ResponseFuture(Performed)",
            Kind::Asking { .. } => "ResponseFuture(Asking)",
            Kind::Answered { .. } => "ResponseFuture(Answered)",
        })
    }
}
