use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{ResponseFuture, config::RangeConfig, respond::PartialRead};
use crate::{
    body::{ResponseBody, UnreadContent},
    observe::exchange,
    refusal::{Reason, Refusal},
    semantics::{
        condition::range::{RangeFields, is_partial_put},
        field::Accept,
    },
    service::HeldService,
};

/// Service that answers requests for parts of a representation.
///
/// See the [module docs](crate::range) for an example.
#[derive(Debug, Clone)]
pub struct Range<S> {
    inner: S,
    config: Arc<RangeConfig>,
}

impl<S> Range<S> {
    pub(super) fn new(inner: S, config: Arc<RangeConfig>) -> Self {
        Self { inner, config }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Range<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        match *request.method() {
            Method::GET => {
                let fields = RangeFields::from_headers(request.headers());
                if fields.is_empty() {
                    return ResponseFuture::whole(self.inner.call(request), false);
                }
                let read = PartialRead::new(&fields, request.headers(), &self.config);
                ResponseFuture::part(self.inner.call(request), read)
            }
            // Ranges have no meaning in a `HEAD` (RFC 9110, section 14.2).
            Method::HEAD => ResponseFuture::whole(self.inner.call(request), true),
            _ if !self.config.partial_put
                && is_partial_put(request.method(), request.headers()) =>
            {
                // Releases what `poll_ready` reserved, since the service does not run.
                drop(HeldService::take(&mut self.inner));
                let (parts, content) = request.into_parts();
                let answer = self.config.refuse_partial_put(&parts);
                ResponseFuture::refused(UnreadContent::new(&parts, content).refuse(answer))
            }
            _ => ResponseFuture::pass(self.inner.call(request)),
        }
    }
}

impl RangeConfig {
    fn refuse_partial_put(&self, request: &Parts) -> Response<Bytes> {
        exchange::record_decision(|outcome| outcome.set_answered_early(true));
        let accepts_json = Accept::from_headers(&request.headers).accepts_json();
        let refusal = Refusal::new(Reason::PartialPut).with_accepts_json(accepts_json);
        self.renderer.respond(&refusal)
    }
}
