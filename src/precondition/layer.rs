use std::{fmt, future::Future, sync::Arc};

use http::{Method, request::Parts};
use tower_layer::Layer;

#[cfg(feature = "tokio")]
use super::lock::WriteLock;
use super::{
    Precondition,
    config::{OnUnchecked, PreconditionConfig},
};
use crate::{
    clock::{Clock, SharedClock},
    refusal::{RenderRefusal, Renderer},
    semantics::{condition::Requirement, field::method::changes_target, validator::Validators},
    source::{OnSourceError, SelfGet, ValidatorSource},
};

/// Layer that checks the preconditions of writes before they are performed.
///
/// `Q` is the source, `G` a [`SelfGet`] and `L` the lock. `()` means none.
///
/// See the [module docs](crate::precondition) for an example.
#[must_use]
pub struct PreconditionLayer<Q = (), G = (), L = ()> {
    // Shared with the services, since axum may apply a layer once per request.
    config: Arc<PreconditionConfig<Q, G>>,
    lock: L,
}

impl PreconditionLayer {
    /// Creates a layer that does not know the current state. The handler compares, with
    /// [`Expected`](crate::handler::Expected).
    pub fn handler_checks() -> Self {
        Self::new(())
    }

    /// Creates a layer that gets the current state from the service's own `GET`.
    pub fn self_get<T>(self_get: SelfGet<T>) -> PreconditionLayer<(), SelfGet<T>> {
        Self::handler_checks().with_self_get(self_get)
    }
}

impl<Q: ValidatorSource> PreconditionLayer<Q> {
    /// Creates a layer that checks writes against the state that the source returns.
    pub fn new(source: Q) -> Self {
        Self {
            config: Arc::new(PreconditionConfig {
                source: Arc::new(source),
                self_get: (),
                required: None,
                requirement: Requirement::Condition,
                proceeds_when_unknown: false,
                creates: None,
                weak_if_match: false,
                adds_expected: true,
                already_applied: None,
                on_source_error: OnSourceError::Refuse,
                on_unchecked: OnUnchecked::Report,
                explain: false,
                renderer: Renderer::default(),
                clock: SharedClock::default(),
            }),
            lock: (),
        }
    }
}

impl<Q, G, L> PreconditionLayer<Q, G, L> {
    /// Returns the source, for a read layer with the same tags.
    pub(crate) fn shared_source(&self) -> Arc<Q> {
        Arc::clone(&self.config.source)
    }

    /// Sets the service whose `GET` is sent if the source fails or does not know the state. The
    /// `GET` also returns the representation for a 412. Defaults to no service. The body type
    /// of the requests must implement `Default`, for the `GET`.
    ///
    /// Every 412 has the tag that the source knows. Under
    /// [`writers_may_read`](SelfGet::writers_may_read) it has none if the `GET` was refused,
    /// found nothing or failed. If an extractor of the source rejects the request, no `GET` is
    /// sent.
    pub fn with_self_get<T>(self, self_get: SelfGet<T>) -> PreconditionLayer<Q, SelfGet<T>, L> {
        PreconditionLayer {
            config: Arc::new(self.config.with_self_get(self_get)),
            lock: self.lock,
        }
    }
}

impl<Q, G: Clone, L> PreconditionLayer<Q, G, L> {
    fn config_mut(&mut self) -> &mut PreconditionConfig<Q, G> {
        Arc::make_mut(&mut self.config)
    }

    /// Answers 428 to a `PUT`, `PATCH` or `DELETE` without a condition (RFC 6585, section
    /// 3). Off by default. To require conditions on some routes only, put the layer around
    /// those.
    pub fn require(self) -> Self {
        self.require_if(|request| changes_target(&request.method))
    }

    /// Answers 428 to a request without a condition if the predicate holds for it. Safe
    /// requests are never refused. Off by default.
    pub fn require_if(mut self, required: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.config_mut().required = Some(Arc::new(required));
        self
    }

    /// Requires a condition that names one exact state: a tag in `If-Match`, or
    /// `If-None-Match: *`. Off by default.
    ///
    /// Requests that need a condition are those of [`require_if`](Self::require_if) if it is
    /// set, and those of [`require`](Self::require) otherwise. Two other conditions are then
    /// not enough, and the response is 428. `If-Unmodified-Since` cannot distinguish two writes
    /// within one second. `If-Match: *` is true for every writer if the resource exists.
    pub fn require_tag(mut self) -> Self {
        self.config_mut().requirement = Requirement::Tag;
        if self.config.required.is_none() {
            return self.require();
        }
        self
    }

    /// Lets a conditional write reach the handler if the current state is unknown, even if a
    /// condition is required. The same holds for a write without a key for the lock
    /// (`PreconditionLayer::lock`). Use it if the handler compares with
    /// [`Expected`](crate::handler::Expected).
    ///
    /// By default such a write is refused with 412: the source may not know the state only
    /// because the path is spelled differently. A layer without any source does not need this;
    /// see [`handler_checks`](PreconditionLayer::handler_checks).
    pub fn proceed_when_unknown(mut self) -> Self {
        self.config_mut().proceeds_when_unknown = true;
        self
    }

    /// Sets the methods with which the service creates an absent resource. Defaults to
    /// `PUT`, `POST` and `MKCOL`.
    ///
    /// If nothing exists, a false condition is a 412 for these methods, and a missing one a
    /// 428. For all others the response is 404: a request that gets 404 without a condition
    /// gets it with one, too (RFC 9110, section 13.2.1). Their 428 does not recommend
    /// `If-None-Match: *`.
    ///
    /// The defaults are an assumption. If a handler then creates nothing, and the `GET` of the
    /// layer finds nothing before and after, the response is 404. For a method that is passed
    /// here, it is 412.
    ///
    /// ```
    /// use http::Method;
    /// use tower_conditional::{PreconditionLayer, source::SelfGet};
    ///
    /// # let reads = tower::service_fn(|_: http::Request<()>| async { Ok::<_, ()>(http::Response::new(())) });
    /// // POST to the collection creates notes; PUT only replaces them.
    /// let notes = PreconditionLayer::self_get(SelfGet::of(reads.clone())).creates([Method::POST]);
    /// // JSON Merge Patch (RFC 7396) may create the resource that it patches.
    /// let settings = PreconditionLayer::self_get(SelfGet::of(reads))
    ///     .creates([Method::PUT, Method::PATCH]);
    /// # let _ = (notes, settings);
    /// ```
    pub fn creates(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.config_mut().creates = Some(methods.into_iter().collect());
        self
    }

    /// Compares `If-Match` weakly, as FHIR servers and OData services do. Off by default: RFC
    /// 9110, section 13.1.1 requires the strong comparison. A weak tag then never matches, and the
    /// write gets 412. Two states that share a weak tag may differ in data that the write would
    /// overwrite.
    ///
    /// It is right if all states with one weak tag are equal to every writer. Tags of
    /// `EtagLayer::canonical_json` are such tags, and those of `EtagLayer::ignoring` are not: a
    /// write would overwrite an ignored member that has changed. Versions are better than both: a
    /// tag of [`VersionTags`](crate::VersionTags) is strong and known before the handler runs.
    pub fn weak_if_match(mut self) -> Self {
        self.config_mut().weak_if_match = true;
        self
    }

    /// Checks conditions without adding [`Expected`](crate::handler::Expected) to the
    /// request, and reports no unchecked writes. Off by default.
    ///
    /// Use it if the handler prevents lost updates by other means, or if there is only one
    /// writer. It saves the allocations of the extension. A 412 by the handler lists no
    /// expected tags.
    pub fn check_only(mut self) -> Self {
        self.config_mut().adds_expected = false;
        self
    }

    /// Answers 204 in place of 412 if `applied` finds that this very request made the
    /// current state (RFC 9110, sections 13.1.1 and 13.1.4). Off by default.
    ///
    /// Only the application can find that out, for example by a request id or a digest that
    /// it stored with the write. An equal state proves nothing. The 204 has no validators,
    /// which a client could take for those of the content that it sent (section 9.3.4).
    pub fn already_applied<F, Fut>(mut self, applied: F) -> Self
    where
        F: Fn(&Parts, &Validators) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.config_mut().already_applied = Some(Arc::new(move |request, current| {
            Box::pin(applied(request, current))
        }));
        self
    }

    /// Sets the reaction to a source that fails. Defaults to
    /// [`Refuse`](OnSourceError::Refuse).
    pub fn on_source_error(mut self, on_error: OnSourceError) -> Self {
        self.config_mut().on_source_error = on_error;
        self
    }

    /// Sets the reaction to a write that succeeded although its handler did not compare.
    /// Defaults to [`Report`](OnUnchecked::Report).
    pub fn on_unchecked(mut self, on_unchecked: OnUnchecked) -> Self {
        self.config_mut().on_unchecked = on_unchecked;
        self
    }

    /// Sets how refusals are rendered. Defaults to [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config_mut().renderer = Renderer::new(render);
        self
    }

    /// Sets the clock used to evaluate dates. Defaults to
    /// [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.config_mut().clock = SharedClock::new(clock);
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on every response to a request whose conditions
    /// were evaluated. Off by default.
    pub fn explain(mut self) -> Self {
        self.config_mut().explain = true;
        self
    }
}

#[cfg(feature = "tokio")]
impl<Q, G> PreconditionLayer<Q, G> {
    /// Serializes the writes of one resource within this process. No other write can then come
    /// between check and write. Defaults to no lock.
    ///
    /// The lock does not exclude other processes, or writers that bypass this layer. A program
    /// with replicas needs [`Expected`](crate::handler::Expected) or a transaction against lost
    /// updates. The lock needs tokio's runtime.
    ///
    /// ## The key
    ///
    /// `key` returns the key of the resource that a request changes. Two spellings of one
    /// resource must have one key, or both writers win. So parse the path as the handler does.
    /// [`Route::parameter`](crate::route::Route::parameter) does that for a number or a UUID:
    ///
    /// ```
    /// use tower_conditional::{lock::KeyedLock, route::Route, PreconditionLayer};
    ///
    /// let note = Route::new("/notes/{id}")?;
    /// let layer = PreconditionLayer::handler_checks()
    ///     .lock(KeyedLock::new(), move |request| note.parameter::<i64>(request, "id"))
    ///     .require();
    /// # let _ = layer;
    /// # Ok::<_, tower_conditional::route::InvalidRoute>(())
    /// ```
    ///
    /// Several layers may write the same resources, for example on other routes or for
    /// another version of an API. They take clones of one lock and give a resource the same
    /// key.
    ///
    /// The key may also include the caller, from an extension that a layer outside added.
    /// Callers with separate resources then do not wait for each other.
    ///
    /// A `PUT`, `PATCH` or `DELETE` takes the lock, and so does every request with a
    /// condition. A conditional write without a key is refused with 412, unless
    /// [`proceed_when_unknown`](Self::proceed_when_unknown) is set. Other requests without
    /// a key pass.
    ///
    /// ## The content
    ///
    /// The content of the request is read before the lock is taken, up to
    /// [`max_read_ahead_bytes`](Self::max_read_ahead_bytes). So a slow upload does not block
    /// other writes. If the content is not available at once, or for `Expect: 100-continue`,
    /// the conditions are checked before it is read, and again under the lock. A client then
    /// need not send a stale upload.
    ///
    /// The service inside gets the content as a [`RequestBody`](crate::body::RequestBody),
    /// which `axum` handlers accept like any other body.
    ///
    /// ## Timeout and disconnects
    ///
    /// A write may hold the lock for the [`hold_timeout`](crate::lock::KeyedLock::hold_timeout)
    /// of the lock. After that the handler is dropped and the response is 500, since the effect
    /// of the write is unknown.
    ///
    /// If the client disconnects, the check, the handler and the release still finish; see
    /// [`detached`](Self::detached).
    pub fn lock<K: ToString>(
        self,
        lock: crate::lock::KeyedLock,
        key: impl Fn(&Parts) -> Option<K> + Send + Sync + 'static,
    ) -> PreconditionLayer<Q, G, WriteLock> {
        PreconditionLayer {
            config: self.config,
            lock: WriteLock::new(lock, move |request| Some(key(request)?.to_string())),
        }
    }
}

#[cfg(feature = "tokio")]
impl<Q, G> PreconditionLayer<Q, G, WriteLock> {
    /// Sets how many bytes of a request's content are read before the lock is taken. Defaults
    /// to 2 MiB. Each frame counts with its memory overhead. The rest of longer content is read
    /// under the lock. With zero, all content is.
    pub fn max_read_ahead_bytes(mut self, bytes: usize) -> Self {
        self.lock.max_read_ahead_bytes = bytes;
        self
    }

    /// Sets the handle that counts writes under the lock. With it, a program can await the
    /// writes of disconnected clients before it ends. Defaults to a handle that the program
    /// cannot reach.
    pub fn detached(mut self, detached: crate::detached::Detached) -> Self {
        self.lock.detached = detached;
        self
    }
}

impl<Q, G, L: Clone> Clone for PreconditionLayer<Q, G, L> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
            lock: self.lock.clone(),
        }
    }
}

impl<Q, G, L: fmt::Debug> fmt::Debug for PreconditionLayer<Q, G, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreconditionLayer")
            .field("required", &self.config.required.is_some())
            .field("requirement", &self.config.requirement)
            .field("proceeds_when_unknown", &self.config.proceeds_when_unknown)
            .field("creates", &self.config.creates)
            .field("weak_if_match", &self.config.weak_if_match)
            .field("adds_expected", &self.config.adds_expected)
            .field("on_source_error", &self.config.on_source_error)
            .field("on_unchecked", &self.config.on_unchecked)
            .field("renderer", &self.config.renderer)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

// The service needs `Clone`. With the bound on the layer, the compiler's error names the
// missing `Clone`.
impl<S: Clone, Q, G, L: Clone> Layer<S> for PreconditionLayer<Q, G, L> {
    type Service = Precondition<S, Q, G, L>;

    fn layer(&self, inner: S) -> Self::Service {
        Precondition::new(inner, Arc::clone(&self.config), self.lock.clone())
    }
}
