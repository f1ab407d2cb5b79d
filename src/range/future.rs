use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Method, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::respond::{PartialRead, divisible_body_length};
use crate::{
    body::{RefuseFuture, ResponseBody},
    semantics::condition::range::advertise,
};

pin_project! {
    /// Response future for [`Range`](super::Range).
    pub struct ResponseFuture<F> {
        #[pin]
        state: RangeState<F>,
    }
}

pin_project! {
    #[project = RangeStateProj]
    enum RangeState<F> {
        // The method has no ranges.
        Pass {
            #[pin]
            future: F,
        },
        // The request has no `Range`, and learns that it may have one.
        Whole {
            #[pin]
            future: F,
            is_head: bool,
        },
        Part {
            #[pin]
            future: F,
            read: PartialRead,
        },
        Refused {
            answer: RefuseFuture<Bytes>,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn pass(future: F) -> Self {
        Self {
            state: RangeState::Pass { future },
        }
    }

    pub(super) fn whole(future: F, is_head: bool) -> Self {
        Self {
            state: RangeState::Whole { future, is_head },
        }
    }

    pub(super) fn part(future: F, read: PartialRead) -> Self {
        Self {
            state: RangeState::Part { future, read },
        }
    }

    pub(super) fn refused(answer: RefuseFuture<Bytes>) -> Self {
        Self {
            state: RangeState::Refused { answer },
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
        let response = match self.project().state.project() {
            RangeStateProj::Pass { future } => ready!(future.poll(cx))?,
            RangeStateProj::Whole { future, is_head } => {
                let mut response = ready!(future.poll(cx))?;
                let method = if *is_head { Method::HEAD } else { Method::GET };
                if divisible_body_length(&method, &response).is_some() {
                    advertise(response.headers_mut());
                }
                response
            }
            RangeStateProj::Part { future, read } => {
                let response = ready!(future.poll(cx))?;
                return Poll::Ready(Ok(read.respond(cx, response)));
            }
            RangeStateProj::Refused { answer } => {
                let answer = ready!(Pin::new(answer).poll(cx));
                return Poll::Ready(Ok(answer.map(ResponseBody::bytes)));
            }
        };
        Poll::Ready(Ok(response.map(ResponseBody::inner)))
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            RangeState::Pass { .. } => "ResponseFuture(Pass)",
            RangeState::Whole { .. } => "ResponseFuture(Whole)",
            RangeState::Part { .. } => "ResponseFuture(Part)",
            RangeState::Refused { .. } => "ResponseFuture(Refused)",
        })
    }
}
