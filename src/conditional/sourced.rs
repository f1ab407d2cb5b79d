//! A read whose validators are known before the service runs.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::respond::Exchange;
use crate::{
    body::ResponseBody,
    clock::Clock,
    events,
    semantics::{precondition::Current, validators},
    source::{self, OnSourceError, Ready, ValidatorSource},
};

type Asked<B, E> = Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

pin_project! {
    /// Response future for [`Conditional`](super::Conditional) with a source.
    pub struct SourcedFuture<F, B: Body, E> {
        #[pin]
        kind: Kind<F, B, E>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<F, B: Body, E> {
        Bypass {
            #[pin]
            future: F,
        },
        Asked {
            future: Asked<B, E>,
        },
    }
}

impl<F, B: Body, E> SourcedFuture<F, B, E> {
    pub(super) fn bypass(future: F) -> Self {
        Self {
            kind: Kind::Bypass { future },
        }
    }

    pub(super) fn ask(
        future: impl Future<Output = Result<Response<ResponseBody<B>>, E>> + Send + 'static,
    ) -> Self {
        Self {
            kind: Kind::Asked {
                future: Box::pin(future),
            },
        }
    }
}

impl<F, B, E> Future for SourcedFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Bypass { future } => future
                .poll(cx)
                .map_ok(|response| response.map(ResponseBody::inner)),
            KindProj::Asked { future } => future.as_mut().poll(cx),
        }
    }
}

impl<C: Clock> Exchange<C> {
    pub(super) async fn run<Q, S, ReqB, ResB>(
        self,
        source: Arc<Q>,
        on_error: OnSourceError,
        request: Request<ReqB>,
        mut service: Ready<S>,
    ) -> Result<Response<ResponseBody<ResB>>, S::Error>
    where
        Q: ValidatorSource,
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
    {
        let (mut parts, content) = request.into_parts();
        let current = match source::ask(&*source, &parts).await {
            Ok(current) => current,
            Err(error) => {
                events::source_failed(&error);
                if on_error == OnSourceError::Refuse {
                    return Ok(self.unavailable(error));
                }
                Current::Unknown
            }
        };
        if let Some(answer) = self.answer_before(&current) {
            return Ok(answer);
        }
        if self.drops_content() {
            parts.method = Method::GET;
        }
        let mut response = service.call(Request::from_parts(parts, content)).await?;
        if let Current::Present(before) = &current {
            validators::label(&mut response, before);
        }
        Ok(if self.concerns(&response) {
            self.respond(response)
        } else {
            response.map(ResponseBody::inner)
        })
    }
}
