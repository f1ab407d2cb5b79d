//! Writes of one resource, one after the other.

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
    Precondition, ResponseFuture,
    check::{AtHand, WriteCheck},
    config::Answer,
    guard::{Guard, Serialization},
    write::GuardedWrite,
};
use crate::{
    body::{ReadAhead, RequestBody, UnreadContent},
    detached::Detached,
    lock::KeyedLock,
    refusal::{Reason, Refusal},
    semantics::{
        condition::RequestConditions,
        field::{Accept, expect::expects_continue, method::is_write},
    },
    service::HeldService,
    source::{self, SelfGetMode, ValidatorSource},
};

/// The lock of a layer, and the key that a request takes;
/// see [`PreconditionLayer::lock`](super::PreconditionLayer::lock).
#[derive(Clone)]
pub struct Locked {
    lock: KeyedLock,
    key: Key,
    pub(super) max_content: usize,
    pub(super) detached: Detached,
}

type Key = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

impl Locked {
    pub(super) fn new(
        lock: KeyedLock,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            lock,
            key: Arc::new(key),
            max_content: 2 << 20,
            detached: Detached::new(),
        }
    }
}

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked")
            .field("lock", &self.lock)
            .field("max_content", &self.max_content)
            .finish_non_exhaustive()
    }
}

impl<Q: ValidatorSource, G> GuardedWrite<Q, G> {
    /// Asks the source for a state that it has at hand, if there is something to check.
    fn ask_at_hand(&self, request: &Parts) -> Option<AtHand> {
        if self.guard.has_nothing_to_check() {
            return None;
        }
        source::ask_at_hand(&*self.config.source, request)
    }
}

impl<S, Q, G, ReqB, ResB> Service<Request<ReqB>> for Precondition<S, Q, G, Locked>
where
    S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqB: Body<Data: Send, Error: Send> + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    Q: ValidatorSource,
    G: SelfGetMode<S, RequestBody<ReqB>>,
{
    type Response = Answer<ResB>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error, Q, G>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        if !is_write(request.method()) {
            return ResponseFuture::read(self.inner.call(request.map(RequestBody::unread)));
        }
        let (parts, content) = request.into_parts();
        let conditions = RequestConditions::of(&parts.headers);
        let is_conditional = self.config.counts_as_conditional(&conditions.fields);
        let guard = Guard::new(is_conditional, self.config.required(&parts));
        let may_overwrite = guard.may_overwrite(&parts.method);
        let key = may_overwrite.then(|| (self.lock.key)(&parts)).flatten();
        let write = GuardedWrite {
            config: Arc::clone(&self.config),
            guard: Guard {
                serialization: match key {
                    Some(_) => Serialization::Locked,
                    None => Serialization::KeyMissing,
                },
                ..guard
            },
        };
        let Some(key) = key else {
            return write.begin(parts, RequestBody::unread(content), &mut self.inner);
        };
        let write = LockedWrite {
            write,
            lock: self.lock.clone(),
            key,
        };
        let service = HeldService::take(&mut self.inner);
        ResponseFuture::asking(write.run(parts, ReadAhead::new(content), service))
    }
}

/// A write that waits for its content and for the lock.
struct LockedWrite<Q, G> {
    write: GuardedWrite<Q, G>,
    lock: Locked,
    key: String,
}

impl<Q: ValidatorSource, G> LockedWrite<Q, G> {
    /// Waits for the content, then for the lock, and then checks, performs and releases
    /// even if the client leaves.
    async fn run<S, ReqB, ResB>(
        self,
        parts: Parts,
        mut content: ReadAhead<ReqB>,
        mut service: HeldService<S>,
    ) -> Result<Answer<ResB>, S::Error>
    where
        S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body<Data: Send, Error: Send> + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        G: SelfGetMode<S, RequestBody<ReqB>>,
    {
        let Self { write, lock, key } = self;
        // The holder of the lock may be waiting for the place that this service holds in a
        // limit inside.
        service.release();
        // Reading would send the client a 100.
        let is_read =
            !expects_continue(&parts.headers) && content.read_available(lock.max_content).await;
        if !is_read {
            if write.guard.is_conditional
                && let known = write.ask_at_hand(&parts)
                && let WriteCheck::Refused(answer) =
                    write.unchecked(&parts).check(known, &mut service).await?
            {
                let mut content = UnreadContent::read_ahead(&parts, content);
                drop(service);
                return Ok(content.refuse(answer).await);
            }
            service.release();
            content.read(lock.max_content).await;
        }
        let acquired = lock.lock.acquire(key).await;
        let mut content = UnreadContent::read_ahead(&parts, content);
        let Ok(guard) = acquired else {
            let accepts_json = Accept::from_headers(&parts.headers).accepts_json();
            let busy = Refusal::new(Reason::Busy);
            let busy = write.config.refuse(busy, accepts_json, None);
            drop(service);
            return Ok(content.refuse(busy).await);
        };
        let performed = async move {
            let config = Arc::clone(&write.config);
            let accept = Accept::from_headers(&parts.headers).cloned();
            let hold_timeout = Some(lock.lock.hold_timeout);
            // Under the lock.
            let known = write.ask_at_hand(&parts);
            let run = write.run(known, parts, content, service, guard);
            let response = source::lazy_timeout(hold_timeout, run).await;
            response.unwrap_or_else(|_| {
                let refusal = Refusal::new(Reason::TimedOut);
                Ok(config.refuse(refusal, accept.accepts_json(), None))
            })
        };
        #[cfg(feature = "tracing")]
        let performed = tracing::Instrument::in_current_span(performed);
        lock.detached.finish(performed).await
    }
}
