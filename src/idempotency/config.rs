use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, Method, Response, StatusCode, request::Parts};
use tokio::sync::Semaphore;

use super::{identity::RequestIdentity, protect::Protect};
use crate::{
    detached::Detached,
    observe::exchange,
    outcome::Outcome,
    refusal::Renderer,
    semantics::{
        field::names::IDEMPOTENT_REPLAYED,
        retry::{Commit, KeyScope, Retention},
    },
    target,
};

/// The number of claims on their way back that are followed to their end. Those beyond are
/// followed for two leases.
const MAX_ABANDONED: usize = 1024;

type ScopeOf = Arc<dyn Fn(&Parts) -> Option<KeyScope> + Send + Sync>;
type IsRequired = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;
type CommitOf = Arc<dyn Fn(StatusCode) -> Option<Commit> + Send + Sync>;

/// The settings of an [`IdempotencyLayer`](super::IdempotencyLayer).
pub(super) struct IdempotencyConfig<St> {
    pub(super) store: Arc<St>,
    pub(super) scope_of: ScopeOf,
    pub(super) namespace: Box<str>,
    pub(super) is_required: Option<IsRequired>,
    pub(super) methods: Vec<Method>,
    pub(super) accepts_bare_keys: bool,
    pub(super) refuses_early_data: bool,
    pub(super) max_request_bytes: usize,
    pub(super) max_response_bytes: usize,
    pub(super) lease: Duration,
    pub(super) timeout: Duration,
    pub(super) wait_timeout: Duration,
    pub(super) retention: Retention,
    pub(super) on_lost_attempt: OnLostAttempt,
    /// `None` if the route is not transactional.
    pub(super) on_unrecorded: Option<OnUnrecorded>,
    pub(super) on_server_error: Commit,
    pub(super) commit_of: Option<CommitOf>,
    pub(super) identity: RequestIdentity,
    pub(super) protect: Option<Arc<dyn Protect>>,
    pub(super) replay_marker: HeaderName,
    pub(super) described_by: Option<HeaderValue>,
    pub(super) detached: Detached,
    /// The places of the claims that are given back once the store answers again.
    pub(super) abandoned_places: Arc<Semaphore>,
    pub(super) explain: bool,
    pub(super) renderer: Renderer,
}

/// The reaction of the layer to a retry whose last attempt was lost: a crash, a panic or a
/// lease that ran out. Nobody knows if the request was performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnLostAttempt {
    /// Refuses with 409, until an operator settles the key by
    /// [`resolve`](crate::store::IdempotencyStore::resolve), or the retention is over.
    #[default]
    Refuse,
    /// Runs the handler again, with the next fence. Only for handlers that may run twice, or
    /// whose effects commit together with the record.
    Reexecute,
    /// Runs the handler again, with the next fence. The handler continues from its own recovery
    /// point if [`Attempt::takes_over`](super::Attempt::takes_over) is `true`.
    ///
    /// A handler that takes over and never asks is not trusted: its response is withheld, and
    /// the key is sealed. An attempt that takes over and returns an error which releases keys,
    /// such as 503, releases nothing. The next attempt takes over too.
    Resume,
}

/// The reaction to a success or a redirection on a
/// [transactional](super::IdempotencyLayer::transactional) route whose handler has not recorded
/// its response.
///
/// A redirection counts, since it is the usual response to a form. So a layer that redirects to a
/// login belongs outside. A 304 says that nothing was changed, and passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnUnrecorded {
    /// Reports it by an event (feature `tracing`). The layer records the response itself, after
    /// the effect. A crash in between leaves an unknown outcome, and
    /// [`Reexecute`](OnLostAttempt::Reexecute) then runs the handler twice.
    Report,
    /// Answers 500 in place of the response, for tests. The effect may have happened, so the key
    /// is sealed.
    Fail,
}

impl<St> IdempotencyConfig<St> {
    pub(super) fn new(store: St, scope_of: ScopeOf) -> Self {
        Self {
            store: Arc::new(store),
            scope_of,
            namespace: Box::default(),
            is_required: None,
            methods: vec![Method::POST, Method::PATCH],
            accepts_bare_keys: false,
            refuses_early_data: false,
            max_request_bytes: 1 << 20,
            max_response_bytes: 256 << 10,
            lease: Duration::from_secs(30),
            timeout: Duration::from_secs(300),
            wait_timeout: Duration::ZERO,
            retention: Retention::default(),
            on_lost_attempt: OnLostAttempt::default(),
            on_unrecorded: None,
            on_server_error: Commit::Release,
            commit_of: None,
            identity: RequestIdentity::Bytes,
            protect: None,
            replay_marker: IDEMPOTENT_REPLAYED,
            described_by: None,
            detached: Detached::new(),
            abandoned_places: Arc::new(Semaphore::new(MAX_ABANDONED)),
            explain: false,
            renderer: Renderer::default(),
        }
    }

    pub(super) fn is_required(&self, request: &Parts) -> bool {
        self.is_required
            .as_ref()
            .is_some_and(|required| required(request))
    }

    /// Returns `true` if an attempt has to continue another one.
    pub(super) fn resumes(&self, takes_over: bool) -> bool {
        takes_over && self.on_lost_attempt == OnLostAttempt::Resume
    }

    /// Returns the scope of a request: its principal, the name of the service, and the path
    /// that a router took away.
    pub(super) fn scope(&self, request: &Parts) -> Option<KeyScope> {
        let scope = (self.scope_of)(request)?;
        let scope = scope.in_namespace(&self.namespace);
        // Two services that are nested under different paths have records of their own.
        Some(scope.mounted_at(target::mount(request)))
    }

    pub(super) fn explain<B>(&self, response: &mut Response<B>, change: impl Fn(&mut Outcome)) {
        exchange::record_decision(&change);
        if self.explain {
            Outcome::record(response.extensions_mut(), change);
        }
    }

    /// Returns the end of an attempt with this response.
    pub(super) fn commit<B>(&self, is_read: bool, response: &Response<B>) -> Commit {
        let status = response.status();
        let own = self
            .commit_of
            .as_ref()
            .and_then(|commit_of| commit_of(status));
        own.unwrap_or_else(|| {
            if status.is_server_error() {
                self.on_server_error
            } else {
                Commit::default_for(status, response.headers(), is_read)
            }
        })
    }
}

impl<St> Clone for IdempotencyConfig<St> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            scope_of: Arc::clone(&self.scope_of),
            namespace: self.namespace.clone(),
            is_required: self.is_required.clone(),
            methods: self.methods.clone(),
            accepts_bare_keys: self.accepts_bare_keys,
            refuses_early_data: self.refuses_early_data,
            max_request_bytes: self.max_request_bytes,
            max_response_bytes: self.max_response_bytes,
            lease: self.lease,
            timeout: self.timeout,
            wait_timeout: self.wait_timeout,
            retention: self.retention,
            on_lost_attempt: self.on_lost_attempt,
            on_unrecorded: self.on_unrecorded,
            on_server_error: self.on_server_error,
            commit_of: self.commit_of.clone(),
            identity: self.identity.clone(),
            protect: self.protect.clone(),
            replay_marker: self.replay_marker.clone(),
            described_by: self.described_by.clone(),
            detached: self.detached.clone(),
            abandoned_places: Arc::clone(&self.abandoned_places),
            explain: self.explain,
            renderer: self.renderer.clone(),
        }
    }
}
