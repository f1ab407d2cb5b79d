use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, request::Parts};
use tower_layer::Layer;

use super::{
    Idempotency,
    config::{IdempotencyConfig, OnLostAttempt, OnUnrecorded},
    identity::RequestIdentity,
    protect::Protect,
};
use crate::{
    detached::Detached,
    refusal::{RenderRefusal, Renderer},
    semantics::{
        field::is_standard,
        retry::{Commit, Fingerprint, KeyScope, Retention, replay::is_transient},
    },
    store::IdempotencyStore,
};

/// The shortest lease. It is renewed in thirds, and timers have a resolution of a millisecond.
const MIN_LEASE: Duration = Duration::from_millis(10);

/// Layer that runs a request with an `Idempotency-Key` once, and repeats its response.
///
/// See the [module docs](crate::idempotency) for an example.
#[must_use]
pub struct IdempotencyLayer<St> {
    // Shared with the services, since axum may apply a layer for each request.
    config: Arc<IdempotencyConfig<St>>,
}

impl<St: IdempotencyStore> IdempotencyLayer<St> {
    /// Creates a layer with one set of keys for each principal: a user, a tenant, an API key's
    /// identifier. `principal` reads it from what an authentication outside left in the request.
    ///
    /// A request with a key whose principal is `None` or empty is refused with 403.
    ///
    /// The principal must be the same in each retry, since it is a part of the key. A token that is
    /// renewed is no principal: a retry with the next token would run again.
    ///
    /// Services that are nested under different paths have keys of their own only with the feature
    /// `axum`. Two services that share a store need a [`namespace`](Self::namespace).
    pub fn new<P: Into<String>>(
        store: St,
        principal: impl Fn(&Parts) -> Option<P> + Send + Sync + 'static,
    ) -> Self {
        let scope_of = move |request: &Parts| {
            let principal = principal(request)?.into();
            // An empty name is what a missing one often becomes.
            (!principal.is_empty()).then(|| KeyScope::of_principal(principal))
        };
        Self {
            config: Arc::new(IdempotencyConfig::new(store, Arc::new(scope_of))),
        }
    }

    /// Creates a layer with one set of keys for all callers.
    ///
    /// A caller that guesses another caller's key and request gets that caller's response. Use
    /// it only where responses hold nothing private.
    pub fn for_anyone(store: St) -> Self {
        let scope_of = |_: &Parts| Some(KeyScope::of_anyone());
        Self {
            config: Arc::new(IdempotencyConfig::new(store, Arc::new(scope_of))),
        }
    }
}

impl<St> IdempotencyLayer<St> {
    fn config_mut(&mut self) -> &mut IdempotencyConfig<St> {
        Arc::make_mut(&mut self.config)
    }

    /// Sets the name of the service, which is a part of all its keys. Defaults to none.
    ///
    /// Two services that share a table, a file or a prefix of Redis each need one. Otherwise a key
    /// that a client sends to both is one key: the second service answers with the response of
    /// the first, or with 422. All replicas of a service have the same name.
    ///
    /// The name is also a part of [`Attempt::derive_key`](super::Attempt::derive_key). A service
    /// that changes its name forgets its keys.
    ///
    /// ```
    /// use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};
    ///
    /// let store = MemoryIdempotencyStore::new();
    /// let layer = IdempotencyLayer::for_anyone(store).namespace("orders");
    /// # let _ = layer;
    /// ```
    pub fn namespace(mut self, name: impl Into<Box<str>>) -> Self {
        self.config_mut().namespace = name.into();
        self
    }

    /// Requires a key: without one, a request with one of the [`methods`](Self::methods) is
    /// refused with 400. By default such a request passes.
    pub fn require_key(self) -> Self {
        self.require_key_if(|_| true)
    }

    /// Requires a key of the requests for which the predicate holds. See
    /// [`require_key`](Self::require_key).
    pub fn require_key_if(
        mut self,
        required: impl Fn(&Parts) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.config_mut().is_required = Some(Arc::new(required));
        self
    }

    /// Sets the methods whose keys are read. Defaults to `POST` and `PATCH`. Other requests pass
    /// untouched, with a key or without.
    ///
    /// # Panics
    ///
    /// Panics if there is none, since the layer would do nothing. Panics if `HEAD` is among
    /// them, since its response has no content to record.
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods: Vec<_> = methods.into_iter().collect();
        assert!(
            !methods.is_empty(),
            "invalid methods []: name at least one, or leave the layer out"
        );
        assert!(
            !methods.contains(&Method::HEAD),
            "invalid method \"HEAD\": its response has no content to record"
        );
        self.config_mut().methods = methods;
        self
    }

    /// Accepts a key without quotes too, as many older clients send it. Both forms are one key.
    /// Off by default: such a key is refused with 400.
    pub fn accept_bare_keys(mut self) -> Self {
        self.config_mut().accepts_bare_keys = true;
        self
    }

    /// Answers 425 to requests with `Early-Data`: they came in TLS early data, which an attacker
    /// may repeat (RFC 8470, section 5.2). Off by default: a key makes a repeat harmless. It
    /// holds for the [`methods`](Self::methods), with a key or without.
    ///
    /// The client sends a refused request again after the handshake, with the same key.
    pub fn refuse_early_data(mut self) -> Self {
        self.config_mut().refuses_early_data = true;
        self
    }

    /// Sets the largest content of a request with a key, in bytes. Defaults to 1 MiB. A longer
    /// one is refused with 413, before the handler runs. With zero, only requests without content
    /// have keys.
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.config_mut().max_request_bytes = bytes;
        self
    }

    /// Sets the largest content of a response that is recorded, in bytes. Defaults to 256 KiB.
    /// A longer one goes out whole, and its key is sealed: a retry gets 409. With zero, only
    /// responses without content are repeated.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.config_mut().max_response_bytes = bytes;
        self
    }

    /// Sets the time after which an attempt counts as lost, unless the layer extends it.
    /// Defaults to 30 seconds; the layer extends it each 10 seconds while the handler runs.
    ///
    /// A shorter lease finds a crash sooner. It must be longer than the store's pauses: an extension
    /// that waits too long loses the key. In SQLite an extension waits for the jobs before it.
    ///
    /// # Panics
    ///
    /// Panics if it is shorter than 10 ms, since it would end before it is renewed.
    pub fn lease(mut self, lease: Duration) -> Self {
        assert!(
            lease >= MIN_LEASE,
            "invalid lease {lease:?}: it ends before it is renewed; use some seconds"
        );
        self.config_mut().lease = lease;
        self
    }

    /// Sets the longest run of a handler, with the wait until the service is ready and with the
    /// content that is recorded. Defaults to 5 minutes. Beyond it the handler is dropped and the
    /// outcome is unknown. A key whose handler had not begun is free again.
    ///
    /// Without a limit, a handler that hangs would hold its key until the process ends, since no
    /// disconnect cancels it.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since no handler could end in time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "invalid timeout {timeout:?}: no handler ends in time; use some seconds"
        );
        self.config_mut().timeout = timeout;
        self
    }

    /// Sets the time for which a retry waits while the first request runs. Defaults to zero: it
    /// is refused with 409 and `Retry-After`. A retry that waits holds its content in memory, but no
    /// place in a limit inside.
    pub fn wait_timeout(mut self, timeout: Duration) -> Self {
        self.config_mut().wait_timeout = timeout;
        self
    }

    /// Sets the time for which records are kept. Defaults to 24 hours from the completion.
    ///
    /// # Panics
    ///
    /// Panics if responses are kept for no time, since every retry would run.
    pub fn retention(mut self, retention: Retention) -> Self {
        assert!(
            !retention.replay.is_zero(),
            "invalid retention {:?}: every retry would run; use some hours",
            retention.replay
        );
        self.config_mut().retention = retention;
        self
    }

    /// Sets the reaction to a retry whose last attempt was lost. Defaults to
    /// [`Refuse`](OnLostAttempt::Refuse).
    pub fn on_lost_attempt(mut self, reaction: OnLostAttempt) -> Self {
        self.config_mut().on_lost_attempt = reaction;
        self
    }

    /// Declares that handlers record their responses in the transaction of their effects, as
    /// the `keyed` functions of the stores do. Sets the reaction to a success or a redirection
    /// without that. Defaults to a route whose responses the layer records.
    ///
    /// A lost attempt has then changed nothing: its transaction did not commit. If the handlers
    /// have no effects outside of it, add
    /// [`on_lost_attempt(Reexecute)`](OnLostAttempt::Reexecute), so that no retry is refused
    /// after a crash. This setting alone runs nothing again.
    ///
    /// ```
    /// use tower_conditional::{
    ///     IdempotencyLayer,
    ///     idempotency::{OnLostAttempt, OnUnrecorded},
    ///     store::MemoryIdempotencyStore,
    /// };
    ///
    /// // In production the store is that of the handler's database.
    /// let store = MemoryIdempotencyStore::new();
    /// let on_unrecorded = if cfg!(test) { OnUnrecorded::Fail } else { OnUnrecorded::Report };
    /// let layer = IdempotencyLayer::for_anyone(store)
    ///     .transactional(on_unrecorded)
    ///     .on_lost_attempt(OnLostAttempt::Reexecute);
    /// # let _ = layer;
    /// ```
    pub fn transactional(mut self, on_unrecorded: OnUnrecorded) -> Self {
        self.config_mut().on_unrecorded = Some(on_unrecorded);
        self
    }

    /// Sets the end of an attempt whose handler returned a 5xx. Defaults to
    /// [`Release`](Commit::Release): the handler had its chance to roll back.
    ///
    /// [`Record`](Commit::Record) repeats the error, as Stripe does. [`Seal`](Commit::Seal)
    /// refuses retries with 409. [`Unknown`](Commit::Unknown) suits handlers that cannot roll
    /// back.
    pub fn on_server_error(mut self, commit: Commit) -> Self {
        self.config_mut().on_server_error = commit;
        self
    }

    /// Sets the end of an attempt by the status of its response. `None` leaves it to the
    /// [default](crate::idempotency#the-end-of-a-request).
    ///
    /// A handler overrides both with a [`Commit`] among the extensions of its response.
    pub fn commit_by_status(
        mut self,
        commit: impl Fn(StatusCode) -> Option<Commit> + Send + Sync + 'static,
    ) -> Self {
        self.config_mut().commit_of = Some(Arc::new(commit));
        self
    }

    /// Sets how a retry is told from another request with the same key. Defaults to a hash of
    /// method, target, `Content-Type`, `Content-Encoding` and content; see [`Fingerprint`].
    ///
    /// The layer adds the method, the path and the query to the result. It does not add the host,
    /// since replicas may have several. If hosts are tenants, add the host yourself: otherwise a
    /// key that is sent to two of them is one key.
    pub fn fingerprint(
        mut self,
        fingerprint: impl Fn(&Parts, &Bytes) -> Fingerprint + Send + Sync + 'static,
    ) -> Self {
        self.config_mut().identity = RequestIdentity::Custom(Arc::new(fingerprint));
        self
    }

    /// Compares JSON content by its canonical form (RFC 8785). A retry whose client writes the same
    /// object in another order, or with other white space, gets its replay and no 422. Off by
    /// default. Replaces a [`fingerprint`](Self::fingerprint), which would replace it too.
    ///
    /// It holds for `application/json` and `application/*+json`, without `Content-Encoding`.
    /// Other content counts by its bytes. So does JSON that has no canonical form, such as an object
    /// with two equal names.
    ///
    /// Two numbers are equal if they are the same 64-bit floating-point number: `1`, `1.0` and `1e0`.
    /// Leave it off if a handler tells them apart.
    ///
    /// Records of before are answered without a comparison, until their retention is over. The
    /// replicas of a service should switch together, since those without the setting cannot compare
    /// the records of the others.
    ///
    /// ```
    /// use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};
    ///
    /// let layer = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).canonical_json();
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "json")]
    pub fn canonical_json(mut self) -> Self {
        self.config_mut().identity = RequestIdentity::CanonicalJson;
        self
    }

    /// Sets the encryption of recorded responses. Defaults to none.
    pub fn protect(mut self, protect: impl Protect) -> Self {
        self.config_mut().protect = Some(Arc::new(protect));
        self
    }

    /// Sets the header that marks a repeated response with `true`. Defaults to
    /// `Idempotent-Replayed`.
    ///
    /// # Panics
    ///
    /// Panics if the header has another meaning in responses, such as `Connection`, `ETag` or
    /// `Set-Cookie`.
    pub fn replay_marker(mut self, name: HeaderName) -> Self {
        assert!(
            !is_transient(&name) && !is_standard(&name),
            "invalid replay marker \"{name}\": it has another meaning; use a name of your own"
        );
        self.config_mut().replay_marker = name;
        self
    }

    /// Sets the `Link` header of refusals, for the documentation of keys and their retention:
    /// `<https://api.example/keys>; rel="describedby"`. Defaults to none.
    pub fn described_by(mut self, link: HeaderValue) -> Self {
        self.config_mut().described_by = Some(link);
        self
    }

    /// Sets the handle that counts running attempts, so that a program can await those whose
    /// client has left before it ends. Defaults to a handle that no program has.
    pub fn detached(mut self, detached: Detached) -> Self {
        self.config_mut().detached = detached;
        self
    }

    /// Records the result in an [`Outcome`](crate::Outcome) on each response to a request with a
    /// key, and on refusals. Off by default: only replays have one.
    pub fn explain(mut self) -> Self {
        self.config_mut().explain = true;
        self
    }

    /// Sets how refusals are rendered. Defaults to [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config_mut().renderer = Renderer::new(render);
        self
    }
}

impl<S, St> Layer<S> for IdempotencyLayer<St> {
    type Service = Idempotency<S, St>;

    fn layer(&self, inner: S) -> Self::Service {
        Idempotency::new(inner, Arc::clone(&self.config))
    }
}

impl<St> Clone for IdempotencyLayer<St> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
        }
    }
}

impl<St> fmt::Debug for IdempotencyLayer<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyLayer")
            .field("methods", &self.config.methods)
            .field("max_request_bytes", &self.config.max_request_bytes)
            .field("max_response_bytes", &self.config.max_response_bytes)
            .field("lease", &self.config.lease)
            .field("retention", &self.config.retention)
            .field("on_lost_attempt", &self.config.on_lost_attempt)
            .finish_non_exhaustive()
    }
}
