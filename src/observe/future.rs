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
    ObservedBody,
    exchange::{ExchangeEnd, ExchangeScope, end_within, enter, record_inner},
};

pin_project! {
    /// Response future for [`Observe`](super::Observe).
    pub struct ResponseFuture<F> {
        // None only while it is dropped.
        #[pin]
        future: Option<F>,
        // None for a request that is not observed, and after the response.
        scope: Option<ExchangeScope>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // A write that goes on takes the exchange with it.
            if let Some(exchange) = this.scope.as_mut().and_then(ExchangeScope::exchange) {
                exchange.set_end(ExchangeEnd::Cancelled);
            }
            end_within(this.scope, || this.future.set(None));
        }
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, scope: Option<ExchangeScope>) -> Self {
        Self {
            future: Some(future),
            scope,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ObservedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let future = this
            .future
            .as_pin_mut()
            .expect("polled before it is dropped");
        let response = ready!(enter(this.scope, || future.poll(cx)));
        let mut scope = this.scope.take();
        if let Some(exchange) = scope.as_mut().and_then(ExchangeScope::exchange) {
            record_inner(exchange);
        }
        Poll::Ready(match response {
            Ok(response) => Ok(ObservedBody::observe(response, scope)),
            Err(error) => {
                if let Some(exchange) = scope.as_mut().and_then(ExchangeScope::exchange) {
                    exchange.set_end(ExchangeEnd::ServiceError);
                }
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
