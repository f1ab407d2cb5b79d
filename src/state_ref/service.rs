use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{ResponseFuture, StateSource, config::StateRefConfig};
use crate::{
    body::{ResponseBody, UnreadContent},
    events,
    observe::exchange,
    outcome::Verdict,
    refusal::{Reason, Refusal},
    semantics::{
        condition::state_ref,
        field::{Accept, lines, method::is_safe},
    },
    service::HeldService,
    source::{self, OnSourceError, SelfGetRequest, SourceError},
};

/// Service that answers 304 if the client has the latest state.
///
/// See the [module docs](crate::state_ref) for an example.
pub struct StateRef<S, Q> {
    inner: S,
    config: Arc<StateRefConfig<Q>>,
}

impl<S, Q> StateRef<S, Q> {
    pub(super) fn new(inner: S, config: Arc<StateRefConfig<Q>>) -> Self {
        Self { inner, config }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, Q, ReqB, ResB> Service<Request<ReqB>> for StateRef<S, Q>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    Q: StateSource,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        // Most requests have no such header, so this check comes first.
        if !lines::has(request.headers(), &self.config.field) {
            return ResponseFuture::pass(self.inner.call(request));
        }
        // The `GET` of a `SelfGet` needs the whole response, and never a 304.
        let is_self_get = request.extensions().get::<SelfGetRequest>().is_some();
        let seen = (state_ref::may_be_answered(request.method()) && !is_self_get)
            .then(|| state_ref::state_of_client(request.headers(), &self.config.field))
            .flatten();
        let Some(seen) = seen.cloned() else {
            return ResponseFuture::pass(self.inner.call(request));
        };
        let service = HeldService::take(&mut self.inner);
        let config = Arc::clone(&self.config);
        ResponseFuture::boxed(config.answer(seen, request, service))
    }
}

impl<Q: StateSource> StateRefConfig<Q> {
    async fn answer<S, ReqB, ResB>(
        self: Arc<Self>,
        seen: HeaderValue,
        request: Request<ReqB>,
        mut service: HeldService<S>,
    ) -> Result<Response<ResponseBody<ResB>>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        let (parts, content) = request.into_parts();
        let mut content = UnreadContent::new(&parts, content);
        let safe = is_safe(&parts.method);
        let may_answer = !state_ref::leaves_to_conditions(&parts.method, &parts.headers);
        let (latest, early_answer) = match self.latest(&parts).await {
            Ok(latest) => {
                let same = latest
                    .as_ref()
                    .filter(|id| may_answer && state_ref::is_same_state(&seen, id));
                let answer = same.map(|id| {
                    let mut answer = Response::new(ResponseBody::empty());
                    state_ref::write_not_modified(&mut answer, &self.field, id, safe);
                    answer
                });
                (latest, answer)
            }
            Err(error) => {
                events::source_failed(&error);
                let refuses = self.on_source_error == OnSourceError::Refuse;
                (None, refuses.then(|| self.unavailable(&parts, error)))
            }
        };
        if let Some(answer) = early_answer {
            let is_same = answer.status() == StatusCode::NOT_MODIFIED;
            exchange::record_decision(|outcome| {
                outcome.set_verdict(if is_same {
                    Verdict::NotModified
                } else {
                    Verdict::SourceFailed
                });
                outcome.set_answered_early(true);
            });
            // Releases what `poll_ready` reserved, since the service does not run.
            drop(service);
            return Ok(content.refuse(answer).await);
        }
        let request = Request::from_parts(parts, content.take());
        let mut response = service.call(request).await?;
        if let Some(latest) = latest {
            state_ref::write_latest(&mut response, &self.field, latest, safe);
        }
        Ok(response.map(ResponseBody::inner))
    }

    async fn latest(&self, request: &Parts) -> Result<Option<HeaderValue>, SourceError> {
        let latest = source::answer(|| self.source.latest(request));
        #[cfg(feature = "tokio")]
        let latest = source::timeout_answer(self.timeout, latest);
        latest.await
    }

    fn unavailable<ResB: Body<Data = Bytes>>(
        &self,
        request: &Parts,
        error: SourceError,
    ) -> Response<ResponseBody<ResB>> {
        let refusal = Refusal::new(Reason::SourceUnavailable)
            .with_accepts_json(Accept::from_headers(&request.headers).accepts_json());
        let mut response = self.renderer.respond(&refusal);
        response.extensions_mut().insert(error);
        response.map(ResponseBody::bytes)
    }
}

impl<S: Clone, Q> Clone for StateRef<S, Q> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
        }
    }
}

impl<S: fmt::Debug, Q> fmt::Debug for StateRef<S, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateRef")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
