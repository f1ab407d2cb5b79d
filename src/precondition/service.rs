use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    ResponseFuture,
    admitted::{AdmittedWrite, ResponseContext},
    answer::ConflictResponder,
    check::WriteCheck,
    config::PreconditionConfig,
    protection::WriteProtection,
    write::GuardedWrite,
};
use crate::{
    body::{ResponseBody, UnreadContent},
    semantics::{
        condition::RequestConditions,
        field::{Accept, method::is_write},
    },
    service::HeldService,
    source::{self, SelfGetMode, ValidatorSource},
};

/// Service that checks the preconditions of writes before they are performed.
///
/// See the [module docs](crate::precondition) for an example.
pub struct Precondition<S, Q = (), G = (), L = ()> {
    pub(super) inner: S,
    pub(super) config: Arc<PreconditionConfig<Q, G>>,
    pub(super) lock: L,
}

impl<S, Q, G, L> Precondition<S, Q, G, L> {
    pub(super) fn new(inner: S, config: Arc<PreconditionConfig<Q, G>>, lock: L) -> Self {
        Self {
            inner,
            config,
            lock,
        }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, Q, G, ReqB, ResB> Service<Request<ReqB>> for Precondition<S, Q, G>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    Q: ValidatorSource,
    G: SelfGetMode<S, ReqB>,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error, Q, G>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        if !is_write(request.method()) {
            return ResponseFuture::pass(self.inner.call(request));
        }
        let conditions = RequestConditions::from_headers(request.headers());
        let is_conditional = self.config.counts_as_conditional(&conditions.fields);
        // The common write without conditions: the request is not taken apart.
        if !is_conditional && self.config.required.is_none() {
            let conflict = ConflictResponder::new(&self.config, &conditions.accept);
            return ResponseFuture::unconditional(self.inner.call(request), conflict);
        }
        let (parts, content) = request.into_parts();
        let write = GuardedWrite {
            protection: WriteProtection::new(is_conditional, self.config.required(&parts)),
            config: Arc::clone(&self.config),
        };
        write.begin(parts, content, &mut self.inner)
    }
}

impl<Q: ValidatorSource, G> GuardedWrite<Q, G> {
    /// Calls the service at once, or refuses the write, if there is nothing to wait for.
    pub(super) fn begin<S, ReqB, ResB>(
        self,
        mut parts: Parts,
        content: ReqB,
        inner: &mut S,
    ) -> ResponseFuture<S::Future, ResB, S::Error, Q, G>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        G: SelfGetMode<S, ReqB>,
    {
        // The predicate for required conditions does not select this request.
        if self.protection.has_nothing_to_check() {
            let conflict =
                ConflictResponder::new(&self.config, &Accept::from_headers(&parts.headers));
            let request = Request::from_parts(parts, content);
            return ResponseFuture::unconditional(inner.call(request), conflict);
        }
        let write = self.as_unchecked(&parts);
        let known = source::try_current(&*self.config.source, &parts);
        let known = match known.map(|known| write.check_at_once(known)) {
            Some(Ok(WriteCheck::Admitted { current, .. })) => {
                let context = ResponseContext::of(&write, current);
                let write = AdmittedWrite::begin(self.config, context, &mut parts.extensions);
                let request = Request::from_parts(parts, content);
                return ResponseFuture::perform(inner.call(request), write);
            }
            Some(Ok(WriteCheck::Refused(mut answer))) => {
                self.config.record_refusal(&mut answer);
                // Releases what `poll_ready` reserved, since the service does not run.
                drop(HeldService::take(inner));
                if content.is_end_stream() {
                    return ResponseFuture::ready(answer);
                }
                let answer = UnreadContent::new(&parts, content).refuse(answer);
                return ResponseFuture::boxed(async { Ok(answer.await) });
            }
            Some(Err(known)) => Some(known),
            None => None,
        };
        let service = HeldService::take(inner);
        let content = UnreadContent::new(&parts, content);
        ResponseFuture::boxed(self.run(known, parts, content, service, ()))
    }
}

impl<S: Clone, Q, G, L: Clone> Clone for Precondition<S, Q, G, L> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
            lock: self.lock.clone(),
        }
    }
}

impl<S: fmt::Debug, Q, G, L> fmt::Debug for Precondition<S, Q, G, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Precondition")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
