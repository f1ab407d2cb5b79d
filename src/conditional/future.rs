use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::respond::Exchange;
use crate::{body::ResponseBody, clock::Clock, semantics::content_length};

pin_project! {
    /// Response future for [`Conditional`](super::Conditional).
    pub struct ResponseFuture<F, C> {
        #[pin]
        future: F,
        // None where the layer has nothing to do.
        exchange: Option<Exchange<C>>,
    }
}

impl<F, C> ResponseFuture<F, C> {
    pub(super) fn bypass(future: F) -> Self {
        Self {
            future,
            exchange: None,
        }
    }

    pub(super) fn watch(future: F, exchange: Exchange<C>) -> Self {
        Self {
            future,
            exchange: Some(exchange),
        }
    }
}

impl<F, B, E, C> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
    C: Clock,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.future.poll(cx))?;
        content_length::disclaim(&mut response);
        Poll::Ready(Ok(match this.exchange {
            Some(exchange) if exchange.concerns(&response) => exchange.respond(response),
            _ => response.map(ResponseBody::inner),
        }))
    }
}
