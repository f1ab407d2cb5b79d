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

use super::pending::PendingRead;
use crate::{body::ResponseBody, service::BoxedResponse, store::ValidatorStore};

pin_project! {
    /// Response future for [`ValidatorCacheService`](super::ValidatorCacheService).
    pub struct ResponseFuture<F, B: Body, E, St: ValidatorStore> {
        #[pin]
        state: LookupState<F, B, E, St>,
    }
}

pin_project! {
    #[project = LookupStateProj]
    enum LookupState<F, B: Body, E, St: ValidatorStore> {
        Called {
            #[pin]
            future: F,
            // None if the response is of no use. Boxed, to keep the future small.
            read: Option<Box<PendingRead<St>>>,
        },
        Boxed {
            future: BoxedResponse<B, E>,
        },
        // The response was made without waiting.
        Ready {
            answer: Option<Response<ResponseBody<B>>>,
        },
    }
}

impl<F, B: Body, E, St: ValidatorStore> ResponseFuture<F, B, E, St> {
    pub(super) fn pass(future: F) -> Self {
        Self::called(future, None)
    }

    pub(super) fn called(future: F, read: Option<Box<PendingRead<St>>>) -> Self {
        Self {
            state: LookupState::Called { future, read },
        }
    }

    pub(super) fn ready(answer: Response<ResponseBody<B>>) -> Self {
        Self {
            state: LookupState::Ready {
                answer: Some(answer),
            },
        }
    }

    pub(super) fn boxed(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self {
            state: LookupState::Boxed {
                future: Box::pin(future),
            },
        }
    }
}

impl<F, B, E, St> Future for ResponseFuture<F, B, E, St>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
    St: ValidatorStore,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            LookupStateProj::Called { future, read } => {
                let response = ready!(future.poll(cx))?;
                Poll::Ready(Ok(match read.take() {
                    Some(read) => read.respond(cx, response),
                    None => response.map(ResponseBody::inner),
                }))
            }
            LookupStateProj::Boxed { future } => future.as_mut().poll(cx),
            LookupStateProj::Ready { answer } => {
                let answer = answer.take();
                Poll::Ready(Ok(answer.expect("polled after completion")))
            }
        }
    }
}

impl<F, B: Body, E, St: ValidatorStore> fmt::Debug for ResponseFuture<F, B, E, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            LookupState::Called { .. } => "ResponseFuture(Called)",
            LookupState::Boxed { .. } => "ResponseFuture(Boxed)",
            LookupState::Ready { .. } => "ResponseFuture(Ready)",
        })
    }
}
