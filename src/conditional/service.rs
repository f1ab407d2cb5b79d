use std::{
    future::Future,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    ResponseFuture, SourcedFuture,
    config::{ConditionalConfig, SourceConfig},
    respond::ConditionalRead,
    sourced::{LabelResult, SourcedRead},
    unanswered::{UnansweredRead, remove_range},
};
use crate::{
    body::{ResponseBody, UnreadContent},
    events,
    semantics::{
        condition::{Current, RequestConditions},
        field::method,
    },
    service::HeldService,
    source::{self, OnSourceError, SourceError, ValidatorSource},
};

/// Service that answers conditional reads.
///
/// See the [module docs](crate::conditional) for an example.
#[derive(Debug, Clone)]
pub struct Conditional<S, Q = ()> {
    inner: S,
    config: ConditionalConfig,
    source_config: Q,
}

impl<S, Q> Conditional<S, Q> {
    pub(super) fn new(inner: S, config: ConditionalConfig, source_config: Q) -> Self {
        Self {
            inner,
            config,
            source_config,
        }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, Q> Conditional<S, Q> {
    /// Calls the service, and evaluates the conditions against its response.
    fn respond<ReqB>(&mut self, mut request: Request<ReqB>) -> ResponseFuture<S::Future>
    where
        S: Service<Request<ReqB>>,
    {
        let method = request.method();
        // A write must be checked before it is performed, not afterwards.
        if !self.config.methods.contains(method) {
            return ResponseFuture::pass(self.inner.call(request));
        }
        let conditions = RequestConditions::from_headers(request.headers());
        // The common read without conditions keeps only the clock.
        if conditions.fields.is_empty() && !self.config.inspects_every_response(method) {
            let clock = self.config.clock.clone();
            return ResponseFuture::correct_date(self.inner.call(request), clock);
        }
        let read = ConditionalRead::new(method, &conditions, &self.config);
        if self.config.drops_content(method) {
            *request.method_mut() = Method::GET;
            remove_range(request.headers_mut());
        }
        ResponseFuture::evaluate(self.inner.call(request), read)
    }
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Conditional<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        self.respond(request)
    }
}

impl<S, Q, ReqB, ResB> Service<Request<ReqB>> for Conditional<S, SourceConfig<Q>>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    Q: ValidatorSource,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = SourcedFuture<S::Future, ResB, S::Error, Q>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        // A `QUERY` selects its result by its content, which a source does not see.
        let calls_source = !Q::KNOWS_NOTHING
            && method::is_selected_by_head(request.method())
            && self.config.methods.contains(request.method());
        if !calls_source {
            return SourcedFuture::without_source(self.respond(request));
        }
        let (mut parts, content) = request.into_parts();
        let Some(source_state) = source::try_current(&*self.source_config.source, &parts) else {
            return SourcedFuture::boxed(self.wait_for_source(parts, content));
        };
        let unanswered = UnansweredRead::new(&parts, &self.config);
        let before = match self.source_config.answer(&unanswered, source_state) {
            Err(before) => before,
            Ok(answer) => {
                // Releases what `poll_ready` reserved, since the service does not run.
                drop(HeldService::take(&mut self.inner));
                if content.is_end_stream() {
                    return SourcedFuture::ready(answer);
                }
                let answer = UnreadContent::new(&parts, content).refuse(answer);
                return SourcedFuture::boxed(async { Ok(answer.await) });
            }
        };
        // Boxed, to keep the future of every other read small.
        let read = Box::new(SourcedRead::new(
            &unanswered,
            self.source_config.clone(),
            before,
        ));
        read.prepare(&mut parts);
        let request = Request::from_parts(parts, content);
        SourcedFuture::with_source(self.inner.call(request), read)
    }
}

impl<S, Q> Conditional<S, SourceConfig<Q>> {
    /// Performs a read whose source has to be awaited.
    // Not an `async fn`, whose future would hold the arguments twice.
    fn wait_for_source<ReqB, ResB>(
        &mut self,
        mut parts: Parts,
        content: ReqB,
    ) -> impl Future<Output = Result<Response<ResponseBody<ResB>>, S::Error>> + use<S, Q, ReqB, ResB>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>> + Clone,
        Q: ValidatorSource,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        let mut content = UnreadContent::new(&parts, content);
        // Keeps the instance that `poll_ready` made ready.
        let mut service = HeldService::take(&mut self.inner);
        let (source_config, config) = (self.source_config.clone(), self.config.clone());
        async move {
            let source_state = source::wait_for_current(&*source_config.source, &parts).await;
            let unanswered = UnansweredRead::new(&parts, &config);
            let mut read = match source_config.answer(&unanswered, source_state) {
                Ok(answer) => {
                    drop(service);
                    return Ok(content.refuse(answer).await);
                }
                Err(before) => SourcedRead::new(&unanswered, source_config, before),
            };
            read.prepare(&mut parts);
            let service = service.ready::<ReqB>().await?;
            let request = Request::from_parts(parts, content.take());
            let response = service.call(request).await?;
            Ok(match read.respond(response) {
                LabelResult::Answer(answer) => answer,
                // Boxed, to keep the future of a 304 small.
                LabelResult::Unconfirmed(unconfirmed) => {
                    Box::pin(read.respond_confirmed(unconfirmed)).await
                }
            })
        }
    }
}

impl<Q: ValidatorSource> SourceConfig<Q> {
    /// Answers a read without the service. Returns the state as the error if the service has to
    /// run.
    fn answer<B: Body<Data = Bytes>>(
        &self,
        unanswered: &UnansweredRead<'_>,
        source_state: Result<Current, SourceError>,
    ) -> Result<Response<ResponseBody<B>>, Current> {
        match source_state {
            Ok(current) => unanswered.answer(current),
            Err(error) => self
                .source_failed(unanswered, error)
                .ok_or(Current::Unknown),
        }
    }

    /// Returns the response to a read whose source failed, or `None` if the read proceeds.
    pub(super) fn source_failed<B: Body<Data = Bytes>>(
        &self,
        read: &UnansweredRead<'_>,
        error: SourceError,
    ) -> Option<Response<ResponseBody<B>>> {
        // An extractor rejected the request. The handler has the same one and answers itself.
        if error.rejection().is_some() {
            return None;
        }
        events::source_failed(&error);
        (self.on_error == OnSourceError::Refuse).then(|| read.unavailable(error))
    }
}
