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
    pub(super) fn new(future: F, exchange: Option<Exchange<C>>) -> Self {
        Self { future, exchange }
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

pin_project! {
    /// Response future for [`Conditional`](super::Conditional) with a source.
    pub struct SourcedFuture<F, B: Body, E, C> {
        #[pin]
        kind: Kind<F, B, E, C>,
    }
}

type Asking<B, E> = Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

pin_project! {
    #[project = KindProj]
    enum Kind<F, B: Body, E, C> {
        // There is nothing to ask, and nothing to allocate.
        Responding {
            #[pin]
            future: ResponseFuture<F, C>,
        },
        Asking {
            future: Asking<B, E>,
        },
        // Nothing was asked that had to be waited for.
        Answered {
            response: Option<Response<ResponseBody<B>>>,
        },
    }
}

impl<F, B: Body, E, C> SourcedFuture<F, B, E, C> {
    pub(super) fn answered(response: Response<ResponseBody<B>>) -> Self {
        Self {
            kind: Kind::Answered {
                response: Some(response),
            },
        }
    }

    pub(super) fn responding(future: ResponseFuture<F, C>) -> Self {
        Self {
            kind: Kind::Responding { future },
        }
    }

    pub(super) fn asking(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self {
            kind: Kind::Asking {
                future: Box::pin(future),
            },
        }
    }
}

impl<F, B, E, C> Future for SourcedFuture<F, B, E, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
    C: Clock,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Responding { future } => future.poll(cx),
            KindProj::Asking { future } => future.as_mut().poll(cx),
            KindProj::Answered { response } => {
                let response = response.take();
                Poll::Ready(Ok(response.expect("polled after it was ready")))
            }
        }
    }
}

impl<F, B: Body, E, C> fmt::Debug for SourcedFuture<F, B, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Responding { .. } => "SourcedFuture(Responding)",
            Kind::Asking { .. } => "SourcedFuture(Asking)",
            Kind::Answered { .. } => "SourcedFuture(Answered)",
        })
    }
}
