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

use super::{
    respond::ConditionalRead,
    sourced::{LabelResult, SourcedRead},
};
use crate::{
    body::ResponseBody,
    clock::SharedClock,
    observe::exchange,
    semantics::{field::content_length, validator::validators},
    source::ValidatorSource,
};

pin_project! {
    /// Response future for [`Conditional`](super::Conditional).
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        task: ResponseTask,
    }
}

/// The work that is left for the response.
enum ResponseTask {
    /// Pass the response on: the layer does not evaluate conditions of this method.
    Pass,
    /// Correct a modification date: there is no condition.
    CorrectDate(SharedClock),
    /// Evaluate the conditions.
    Evaluate(ConditionalRead),
}

impl<F> ResponseFuture<F> {
    pub(super) fn pass(future: F) -> Self {
        Self {
            future,
            task: ResponseTask::Pass,
        }
    }

    pub(super) fn correct_date(future: F, clock: SharedClock) -> Self {
        Self {
            future,
            task: ResponseTask::CorrectDate(clock),
        }
    }

    pub(super) fn evaluate(future: F, read: ConditionalRead) -> Self {
        Self {
            future,
            task: ResponseTask::Evaluate(read),
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.future.poll(cx))?;
        content_length::remove_zero_length_from_304(&mut response);
        match this.task {
            ResponseTask::Evaluate(read) => return Poll::Ready(Ok(read.respond(response))),
            ResponseTask::CorrectDate(clock) => {
                exchange::record_decision(|outcome| {
                    outcome.set_handler_status(response.status());
                    outcome.set_unconditional(response.status());
                });
                validators::correct_last_modified(response.headers_mut(), || clock.now());
            }
            ResponseTask::Pass => {}
        }
        Poll::Ready(Ok(response.map(ResponseBody::inner)))
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.task {
            ResponseTask::Pass => "ResponseFuture(Pass)",
            ResponseTask::CorrectDate(_) => "ResponseFuture(CorrectDate)",
            ResponseTask::Evaluate(_) => "ResponseFuture(Evaluate)",
        })
    }
}

pin_project! {
    /// Response future for [`Conditional`](super::Conditional) with a source.
    pub struct SourcedFuture<F, B: Body, E, Q> {
        #[pin]
        state: SourcedState<F, B, E, Q>,
    }
}

type BoxedRead<B, E> = Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

pin_project! {
    #[project = SourcedStateProj]
    enum SourcedState<F, B: Body, E, Q> {
        // The source is not called, and nothing is allocated.
        WithoutSource {
            #[pin]
            future: ResponseFuture<F>,
        },
        // The source returned the state at once, and the service runs.
        WithSource {
            #[pin]
            future: F,
            read: Option<Box<SourcedRead<Q>>>,
        },
        Boxed {
            future: BoxedRead<B, E>,
        },
        // The response was made without waiting.
        Ready {
            answer: Option<Response<ResponseBody<B>>>,
        },
    }
}

impl<F, B: Body, E, Q> SourcedFuture<F, B, E, Q> {
    pub(super) fn ready(answer: Response<ResponseBody<B>>) -> Self {
        Self {
            state: SourcedState::Ready {
                answer: Some(answer),
            },
        }
    }

    pub(super) fn without_source(future: ResponseFuture<F>) -> Self {
        Self {
            state: SourcedState::WithoutSource { future },
        }
    }

    pub(super) fn with_source(future: F, read: Box<SourcedRead<Q>>) -> Self {
        Self {
            state: SourcedState::WithSource {
                future,
                read: Some(read),
            },
        }
    }

    pub(super) fn boxed(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self {
            state: SourcedState::Boxed {
                future: Box::pin(future),
            },
        }
    }
}

impl<F, B, E, Q> Future for SourcedFuture<F, B, E, Q>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes, Error: Send> + Send + 'static,
    Q: ValidatorSource,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        match state.as_mut().project() {
            SourcedStateProj::WithoutSource { future } => future.poll(cx),
            SourcedStateProj::WithSource { future, read } => {
                let response = ready!(future.poll(cx))?;
                let mut read = read.take().expect("polled after completion");
                let unconfirmed = match read.respond(response) {
                    LabelResult::Answer(answer) => return Poll::Ready(Ok(answer)),
                    LabelResult::Unconfirmed(unconfirmed) => unconfirmed,
                };
                // The source returned at once before the service, but now has to wait.
                let mut answer =
                    Box::pin(async move { Ok(read.respond_confirmed(unconfirmed).await) });
                let polled = answer.as_mut().poll(cx);
                state.set(SourcedState::Boxed { future: answer });
                polled
            }
            SourcedStateProj::Boxed { future } => future.as_mut().poll(cx),
            SourcedStateProj::Ready { answer } => {
                let answer = answer.take();
                Poll::Ready(Ok(answer.expect("polled after completion")))
            }
        }
    }
}

impl<F, B: Body, E, Q> fmt::Debug for SourcedFuture<F, B, E, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            SourcedState::WithoutSource { .. } => "SourcedFuture(WithoutSource)",
            SourcedState::WithSource { .. } => "SourcedFuture(WithSource)",
            SourcedState::Boxed { .. } => "SourcedFuture(Boxed)",
            SourcedState::Ready { .. } => "SourcedFuture(Ready)",
        })
    }
}
