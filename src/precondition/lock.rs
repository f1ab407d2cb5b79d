//! Writes of one resource under a lock.

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
    check::{SourceResult, WriteCheck},
    config::WriteResponse,
    protection::{LockState, WriteProtection},
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

/// The lock of a [`PreconditionLayer`](super::PreconditionLayer), and the function that returns
/// the key of a request; see [`lock`](super::PreconditionLayer::lock).
#[derive(Clone)]
pub struct WriteLock {
    lock: KeyedLock,
    key: LockKeyFn,
    pub(super) max_read_ahead_bytes: usize,
    pub(super) detached: Detached,
}

type LockKeyFn = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

impl WriteLock {
    pub(super) fn new(
        lock: KeyedLock,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            lock,
            key: Arc::new(key),
            max_read_ahead_bytes: 2 << 20,
            detached: Detached::new(),
        }
    }
}

impl fmt::Debug for WriteLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteLock")
            .field("lock", &self.lock)
            .field("max_read_ahead_bytes", &self.max_read_ahead_bytes)
            .finish_non_exhaustive()
    }
}

impl<Q: ValidatorSource, G> GuardedWrite<Q, G> {
    /// Returns the state that the source knows without waiting, if there is a condition to
    /// check.
    fn try_source(&self, request: &Parts) -> Option<SourceResult> {
        if self.protection.has_nothing_to_check() {
            return None;
        }
        source::try_current(&*self.config.source, request)
    }
}

impl<S, Q, G, ReqB, ResB> Service<Request<ReqB>> for Precondition<S, Q, G, WriteLock>
where
    S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqB: Body<Data: Send, Error: Send> + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    Q: ValidatorSource,
    G: SelfGetMode<S, RequestBody<ReqB>>,
{
    type Response = WriteResponse<ResB>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error, Q, G>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        if !is_write(request.method()) {
            return ResponseFuture::pass(self.inner.call(request.map(RequestBody::unread)));
        }
        let (parts, content) = request.into_parts();
        let conditions = RequestConditions::from_headers(&parts.headers);
        let is_conditional = self.config.counts_as_conditional(&conditions.fields);
        let guard = WriteProtection::new(is_conditional, self.config.required(&parts));
        let may_overwrite = guard.may_overwrite(&parts.method);
        // Only a write that may overwrite another one waits for the lock.
        let key = may_overwrite.then(|| (self.lock.key)(&parts)).flatten();
        let write = GuardedWrite {
            config: Arc::clone(&self.config),
            protection: WriteProtection {
                lock_state: match key {
                    Some(_) => LockState::Locked,
                    None => LockState::KeyMissing,
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
        ResponseFuture::boxed(write.run(parts, ReadAhead::new(content), service))
    }
}

/// A write that waits for its content and for the lock.
struct LockedWrite<Q, G> {
    write: GuardedWrite<Q, G>,
    lock: WriteLock,
    key: String,
}

impl<Q: ValidatorSource, G> LockedWrite<Q, G> {
    /// Waits for the content and then for the lock. From then on, check, write and release
    /// finish even if the client disconnects.
    async fn run<S, ReqB, ResB>(
        self,
        parts: Parts,
        mut content: ReadAhead<ReqB>,
        mut service: HeldService<S>,
    ) -> Result<WriteResponse<ResB>, S::Error>
    where
        S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body<Data: Send, Error: Send> + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        G: SelfGetMode<S, RequestBody<ReqB>>,
    {
        let Self { write, lock, key } = self;
        // The write that holds the lock may wait for the slot that this service reserved in a
        // concurrency limit inside. Keeping it would be a deadlock.
        service.release();
        // RFC 9110, section 10.1.1: reading the content makes the server send a 100.
        let is_read = !expects_continue(&parts.headers)
            && content.read_available(lock.max_read_ahead_bytes).await;
        if !is_read {
            if write.protection.is_conditional
                && let known = write.try_source(&parts)
                && let WriteCheck::Refused(mut answer) = write
                    .as_unchecked(&parts)
                    .check(known, &mut service)
                    .await?
            {
                write.config.record_refusal(&mut answer);
                let mut content = UnreadContent::read_ahead(&parts, content);
                drop(service);
                return Ok(content.refuse(answer).await);
            }
            // The check may have made the service ready again.
            service.release();
            content.read(lock.max_read_ahead_bytes).await;
        }
        let acquired = lock.lock.acquire(key).await;
        let mut content = UnreadContent::read_ahead(&parts, content);
        let Ok(guard) = acquired else {
            let accepts_json = Accept::from_headers(&parts.headers).accepts_json();
            let busy = Refusal::new(Reason::Busy);
            let mut busy = write.config.refuse(busy, accepts_json, None);
            write.config.record_refusal(&mut busy);
            drop(service);
            return Ok(content.refuse(busy).await);
        };
        let performed = async move {
            let config = Arc::clone(&write.config);
            let accept = Accept::from_headers(&parts.headers).cloned();
            let hold_timeout = Some(lock.lock.hold_timeout);
            // The state may have changed before the lock was acquired.
            let known = write.try_source(&parts);
            let run = write.run(known, parts, content, service, guard);
            let response = source::lazy_timeout(hold_timeout, run).await;
            response.unwrap_or_else(|_| {
                let refusal = Refusal::new(Reason::TimedOut);
                Ok(config.refuse(refusal, accept.accepts_json(), None))
            })
        };
        #[cfg(feature = "tracing")]
        let performed = tracing::Instrument::in_current_span(performed);
        lock.detached.finish_write(performed).await
    }
}
