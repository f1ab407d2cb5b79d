//! The handler of an observed service, whose runs are counted.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::exchange::{enter_handler, handler_ended, handler_started};
use crate::clock::Stopwatch;

/// Service that counts and measures the runs of a handler, inside of
/// [`Stack::observe`](crate::Stack::observe).
#[derive(Debug, Clone)]
pub struct CountedHandler<S> {
    inner: S,
}

impl<S> CountedHandler<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for CountedHandler<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = CountedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        // Before the call, in which some services do their work.
        let run = handler_started();
        let _inside = enter_handler();
        CountedFuture {
            future: self.inner.call(request),
            run,
        }
    }
}

pin_project! {
    /// Response future for [`CountedHandler`].
    pub struct CountedFuture<F> {
        #[pin]
        future: F,
        // `None` if the call was in another task, as behind a buffer.
        run: Option<Stopwatch>,
    }
}

impl<F: Future> Future for CountedFuture<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if this.run.is_none() {
            *this.run = handler_started();
        }
        let polled = {
            let _inside = enter_handler();
            this.future.poll(cx)
        };
        let output = ready!(polled);
        if let Some(run) = *this.run {
            handler_ended(run);
        }
        Poll::Ready(output)
    }
}

impl<F> fmt::Debug for CountedFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountedFuture").finish_non_exhaustive()
    }
}
