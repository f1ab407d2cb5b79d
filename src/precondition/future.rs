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

use super::{admitted::AdmittedWrite, answer::ConflictResponder, config::WriteResponse};
use crate::body::ResponseBody;

pin_project! {
    /// Response future for [`Precondition`](super::Precondition).
    pub struct ResponseFuture<F, B: Body, E, Q, G> {
        #[pin]
        state: WriteState<F, B, E, Q, G>,
    }
}

type BoxedWrite<B, E> = Pin<Box<dyn Future<Output = Result<WriteResponse<B>, E>> + Send>>;

pin_project! {
    #[project = WriteStateProj]
    enum WriteState<F, B: Body, E, Q, G> {
        // A safe method, which passes unchecked.
        Pass {
            #[pin]
            future: F,
        },
        Unconditional {
            #[pin]
            future: F,
            conflict: ConflictResponder,
        },
        // The source returned the state at once, and the service runs.
        Perform {
            #[pin]
            future: F,
            write: AdmittedWrite<Q, G>,
        },
        Boxed {
            future: BoxedWrite<B, E>,
        },
        // The write was refused without waiting.
        Ready {
            answer: Option<WriteResponse<B>>,
        },
    }
}

impl<F, B: Body, E, Q, G> ResponseFuture<F, B, E, Q, G> {
    pub(super) fn pass(future: F) -> Self {
        Self {
            state: WriteState::Pass { future },
        }
    }

    pub(super) fn unconditional(future: F, conflict: ConflictResponder) -> Self {
        Self {
            state: WriteState::Unconditional { future, conflict },
        }
    }

    pub(super) fn perform(future: F, write: AdmittedWrite<Q, G>) -> Self {
        Self {
            state: WriteState::Perform { future, write },
        }
    }

    pub(super) fn boxed(
        future: impl Future<Output = Result<WriteResponse<B>, E>> + Send + 'static,
    ) -> Self {
        Self {
            state: WriteState::Boxed {
                future: Box::pin(future),
            },
        }
    }

    pub(super) fn ready(answer: WriteResponse<B>) -> Self {
        Self {
            state: WriteState::Ready {
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
        Poll::Ready(Ok(match self.project().state.project() {
            WriteStateProj::Pass { future } => ready!(future.poll(cx))?.map(ResponseBody::inner),
            WriteStateProj::Unconditional { future, conflict } => {
                conflict.respond(ready!(future.poll(cx))?)
            }
            WriteStateProj::Perform { future, write } => write.respond(ready!(future.poll(cx))?),
            WriteStateProj::Boxed { future } => return future.as_mut().poll(cx),
            WriteStateProj::Ready { answer } => answer.take().expect("polled after completion"),
        }))
    }
}

impl<F, B: Body, E, Q, G> fmt::Debug for ResponseFuture<F, B, E, Q, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            WriteState::Pass { .. } => "ResponseFuture(Pass)",
            WriteState::Unconditional { .. } => "ResponseFuture(Unconditional)",
            WriteState::Perform { .. } => "ResponseFuture(Perform)",
            WriteState::Boxed { .. } => "ResponseFuture(Boxed)",
            WriteState::Ready { .. } => "ResponseFuture(Ready)",
        })
    }
}
