//! Writes of one resource, one after the other.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, header::EXPECT, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    Precondition, ResponseFuture,
    check::Checked,
    exchange::{Answer, Exchange},
};
use crate::{
    body::{ReadAhead, RequestBody, UnreadContent},
    detached::Detached,
    lock::KeyedLock,
    refusal::Reason,
    semantics::method::is_safe,
    source::{self, MayAskService, Ready, ValidatorSource},
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

impl<S, Q, G, ReqB, ResB> Service<Request<ReqB>> for Precondition<S, Q, G, Locked>
where
    S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqB: Body<Data: Send, Error: Send> + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    Q: ValidatorSource,
    G: MayAskService<S, RequestBody<ReqB>>,
{
    type Response = Answer<ResB>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        // `CONNECT` changes no representation (RFC 9110, section 13.2.1).
        if is_safe(request.method()) || request.method() == Method::CONNECT {
            return ResponseFuture::read(self.inner.call(request.map(RequestBody::unread)));
        }
        let (parts, content) = request.into_parts();
        let exchange = Exchange::new(Arc::clone(&self.config), &parts);
        let key = if exchange.may_change_what_is_there(&parts.method) {
            (self.lock.key)(&parts)
        } else {
            None
        };
        let Some(key) = key else {
            let content = RequestBody::unread(content);
            return exchange
                .without_key()
                .begin(parts, content, &mut self.inner);
        };
        let turn = Turn {
            exchange: exchange.locked(),
            lock: self.lock.clone(),
            key,
        };
        let service = Ready::take(&mut self.inner);
        ResponseFuture::guarded(turn.run(parts, ReadAhead::new(content), service))
    }
}

/// One write that has to wait for its turn.
struct Turn<Q, G> {
    exchange: Exchange<Q, G>,
    lock: Locked,
    key: String,
}

impl<Q: ValidatorSource, G> Turn<Q, G> {
    /// Waits for the content, then for the turn, and then checks, performs and releases
    /// even if the client leaves.
    async fn run<S, ReqB, ResB>(
        self,
        parts: Parts,
        mut content: ReadAhead<ReqB>,
        mut service: Ready<S>,
    ) -> Result<Answer<ResB>, S::Error>
    where
        S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body<Data: Send, Error: Send> + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        G: MayAskService<S, RequestBody<ReqB>>,
    {
        let Self {
            exchange,
            lock,
            key,
        } = self;
        // Whoever has the lock may be waiting for the place that this service holds in a
        // limit inside.
        service.release();
        // Reading asks the client for what it holds back.
        let is_here =
            !parts.headers.contains_key(EXPECT) && content.has_come(lock.max_content).await;
        if !is_here {
            if exchange.has_conditions()
                && let Checked::Refused(answer) = exchange.check(&parts, &mut service).await?
            {
                drop(service);
                return Ok(refuse(&parts, content, answer).await);
            }
            service.release();
            content.come(lock.max_content).await;
        }
        let Ok(guard) = lock.lock.acquire(key).await else {
            let busy = exchange.refuse(Reason::Busy);
            return Ok(refuse(&parts, content, busy).await);
        };
        let content = UnreadContent::read_ahead(&parts, content);
        let performed = async move {
            let late = exchange.late();
            let hold_timeout = Some(lock.lock.longest_hold());
            let run = exchange.run(parts, content, service, guard);
            let response = source::within(hold_timeout, run).await;
            response.unwrap_or_else(|| Ok(late.answer()))
        };
        #[cfg(feature = "tracing")]
        let performed = tracing::Instrument::in_current_span(performed);
        lock.detached.finish(performed).await
    }
}

/// Makes the refusal of a request whose content may still come safe to send.
async fn refuse<B: Body<Data: Send, Error: Send> + Send + 'static, R>(
    request: &Parts,
    content: ReadAhead<B>,
    answer: Response<R>,
) -> Response<R> {
    let mut content = UnreadContent::read_ahead(request, content);
    if content.is_unread() {
        content.refuse(answer).await
    } else {
        answer
    }
}
