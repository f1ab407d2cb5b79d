use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{Attempt, ResponseFuture, config::IdempotencyConfig, keyed::KeyedRequest, refuse};
use crate::{
    body::{ReadAhead, RequestBody, ResponseBody, UnreadContent},
    refusal::KeyProblem,
    semantics::field::Accept,
    semantics::retry::{IdempotencyKey, RecordId, is_repeatable_request},
    service::HeldService,
    store::IdempotencyStore,
};

/// A request that came in TLS early data. More values than `1` mean the same (RFC 8470, section
/// 5.1).
const EARLY_DATA: &str = "early-data";

/// Service that runs a request with an `Idempotency-Key` once, and repeats its response.
///
/// See the [module docs](crate::idempotency) for an example.
pub struct Idempotency<S, St> {
    inner: S,
    config: Arc<IdempotencyConfig<St>>,
}

impl<S, St> Idempotency<S, St> {
    pub(super) fn new(inner: S, config: Arc<IdempotencyConfig<St>>) -> Self {
        Self { inner, config }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, St, ReqB, ResB> Service<Request<ReqB>> for Idempotency<S, St>
where
    S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqB: Body<Data = Bytes, Error: Send> + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    St: IdempotencyStore,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        // Most requests have no key, and cost no more than looking for one.
        let headers = request.headers();
        let may_have_key = IdempotencyKey::is_in(headers);
        let is_early = self.config.refuses_early_data && headers.contains_key(EARLY_DATA);
        if !self.config.methods.contains(request.method())
            || !(may_have_key || is_early || self.config.is_required.is_some())
        {
            return ResponseFuture::passing(self.inner.call(request.map(RequestBody::unread)));
        }
        let (parts, content) = request.into_parts();
        if is_early {
            return self.refuse(KeyProblem::TooEarly, &parts, content);
        }
        let key = IdempotencyKey::from_headers(&parts.headers, self.config.accepts_bare_keys);
        let admitted = key
            .map_err(|_| KeyProblem::Malformed)
            .and_then(|key| self.keyed(&parts, key));
        match admitted {
            Ok(Some(keyed)) => {
                let service = HeldService::take(&mut self.inner);
                let content = ReadAhead::new(content).joining_small();
                ResponseFuture::waiting(keyed.run(parts, content, service))
            }
            Ok(None) => {
                let request = Request::from_parts(parts, RequestBody::unread(content));
                ResponseFuture::passing(self.inner.call(request))
            }
            Err(reason) => self.refuse(reason, &parts, content),
        }
    }
}

impl<S: Clone, St> Idempotency<S, St> {
    /// Answers a request whose content is not read.
    fn refuse<F, ReqB, ResB, E>(
        &mut self,
        reason: KeyProblem,
        parts: &Parts,
        content: ReqB,
    ) -> ResponseFuture<F, ResB, E>
    where
        ReqB: Body<Data = Bytes, Error: Send> + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        // Gives back the place that `poll_ready` reserved, since the service does not run.
        drop(HeldService::take(&mut self.inner));
        let accepts_json = Accept::from_headers(&parts.headers).accepts_json();
        let answer = refuse::refuse_early(&self.config, reason, accepts_json, None);
        let answer = UnreadContent::new(parts, content).refuse(answer);
        ResponseFuture::waiting(async { Ok(answer.await) })
    }
}

impl<S, St: IdempotencyStore> Idempotency<S, St> {
    /// Returns the request of a key, or `None` if it needs none and has none.
    fn keyed(
        &self,
        request: &Parts,
        key: Option<IdempotencyKey>,
    ) -> Result<Option<KeyedRequest<St>>, KeyProblem> {
        let Some(key) = key else {
            return if self.config.is_required(request) {
                Err(KeyProblem::Missing)
            } else {
                Ok(None)
            };
        };
        if !is_repeatable_request(&request.headers) {
            return Err(KeyProblem::Unsupported);
        }
        // Without a principal the record could be another caller's.
        let scope = self
            .config
            .scope(request)
            .ok_or(KeyProblem::PrincipalMissing)?;
        let outer = request.extensions.get::<Attempt>();
        // A layer outside holds this key already, and records the response. A router may have
        // taken away a part of the path since.
        if outer.is_some_and(|attempt| attempt.holds(&scope, &key)) {
            return Ok(None);
        }
        Ok(Some(KeyedRequest {
            config: Arc::clone(&self.config),
            id: RecordId::new(&scope, &key),
            scope,
            key,
        }))
    }
}

impl<S: Clone, St> Clone for Idempotency<S, St> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
        }
    }
}

impl<S: fmt::Debug, St> fmt::Debug for Idempotency<S, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
