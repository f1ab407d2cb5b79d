use std::task::{Context, Poll};

use bytes::Bytes;
use http::{
    HeaderMap, Method, Request, Response,
    header::{IF_RANGE, RANGE},
};
use http_body::Body;
use tower_service::Service;

use super::{
    ResponseFuture, SourcedFuture,
    layer::{ByResponse, BySource, Config},
    respond::Exchange,
};
use crate::{
    body::{ResponseBody, UnreadContent},
    clock::{Clock, SystemClock},
    semantics::{accept, method, precondition::Asks},
    source::{self, Ready, ValidatorSource},
};

/// Service that answers conditional reads.
///
/// See the [module docs](crate::conditional) for an example.
#[derive(Debug, Clone)]
pub struct Conditional<S, C = SystemClock, Q = ByResponse> {
    inner: S,
    config: Config<C>,
    by: Q,
}

impl<S, C, Q> Conditional<S, C, Q> {
    pub(super) fn new(inner: S, config: Config<C>, by: Q) -> Self {
        Self { inner, config, by }
    }

    crate::macros::service_accessors!();
}

impl<S, C: Clone, Q> Conditional<S, C, Q> {
    /// What to do about a request; `None` is nothing.
    fn exchange<B>(&self, request: &Request<B>) -> Option<Exchange<C>> {
        if !self.config.methods.contains(request.method()) {
            return None;
        }
        let asks = Asks::of(request.headers());
        Some(Exchange {
            // Most requests cannot get a 412.
            accepts_json: !asks.preconditions.can_fail(request.method())
                || accept::json(request.headers()),
            asks,
            method: request.method().clone(),
            config: self.config.clone(),
        })
    }
}

impl<S, C, Q> Conditional<S, C, Q> {
    /// Lets the response tell the validators.
    fn respond<ReqB>(
        &mut self,
        mut request: Request<ReqB>,
        exchange: Option<Exchange<C>>,
    ) -> ResponseFuture<S::Future, C>
    where
        S: Service<Request<ReqB>>,
        C: Clock,
    {
        if (exchange.as_ref()).is_some_and(Exchange::drops_content) {
            *request.method_mut() = Method::GET;
            leave_out_parts(request.headers_mut());
        }
        ResponseFuture::new(self.inner.call(request), exchange)
    }
}

/// Takes away what a `GET` would answer with a part. `HEAD` asks for none
/// (RFC 9110, section 14.2).
pub(super) fn leave_out_parts(headers: &mut HeaderMap) {
    headers.remove(RANGE);
    headers.remove(IF_RANGE);
}

impl<S, C, ReqB, ResB> Service<Request<ReqB>> for Conditional<S, C>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    C: Clock + Clone,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let exchange = self.exchange(&request);
        self.respond(request, exchange)
    }
}

impl<S, C, Q, ReqB, ResB> Service<Request<ReqB>> for Conditional<S, C, BySource<Q>>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    C: Clock + Clone,
    Q: ValidatorSource,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = SourcedFuture<S::Future, ResB, S::Error, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let exchange = match self.exchange(&request) {
            // A source does not see the content, which names what a `QUERY` selects.
            Some(exchange) if !Q::KNOWS_NOTHING && method::head_selects(request.method()) => {
                exchange
            }
            other => return SourcedFuture::responding(self.respond(request, other)),
        };
        let (parts, content) = request.into_parts();
        let mut content = UnreadContent::new(&parts, content);
        let known = source::ask_at_hand(&*self.by.source, &parts);
        // The service that was made ready, which is given back if it does not run.
        let service = Ready::take(&mut self.inner);
        if let Some(Ok(current)) = &known
            && let Some(answer) = exchange.answer_before(current)
        {
            let answer = exchange.asked(answer, current);
            if content.is_unread() {
                let answer = content.refuse(answer, service);
                return SourcedFuture::asking(async { Ok(answer.await) });
            }
            return SourcedFuture::answered(answer);
        }
        SourcedFuture::asking(exchange.run(self.by.clone(), known, parts, content, service))
    }
}
